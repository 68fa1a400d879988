#include "gramian/training/token_objective.h"

#include "gramian/models/transformer/answer_loss.h"
#include "gramian/training/tape_objective.h"

namespace gramian {

namespace {

struct TokenPrompts {
  using Task = TokenTask;
  using Recorded = RecordedTransformer;
  template <class T>
  using Sampler = TokenSampler<T>;
  template <class T>
  using Block = TokenBlock<T>;

  template <class T>
  static void enter(const Task& task, const Recorded& recorded, const Block<T>& block,
                    TapeRun<T>& run) {
    if (recorded.weights) {
      enter_answers(recorded, task.answers(), block, run);
    } else {
      std::ranges::copy(block.target, run.values(*recorded.target));
    }
  }
};

}  // namespace

std::unique_ptr<Objective> token_objective(const TokenTask& task,
                                           std::shared_ptr<const RecordedTransformer> recorded,
                                           Precision precision) {
  GRAMIAN_ASSERT(recorded->tape.node(recorded->tokens).rows == task.tokens());
  GRAMIAN_ASSERT(recorded->tape.node(recorded->tokens).columns == task.width());
  GRAMIAN_ASSERT(recorded->tape.node(recorded->output).size() == 1);
  return tape_objective<TokenPrompts>(task, std::move(recorded), precision);
}

}  // namespace gramian
