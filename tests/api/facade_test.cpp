#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "gramian/api.h"
#include "gramian/evaluation/table.h"
#include "gramian/theory/implicit.h"
#include "gramian/training/trainer.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using api::Array;
using test::is_error;

Array random_array(std::vector<std::size_t> shape, double scale, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal(0, scale);
  Array array = Array::zeros(std::move(shape));
  for (double& value : array.values) value = normal(engine);
  return array;
}

// The largest difference of two arrays of one shape.
double distance(const Array& a, const Array& b) {
  EXPECT_EQ(a.shape, b.shape);
  double largest = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    largest = std::max(largest, std::abs(a.values[i] - b.values[i]));
  return largest;
}

RegressionTask small_task() {
  TaskSpec spec;
  spec.d = 3;
  spec.n = 7;
  spec.noise = NoisePrior::uniform(0, 2).value();
  return RegressionTask::create(spec).value();
}

TEST(Facade, PromptsAreWhatTheTaskSays) {
  const RegressionTask task = small_task();
  const auto prompts = api::draw(task, {.count = 300, .seed = 5, .threads = 2}).value();
  EXPECT_EQ(prompts.x.shape, (std::vector<std::size_t>{300, 7, 3}));
  // The Gram matrix is the sum of the tokens, and the targets differ from <w, x> by noise.
  EXPECT_LT(distance(api::gram_matrices(prompts.x, prompts.y).value(), prompts.gram), 1e-12);
  double squares = 0, expected = 0;
  for (std::size_t p = 0; p < 300; ++p) {
    for (std::size_t i = 0; i < 7; ++i) {
      double noise = prompts.y.values[p * 7 + i];
      for (std::size_t j = 0; j < 3; ++j)
        noise -= prompts.w.values[p * 3 + j] * prompts.x.values[(p * 7 + i) * 3 + j];
      squares += noise * noise;
    }
    expected += 7 * prompts.sigma.values[p] * prompts.sigma.values[p];
  }
  // 2100 squares of noise, of relative error sqrt(2 E s^4) / E s^2 / sqrt(2100) < 0.05.
  EXPECT_NEAR(squares / expected, 1, 0.2);
}

TEST(Facade, APromptDependsOnItsNumberAlone) {
  const RegressionTask task = small_task();
  const auto many = api::draw(task, {.count = 100, .seed = 1, .threads = 1}).value();
  const auto later = api::draw(task, {.count = 20, .seed = 1, .first = 48, .threads = 2}).value();
  for (std::size_t p = 0; p < 20; ++p) {
    for (std::size_t i = 0; i < 21; ++i) EXPECT_EQ(many.x.entry(48 + p)[i], later.x.entry(p)[i]);
  }
}

TEST(Facade, ImplicitWeightsAreThoseOfThePlainLoops) {
  const RegressionTask task = small_task();
  const auto prompts = api::draw(task, {.count = 21, .seed = 2}).value();
  const auto network =
      api::from_pq(random_array({2, 2, 4, 4}, 0.1, 1), random_array({2, 2, 4, 4}, 0.1, 2),
                   {.context_scale = ContextScale::mean})
          .value();
  const auto weights = api::implicit_weights(network, prompts.gram, 7).value();
  const auto states = api::implicit_states(network, prompts.gram, 7).value();
  EXPECT_LT(distance(weights, states.w), 1e-12);
  // A prediction is <w^L, x_t>.
  Array queries = prompts.query;
  queries.shape = {21, 1, 3};
  const auto predictions = api::predict(network, prompts.x, prompts.y, queries).value();
  for (std::size_t p = 0; p < 21; ++p) {
    double sum = 0;
    for (std::size_t j = 0; j < 3; ++j)
      sum += weights.entry(p)[2 * 3 + j] * queries.values[p * 3 + j];
    EXPECT_NEAR(predictions.values[p], sum, 1e-12);
  }
}

// Tokens through attention in plain loops: queries, keys, values and heads, sums over the context.
TEST(Facade, AttentionWeightsArePAndQ) {
  constexpr std::size_t kRows = 4, kHeads = 2, kKey = 3, kWidth = kHeads * kKey;
  const Array q = random_array({1, kRows, kWidth}, 0.3, 1), k = random_array(q.shape, 0.3, 2),
              v = random_array(q.shape, 0.3, 3), o = random_array({1, kWidth, kRows}, 0.3, 4);
  const auto network = api::from_qkvo({q, k, v, o, kHeads}, {}).value();
  const RegressionTask task = small_task();
  const auto prompts = api::draw(task, {.count = 3, .seed = 3}).value();
  Array queries = prompts.query;
  queries.shape = {3, 1, 3};
  const auto predictions = api::predict(network, prompts.x, prompts.y, queries).value();
  const auto project = [&](const double* token, const Array& w, std::size_t column) {
    double sum = 0;
    for (std::size_t i = 0; i < kRows; ++i) sum += token[i] * w.values[i * kWidth + column];
    return sum;
  };
  for (std::size_t p = 0; p < 3; ++p) {
    double asked[kRows] = {}, update = 0;
    for (std::size_t j = 0; j < 3; ++j) asked[j] = queries.values[p * 3 + j];
    for (std::size_t i = 0; i < 7; ++i) {
      double token[kRows];
      for (std::size_t j = 0; j < 3; ++j) token[j] = prompts.x.values[(p * 7 + i) * 3 + j];
      token[3] = prompts.y.values[p * 7 + i];
      for (std::size_t h = 0; h < kHeads; ++h) {
        double score = 0;
        for (std::size_t c = h * kKey; c < (h + 1) * kKey; ++c)
          score += project(asked, q, c) * project(token, k, c);
        for (std::size_t c = h * kKey; c < (h + 1) * kKey; ++c)
          update += score * project(token, v, c) * o.values[c * kRows + 3];
      }
    }
    EXPECT_NEAR(predictions.values[p], -update, 1e-11);
  }
}

