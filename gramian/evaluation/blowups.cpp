#include "gramian/evaluation/blowups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gramian/training/loss.h"

namespace gramian {

namespace {

class BlowUpMeasure {
 public:
  struct Sums {
    std::uint64_t count = 0;
    double largest = 0;
    RunningMean loss = {};
    LossHistogram losses = {};

    void merge(const Sums& more) {
      count += more.count;
      largest = std::max(largest, more.largest);
      loss.merge(more.loss);
      losses.merge(more.losses);
    }
  };

  BlowUpMeasure(const RegressionTask& task, Predictor& model, double threshold, int thread)
      : task_(&task),
        model_(&model),
        threshold_(threshold),
        thread_(thread),
        sampler_(task, false),
        block_(task.d()),
        weights_(static_cast<std::size_t>(model.layers()) * block_.truth.size()) {}

  void add(const SeriesBlock& block, Sums& sums) {
    sampler_.sample(block.address, block.count, block_);
    model_->predict(block_, weights_.data(), thread_);
    const double* const last = weights_.data() + (weights_.size() - block_.truth.size());
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
      const double loss = implicit_loss(*task_, QueryMode::integrated, block_, last, p);
      sums.loss.add(loss);
      sums.losses.add(loss);
      if (!(loss <= threshold_)) ++sums.count;
      if (!(loss <= sums.largest))
        sums.largest = std::isnan(loss) ? std::numeric_limits<double>::infinity() : loss;
    }
  }

 private:
  const RegressionTask* task_;
  Predictor* model_;
  double threshold_;
  int thread_;
  PromptSampler<double> sampler_;
  PromptBlock<double> block_;
  std::vector<double> weights_;  // [L, d, lanes]
};

}  // namespace

Expected<BlowUpCount> count_blowups(const RegressionTask& task, Predictor& model, double threshold,
                                    const PromptSeries& prompts, ThreadPool& pool,
                                    const ProgressFunction& progress) {
  std::vector<BlowUpMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, model, threshold, t);
  const MeasurePlan plan{.prompts = prompts, .chunk = 64 * kLanes, .name = "counting"};
  const auto sums = GRAMIAN_TRY(run_measures(plan, measures, {}, pool, progress));
  return BlowUpCount{.prompts = prompts.count,
                     .count = sums.count,
                     .threshold = threshold,
                     .largest = sums.largest,
                     .loss = sums.loss,
                     .losses = sums.losses};
}

}  // namespace gramian
