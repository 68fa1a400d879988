// A trained network on real rows: noise-adaptive linear regression with nothing to tune.
//
// The network was trained on n tokens with x ~ N(0, S), w ~ N(0, K^-1) and sigma ~ prior (task.h; S
// and K are mostly I). Real rows are brought to that problem by rules, not by constants:
//
// - Inputs are standardised (or whitened) by the context, then given the variances S_ii. If the
//   largest eigenvalue of their moments is above what training showed, l (1 + sqrt(d/n))^2 with l
//   the largest of S (the edge of the Marchenko-Pastur law), all inputs are shrunk by one factor: a
//   network is a polynomial in G, and explodes where it was not trained.
// - The target is centred, and scaled to the variance that training gave it,
//   tr(S' K^-1) + E sigma^2 with S' the second moments of the inputs.
// - N rows become n tokens. The network reads its context through G alone, so that no row has to
//   be dropped: S' and alpha are the means of the N rows, and the residual part of lambda is that
//   of n tokens whose noise has the variance sigma^2 n/N. Then the number of tokens times the
//   precision of one is that of the rows, and so is the posterior of w given sigma. With r the
//   rank of S',
//
//       lambda = alpha^T S'^+ alpha + rss (n - r) / (N - r - 1)
//
//   rss being the mean square residual of ordinary least squares. Where N <= r + 1 or n <= r there
//   are no residual degrees of freedom, and lambda is the mean of v^2.
//
// A network that explodes all the same (its fit of the context is worse than zero) is replaced by
// zero, which predicts the mean; Fit::exploded says so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gramian/models/network.h"
#include "gramian/tabular/regressor.h"
#include "gramian/tasks/task.h"

namespace gramian {

class NetworkRegressor final : public Regressor {
 public:
  // `task` is that of training. Errors: config, for a network with query_in_keys, which has no
  // implicit weights, and for whitening where training had correlated inputs.
  static Expected<NetworkRegressor> create(const Network& network, const RegressionTask& task,
                                           bool whiten);

  std::string name() const override { return "model"; }
  Expected<Fit> fit(const TableRows& rows) const override;

  // The Gram matrix that stands for the rows, [D, D] of n tokens, in the units of training.
  std::vector<double> gram(const Standardised& problem) const;

 private:
  NetworkRegressor() = default;

  struct Units {
    std::vector<double> inputs;  // [d] factors on z
    double target;               // factor on v
  };
  Units units(const Standardised& problem) const;

  Network network_;
  bool whiten_ = false;
  int n_ = 0;
  double mean_square_noise_ = 0;
  double edge_ = 0;                // largest eigenvalue of the moments that training showed
  std::vector<double> variances_;  // [d] S_ii
  std::vector<double> prior_;      // [d, d] K^-1
};

}  // namespace gramian
