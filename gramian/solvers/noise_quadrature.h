// Nodes and weights with which a sum replaces the mean over the prior of the noise level:
//
//     E f(sigma) = sum_q exp(log_weight_q) f(sigma_q)
//
// for f as smooth as the posterior of sigma given n targets. An interval is integrated in log sigma
// by Gauss-Legendre panels as narrow as that posterior, about 1 / sqrt(2 n), but at most kMaxPanels
// an interval: the rule is precise up to n of about 10^5. One node stands for all sigma below 1e-7
// of the upper end, and one for each atom.
//
// Preconditions: n >= 1 (asserted). Errors: none. Cost: at most 8 kMaxPanels nodes an interval.
#pragma once

#include <cstddef>
#include <vector>

#include "gramian/tasks/noise.h"

namespace gramian {

struct NoiseQuadrature {
  static constexpr int kMaxPanels = 2048;

  NoiseQuadrature(const NoisePrior& prior, int n);

  std::size_t size() const { return sigma2.size(); }

  // [nodes], ascending within a component of the prior.
  std::vector<double> sigma2;
  std::vector<double> log_sigma2;  // -infinity at sigma = 0
  std::vector<double> log_weight;  // the weights sum to 1

 private:
  void add_node(double sigma, double weight);
};

// What the Gram matrix of a prompt cannot tell from zero: rss is a difference of numbers of size
// y^T y, so that noise variances below about 1e-15 y^T y are lost in rounding. Above this floor,
// with room for the conditioning of Sigma, prompts without noise are recognised, and noisy ones are
// not. Requires: n >= 1.
double noise_floor(double yy, int n);

}  // namespace gramian
