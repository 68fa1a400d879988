#include "gramian/training/graph_objective.h"

#include <algorithm>

#include "gramian/tape/tape_run.h"
#include "gramian/training/lane_objective.h"

namespace gramian {

namespace {

template <class T>
class GraphPass final : public BlockPass<T> {
 public:
  GraphPass(const GraphTaskSpec& task, const RecordedGraphNetwork& recorded)
      : recorded_(recorded), sampler_(task), run_(recorded.tape), cotangent_(lane_size(1)) {}

  void sample(const PhiloxAddress& address, int count) override {
    sampler_.sample(address, count, block_);
    for (std::size_t p = 0; p < kLanes; ++p) kept_[p] = static_cast<int>(p) < count;
  }

  void forward(const T* theta, double) override {
    std::ranges::copy(block_.tokens, run_.values(recorded_.tokens));
    std::ranges::copy(block_.target, run_.values(*recorded_.target));
    run_.forward(theta);
    for (std::size_t p = 0; p < kLanes; ++p) this->squared_error_[p] = squared_error(p);
  }

  void leave_out(std::size_t lane) override {
    kept_[lane] = false;
    lane_view(block_.tokens).fill(lane, T(0));
  }

  void backward(double c, T* dtheta) override {
    for (std::size_t p = 0; p < kLanes; ++p) {
      const double slope = kept_[p] ? 1 : 0;
      cotangent_[p] = static_cast<T>(c > 0 ? slope / (1 + squared_error(p) / c) : slope);
    }
    run_.backward(cotangent_.data(), dtheta);
  }

 private:
  double squared_error(std::size_t p) {
    return kept_[p] ? 2 * static_cast<double>(run_.values(recorded_.output)[p]) : 0;
  }

  const RecordedGraphNetwork& recorded_;
  GraphSampler<T> sampler_;
  GraphBlock<T> block_;
  TapeRun<T> run_;
  AlignedArray<T> cotangent_;        // [lanes]
  std::array<bool, kLanes> kept_{};  // lanes that count
};

template <class T>
class GraphObjective final : public LaneObjective<T> {
 public:
  GraphObjective(const GraphTaskSpec& task, std::shared_ptr<const RecordedGraphNetwork> recorded)
      : task_(task), recorded_(std::move(recorded)) {}

  std::size_t parameters() const override { return recorded_->tape.parameters(); }

 protected:
  std::unique_ptr<BlockPass<T>> block_pass() const override {
    return std::make_unique<GraphPass<T>>(task_, *recorded_);
  }

 private:
  GraphTaskSpec task_;
  std::shared_ptr<const RecordedGraphNetwork> recorded_;
};

}  // namespace

GraphLoss loss_of_question(GraphQuestion question) {
  return question == GraphQuestion::eigenvectors ? GraphLoss::sign_free : GraphLoss::scale_free;
}

std::unique_ptr<Objective> graph_objective(const GraphTaskSpec& task,
                                           std::shared_ptr<const RecordedGraphNetwork> recorded,
                                           Precision precision) {
  GRAMIAN_ASSERT(recorded->target.has_value());
  GRAMIAN_ASSERT(recorded->tape.node(recorded->tokens).rows == task.graph.nodes);
  GRAMIAN_ASSERT(recorded->tape.node(recorded->tokens).columns == task.width());
  GRAMIAN_ASSERT(recorded->tape.node(*recorded->target).columns == task.demands);
  GRAMIAN_ASSERT(recorded->tape.node(recorded->output).size() == 1);
  if (precision == Precision::float64)
    return std::make_unique<GraphObjective<double>>(task, std::move(recorded));
  return std::make_unique<GraphObjective<float>>(task, std::move(recorded));
}

}  // namespace gramian
