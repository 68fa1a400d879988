// The Bayes posterior mean of w where sigma is not known but its prior is. No predictor, learned or
// not, has a lower mean loss. (It is not in the paper.)
#pragma once

#include "gramian/solvers/noise_quadrature.h"
#include "gramian/solvers/solver.h"
#include "gramian/tasks/noise.h"

namespace gramian {

// Given the prompt, w integrated out, and with s = sigma^2 and r the rank of Sigma,
//
//     log p(y | X, sigma) = -1/2 [ sum_{l_i > 0} (log(l_i + s) + (b_i^2 / l_i) / (l_i + s))
//                                  + (n - r) log s + rss / s ]  + const,
//
// so that c_i = b_i sum_q p_q / (l_i + s_q), summed over a quadrature of the prior with posterior
// weights p_q (noise_quadrature.h). This holds for n < d too.
class Bayes final : public Solver {
 public:
  Bayes(const NoisePrior& prior, int n) : nodes_(prior, n) {}
  std::string name() const override { return "bayes"; }
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

  std::size_t nodes() const { return nodes_.size(); }

 private:
  NoiseQuadrature nodes_;
};

}  // namespace gramian
