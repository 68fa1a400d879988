#include "gramian/evaluation/token_alignment.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/evaluation/estimate_json.h"
#include "gramian/tape/tape_run.h"

namespace gramian {

namespace {

constexpr std::uint64_t kTokenChunk = 16 * kLanes;

class TokenMeasure {
 public:
  using Sums = Alignment;

  TokenMeasure(const TokenTask& task, const MakeTokenPredictor& make,
               const MakeTokenPredictor& make_other, PredictionLoss loss)
      : loss_(loss),
        d_(static_cast<std::size_t>(task.d())),
        sampler_(task),
        one_{make(), std::vector<double>(lane_size(1)), std::vector<double>(lane_size(d_))},
        other_{make_other(), one_.predictions, one_.sensitivities} {}

  void add(const SeriesBlock& block, Alignment& sums) {
    sampler_.sample(block.address, block.count, block_);
    one_.run(block_);
    other_.run(block_);
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
      sums.loss.add(loss_of(loss_, one_.predictions[p], block_.target[p]));
      sums.other_loss.add(loss_of(loss_, other_.predictions[p], block_.target[p]));
      sums.prediction.add(std::abs(one_.predictions[p] - other_.predictions[p]));
      sums.add_sensitivities({one_.sensitivities.data(), d_}, {other_.sensitivities.data(), d_}, p);
    }
  }

 private:
  struct Side {
    std::unique_ptr<TokenPredictor> predictor;
    std::vector<double> predictions;    // [lanes]
    std::vector<double> sensitivities;  // [d, lanes]

    void run(const TokenBlock<double>& block) {
      predictor->predict(block, predictions.data(), sensitivities.data());
    }
  };

  PredictionLoss loss_;
  std::size_t d_;
  TokenSampler<double> sampler_;
  TokenBlock<double> block_;
  Side one_, other_;
};

// The losses of one predictor.
class LossMeasure {
 public:
  using Sums = RunningMean;

  LossMeasure(const TokenTask& task, const MakeTokenPredictor& make, PredictionLoss loss)
      : loss_(loss), sampler_(task), predictor_(make()), predictions_(lane_size(1)) {}

  void add(const SeriesBlock& block, RunningMean& sums) {
    sampler_.sample(block.address, block.count, block_);
    predictor_->predict(block_, predictions_.data(), nullptr);
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p)
      sums.add(loss_of(loss_, predictions_[p], block_.target[p]));
  }

 private:
  PredictionLoss loss_;
  TokenSampler<double> sampler_;
  TokenBlock<double> block_;
  std::unique_ptr<TokenPredictor> predictor_;
  std::vector<double> predictions_;  // [lanes]
};

// Sums of norms of gradients, for j = k, j = k + 1 and all other j.
class SensitivityMeasure {
 public:
  SensitivityMeasure(const TokenTask& task, const RecordedTransformer& recorded,
                     const std::vector<double>& theta)
      : recorded_(recorded),
        theta_(theta),
        sampler_(task),
        run_(recorded.tape, true),
        state_(recorded.tape.node(recorded.output)),
        entering_(recorded.tape.node(recorded.states.front())),
        cotangent_(lane_size(state_.size())) {}

  void add(const SeriesBlock& block, TokenSensitivity& sums) {
    sampler_.sample(block.address, block.count, block_);
    std::ranges::copy(block_.tokens, run_.values(recorded_.tokens));
    run_.forward(theta_.data());
    for (std::size_t k = 0; k < tokens(); ++k) {
      const auto width = static_cast<std::size_t>(state_.columns);
      const LaneView<double> cotangent(cotangent_.data(), tokens(), width);
      cotangent_.zero();
      std::fill_n(cotangent.lanes(k), lane_size(width), 1.0);
      run_.backward(cotangent_.data(), nullptr);
      for (std::size_t j = 0; j < tokens(); ++j) {
        double& sum = j == k ? sums.own : j == k + 1 ? sums.next : sums.others;
        for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p)
          sum += gradient_norm(j, p);
      }
    }
  }

  std::size_t tokens() const { return static_cast<std::size_t>(state_.rows); }

 private:
  // With respect to entering token j of prompt p.
  double gradient_norm(std::size_t j, std::size_t p) const {
    const LaneView<const double> slopes(run_.adjoint(recorded_.states.front()), tokens(),
                                        static_cast<std::size_t>(entering_.columns));
    double squares = 0;
    for (std::size_t i = 0; i < slopes.columns(); ++i)
      squares += slopes.at(j, i, p) * slopes.at(j, i, p);
    return std::sqrt(squares);
  }

  const RecordedTransformer& recorded_;
  const std::vector<double>& theta_;
  TokenSampler<double> sampler_;
  TokenBlock<double> block_;
  TapeRun<double> run_;
  const Tape::Node &state_, &entering_;
  AlignedArray<double> cotangent_;  // [N, W, lanes]
};

}  // namespace

Alignment align_tokens(const TokenTask& task, const MakeTokenPredictor& model,
                       const MakeTokenPredictor& other, std::uint64_t prompts, std::uint64_t seed,
                       ThreadPool& pool, PredictionLoss loss) {
  GRAMIAN_ASSERT(model && other);
  std::vector<TokenMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, model, other, loss);
  return run_measures({.prompts = {.seed = seed, .count = prompts}, .chunk = kTokenChunk}, measures,
                      {}, pool);
}

RunningMean token_loss(const TokenTask& task, const MakeTokenPredictor& make, std::uint64_t prompts,
                       std::uint64_t seed, ThreadPool& pool, PredictionLoss loss) {
  std::vector<LossMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, make, loss);
  return run_measures({.prompts = {.seed = seed, .count = prompts}, .chunk = kTokenChunk}, measures,
                      {}, pool);
}

std::string token_scores_json(std::uint64_t prompts, const RunningMean& model,
                              const RunningMean& zero) {
  const nlohmann::ordered_json json{
      {"prompts", prompts},
      {"adjusted", nlohmann::ordered_json::object()},
      {"loss", {{"model", estimate_json(model)}, {"zero", estimate_json(zero)}}}};
  return json.dump(2) + "\n";
}

Expected<TokenSensitivity> state_sensitivity(const TokenTask& task, const Transformer& transformer,
                                             int layers, std::uint64_t prompts,
                                             std::uint64_t seed) {
  GRAMIAN_ASSERT(prompts >= 1);
  const auto recorded = GRAMIAN_TRY(record_states(transformer.spec(), layers));
  GRAMIAN_ASSERT(recorded.tape.node(recorded.tokens).rows == task.tokens());
  SensitivityMeasure measure(task, recorded, transformer.theta);
  TokenSensitivity sums;
  for_blocks({.seed = seed, .count = prompts},
             [&](const SeriesBlock& block) { measure.add(block, sums); });
  const auto count = static_cast<double>(prompts), n = static_cast<double>(measure.tokens());
  return TokenSensitivity{sums.own / (count * n), sums.next / (count * (n - 1)),
                          sums.others / (count * (n * n - 2 * n + 1))};
}

}  // namespace gramian
