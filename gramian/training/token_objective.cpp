#include "gramian/training/token_objective.h"

#include <algorithm>
#include <cmath>

#include "gramian/tape/tape_run.h"
#include "gramian/training/lane_objective.h"

namespace gramian {

namespace {

template <class T>
class TokenPass final : public BlockPass<T> {
 public:
  TokenPass(const TokenTask& task, const RecordedTransformer& recorded)
      : tokens_(recorded.tokens),
        output_(recorded.output),
        target_(recorded.target),
        sampler_(task),
        run_(recorded.tape),
        cotangent_(lane_size(1)) {
    sampler_.sample({}, 0, block_);  // takes its memory here, and not in a step
  }

  void sample(const PhiloxAddress& address, int count) override {
    sampler_.sample(address, count, block_);
    for (std::size_t p = 0; p < kLanes; ++p) kept_[p] = static_cast<int>(p) < count;
  }

  void forward(const T* theta, double) override {
    std::ranges::copy(block_.tokens, run_.values(tokens_));
    if (target_) std::ranges::copy(block_.target, run_.values(*target_));
    run_.forward(theta);
    for (std::size_t p = 0; p < kLanes; ++p) this->squared_error_[p] = squared_error(p);
  }

  void leave_out(std::size_t lane) override {
    kept_[lane] = false;
    lane_view(block_.tokens).fill(lane, T(0));
  }

  void backward(double c, T* dtheta) override {
    for (std::size_t p = 0; p < kLanes; ++p) {
      const double slope = target_ ? (kept_[p] ? 1 : 0) : residual(p);
      cotangent_[p] = static_cast<T>(c > 0 ? slope / (1 + squared_error(p) / c) : slope);
    }
    run_.backward(cotangent_.data(), dtheta);
  }

 private:
  double residual(std::size_t p) {
    if (!kept_[p]) return 0;
    return static_cast<double>(run_.values(output_)[p]) - static_cast<double>(block_.target[p]);
  }

  // r^2, or twice the recorded loss.
  double squared_error(std::size_t p) {
    if (target_) return kept_[p] ? 2 * static_cast<double>(run_.values(output_)[p]) : 0;
    const double r = residual(p);
    return r * r;
  }

  Value tokens_, output_;
  std::optional<Value> target_;  // of a recorded loss
  TokenSampler<T> sampler_;
  TokenBlock<T> block_;
  TapeRun<T> run_;
  AlignedArray<T> cotangent_;        // [lanes] dloss / doutput
  std::array<bool, kLanes> kept_{};  // lanes that count
};

template <class T>
class TokenObjective final : public LaneObjective<T> {
 public:
  TokenObjective(const TokenTask& task, std::shared_ptr<const RecordedTransformer> recorded)
      : task_(task), recorded_(std::move(recorded)) {}

  std::size_t parameters() const override { return recorded_->tape.parameters(); }

 protected:
  std::unique_ptr<BlockPass<T>> block_pass() const override {
    return std::make_unique<TokenPass<T>>(task_, *recorded_);
  }

 private:
  TokenTask task_;
  std::shared_ptr<const RecordedTransformer> recorded_;
};

}  // namespace

std::unique_ptr<Objective> token_objective(const TokenTask& task,
                                           std::shared_ptr<const RecordedTransformer> recorded,
                                           Precision precision) {
  GRAMIAN_ASSERT(recorded->tape.node(recorded->tokens).rows == task.tokens());
  GRAMIAN_ASSERT(recorded->tape.node(recorded->tokens).columns == task.width());
  GRAMIAN_ASSERT(recorded->tape.node(recorded->output).size() == 1);
  if (precision == Precision::float64)
    return std::make_unique<TokenObjective<double>>(task, std::move(recorded));
  return std::make_unique<TokenObjective<float>>(task, std::move(recorded));
}

}  // namespace gramian
