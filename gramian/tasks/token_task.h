// Prompts as tokens, for networks that read tokens and not Gram matrices.
//
//   linear   the regression of task.h: y = <w, x> + noise, d inputs
//   sine     y = a sin(x + phi), x ~ U(-5, 5), a ~ U(low, high), phi ~ U(0, pi), d = 1 (von Oswald
//            et al. 2022, Fig. 4)
//
// joined: N = n + 1 tokens (x_j, y_j) of d + 1 numbers, the query (x_q, 0) last.
// interleaved: N = 2n + 1 tokens of d numbers, x_j and then (0, .., 0, y_j), the query x_q last.
//
// Letters: n context length, d input dimension, N tokens, D the width of a token.
#pragma once

#include "gramian/base/aligned.h"
#include "gramian/base/assert.h"
#include "gramian/base/error.h"
#include "gramian/tasks/task.h"

namespace gramian {

enum class TaskFamily { linear, sine };
enum class TokenLayout { joined, interleaved };

struct SineSpec {
  double low = 0.1, high = 0.5;  // of the amplitude
  // Amplitude and phase from one uniform number, as the published code draws them: the larger the
  // one, the larger the other.
  bool correlated = false;
};
inline constexpr double kSineRange = 5;

template <class T>
struct TokenBlock {
  AlignedArray<T> tokens;  // [N, D, lanes]
  AlignedArray<T> target;  // [lanes] the answer to the query, without noise
  AlignedArray<T> truth;   // [d, lanes] w, or [2, lanes] amplitude and phase
};

class TokenTask {
 public:
  // Of `regression` the sine task takes n alone. Errors: config, unless 0 <= low <= high for the
  // amplitude, and for contexts too long for a network that reads tokens.
  static Expected<TokenTask> create(RegressionTask regression, TaskFamily family,
                                    TokenLayout layout, SineSpec sine = {});

  TaskFamily family() const { return family_; }
  TokenLayout layout() const { return layout_; }
  const SineSpec& sine() const { return sine_; }
  const RegressionTask& regression() const { return regression_; }
  int n() const { return regression_.n(); }
  int d() const { return family_ == TaskFamily::sine ? 1 : regression_.d(); }
  int tokens() const { return layout_ == TokenLayout::joined ? n() + 1 : 2 * n() + 1; }  // N
  int width() const { return layout_ == TokenLayout::joined ? d() + 1 : d(); }           // D
  // The rows of x_j (j = n: the query) and of y_j. x begins in the first column, y is in the last.
  int row_of_x(int j) const {
    GRAMIAN_ASSERT(j >= 0 && j <= n());
    return layout_ == TokenLayout::joined ? j : 2 * j;
  }
  int row_of_y(int j) const {
    GRAMIAN_ASSERT(j >= 0 && j < n());
    return layout_ == TokenLayout::joined ? j : 2 * j + 1;
  }

 private:
  TokenTask(RegressionTask regression) : regression_(std::move(regression)) {}
  RegressionTask regression_;
  TaskFamily family_ = TaskFamily::linear;
  TokenLayout layout_ = TokenLayout::joined;
  SineSpec sine_;
};

// Draws prompts of one task; they depend on their addresses alone. One sampler a thread.
template <class T>
class TokenSampler {
 public:
  explicit TokenSampler(const TokenTask& task);

  // Fills `count` <= kLanes lanes of the block, whose arrays it makes if they are not there. The
  // other lanes become zero.
  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block);

 private:
  void sample_linear(const PhiloxAddress& address, int count, TokenBlock<T>& block);
  void sample_sine(const PhiloxAddress& address, int count, TokenBlock<T>& block);
  std::size_t place_of_x(std::size_t j) const;
  std::size_t place_of_y(std::size_t j) const;

  const TokenTask* task_;
  PromptSampler<T> sampler_;
  PromptBlock<T> prompts_;
  AlignedArray<T> pairs_;  // [n, d + 1, lanes]
};

}  // namespace gramian
