#include "gramian/evaluation/token_alignment.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/tape/tape_run.h"

namespace gramian {

namespace {

constexpr std::uint64_t kTokenChunk = 16 * kLanes;  // prompts that share one set of sums

class TransformerPredictor final : public TokenPredictor {
 public:
  TransformerPredictor(const TokenTask& task, const Transformer& transformer)
      : task_(task),
        transformer_(transformer),
        recorded_(record(transformer.spec).value()),
        run_(recorded_.tape, true) {
    seed_ = AlignedArray<double>(kLanes);
    std::fill(seed_.begin(), seed_.end(), 1.0);
  }

  void predict(const TokenBlock<double>& block, double* predictions,
               double* sensitivities) override {
    std::copy(block.tokens.begin(), block.tokens.end(), run_.values(recorded_.tokens));
    run_.forward(transformer_.theta.data());
    std::copy_n(
        run_.values(recorded_.tape.value(static_cast<std::size_t>(recorded_.tape.output()))),
        kLanes, predictions);
    run_.backward(seed_.data(), nullptr);
    const auto query = static_cast<std::size_t>(task_.row_of_x(task_.n()) * task_.width()) * kLanes;
    std::copy_n(run_.adjoint(recorded_.tokens) + query,
                static_cast<std::size_t>(task_.d()) * kLanes, sensitivities);
  }

 private:
  const TokenTask& task_;
  const Transformer& transformer_;
  RecordedTransformer recorded_;
  TapeRun<double> run_;
  AlignedArray<double> seed_;
};

class DescentStep final : public TokenPredictor {
 public:
  DescentStep(const TokenTask& task, double step) : task_(task), step_(step) {}

  void predict(const TokenBlock<double>& block, double* predictions,
               double* sensitivities) override {
    const int n = task_.n(), d = task_.d(), width = task_.width();
    const auto at = [&](int row, int column) {
      return block.tokens.data() + static_cast<std::size_t>(row * width + column) * kLanes;
    };
    std::fill_n(predictions, kLanes, 0.0);
    for (int i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p) {
        double sum = 0;
        for (int j = 0; j < n; ++j)
          sum += at(task_.row_of_y(j), width - 1)[p] * at(task_.row_of_x(j), i)[p];
        const double w = step_ / n * sum;
        sensitivities[static_cast<std::size_t>(i) * kLanes + p] = w;
        predictions[p] += w * at(task_.row_of_x(n), i)[p];
      }
    }
  }

 private:
  const TokenTask& task_;
  double step_;
};

class Zero final : public TokenPredictor {
 public:
  explicit Zero(const TokenTask& task) : d_(static_cast<std::size_t>(task.d())) {}
  void predict(const TokenBlock<double>&, double* predictions, double* sensitivities) override {
    std::fill_n(predictions, kLanes, 0.0);
    std::fill_n(sensitivities, d_ * kLanes, 0.0);
  }

 private:
  std::size_t d_;
};

struct TokenWorker {
  TokenWorker(const TokenTask& task, const MakeTokenPredictor& make,
              const MakeTokenPredictor& make_other)
      : sampler(task), one(make()), other(make_other()) {
    for (auto* s : {&sensitivity, &other_sensitivity})
      s->resize(static_cast<std::size_t>(task.d()) * kLanes);
  }
  TokenSampler<double> sampler;
  TokenBlock<double> block = {};
  std::unique_ptr<TokenPredictor> one, other;
  double prediction[kLanes] = {}, other_prediction[kLanes] = {};
  std::vector<double> sensitivity = {}, other_sensitivity = {};
};

PhiloxAddress address_of(std::uint64_t seed, std::uint64_t first) {
  return {.seed = seed,
          .stream = kEvaluationStream,
          .step = static_cast<std::uint32_t>(first >> 32),
          .first = static_cast<std::uint32_t>(first)};
}

void add_block(const TokenWorker& w, std::size_t count, Alignment& sum) {
  for (std::size_t p = 0; p < count; ++p) {
    const double one = w.prediction[p] - w.block.target[p],
                 other = w.other_prediction[p] - w.block.target[p];
    sum.loss.add(0.5 * one * one);
    sum.other_loss.add(0.5 * other * other);
    sum.prediction.add(std::abs(w.prediction[p] - w.other_prediction[p]));
    sum.add_sensitivities(w.sensitivity.data(), w.other_sensitivity.data(),
                          w.sensitivity.size() / kLanes, p);
  }
}

}  // namespace

MakeTokenPredictor predictor(const TokenTask& task, const Transformer& transformer) {
  return
      [&task, &transformer] { return std::make_unique<TransformerPredictor>(task, transformer); };
}

