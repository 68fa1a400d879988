#include "gramian/tasks/token_task.h"

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/lanes/block.h"

namespace gramian {

namespace {

constexpr int kMaxTokenContext = 2047;

// The places of a pair among the tokens of a block.
template <class T>
class BlockPlaces final : public PairPlaces<T> {
 public:
  BlockPlaces(const PairTokens& pairs, TokenBlock<T>& block) : pairs_(pairs), block_(block) {}

  T* x(std::size_t j) override { return token(pairs_.row_of_x(static_cast<int>(j)), 0); }
  T* y(std::size_t j) override {
    return token(pairs_.row_of_y(static_cast<int>(j)), pairs_.width() - 1);
  }
  T* target() override { return block_.target.data(); }
  T* truth() override { return block_.truth.data(); }

 private:
  T* token(int row, int column) {
    return block_.tokens.data() + static_cast<std::size_t>(row * pairs_.width() + column) * kLanes;
  }

  const PairTokens& pairs_;
  TokenBlock<T>& block_;
};

template <class T>
class PairBlocks final : public BlockSampler<T> {
 public:
  explicit PairBlocks(const PairTokens& pairs)
      : pairs_(pairs), sampler_(pairs.pairs().sampler(T())) {}

  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) override {
    BlockPlaces<T> places(pairs_, block);
    sampler_->sample(address, count, places);
    std::fill_n(block.weights.data(), count, T(1));
  }

 private:
  const PairTokens& pairs_;
  std::unique_ptr<PairSampler<T>> sampler_;
};

template <class T>
void make_zeros(AlignedArray<T>& array, int numbers) {
  const std::size_t size = static_cast<std::size_t>(numbers) * kLanes;
  if (array.size() != size) array = AlignedArray<T>(size);
  array.zero();
}

}  // namespace

Expected<std::shared_ptr<const PairTokens>> PairTokens::create(
    std::shared_ptr<const PairTask> pairs, TokenLayout layout) {
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
  return std::shared_ptr<const PairTokens>(new PairTokens(std::move(pairs), layout));
}

std::unique_ptr<BlockSampler<float>> PairTokens::sampler(float) const {
  return std::make_unique<PairBlocks<float>>(*this);
}

std::unique_ptr<BlockSampler<double>> PairTokens::sampler(double) const {
  return std::make_unique<PairBlocks<double>>(*this);
}

Expected<TokenTask> TokenTask::create(std::shared_ptr<const PairTask> pairs, TokenLayout layout) {
  return TokenTask(GRAMIAN_TRY(PairTokens::create(std::move(pairs), layout)));
}

template <class T>
void TokenSampler<T>::sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) {
  GRAMIAN_ASSERT(count >= 0 && count <= kLanes);
  const Answers answers = task_->answers();
  make_zeros(block.tokens, task_->tokens() * task_->width());
  make_zeros(block.target, answers.positions * answers.target_width());
  make_zeros(block.weights, answers.positions);
  make_zeros(block.truth, task_->source().truth());
  sampler_->sample(address, count, block);
}

template class TokenSampler<float>;
template class TokenSampler<double>;

}  // namespace gramian
