// The objective of a network that is recorded on a tape, whatever its prompts are. r^2 is that of
// its output beside the target or, where the recording has a target and ends in a loss, twice that
// loss.
//
// Prompts names the types of one kind of prompts:
//
//   Task, Recorded   what is drawn; the recording, with its tape, tokens, output and target
//   Sampler<T>       draws blocks of a Task
//   Block<T>         tokens and target, of the sizes of the inputs of the tape
//   enter(task, recorded, block, run)
//                    writes what a recorded loss compares with into the inputs of the tape
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "gramian/tape/tape_run.h"
#include "gramian/training/lane_objective.h"
#include "gramian/training/loop.h"

namespace gramian {

// Bytes of such a training: the sums of a batch, and for one thread all values with their adjoints
// and the gradient in lanes.
inline double tape_bytes(const Tape& tape, const TrainSpec& spec) {
  double values = 0;
  for (const Tape::Node& node : tape.nodes())
    values += node.shared() ? 0 : static_cast<double>(node.size());
  const double one_prompt = 3 * values + static_cast<double>(tape.parameters());
  return chunk_bytes(spec, tape.parameters()) + one_prompt * kLanes * sizeof(double);
}

template <class T, class Prompts>
class TapePass final : public BlockPass<T> {
 public:
  TapePass(const typename Prompts::Task& task, const typename Prompts::Recorded& recorded)
      : task_(task),
        recorded_(recorded),
        tokens_(recorded.tokens),
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
    if (target_) Prompts::enter(task_, recorded_, block_, run_);
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

  const typename Prompts::Task& task_;
  const typename Prompts::Recorded& recorded_;
  Value tokens_, output_;
  std::optional<Value> target_;  // of a recorded loss
  typename Prompts::template Sampler<T> sampler_;
  typename Prompts::template Block<T> block_;
  TapeRun<T> run_;
  AlignedArray<T> cotangent_;        // [lanes] dloss / doutput
  std::array<bool, kLanes> kept_{};  // lanes that count
};

template <class T, class Prompts>
class TapeObjective final : public LaneObjective<T> {
 public:
  using Task = typename Prompts::Task;
  using Recorded = typename Prompts::Recorded;

  TapeObjective(const Task& task, std::shared_ptr<const Recorded> recorded)
      : task_(task), recorded_(std::move(recorded)) {}

  std::size_t parameters() const override { return recorded_->tape.parameters(); }

 protected:
  std::unique_ptr<BlockPass<T>> block_pass() const override {
    return std::make_unique<TapePass<T, Prompts>>(task_, *recorded_);
  }

 private:
  Task task_;
  std::shared_ptr<const Recorded> recorded_;
};

template <class Prompts>
std::unique_ptr<Objective> tape_objective(
    const typename Prompts::Task& task, std::shared_ptr<const typename Prompts::Recorded> recorded,
    Precision precision) {
  if (precision == Precision::float64)
    return std::make_unique<TapeObjective<double, Prompts>>(task, std::move(recorded));
  return std::make_unique<TapeObjective<float, Prompts>>(task, std::move(recorded));
}

}  // namespace gramian
