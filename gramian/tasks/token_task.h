// Prompts as tokens, for networks that read tokens and not Gram matrices: any source of them
// (token_source.h), among them scalar tasks in context (pair_task.h), whose pairs become tokens by
// a layout:
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
#include "gramian/tasks/token_source.h"

namespace gramian {

enum class TokenLayout { joined, interleaved, inputs };

// A scalar task as a source of tokens. Its one answer is that of the query, and counts 1.
class PairTokens final : public TokenSource {
 public:
  // Errors: config.
  static Expected<std::shared_ptr<const PairTokens>> create(std::shared_ptr<const PairTask> pairs,
                                                            TokenLayout layout);

  const PairTask& pairs() const { return *pairs_; }
  TokenLayout layout() const { return layout_; }
  int n() const { return pairs_->n(); }
  int d() const { return pairs_->d(); }
  int row_of_x(int j) const {
    GRAMIAN_ASSERT(j >= 0 && j <= n() - (layout_ == TokenLayout::inputs));
    return layout_ == TokenLayout::interleaved ? 2 * j : j;
  }
  int row_of_y(int j) const {
    GRAMIAN_ASSERT(j >= 0 && j < n() && layout_ != TokenLayout::inputs);
    return layout_ == TokenLayout::joined ? j : 2 * j + 1;
  }

  int tokens() const override {
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
  int width() const override { return layout_ == TokenLayout::joined ? d() + 1 : d(); }
  Answers answers() const override { return {}; }
  int truth() const override { return pairs_->truth(); }
  std::string describe() const override { return pairs_->describe(); }
  std::unique_ptr<BlockSampler<float>> sampler(float) const override;
  std::unique_ptr<BlockSampler<double>> sampler(double) const override;

 private:
  PairTokens(std::shared_ptr<const PairTask> pairs, TokenLayout layout)
      : pairs_(std::move(pairs)), layout_(layout) {}
  std::shared_ptr<const PairTask> pairs_;
  TokenLayout layout_;
};

class TokenTask {
 public:
  // Of a scalar task. Requires: `pairs` is not null (asserted).
  static Expected<TokenTask> create(std::shared_ptr<const PairTask> pairs, TokenLayout layout);
  // Of another source. Requires: it is not null (asserted).
  explicit TokenTask(std::shared_ptr<const TokenSource> source) : source_(std::move(source)) {
    GRAMIAN_ASSERT(source_ != nullptr);
  }

  const TokenSource& source() const { return *source_; }
  Answers answers() const { return source_->answers(); }
  std::string describe() const { return source_->describe(); }
  int tokens() const { return source_->tokens(); }  // N
  int width() const { return source_->width(); }    // D

  // Null for a task that is not one of pairs.
  const PairTokens* pair_tokens() const { return pairs_.get(); }

  // These require a task of pairs (asserted).
  const PairTask& pairs() const { return as_pairs().pairs(); }
  TokenLayout layout() const { return as_pairs().layout(); }
  int n() const { return as_pairs().n(); }
  int d() const { return as_pairs().d(); }
  // The rows of x_j (j = n: the query) and of y_j. x begins in the first column, y is in the last.
  // Require a row that there is (asserted).
  int row_of_x(int j) const { return as_pairs().row_of_x(j); }
  int row_of_y(int j) const { return as_pairs().row_of_y(j); }

 private:
  explicit TokenTask(std::shared_ptr<const PairTokens> pairs) : source_(pairs), pairs_(pairs) {}
  const PairTokens& as_pairs() const {
    GRAMIAN_ASSERT(pairs_ != nullptr);
    return *pairs_;
  }
  std::shared_ptr<const TokenSource> source_;
  std::shared_ptr<const PairTokens> pairs_;  // the same, or null
};

// Draws prompts of one task; they depend on their addresses alone. One sampler a thread; it must
// not outlive the task.
template <class T>
class TokenSampler {
 public:
  explicit TokenSampler(const TokenTask& task)
      : task_(&task), sampler_(task.source().sampler(T())) {}

  // Fills `count` <= kLanes lanes of the block, whose arrays it makes if they are not there. The
  // other lanes become zero.
  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block);

 private:
  const TokenTask* task_;
  std::unique_ptr<BlockSampler<T>> sampler_;
};

}  // namespace gramian
