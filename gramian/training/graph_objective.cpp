#include "gramian/training/graph_objective.h"

#include "gramian/training/tape_objective.h"

namespace gramian {

namespace {

struct GraphPrompts {
  using Task = GraphTaskSpec;
  using Recorded = RecordedGraphNetwork;
  template <class T>
  using Sampler = GraphSampler<T>;
  template <class T>
  using Block = GraphBlock<T>;

  template <class T>
  static void enter(const Task&, const Recorded& recorded, const Block<T>& block, TapeRun<T>& run) {
    std::ranges::copy(block.target, run.values(*recorded.target));
  }
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
  return tape_objective<GraphPrompts>(task, std::move(recorded), precision);
}

}  // namespace gramian