TEST(Facade, RidgeSolvesItsEquations) {
  TaskSpec spec = small_task().spec();
  spec.covariance = {2, 0.5, 0, 0.5, 1, 0, 0, 0, 3};
  for (const WeightLaw law : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
    spec.weights = law;
    const auto task = RegressionTask::create(spec).value();
    const auto prompts = api::draw(task, {.count = 5, .seed = 4}).value();
    const api::SolverChoice ridge{.name = "ridge", .constants = {0.7}};
    const auto w = api::solve(task, ridge, prompts.gram, prompts.sigma).value();
    for (std::size_t p = 0; p < 5; ++p) {
      const double* g = prompts.gram.entry(p);
      for (std::size_t i = 0; i < 3; ++i) {
        double left = 0;
        for (std::size_t j = 0; j < 3; ++j) {
          const double prior =
              law == WeightLaw::isotropic ? (i == j ? 1.0 : 0.0) : spec.covariance[i * 3 + j];
          left += (g[i * 4 + j] + 0.7 * prior) * w.entry(p)[j];
        }
        EXPECT_NEAR(left, g[i * 4 + 3], 1e-10);
      }
    }
  }
}

TEST(Facade, TuningFindsTheNoise) {
  const auto problem = api::configure({"task.d=3", "task.n=7", "task.noise=constant",
                                       "task.sigma=1", "eval.tuning_prompts=5000"})
                           .value();
  const auto tuned = api::tune(problem, {"constrr", "gd", "momentum"}, 3).value();
  ASSERT_EQ(tuned.size(), 3u);
  EXPECT_NEAR(tuned[0].constants.at(0).value, 1, 0.1);
  const auto prompts = api::draw(problem.task, {.count = 2}).value();
  std::vector<double> constants;
  for (const auto& constant : tuned[2].constants) constants.push_back(constant.value);
  EXPECT_TRUE(api::solve(problem.task, {"momentum", 3, constants}, prompts.gram, prompts.sigma));
  EXPECT_TRUE(is_error(api::tune(problem, {"newton"}, 3), ErrorKind::config, {"'newton'", "cg"}));
}

TEST(Facade, TrainsAsTheTrainerDoes) {
  const auto problem =
      api::configure({"task.d=3", "task.n=7", "model.layers=2", "train.steps=5", "train.batch=64"})
          .value();
  int steps = 0;
  const auto network =
      api::train(problem, {.on_step = [&](const StepReport&) { ++steps; }}).value();
  EXPECT_EQ(steps, 5);
  ThreadPool pool(1);
  const auto loop = problem.begin(pool, {}).value();
  while (!loop->done()) ASSERT_TRUE(loop->step());
  EXPECT_EQ(network.theta, loop->theta());
  // A start of its own goes on from there.
  const auto further = api::train(problem, {}, &network).value();
  EXPECT_NE(further.theta, network.theta);
  EXPECT_TRUE(is_error(api::train(problem, {.stop = [] { return true; }}), ErrorKind::interrupted,
                       {"0 of 5"}));
  // Evaluated beside the solvers.
  const auto judged =
      api::configure_for(network.spec, {"task.n=7", "eval.prompts=500", "eval.tuning_prompts=500"})
          .value();
  EXPECT_NE(api::evaluate(judged, &network).value().json.find("model_minus_bayes"),
            std::string::npos);
}

TEST(Facade, RefusesByName) {
  const Array p = random_array({2, 1, 4, 4}, 0.1, 1);
  EXPECT_TRUE(is_error(api::from_pq(p, random_array({1, 1, 4, 4}, 0.1, 1), {}), ErrorKind::config,
                       {"Q must have shape", "[2, 1, 4, 4]", "got [1, 1, 4, 4]"}));
  Array broken = p;
  broken.values[17] = std::nan("");
  EXPECT_TRUE(is_error(api::from_pq(broken, p, {}), ErrorKind::config, {"P[1, 0, 0, 1] is nan"}));
  const auto network = api::from_pq(p, p, {}).value();
  EXPECT_TRUE(is_error(api::implicit_weights(network, p, 7), ErrorKind::config,
                       {"gram must have shape [B, d + 1, d + 1]", "got [2, 1, 4, 4]"}));
  EXPECT_TRUE(is_error(api::configure({"task.d=0"}), ErrorKind::config, {"[task.d]", "got 0"}));
  EXPECT_TRUE(is_error(api::configure_for(network.spec, {"task.d=5"}), ErrorKind::config,
                       {"[task.d] is 5", "d = 3"}));
  EXPECT_TRUE(is_error(api::draw(small_task(), {.count = 0}), ErrorKind::config, {"count"}));
  EXPECT_TRUE(is_error(api::omegas(network), ErrorKind::config, {"diag and gdpp", "full"}));
  EXPECT_TRUE(is_error(api::require_study("table9"), ErrorKind::usage, {"'table9'", "table1"}));
}

}  // namespace
}  // namespace gramian
