#include "gramian/evaluation/pool_posterior.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/lanes/view.h"

namespace gramian {

struct PoolPosterior::Scratch {
  Scratch(Eigen::Index d, Eigen::Index size) : gram(d + 1, d + 1), images(size, d), rss(size) {}
  RowMajorMatrix gram;      // of one prompt
  RowMajorMatrix images;    // [K, d] w_k^T Sigma
  Eigen::VectorXd rss;      // [K]
  Eigen::VectorXd weights;  // [K] p_k, not normalised
};

PoolPosterior::PoolPosterior(const RegressionTask& task, int threads)
    : n_(task.n()), d_(task.d()), pool_(task.pool()), noise_(task.spec().noise, task.n()) {
  GRAMIAN_ASSERT(!pool_.empty() && threads >= 1);
  for (int t = 0; t < threads; ++t)
    scratch_.push_back(std::make_unique<Scratch>(d_, task.spec().pool));
}

PoolPosterior::~PoolPosterior() = default;

void PoolPosterior::predict(const PromptBlock<double>& prompts, double* weights, int thread) {
  GRAMIAN_ASSERT(thread >= 0 && static_cast<std::size_t>(thread) < scratch_.size());
  for (std::size_t p = 0; p < kLanes; ++p)
    predict_one(prompts, p, weights, *scratch_[static_cast<std::size_t>(thread)]);
}

void PoolPosterior::predict_one(const PromptBlock<double>& prompts, std::size_t p, double* weights,
                                Scratch& scratch) const {
  const auto rows = static_cast<std::size_t>(d_) + 1;
  LaneView<const double>(prompts.gram.data(), rows, rows).copy_out(p, scratch.gram.data());
  const Eigen::Map<const RowMajorMatrix> pool(pool_.data(), scratch.rss.size(), d_);
  const auto alpha = scratch.gram.col(d_).head(d_);
  const double yy = scratch.gram(d_, d_);
  scratch.images.noalias() = pool * scratch.gram.topLeftCorner(d_, d_);
  scratch.rss = scratch.images.cwiseProduct(pool).rowwise().sum() - 2 * (pool * alpha);
  scratch.rss.array() += yy;

  // The log of the sum over nodes, with the largest term taken out: over nodes, then over vectors.
  const double floor = noise_floor(yy, n_);
  scratch.weights.setConstant(scratch.rss.size(), -std::numeric_limits<double>::infinity());
  for (std::size_t q = 0; q < noise_.size(); ++q) {
    const double variance = std::max(noise_.sigma2[q], floor);
    const double constant = noise_.log_weight[q] - 0.5 * n_ * std::log(variance);
    for (Eigen::Index k = 0; k < scratch.rss.size(); ++k) {
      const double term = constant - 0.5 * std::max(0.0, scratch.rss[k]) / variance;
      double& sum = scratch.weights[k];
      const double largest = std::max(sum, term);
      sum = largest + std::log1p(std::exp(std::min(sum, term) - largest));
    }
  }
  scratch.weights = (scratch.weights.array() - scratch.weights.maxCoeff()).exp();
  const Eigen::VectorXd w = pool.transpose() * scratch.weights / scratch.weights.sum();
  for (std::size_t i = 0; i < rows - 1; ++i)
    weights[i * kLanes + p] = w[static_cast<Eigen::Index>(i)];
}

}  // namespace gramian
