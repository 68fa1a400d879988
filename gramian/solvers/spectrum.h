// A prompt in the coordinates in which every classical solver is a filter.
//
// With the Gram matrix G = [Sigma alpha; alpha^T lambda] and the precision K of
// the prior of w, solve  Sigma v_i = l_i K v_i,  V^T K V = I.  In the coordinates
// c = V^T K w (that is, w = V c) ridge regression is  c_i = b_i / (l_i + sigma^2)
// with b = V^T alpha, and every other solver is a function of l_i times b_i too. A solver
// then costs O(d) a prompt, and tuning its constants over 100,000 prompts is cheap.
//
// Letters: d input dimension, n context length, S covariance of x, K = I or S.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gramian/tasks/query.h"
#include "gramian/tasks/task.h"

namespace gramian {

// One prompt; a view into a SpectrumBatch.
struct Spectrum {
  int n = 0;
  int d = 0;
  int rank = 0;                         // number of eigenvalues > 0, at most min(n, d)
  double sigma = 0;                     // the true noise standard deviation
  double rss = 0;                       // residual sum of squares of OLS, >= 0; 0 if n <= rank
  double yy = 0;                        // lambda = sum_j y_j^2
  std::span<const double> eigenvalues;  // [d] l, ascending; exactly 0 below the rounding error
  std::span<const double> moments;      // [d] b = V^T alpha; exactly 0 where l = 0
  std::span<const double> truth;        // [d] V^T K w
  std::span<const double> query;        // [d] V^T x_t
  std::span<const double> metric;       // [d, d] V^T S V; empty means I (always so for K = S)
};

// The loss of a prediction <V c, x_t> against the noise-free target <w, x_t>.
double loss(const Spectrum& prompt, std::span<const double> coordinates, QueryMode query);

// Spectra of many prompts of one task, one contiguous record each.
class SpectrumBatch {
 public:
  SpectrumBatch(const RegressionTask& task, std::size_t prompts);

  // Bytes that one prompt of the task takes here.
  static std::size_t bytes_per_prompt(const RegressionTask& task);

  // Replaces prompts [first, first + count) by the first `count` lanes of the block.
  // Calls for ranges that do not overlap may run at the same time.
  void fill(const PromptBlock<double>& block, int count, std::size_t first);

  std::size_t size() const { return size_; }
  Spectrum operator[](std::size_t index) const;

 private:
  int n_;
  int d_;
  std::size_t size_;
  std::size_t metric_size_;         // d * d, or 0 where V^T S V = I
  std::size_t stride_;              // doubles in a record
  std::vector<double> factor_;      // C with S = C C^T, if the loss needs it (K = I, S != I)
  std::vector<double> whitener_;    // C^-1, if the prior needs it (K = S)
  std::vector<double> unwhitener_;  // C, beside it
  std::vector<double> records_;
};

}  // namespace gramian
