#include "gramian/evaluation/graph_errors.h"

#include <algorithm>

#include "gramian/evaluation/measure.h"
#include "gramian/tape/tape_run.h"

namespace gramian {

namespace {

class GraphMeasure {
 public:
  using Sums = RunningMean;

  GraphMeasure(const GraphTaskSpec& task, const RecordedGraphNetwork& recorded,
               const std::vector<double>& theta)
      : recorded_(&recorded), theta_(&theta), sampler_(task), run_(recorded.tape) {}

  void add(const SeriesBlock& block, RunningMean& sums) {
    sampler_.sample(block.address, block.count, block_);
    std::ranges::copy(block_.tokens, run_.values(recorded_->tokens));
    std::ranges::copy(block_.target, run_.values(*recorded_->target));
    run_.forward(theta_->data());
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p)
      sums.add(2 * run_.values(recorded_->output)[p]);
  }

 private:
  const RecordedGraphNetwork* recorded_;
  const std::vector<double>* theta_;
  GraphSampler<double> sampler_;
  GraphBlock<double> block_;
  TapeRun<double> run_;
};

}  // namespace

RunningMean graph_error(const GraphTaskSpec& task, const RecordedGraphNetwork& recorded,
                        const std::vector<double>& theta, std::uint64_t prompts, std::uint64_t seed,
                        ThreadPool& pool) {
  GRAMIAN_ASSERT(recorded.target && recorded.tape.node(recorded.output).size() == 1);
  std::vector<GraphMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, recorded, theta);
  return run_measures({.prompts = {.seed = seed, .count = prompts}, .chunk = 8 * kLanes}, measures,
                      {}, pool);
}

}  // namespace gramian
