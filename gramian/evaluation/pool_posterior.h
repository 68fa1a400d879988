// The Bayes posterior mean of w where w is one of K known vectors, all equally likely (the
// "discrete MMSE estimator" of Raventos et al. 2023, arXiv 2306.15063): no predictor has a lower
// mean loss on the task of this pool. With rss_k = |y - X w_k|^2 = y^T y - 2 w_k^T alpha +
// w_k^T Sigma w_k, which the Gram matrix tells,
//
//     w_hat = sum_k p_k w_k,   p_k ~ E_sigma sigma^-n exp(-rss_k / (2 sigma^2)),
//
// the mean over the prior of sigma being a sum (solvers/noise_quadrature.h). Noise too small for a
// Gram matrix in double to tell from none counts as such (noise_floor).
//
// Preconditions: the task has a pool (asserted). Errors: none. Cost: K (d^2 + nodes) a prompt.
#pragma once

#include <memory>
#include <vector>

#include "gramian/evaluation/predictor.h"
#include "gramian/solvers/noise_quadrature.h"

namespace gramian {

class PoolPosterior final : public Predictor {
 public:
  PoolPosterior(const RegressionTask& task, int threads);
  ~PoolPosterior() override;

  int layers() const override { return 1; }
  void predict(const PromptBlock<double>& prompts, double* weights, int thread) override;

 private:
  struct Scratch;
  void predict_one(const PromptBlock<double>& prompts, std::size_t p, double* weights,
                   Scratch& scratch) const;

  int n_, d_;
  std::vector<double> pool_;  // [K, d]
  NoiseQuadrature noise_;
  std::vector<std::unique_ptr<Scratch>> scratch_;
};

}  // namespace gramian
