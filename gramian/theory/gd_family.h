// Gradient descent and GD++ without noise, in closed form: what the best network of that family reaches.
//
// With weights omega_yx = -step and omega_xx = -curvature on G/n (von Oswald et al. 2022, Prop. 1 and GD++)
// everything commutes with S_hat = 1/n sum x x^T. In its eigenbasis, from (s, rho) = (1, 1), a layer is
//
//     l = lambda s^2,    rho <- rho (1 - step l),    s <- s (1 - curvature l)
//
// and with w ~ N(0, I) and inputs of covariance s_2 I the loss is 1/2 s_2 E sum_i rho_i^2. The best steps and
// curvatures are found on a sample of contexts by Levenberg-Marquardt. This is the floor under every trained
// network whose layers are of this form, and which networks find it is what the paper asks.
//
// Letters: d input dimension, n context length, L layers, S_hat as above (G/n without the targets).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/tasks/task.h"

namespace gramian {

// A mean over random contexts, and its standard error.
struct ContextMean {
  double mean = 0, se = 0;
};

// The eigenvalues of S_hat of many contexts.
class ContextSpectra {
 public:
  // The task must have no noise and S a multiple of I; its weights are taken as N(0, I). Errors: config.
  static Expected<ContextSpectra> draw(const RegressionTask& task, std::size_t contexts, std::uint64_t seed);

  std::size_t contexts() const { return eigenvalues_.size() / static_cast<std::size_t>(d_); }
  int d() const { return d_; }
  double variance() const { return variance_; }                            // s_2
  const std::vector<double>& eigenvalues() const { return eigenvalues_; }  // [contexts, d], ascending in a context

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

// The least loss of L layers. Deterministic; begins from the optimum of L - 1 layers, and that from L - 2, ..
GdOptimum best_gd(const ContextSpectra& spectra, int layers, const GdFamily& family);

}  // namespace gramian
