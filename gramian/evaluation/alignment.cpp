#include "gramian/evaluation/alignment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/training/loss.h"

namespace gramian {

namespace {

constexpr std::uint64_t kAlignmentChunk = 16 * kLanes;

// Keeps the loss of every prompt after each layer, [L, prompts].
class LayerLossMeasure {
 public:
  using Sums = NoSums;

  LayerLossMeasure(const RegressionTask& task, Predictor& model, int thread,
                   std::vector<std::vector<double>>& losses)
      : task_(&task),
        model_(&model),
        thread_(thread),
        losses_(&losses),
        sampler_(task, false),
        block_(task.d()),
        weights_(losses.size() * block_.truth.size()) {}

  void add(const SeriesBlock& block, NoSums&) {
    sampler_.sample(block.address, block.count, block_);
    model_->predict(block_, weights_.data(), thread_);
    for (std::size_t l = 0; l < losses_->size(); ++l) {
      const double* const weights = weights_.data() + l * block_.truth.size();
      double* const out = (*losses_)[l].data() + block.first;
      for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p)
        out[p] = implicit_loss(*task_, QueryMode::integrated, block_, weights, p);
    }
  }

 private:
  const RegressionTask* task_;
  Predictor* model_;
  int thread_;
  std::vector<std::vector<double>>* losses_;
  PromptSampler<double> sampler_;
  PromptBlock<double> block_;
  std::vector<double> weights_;  // [L, d, lanes]
};

// Reorders the losses.
LayerLoss summary(std::vector<double>& losses) {
  LayerLoss result;
  for (double& loss : losses) {
    result.loss.add(loss);
    if (std::isnan(loss)) loss = std::numeric_limits<double>::infinity();
  }
  const auto middle = losses.begin() + static_cast<std::ptrdiff_t>(losses.size() / 2);
  std::nth_element(losses.begin(), middle, losses.end());
  result.median = *middle;
  return result;
}

// The prompts with targets, and so the truth, multiplied by `scale`. The corner of G holds y^2.
void scale_targets(double scale, PromptBlock<double>& block) {
  const auto d = static_cast<std::size_t>(block.d);
  const LaneView<double> gram(block.gram.data(), d + 1, d + 1);
  for (double& w : block.truth) w *= scale;
  for (std::size_t i = 0; i <= d; ++i) {
    for (std::size_t p = 0; p < kLanes; ++p) {
      gram.at(i, d, p) *= scale;
      gram.at(d, i, p) *= scale;
    }
  }
}

class AlignmentMeasure {
 public:
  using Sums = Alignment;

  AlignmentMeasure(const RegressionTask& task, Predictor& model, Predictor& other,
                   double target_scale, int thread)
      : task_(&task),
        model_(&model),
        other_(&other),
        target_scale_(target_scale),
        thread_(thread),
        sampler_(task),
        block_(task.d()),
        weights_(static_cast<std::size_t>(model.layers()) * block_.truth.size()),
        other_weights_(static_cast<std::size_t>(other.layers()) * block_.truth.size()) {}

  void add(const SeriesBlock& block, Alignment& sums) {
    sampler_.sample(block.address, block.count, block_);
    if (target_scale_ != 1) scale_targets(target_scale_, block_);
    model_->predict(block_, weights_.data(), thread_);
    other_->predict(block_, other_weights_.data(), thread_);
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) add_prompt(p, sums);
  }

 private:
  // w^L [d, lanes] of weights [L, d, lanes].
  LaneView<const double> last(const std::vector<double>& weights) const {
    return {weights.data() + (weights.size() - block_.truth.size()),
            static_cast<std::size_t>(block_.d)};
  }

  void add_prompt(std::size_t p, Alignment& sums) const {
    const LaneView<const double> w = last(weights_), v = last(other_weights_),
                                 query(block_.query.data(), w.rows());
    double difference = 0;
    for (std::size_t i = 0; i < w.rows(); ++i)
      difference += (w.at(i, 0, p) - v.at(i, 0, p)) * query.at(i, 0, p);
    sums.loss.add(implicit_loss(*task_, QueryMode::integrated, block_, w.lanes(0), p));
    sums.other_loss.add(implicit_loss(*task_, QueryMode::integrated, block_, v.lanes(0), p));
    sums.prediction.add(std::abs(difference));
    sums.add_sensitivities(w, v, p);
  }

  const RegressionTask* task_;
  Predictor *model_, *other_;
  double target_scale_;
  int thread_;
  PromptSampler<double> sampler_;
  PromptBlock<double> block_;
  std::vector<double> weights_, other_weights_;  // [L, d, lanes]
};

}  // namespace

std::vector<LayerLoss> layer_losses(const RegressionTask& task, Predictor& model,
                                    std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool) {
  GRAMIAN_ASSERT(prompts >= 1);
  std::vector<std::vector<double>> losses(static_cast<std::size_t>(model.layers()),
                                          std::vector<double>(prompts));
  std::vector<LayerLossMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, model, t, losses);
  run_measures({.prompts = {.seed = seed, .count = prompts}, .chunk = kAlignmentChunk}, measures,
               {}, pool);
  std::vector<LayerLoss> result;
  for (std::vector<double>& layer : losses) result.push_back(summary(layer));
  return result;
}

void Alignment::add_sensitivities(LaneView<const double> w, LaneView<const double> v,
                                  std::size_t lane) {
  GRAMIAN_ASSERT(w.rows() == v.rows());
  double squares = 0, ww = 0, vv = 0, wv = 0;
  for (std::size_t i = 0; i < w.rows(); ++i) {
    const double a = w.at(i, 0, lane), b = v.at(i, 0, lane);
    squares += (a - b) * (a - b);
    ww += a * a;
    vv += b * b;
    wv += a * b;
  }
  sensitivity.add(std::sqrt(squares));
  if (ww > 0 && vv > 0) cosine.add(wv / std::sqrt(ww) / std::sqrt(vv));
}

void Alignment::merge(const Alignment& more) {
  loss.merge(more.loss);
  other_loss.merge(more.other_loss);
  prediction.merge(more.prediction);
  sensitivity.merge(more.sensitivity);
  cosine.merge(more.cosine);
}

Alignment align(const RegressionTask& task, Predictor& model, Predictor& other, double target_scale,
                std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool) {
  std::vector<AlignmentMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t)
    measures.emplace_back(task, model, other, target_scale, t);
  return run_measures({.prompts = {.seed = seed, .count = prompts}, .chunk = kAlignmentChunk},
                      measures, {}, pool);
}

}  // namespace gramian
