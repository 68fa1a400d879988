// In-context linear regression: where prompts come from.
//
//     w ~ N(0, I) or N(0, S^-1), or one of K vectors that were drawn so once,  sigma ~ prior,
//     x_i = C z_i  with  C C^T = S  and z_i of independent entries, mean 0, variance 1,
//     y_i = <w, x_i> + xi_i,  xi_i ~ N(0, sigma^2),   i = 1..n
//
// A prompt is (Gram matrix, truth w, query x); drawing n tokens is one way to obtain it. For
// Gaussian inputs the Gram matrix has a Wishart distribution and is drawn directly, through
// Bartlett's factor, at a cost that does not depend on n.
//
// Letters: n context length, d input dimension, D = d + 1, S covariance of x, K size of the pool.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/base/aligned.h"
#include "gramian/base/error.h"
#include "gramian/lanes/block.h"
#include "gramian/random/chi_law.h"
#include "gramian/random/philox.h"
#include "gramian/tasks/noise.h"

namespace gramian {

enum class InputLaw { gaussian, uniform };               // law of the entries of z
enum class WeightLaw { isotropic, inverse_covariance };  // w ~ N(0, I) | N(0, S^-1)
enum class SamplerKind { automatic, tokens, gram };

struct TaskSpec {
  int d = 10;
  int n = 20;
  NoisePrior noise = NoisePrior::constant(0.0).value();
  std::vector<double> covariance;  // S, row-major [d, d]; empty means I
  InputLaw inputs = InputLaw::gaussian;
  WeightLaw weights = WeightLaw::isotropic;
  SamplerKind sampler = SamplerKind::automatic;
  int pool = 0;  // K: each prompt has one of K weight vectors, all equally likely; 0: a new one
  std::uint64_t pool_seed = 0;  // of these vectors, the first of which do not depend on K
};

inline constexpr int kMaxDimension = 256;
inline constexpr int kMaxPool = 1 << 20;
inline constexpr int kMaxContext = 100'000'000;
inline constexpr double kMaxTokenNumbers = 1e9;  // n (d + 4) of the token sampler

// Sixteen prompts (see lanes/block.h for the layout).
template <class T>
struct PromptBlock {
  PromptBlock() = default;
  explicit PromptBlock(int d);

  int d = 0;
  AlignedArray<T> gram;   // [D, D, lanes] sum_i e_i e_i^T, both triangles, unscaled
  AlignedArray<T> truth;  // [d, lanes]    w
  AlignedArray<T> query;  // [d, lanes]    one input drawn like x_i
  AlignedArray<T> sigma;  // [lanes]       noise standard deviation
};

class RegressionTask {
 public:
  // Errors: config, for values out of range, a matrix S of a wrong size, or one that is not
  // symmetric and positive definite. Memory: K d numbers.
  static Expected<RegressionTask> create(TaskSpec spec);
  // The same task with another noise prior (for profiles at a fixed sigma).
  RegressionTask with_noise(NoisePrior noise) const;
  // The same task with contexts of n >= 1 examples (asserted).
  RegressionTask with_context(int n) const;
  // The same task with a new weight vector for each prompt.
  RegressionTask without_pool() const;

  const TaskSpec& spec() const { return spec_; }
  int d() const { return spec_.d; }
  int n() const { return spec_.n; }
  bool samples_gram_directly() const { return direct_; }
  bool identity_covariance() const { return spec_.covariance.empty(); }
  Expected<double> scalar_covariance()
      const;                          // s_2 where S = s_2 I; an error (config) where it is not
  double mean_square_signal() const;  // E <w, x>^2 = E w^T S w, of the vectors of the pool if any
  const std::vector<double>& pool() const { return pool_; }      // [K, d]; empty without a pool
  const std::vector<double>& factor() const { return factor_; }  // C, lower triangular
  const std::vector<double>& inverse_factor() const {
    return inverse_factor_;
  }  // C^-1, lower triangular

 private:
  RegressionTask() = default;
  TaskSpec spec_;
  std::vector<double> factor_;          // [d, d]; empty for S = I
  std::vector<double> inverse_factor_;  // [d, d]; empty for S = I
  std::vector<double> pool_;            // [K, d]
  bool direct_ = true;
};

// Draws prompts of one task. It holds scratch memory, so each thread needs a sampler of its own.
template <class T>
class PromptSampler {
 public:
  // Without queries block.query is not written, and all else is drawn as it is with queries.
  explicit PromptSampler(const RegressionTask& task, bool with_query = true);

  // Fills the first `count` <= kLanes lanes of the block. The other lanes become empty prompts (all
  // zero), which have zero loss and zero gradient in every model.
  void sample(const PhiloxAddress& address, int count, PromptBlock<T>& block);

  // The token sampler, with its tokens kept in `tokens`, [n, D, lanes]: e_i = (x_i, y_i).
  void sample_tokens(const PhiloxAddress& address, int count, PromptBlock<T>& block,
                     AlignedArray<T>& tokens);

 private:
  const RegressionTask* task_;
  bool with_query_;
  AlignedArray<T> scratch_;
  std::vector<ChiLaw> chi_laws_;  // of the direct sampler
};

}  // namespace gramian
