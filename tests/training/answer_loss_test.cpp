// Losses of answers at every position, of numbers and of classes: against plain sums, and their
// training against central differences.
#include "gramian/models/transformer/answer_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gramian/models/transformer/flat.h"
#include "gramian/tasks/sequence_tokens.h"
#include "gramian/training/transformer_trainer.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

// Tokens are one-hot symbols, and each is to name the one before it; the first counts nothing.
template <class T>
class CopyBlocks final : public BlockSampler<T> {
 public:
  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) override {
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      std::size_t before = 0;
      for (std::size_t t = 0; t < 5; ++t) {
        const std::size_t symbol = (address.first + p + 3 * t + t * t * p) % 4;
        block.tokens[(t * 4 + symbol) * kLanes + p] = T(1);
        block.target[t * kLanes + p] = static_cast<T>(before);
        block.weights[t * kLanes + p] = t > 0 && (p + t) % 3 > 0 ? T(1) : T(0);
        before = symbol;
      }
    }
  }
};

class Copying final : public TokenSource {
 public:
  int tokens() const override { return 5; }
  int width() const override { return 4; }
  Answers answers() const override {
    return {.kind = AnswerKind::classes, .positions = 5, .outputs = 4};
  }
  int truth() const override { return 0; }
  std::string describe() const override { return "copying"; }
  std::unique_ptr<BlockSampler<float>> sampler(float) const override {
    return std::make_unique<CopyBlocks<float>>();
  }
  std::unique_ptr<BlockSampler<double>> sampler(double) const override {
    return std::make_unique<CopyBlocks<double>>();
  }
};

TokenTask copying_task() { return TokenTask(std::make_shared<Copying>()); }

TokenTask regression_in_turn() {
  return TokenTask(sequence_tokens({.family = SequenceFamily::regression,
                                    .layout = SequenceLayout::constructed,
                                    .tokens = 6,
                                    .state = 2,
                                    .observed = 2})
                       .value());
}

TransformerSpec network_for(const TokenTask& task, int prefix = 0) {
  TransformerSpec spec = describe({.tokens = task.tokens(),
                                   .width = task.width(),
                                   .embedding = 6,
                                   .layers = 2,
                                   .softmax_layers = 1,
                                   .answers = task.answers()})
                             .value();
  spec.stem.prefix = prefix;
  return spec;
}

// Sum over positions of a prompt, by hand, from the predictions of the plain recording.
double loss_by_hand(const TokenTask& task, const Transformer& network,
                    const TokenBlock<double>& block, std::size_t p) {
  TapeRun<double> run(network.recorded().tape);
  std::ranges::copy(block.tokens, run.values(network.recorded().tokens));
  run.forward(network.theta.data());
  const Answers answers = task.answers();
  const auto outputs = static_cast<std::size_t>(answers.outputs);
  const auto prefix = static_cast<std::size_t>(network.spec().stem.prefix);
  const double* y = run.values(network.recorded().output);
  double sum = 0, all = 0;
  for (std::size_t t = 0; t < static_cast<std::size_t>(answers.positions); ++t) {
    double loss = 0, powers = 0;
    for (std::size_t i = 0; i < outputs; ++i) {
      const double at = y[((t + prefix) * outputs + i) * kLanes + p];
      powers += std::exp(at);
      if (answers.kind == AnswerKind::numbers)
        loss += 0.5 * std::pow(at - block.target[(t * outputs + i) * kLanes + p], 2);
      if (answers.kind == AnswerKind::classes &&
          static_cast<double>(i) == block.target[t * kLanes + p])
        loss -= at;
    }
    if (answers.kind == AnswerKind::classes) loss += std::log(powers);
    sum += block.weights[t * kLanes + p] * loss;
    all += block.weights[t * kLanes + p];
  }
  return all > 0 ? sum / all : 0;
}

TEST(AnswerLoss, IsTheWeightedMeanOverPositions) {
  for (const TokenTask& task : {regression_in_turn(), copying_task()}) {
    for (const int prefix : {0, 2}) {
      const TransformerSpec spec = network_for(task, prefix);
      const Transformer network = Transformer::initial(spec, 0.5, 3).value();
      const auto recorded = record_answer_loss(spec, task.answers()).value();
      TokenBlock<double> block;
      TokenSampler<double>(task).sample({.seed = 2}, 7, block);
      TapeRun<double> run(recorded.tape);
      std::ranges::copy(block.tokens, run.values(recorded.tokens));
      enter_answers(recorded, task.answers(), block, run);
      run.forward(network.theta.data());
      for (std::size_t p = 0; p < kLanes; ++p) {
        const double want = p < 7 ? loss_by_hand(task, network, block, p) : 0;
        EXPECT_NEAR(run.values(recorded.output)[p], want, 1e-12 * (1 + want)) << prefix;
      }
    }
  }
}

// A step of gradient descent goes along minus the gradient of the mean loss.
TEST(AnswerLoss, TrainingFollowsItsGradient) {
  for (const TokenTask& task : {regression_in_turn(), copying_task()}) {
    const Transformer initial = Transformer::initial(network_for(task), 0.5, 3).value();
    TrainSpec how;
    how.seed = 4;
    how.steps = 1;
    how.batch = 21;
    how.precision = Precision::float64;
    how.method = Method::sgd;
    how.loss.robust = how.robust_final = 0;
    how.optimiser = {
        .learning_rate = 0.1, .schedule = Schedule::constant, .warmup = 0, .clip_norm = 0};
    ThreadPool pool(1);
    const auto trainer = TransformerTrainer::create(task, initial, how, pool);
    const auto report = trainer->step();
    ASSERT_TRUE(report.has_value());
    const auto mean = [&](const std::vector<double>& theta) {
      const Transformer network = Transformer::create(initial.spec(), theta).value();
      TokenSampler<double> sampler(task);
      TokenBlock<double> block;
      double sum = 0;
      for (const std::uint32_t first : {0u, 16u}) {
        const int count = std::min(kLanes, 21 - static_cast<int>(first));
        sampler.sample({.seed = 4, .stream = kTrainingStream, .first = first}, count, block);
        for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p)
          sum += loss_by_hand(task, network, block, p);
      }
      return sum / 21;
    };
    EXPECT_NEAR(report->loss, mean(initial.theta), 1e-12);
    for (std::size_t i = 0; i < initial.theta.size(); i += 7) {
      auto up = initial.theta, down = initial.theta;
      up[i] += 1e-5, down[i] -= 1e-5;
      const double slope = (mean(up) - mean(down)) / 2e-5;
      EXPECT_NEAR(trainer->theta()[i] - initial.theta[i], -0.1 * slope, 1e-8) << i;
    }
  }
}

TEST(AnswerLoss, NetworksOfAnotherShapeAreRefused) {
  const TokenTask task = regression_in_turn();
  TrainSpec how;
  how.loss.guards = 0;
  TransformerSpec spec = network_for(task);
  EXPECT_TRUE(check(task, spec, how).has_value());
  spec.readout.outputs = 3;
  EXPECT_TRUE(test::is_error(check(task, spec, how), ErrorKind::config,
                             {"6 x 3 numbers, the task a target of 6 x 2"}));
  how.loss.prediction = PredictionLoss::hinge;
  EXPECT_TRUE(test::is_error(check(task, network_for(task), how), ErrorKind::config,
                             {"[train.loss] hinge"}));
}

}  // namespace
}  // namespace gramian
