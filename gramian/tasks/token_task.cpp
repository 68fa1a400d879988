#include "gramian/tasks/token_task.h"

#include "gramian/base/assert.h"
#include "gramian/lanes/block.h"

namespace gramian {

namespace {

constexpr int kMaxTokenContext = 2047;

// The places of a pair among the tokens of a block.
template <class T>
class BlockPlaces final : public PairPlaces<T> {
 public:
  BlockPlaces(const TokenTask& task, TokenBlock<T>& block) : task_(task), block_(block) {}

  T* x(std::size_t j) override { return token(task_.row_of_x(static_cast<int>(j)), 0); }
  T* y(std::size_t j) override {
    return token(task_.row_of_y(static_cast<int>(j)), task_.width() - 1);
  }
  T* target() override { return block_.target.data(); }
  T* truth() override { return block_.truth.data(); }

 private:
  T* token(int row, int column) {
    return block_.tokens.data() + static_cast<std::size_t>(row * task_.width() + column) * kLanes;
  }

  const TokenTask& task_;
  TokenBlock<T>& block_;
};

template <class T>
void make_zeros(AlignedArray<T>& array, int numbers) {
  const std::size_t size = static_cast<std::size_t>(numbers) * kLanes;
  if (array.size() != size) array = AlignedArray<T>(size);
  array.zero();
}

}  // namespace

Expected<TokenTask> TokenTask::create(std::shared_ptr<const PairTask> pairs, TokenLayout layout) {
  GRAMIAN_ASSERT(pairs != nullptr);
  if (pairs->n() > kMaxTokenContext) {
    return fail(ErrorKind::config,
                "[task.n] must be at most {} for a network that reads tokens, got {}",
                kMaxTokenContext, pairs->n());
  }
  if (pairs->labels_inputs() != (layout == TokenLayout::inputs)) {
    return fail(ErrorKind::config, "[task.layout] must {} inputs for {}",
                pairs->labels_inputs() ? "be" : "not be", pairs->describe());
  }
  return TokenTask(std::move(pairs), layout);
}

template <class T>
void TokenSampler<T>::sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) {
  GRAMIAN_ASSERT(count >= 0 && count <= kLanes);
  make_zeros(block.tokens, task_->tokens() * task_->width());
  make_zeros(block.target, 1);
  make_zeros(block.truth, task_->pairs().truth());
  BlockPlaces<T> places(*task_, block);
  sampler_->sample(address, count, places);
}

template class TokenSampler<float>;
template class TokenSampler<double>;

}  // namespace gramian