MakeTokenPredictor zero_predictor(const TokenTask& task) {
  return [&task] { return std::make_unique<Zero>(task); };
}

MakeTokenPredictor descent_step(const TokenTask& task, double step) {
  return [&task, step] { return std::make_unique<DescentStep>(task, step); };
}

Alignment align_tokens(const TokenTask& task, const MakeTokenPredictor& model,
                       const MakeTokenPredictor& other, std::uint64_t prompts, std::uint64_t seed,
                       ThreadPool& pool) {
  std::vector<TokenWorker> workers;
  for (int t = 0; t < pool.threads(); ++t) workers.emplace_back(task, model, other);
  std::vector<Alignment> chunks((prompts + kTokenChunk - 1) / kTokenChunk);
  pool.run(static_cast<int>(chunks.size()), [&](int chunk, int thread) {
    TokenWorker& w = workers[static_cast<std::size_t>(thread)];
    const std::uint64_t begin = static_cast<std::uint64_t>(chunk) * kTokenChunk;
    for (std::uint64_t first = begin; first < std::min(begin + kTokenChunk, prompts);
         first += kLanes) {
      const auto count = std::min<std::uint64_t>(kLanes, prompts - first);
      w.sampler.sample(address_of(seed, first), static_cast<int>(count), w.block);
      w.one->predict(w.block, w.prediction, w.sensitivity.data());
      w.other->predict(w.block, w.other_prediction, w.other_sensitivity.data());
      add_block(w, count, chunks[static_cast<std::size_t>(chunk)]);
    }
  });
  Alignment total;
  for (const Alignment& chunk : chunks) total.merge(chunk);
  return total;
}

RunningMean token_loss(const TokenTask& task, const MakeTokenPredictor& make, std::uint64_t prompts,
                       std::uint64_t seed, ThreadPool& pool) {
  return align_tokens(task, make, zero_predictor(task), prompts, seed, pool).loss;
}

std::string token_scores_json(std::uint64_t prompts, const RunningMean& model,
                              const RunningMean& zero) {
  const auto number = [](double value) {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
  };
  const auto estimate = [&](const RunningMean& mean) {
    return nlohmann::ordered_json{{"mean", number(mean.mean())},
                                  {"se", number(mean.standard_error())}};
  };
  const nlohmann::ordered_json json{
      {"prompts", prompts},
      {"adjusted", nlohmann::ordered_json::object()},
      {"loss", {{"model", estimate(model)}, {"zero", estimate(zero)}}}};
  return json.dump(2) + "\n";
}

Expected<TokenSensitivity> state_sensitivity(const TokenTask& task, const Transformer& transformer,
                                             int layers, std::uint64_t prompts,
                                             std::uint64_t seed) {
  const auto recorded = GRAMIAN_TRY(record_states(transformer.spec, layers));
  TapeRun<double> run(recorded.tape, true);
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  const auto tokens = static_cast<std::size_t>(transformer.spec.tokens);
  const auto width = static_cast<std::size_t>(transformer.spec.inner_width());
  const Value entering = recorded.states.front();
  const auto entering_width = static_cast<std::size_t>(recorded.tape.node(entering).columns);
  AlignedArray<double> cotangent(tokens * width * kLanes);
  double own = 0, next = 0, others = 0, count = 0;
  for (std::uint64_t first = 0; first < prompts; first += kLanes) {
    const auto lanes = static_cast<std::size_t>(std::min<std::uint64_t>(kLanes, prompts - first));
    sampler.sample(address_of(seed, first), static_cast<int>(lanes), block);
    std::copy(block.tokens.begin(), block.tokens.end(), run.values(recorded.tokens));
    run.forward(transformer.theta.data());
    for (std::size_t k = 0; k < tokens; ++k) {
      cotangent.zero();
      std::fill_n(cotangent.data() + k * width * kLanes, width * kLanes, 1.0);
      run.backward(cotangent.data(), nullptr);
      const double* adjoint = run.adjoint(entering);
      for (std::size_t j = 0; j < tokens; ++j) {
        for (std::size_t p = 0; p < lanes; ++p) {
          double squares = 0;
          for (std::size_t i = 0; i < entering_width; ++i) {
            const double slope = adjoint[(j * entering_width + i) * kLanes + p];
            squares += slope * slope;
          }
          (j == k ? own : j == k + 1 ? next : others) += std::sqrt(squares);
        }
      }
    }
    count += static_cast<double>(lanes);
  }
  const auto n = static_cast<double>(tokens);
  return TokenSensitivity{own / (count * n), next / (count * (n - 1)),
                          others / (count * (n * n - 2 * n + 1))};
}

}  // namespace gramian
