// The claims of the figures of Vladymyrov et al. (2024), from numbers alone. Losses are adjusted: a
// half of the squared error, minus that of ridge regression that knows sigma. Where errors of two
// standard errors, or missing networks, leave a claim open, it is not judged.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gramian/studies/judge.h"

namespace gramian::versatile {

// Fig. 1: seven layers of every kind, and a few shallower networks, on one noise problem.
struct DepthNumbers {
  std::string label = {};  // "5", as Table 1 heads its columns
  double sigma_max = 0;
  Estimate full7 = {}, diag7 = {}, gdpp7 = {};
  Estimate full4 = {}, diag4 = {}, full5 = {}, full6 = {};
  Estimate constrr = {}, adarr = {}, tunedrr = {};
};
std::vector<Claim> fig1_claims(std::span<const DepthNumbers> problems);

// Figs. 2 and 3: networks of one depth and solvers at one noise level.
struct ProfileLevel {
  double sigma = 0;
  Estimate full = {}, diag = {}, gdpp = {}, constrr = {}, adarr = {};
};
// Trained on sigma ~ U(0, 5), levels of [0, 5] alone, ascending. By depth, shallowest first; the
// last has seven layers.
struct ProfileNumbers {
  int layers = 0;
  std::vector<ProfileLevel> levels = {};
};
std::vector<Claim> fig2_claims(std::span<const ProfileNumbers> depths);

// Fig. 3: seven layers on {1, 3} and on {1, 3, 5}, in distribution; and on {1, 3} the mean over
// unseen levels, sigma in [4, 6].
struct CategoricalNumbers {
  Estimate full_two = {}, diag_two = {}, full_three = {}, diag_three = {};
  Estimate full_beyond = {}, diag_beyond = {};
};
std::vector<Claim> fig3_claims(const CategoricalNumbers& numbers);

// Fig. 5: the loss after each layer of one network, in order.
struct LayerNumbers {
  std::string name = {};  // "DIAG, L = 5"
  std::vector<double> losses = {};
};
Claim fig5_claim(std::span<const LayerNumbers> networks);

// Fig. 6: the loss itself, not adjusted, at sigma = 5.
struct CurveNumbers {
  std::string name = {};  // "FULL", "CONSTRR"
  Estimate loss = {};
};
std::vector<Claim> fig6_claims(std::span<const CurveNumbers> curves, double oracle);

// Fig. 7: the losses after each of seven layers at sigma = 0 and 5. Empty: no such network.
struct LayerProfiles {
  std::vector<double> gdpp_low = {}, gdpp_high = {}, full_low = {}, full_high = {};
};
std::vector<Claim> fig7_claims(const LayerProfiles& profiles);

// Blow-ups of one network on as many prompts with guards as without, and its adjusted loss on the
// other prompts.
struct GuardNumbers {
  std::uint64_t guarded = 0, plain = 0;  // counts
  Estimate guarded_loss = {}, plain_loss = {};
};
Claim guards_claim(std::span<const GuardNumbers> networks, std::uint64_t prompts);

}  // namespace gramian::versatile
