#include "gramian/evaluation/position_losses.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/lanes/view.h"

namespace gramian {

namespace {

constexpr std::uint64_t kPositionChunk = 16 * kLanes;

// The sums of all predictors.
struct PositionSums {
  std::vector<PositionLosses> of = {};

  void merge(const PositionSums& more) {
    for (std::size_t i = 0; i < of.size(); ++i) {
      of[i].loss.merge(more.of[i].loss);
      of[i].right.merge(more.of[i].right);
      for (std::size_t t = 0; t < of[i].positions.size(); ++t)
        of[i].positions[t].merge(more.of[i].positions[t]);
    }
  }
};

using Lanes = LaneView<const double>;

double half_squared_distance(const Lanes& predictions, const Lanes& targets, std::size_t t,
                             std::size_t p) {
  double sum = 0;
  for (std::size_t i = 0; i < targets.columns(); ++i) {
    const double r = predictions.at(t, i, p) - targets.at(t, i, p);
    sum += r * r;
  }
  return sum / 2;
}

double cross_entropy_of(const Lanes& scores, const Lanes& targets, std::size_t t, std::size_t p) {
  const auto wanted = static_cast<std::size_t>(targets.at(t, 0, p));
  double largest = scores.at(t, 0, p), sum = 0;
  for (std::size_t j = 1; j < scores.columns(); ++j)
    largest = std::max(largest, scores.at(t, j, p));
  for (std::size_t j = 0; j < scores.columns(); ++j) sum += std::exp(scores.at(t, j, p) - largest);
  return std::log(sum) + largest - scores.at(t, wanted, p);
}

// Whether no other class has as large a score.
bool is_right(const Lanes& scores, const Lanes& targets, std::size_t t, std::size_t p) {
  const auto wanted = static_cast<std::size_t>(targets.at(t, 0, p));
  for (std::size_t j = 0; j < scores.columns(); ++j) {
    if (j != wanted && !(scores.at(t, j, p) < scores.at(t, wanted, p))) return false;
  }
  return true;
}

class EveryPosition {
 public:
  using Sums = PositionSums;

  EveryPosition(const TokenTask& task, std::span<const NamedPredictor> predictors)
      : answers_(task.answers()), sampler_(task) {
    for (const NamedPredictor& one : predictors) predictors_.push_back(one.make());
    predictions_.resize(lane_size(positions() * static_cast<std::size_t>(answers_.outputs)));
  }

  void add(const SeriesBlock& block, PositionSums& sums) {
    sampler_.sample(block.address, block.count, block_);
    for (std::size_t i = 0; i < predictors_.size(); ++i) {
      predictors_[i]->predict(block_, predictions_.data(), nullptr);
      for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p)
        add_prompt(p, sums.of[i]);
    }
  }

 private:
  std::size_t positions() const { return static_cast<std::size_t>(answers_.positions); }

  void add_prompt(std::size_t p, PositionLosses& losses) const {
    const Lanes weights(block_.weights.data(), positions());
    const Lanes targets(block_.target.data(), positions(),
                        static_cast<std::size_t>(answers_.target_width()));
    const Lanes predictions(predictions_.data(), positions(),
                            static_cast<std::size_t>(answers_.outputs));
    const bool is_classes = answers_.kind == AnswerKind::classes;
    double sum = 0, all = 0, right = 0;
    for (std::size_t t = 0; t < positions(); ++t) {
      const double weight = weights.at(t, 0, p);
      if (!(weight > 0)) continue;
      const double loss = is_classes ? cross_entropy_of(predictions, targets, t, p)
                                     : half_squared_distance(predictions, targets, t, p);
      losses.positions[t].add(loss);
      if (is_classes && is_right(predictions, targets, t, p)) right += weight;
      sum += weight * loss;
      all += weight;
    }
    if (!(all > 0)) return;
    losses.loss.add(sum / all);
    if (is_classes) losses.right.add(right / all);
  }

  Answers answers_;
  TokenSampler<double> sampler_;
  TokenBlock<double> block_;
  std::vector<std::unique_ptr<TokenPredictor>> predictors_;
  std::vector<double> predictions_;  // [positions, outputs, lanes]
};

}  // namespace

Expected<std::vector<PositionLosses>> position_losses(const TokenTask& task,
                                                      std::span<const NamedPredictor> predictors,
                                                      std::uint64_t prompts, std::uint64_t seed,
                                                      ThreadPool& pool,
                                                      const ProgressFunction& progress) {
  GRAMIAN_ASSERT(prompts >= 1);
  const PositionLosses none{
      .loss = {},
      .positions = std::vector<RunningMean>(static_cast<std::size_t>(task.answers().positions))};
  const PositionSums zero{std::vector<PositionLosses>(predictors.size(), none)};
  std::vector<EveryPosition> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, predictors);
  auto sums = GRAMIAN_TRY(run_measures(
      {.prompts = {.seed = seed, .count = prompts}, .chunk = kPositionChunk, .name = "evaluation"},
      measures, zero, pool, progress));
  return std::move(sums.of);
}

}  // namespace gramian
