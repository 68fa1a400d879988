// Prompts as tokens, for networks that read tokens and not Gram matrices: a scalar task in context
// (pair_task.h) and how its pairs become tokens.
//
//   joined       N = n + 1 tokens (x_j, y_j) of D = d + 1 numbers, the query (x_q, 0) last
//   interleaved  N = 2n + 1 tokens of D = d numbers, x_j and then (0, .., 0, y_j), the query last
//   inputs       N = n tokens x_j of D = d numbers: of a task that labels its inputs, and of no
//                other
//
// Letters: n context length, d input dimension, N tokens, D the width of a token. Errors: config,
// for contexts too long for a network that reads tokens, and for a layout that is not the task's.
// Cost: that of the draws.
#pragma once

#include <memory>
#include <string>

#include "gramian/base/aligned.h"
#include "gramian/base/assert.h"
#include "gramian/base/error.h"
#include "gramian/tasks/pair_task.h"

namespace gramian {

enum class TokenLayout { joined, interleaved, inputs };

template <class T>
struct TokenBlock {
  AlignedArray<T> tokens;  // [N, D, lanes]
  AlignedArray<T> target;  // [lanes] the answer to the query, without noise, or the label
  AlignedArray<T> truth;   // [PairTask::truth(), lanes] which function the prompt has
};

class TokenTask {
 public:
  // Requires: `pairs` is not null (asserted).
  static Expected<TokenTask> create(std::shared_ptr<const PairTask> pairs, TokenLayout layout);

  const PairTask& pairs() const { return *pairs_; }
  TokenLayout layout() const { return layout_; }
  std::string describe() const { return pairs_->describe(); }
  int n() const { return pairs_->n(); }
  int d() const { return pairs_->d(); }
  int tokens() const {  // N
    switch (layout_) {
      case TokenLayout::joined:
        return n() + 1;
      case TokenLayout::interleaved:
        return 2 * n() + 1;
      case TokenLayout::inputs:
        return n();
    }
    return 0;
  }
  int width() const { return layout_ == TokenLayout::joined ? d() + 1 : d(); }  // D
  // The rows of x_j (j = n: the query) and of y_j. x begins in the first column, y is in the last.
  // Requires: a row that there is (asserted).
  int row_of_x(int j) const {
    GRAMIAN_ASSERT(j >= 0 && j <= n() - (layout_ == TokenLayout::inputs));
    return layout_ == TokenLayout::interleaved ? 2 * j : j;
  }
  int row_of_y(int j) const {
    GRAMIAN_ASSERT(j >= 0 && j < n() && layout_ != TokenLayout::inputs);
    return layout_ == TokenLayout::joined ? j : 2 * j + 1;
  }

 private:
  TokenTask(std::shared_ptr<const PairTask> pairs, TokenLayout layout)
      : pairs_(std::move(pairs)), layout_(layout) {}
  std::shared_ptr<const PairTask> pairs_;
  TokenLayout layout_;
};

// Draws prompts of one task; they depend on their addresses alone. One sampler a thread; it must
// not outlive the task.
template <class T>
class TokenSampler {
 public:
  explicit TokenSampler(const TokenTask& task)
      : task_(&task), sampler_(task.pairs().sampler(T())) {}

  // Fills `count` <= kLanes lanes of the block, whose arrays it makes if they are not there. The
  // other lanes become zero.
  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block);

 private:
  const TokenTask* task_;
  std::unique_ptr<PairSampler<T>> sampler_;
};

}  // namespace gramian
