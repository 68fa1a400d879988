// The Bayes posterior mean of w where sigma is not known but its prior is. No predictor, learned or
// not, has a lower mean loss. (It is not in the paper.)
#pragma once

#include <vector>

#include "gramian/solvers/solver.h"
#include "gramian/tasks/noise.h"

namespace gramian {

// Given the prompt, w integrated out, and with s = sigma^2 and r the rank of Sigma,
//
//     log p(y | X, sigma) = -1/2 [ sum_{l_i > 0} (log(l_i + s) + (b_i^2 / l_i) / (l_i + s))
//                                  + (n - r) log s + rss / s ]  + const,
//
// so that c_i = b_i sum_q p_q / (l_i + s_q), summed over a quadrature of the prior with posterior
// weights p_q. This holds for n < d too.
//
// Intervals are integrated in log sigma by Gauss-Legendre panels as narrow as the
// posterior, ~1/sqrt(2n), but at most kMaxPanels an interval: the rule is precise up to
// n ~ 10^5. One node stands for all sigma < 1e-7 of the upper end.
class Bayes final : public Solver {
 public:
  static constexpr int kMaxPanels = 2048;

  Bayes(const NoisePrior& prior, int n);
  std::string name() const override { return "bayes"; }
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

  std::size_t nodes() const { return sigma2_.size(); }

 private:
  void add_node(double sigma, double weight);

  // [nodes], ascending within a component
  std::vector<double> sigma2_;
  std::vector<double> log_sigma2_;  // -infinity at sigma = 0
  std::vector<double> log_weight_;  // the weights sum to 1
};

}  // namespace gramian
