// Gradient descent and GD++ in closed form, and the best network of that family.
//
// With weights omega_yx = -step and omega_xx = -curvature on G/n (von Oswald et al. 2022, Prop. 1
// and GD++) everything commutes with S_hat = 1/n sum x x^T. In its eigenbasis, from (s, rho) = (1,
// 1), a layer is
//
//     l = lambda s^2,    rho <- rho (1 - step l),    s <- s (1 - curvature l)
//
// and with w ~ N(0, I), inputs of covariance s_2 I and noise sigma the loss is, sigma averaged over
// its prior,
//
//     1/2 s_2 E sum_i [rho_i^2 + sigma^2 / (n lambda_i) (1 - rho_i)^2].
//
// The best steps and curvatures are found by Levenberg-Marquardt, on a sample of contexts or over
// the exact law of lambda. No network whose layers have this form can be expected to do better.
//
// Letters: d input dimension, n context length, L layers, S_hat as above (G/n without the targets).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/tasks/task.h"
#include "gramian/theory/eigenvalue_law.h"

namespace gramian {

// A mean over random contexts, and its standard error.
struct ContextMean {
  double mean = 0, se = 0;
};

// The eigenvalues of S_hat of many contexts.
class ContextSpectra {
 public:
  // Weights are N(0, I), whatever the task says. Errors: config, if the task has noise or an S that
  // is not a multiple of I.
  static Expected<ContextSpectra> draw(const RegressionTask& task, std::size_t contexts,
                                       std::uint64_t seed);

  std::size_t contexts() const { return eigenvalues_.size() / static_cast<std::size_t>(d_); }
  int d() const { return d_; }
  double variance() const { return variance_; }  // s_2
  const std::vector<double>& eigenvalues() const {
    return eigenvalues_;
  }  // [contexts, d], ascending in a context

 private:
  int d_ = 0;
  double variance_ = 0;
  std::vector<double> eigenvalues_;
};

// One layer, for G/n. The paper's step for the plain sum is step / n, its gamma curvature / n.
struct GdLayer {
  double step = 0, curvature = 0;
};

// 1/2 s_2 E sum_i rho_i^2 after these layers.
ContextMean gd_loss(const ContextSpectra& spectra, std::span<const GdLayer> layers);

struct GdFamily {
  bool curvature = false;  // GD++
  bool tied = false;       // one step (and curvature) for all layers: a loop
};

struct GdOptimum {
  std::vector<GdLayer> layers;  // [L]
  ContextMean loss;
};

// The least loss of L layers on this sample. Deterministic. The search begins from the optimum of
// L - 1 layers, which is found in the same way.
GdOptimum best_gd(const ContextSpectra& spectra, int layers, const GdFamily& family);

// The same over the exact law, for w ~ N(0, I) and `noise` = E sigma^2: no sampling error.
double gd_loss(const EigenvalueLaw& law, double noise, std::span<const GdLayer> layers);

// The search begins from many fixed starts, because deep GD++ has many local minima; that the best
// one is global is not proven. Without noise, rare large eigenvalues carry the loss of deep GD++.
// With `rare` > 0 the largest eigenvalues, of which a prompt has so many on average, count neither
// in the search nor in the loss returned: a mean over fewer than 1 / rare prompts does not show
// them. Down to one prompt in 1e7 the network must still not be worse on them than predicting zero,
// |rho| <= 1. Cost: half a second for seven layers.
GdOptimum best_gd(const EigenvalueLaw& law, double noise, int layers, const GdFamily& family,
                  double rare = 0);

// A network of kind gdpp with these layers, one at least, for contexts of n >= 1 tokens; all else
// is as in `spec`, which must not be tied.
Network gdpp_network(std::span<const GdLayer> layers, NetworkSpec spec, int n);

// The layers of such a network, one for each of the network: of any of kind gdpp (asserted).
std::vector<GdLayer> gd_layers(const Network& network, int n);

}  // namespace gramian
