// The layer of the paper: closed forms for weights set by hand, its start, and a short training
// that ends with updates of rank two.
#include <gtest/gtest.h>

#include <cmath>

#include "gramian/evaluation/token_alignment.h"
#include "gramian/papers/low_rank/measure.h"
#include "gramian/papers/low_rank/paper.h"
#include "gramian/papers/papers.h"
#include "gramian/runs/keys.h"
#include "tests/support/files.h"
#include "tests/support/results.h"

namespace gramian::low_rank {
namespace {

// Three patterns without noise: all counts of tokens are known.
TransformerExperiment small(const std::vector<std::string>& more = {}) {
  std::vector<std::string> settings{"task.family=patterns",
                                    "task.layout=inputs",
                                    "task.d=3",
                                    "task.n=20",
                                    "task.patterns=3",
                                    "task.token_noise=0",
                                    "model.kind=transformer",
                                    "model.layers=1",
                                    "model.softmax_layers=1",
                                    "model.query_in_keys=true",
                                    "model.neurons=2",
                                    "train.loss=hinge",
                                    "train.optimiser=sgd",
                                    "train.precision=double"};
  settings.insert(settings.end(), more.begin(), more.end());
  return transformer_experiment(parse_config("", "test", settings).value()).value();
}

// W_Q = W_K = gain I, W_V = I, and two neurons, `slope` times the first and the second pattern.
Transformer by_hand(const TransformerSpec& spec, double gain, double slope) {
  auto layer = Transformer::create(spec).value();
  for (std::size_t i = 0; i < 3; ++i) {
    layer.weights("layers.0.heads.0.Q")[i * 3 + i] = gain;
    layer.weights("layers.0.heads.0.K")[i * 3 + i] = gain;
    layer.weights("layers.0.heads.0.V")[i * 3 + i] = 1;
  }
  layer.weights("layers.0.heads.0.P")[0] = slope;  // neuron 0 of pattern 0
  layer.weights("layers.0.heads.0.P")[3] = slope;  // neuron 1 of pattern 1
  return layer;
}

// Of 20 tokens 6 show the pattern of the label, 2 the other one and 12 the third. A token that
// shows a pattern attends to each token that shows the same with e^(gain^2), and to each other with
// 1.
double closed_form(double gain, double slope) {
  const double counts[] = {6, 2, 12}, e = std::exp(gain * gain);
  double prediction = 0;
  for (int k = 0; k < 3; ++k) {
    const double all = 20 + (e - 1) * counts[k];
    const double own = (k == 0 ? e : 1) * counts[0] / all,
                 other = (k == 1 ? e : 1) * counts[1] / all;
    prediction += counts[k] / 20 * slope * (own - other) / std::sqrt(2);
  }
  return std::max(0.0, 1 - prediction);
}

TEST(LowRankLayer, HasTheLossOfItsFormula) {
  const auto experiment = small();
  ThreadPool pool(1);
  for (const auto& [gain, slope] : {std::pair{0.0, 1.0}, {0.7, 2.0}, {2.0, 1.5}, {0.5, 20.0}}) {
    const Transformer layer = by_hand(experiment.transformer, gain, slope);
    const auto loss = token_loss(experiment.task, predictor(experiment.task, layer), 64, 1, pool,
                                 PredictionLoss::hinge);
    EXPECT_NEAR(loss.mean(), closed_form(gain, slope), 1e-12) << gain << ", " << slope;
  }
  EXPECT_EQ(closed_form(0.5, 20), 0);  // the margin is above 1
}

TEST(LowRankLayer, AttendsAsItsFormulaSays) {
  const auto experiment = small({"model.init_query_key=0.7", "model.init_noise=0"});
  const TokenRun run{experiment, by_hand(experiment.transformer, 2, 1)};
  const auto mass = [](double gain) {
    const double counts[] = {6, 2, 12}, e = std::exp(gain * gain);
    double sum = 0;
    for (int k = 0; k < 3; ++k)
      sum += counts[k] / 20 * (k == 0 ? e : 1) * counts[0] / (20 + (e - 1) * counts[k]);
    return sum;
  };
  const auto attention = measure_attention(run, 6, 10);
  EXPECT_NEAR(attention.start, mass(0.7), 1e-12);
  EXPECT_NEAR(attention.trained, mass(2), 1e-12);
}

// Updates that are known: 3 e_0 e_1^T + e_1 e_0^T in W_V, zero in the others.
TEST(LowRankLayer, UpdatesAreMeasuredAgainstTheStart) {
  const auto experiment = small({"model.init_noise=0.3", "train.seed=5"});
  auto trained =
      Transformer::initial(experiment.transformer, experiment.start, experiment.train.seed).value();
  trained.weights("layers.0.heads.0.V")[1] += 3;
  trained.weights("layers.0.heads.0.V")[3] += 1;
  const auto numbers = measure_rank({experiment, trained}, 2);
  EXPECT_EQ(numbers.seed, 5);
  EXPECT_EQ(numbers.updates[0].rank, 0);
  const UpdateNumbers& value = numbers.updates[2];
  EXPECT_NEAR(value.sigma[0], 3, 1e-12);
  EXPECT_NEAR(value.sigma[1], 1, 1e-12);
  EXPECT_NEAR(value.energy_of_one, 0.9, 1e-12);
  EXPECT_NEAR(value.energy, 1, 1e-12);
  EXPECT_NEAR(value.angle, 0, 1e-6);
  EXPECT_EQ(value.rank, 2);
  EXPECT_NEAR(numbers.response[0], 3, 1e-12);
  EXPECT_NEAR(numbers.response[1], 1, 1e-12);
  EXPECT_NEAR(numbers.response[2], 0, 1e-12);
  ThreadPool pool(1);
  const auto losses = measure_truncation({experiment, trained}, 3, {.prompts = 32}, pool);
  EXPECT_NEAR(losses.truncated[2], losses.trained, 1e-12);
  EXPECT_NEAR(losses.truncated[3], losses.trained, 1e-12);
  EXPECT_NE(losses.truncated[1], losses.trained);
}

TEST(LowRankLayer, HasTheStartAndTheCellsOfTheStudies) {
  EXPECT_EQ(test::count_cells(paper), 1u + 3 + 4 + 5);
  const auto experiment = transformer_experiment(Setting{}.cell().starts(3, {}).front()).value();
  EXPECT_EQ(experiment.transformer.readout.map, ReadoutMap::signs);
  auto start = Transformer::initial(experiment.transformer, experiment.start, 3).value();
  const auto moments = [&](const char* name, std::size_t columns, double diagonal) {
    double mean = 0, squares = 0;
    const auto weights = start.weights(name);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double rest = weights[i] - (i / columns == i % columns ? diagonal : 0);
      mean += rest / static_cast<double>(weights.size());
      squares += rest * rest / static_cast<double>(weights.size());
    }
    EXPECT_NEAR(mean, 0, 5 * 0.01 / 20) << name;  // 400 numbers: five standard errors
    EXPECT_NEAR(std::sqrt(squares), 0.01, 5 * 0.01 / std::sqrt(2 * 400)) << name;
  };
  moments("layers.0.heads.0.Q", 20, 0.1);
  moments("layers.0.heads.0.K", 20, 0.1);
  moments("layers.0.heads.0.V", 20, 0.5);
  moments("layers.0.heads.0.P", 100, 0);
}

#ifndef GRAMIAN_SANITIZED

// The whole pipeline in small: the studies train, draw and judge, and 100 steps show the rank.
TEST(LowRankStudies, TrainAndDrawTheRankOfTheUpdates) {
  const test::TemporaryFolder folder;
  const StudyOptions options{.directory = folder / "s", .effort = {.quick = true}, .threads = 2};
  const auto result = reproduce(*find_study("low-rank-fig1"), options);
  ASSERT_TRUE(result) << result.error().message;
  test::expect_finite(*result);
  ASSERT_EQ(result->claims.size(), 7u);
  EXPECT_EQ(result->claims[1].holds, true) << result->claims[1].detail;  // 99.9% in two directions
  EXPECT_EQ(result->claims[3].holds, true) << result->claims[3].detail;  // and not in one
  test::expect_shape(result->tables[0], 4);
  ASSERT_EQ(result->figures[0].panels.size(), 4u);
}

TEST(LowRankStudies, DrawWhatTheyTrain) {
  const test::TemporaryFolder folder;
  const StudyOptions options{
      .directory = folder / "s", .effort = {.steps = 3, .quick = true}, .threads = 2};
  struct Expectation {
    const char* name;
    std::size_t claims, rows, panels;
  };
  for (const auto& [name, claims, rows, panels] : {Expectation{"low-rank-fig2", 4, 10, 2},
                                                   {"low-rank-fig3", 3, 4, 1},
                                                   {"low-rank-patterns", 10, 20, 4},
                                                   {"low-rank-conditions", 10, 5, 1}}) {
    SCOPED_TRACE(name);
    const auto result = reproduce(*find_study(name), options);
    ASSERT_TRUE(result) << result.error().message;
    test::expect_finite(*result);
    EXPECT_EQ(result->claims.size(), claims);
    test::expect_shape(result->tables.front(), rows);
    ASSERT_EQ(result->figures.size(), 1u);
    EXPECT_EQ(result->figures[0].panels.size(), panels);
    ASSERT_TRUE(result->publication);
    EXPECT_EQ(result->publication->arxiv, "2406.17167");
  }
}

#endif

}  // namespace
}  // namespace gramian::low_rank
