// What the studies of von Oswald et al. (2023) measure, on networks set by formula.
#include "gramian/papers/mesa_optimisation/measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gramian/papers/mesa_optimisation/paper.h"
#include "gramian/papers/mesa_optimisation/published.h"
#include "gramian/papers/mesa_optimisation/setting.h"
#include "gramian/tasks/sequence_tokens.h"
#include "gramian/theory/sequence_constructions.h"
#include "tests/support/results.h"

namespace gramian::mesa_optimisation {
namespace {

constexpr SequenceSpec kSmall{
    .layout = SequenceLayout::pairs, .tokens = 15, .state = 3, .observed = 3};

Transformer small_descent() {
  return sequence_descent({.d = 3, .tokens = 15, .step = 0.07}).value().network;
}

// All of the weight of Proposition 1 is where it says, and its step is found.
TEST(MesaMeasure, TheConstructionIsItsOwnCombination) {
  Transformer network = small_descent();
  OneLayerWeights weights = measure_one_layer(network, 3);
  EXPECT_NEAR(weights.share, 1, 1e-12);
  EXPECT_NEAR(weights.identity, 1, 1e-12);
  EXPECT_NEAR(weights.step, 0.07, 1e-12);
  // A copy of the head that reads values s_{t-1} has as many squares.
  const auto v = network.weights("layers.0.heads.0.V");
  const std::size_t columns = v.size() / 9;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < columns; ++j) v[(6 + i) * columns + j] = v[(3 + i) * columns + j];
  }
  weights = measure_one_layer(network, 3);
  EXPECT_NEAR(weights.share, 0.5, 1e-12);
  EXPECT_NEAR(weights.step, 0.07, 1e-12);
  // One coordinate that no longer counts takes a third of the trace.
  for (std::size_t j = 0; j < columns; ++j) v[5 * columns + j] = 0;
  weights = measure_one_layer(network, 3);
  EXPECT_NEAR(weights.step, 0.07 * 2 / 3, 1e-12);
  EXPECT_NEAR(weights.identity, 2.0 / 3, 1e-12);
}

// Products of a construction are block-scalar already; of random weights they are not.
TEST(MesaMeasure, CompressionKeepsBlockScalars) {
  const TokenTask task(sequence_tokens(kSmall).value());
  const Transformer network = small_descent();
  const Estimate own = loss_of(task, network, 500).value();
  const Estimate whole = loss_of(task, compressed(network, 3, 1).value(), 500).value();
  EXPECT_NEAR(own.mean, whole.mean, 1e-12);
  const Transformer random = Transformer::initial(network.spec(), 0.5, 2).value();
  const Estimate before = loss_of(task, random, 500).value();
  EXPECT_NEAR(before.mean, loss_of(task, compressed(random, 3, 0).value(), 500)->mean,
              1e-10 * before.mean);
  EXPECT_GT(std::abs(before.mean - loss_of(task, compressed(random, 3, 1).value(), 500)->mean),
            1e-3);
}

// Half of the products is another network's.
TEST(MesaMeasure, InterpolationTakesTheScalarsOfAnother) {
  const Transformer one = Transformer::initial(small_descent().spec(), 0.5, 2).value();
  const Transformer other = small_descent();
  const auto own = products_of(one, 0), theirs = products_of(other, 0);
  const Transformer mixed = interpolated(one, other, 3, 0.25).value();
  const auto found = products_of(mixed, 0);
  ASSERT_EQ(found.size(), own.size());
  for (std::size_t h = 0; h < found.size(); ++h) {
    // Those of the construction are block-scalar as they are.
    const RowMajorMatrix scores = 0.75 * own[h].scores + 0.25 * theirs[h].scores;
    const RowMajorMatrix values = 0.75 * own[h].values + 0.25 * theirs[h].values;
    EXPECT_LT((found[h].scores - scores).norm(), 1e-12 * scores.norm());
    EXPECT_LT((found[h].values - values).norm(), 1e-12 * values.norm());
  }
}

// From the block-scalar products of the usual start on, products stay block-scalar, and learn.
TEST(MesaMeasure, BlockScalarProductsStaySo) {
  const Setting setting{.layers = 2, .products = Products::block_scalar};
  const Setting free{.layers = 2};
  const Config config = setting.cell().starts(1, {.quick = true}).front();
  const auto usual = transformer_experiment(free.cell().starts(1, {.quick = true}).front()).value();
  const auto random =
      Transformer::initial(usual.transformer, usual.start, usual.train.seed).value();
  const Transformer start = compressed(random, setting.d, 1).value();
  const auto experiment = setting.cell().make(config).value();
  ThreadPool pool(1);
  const auto loop = experiment->begin(pool, {}).value();
  EXPECT_EQ(loop->theta(), start.theta);
  for (int step = 0; step < 3; ++step) ASSERT_TRUE(loop->step());
  EXPECT_NE(loop->theta(), start.theta);
  const auto after = Transformer::create(start.spec(), loop->theta()).value();
  const auto again = compressed(after, setting.d, 1).value();
  for (std::size_t i = 0; i < after.theta.size(); ++i)
    EXPECT_NEAR(after.theta[i], again.theta[i], 1e-15 + 1e-14 * std::abs(after.theta[i]));
}

// After the construction of Proposition 2 tokens hold the preconditioned observation, to what its
// steps leave, and the next observation as far as least squares knows it.
TEST(MesaMeasure, ProbesFindWhatAConstructionComputes) {
  SequenceSpec spec = kSmall;
  spec.layout = SequenceLayout::constructed;
  const TokenTask task(sequence_tokens(spec).value());
  const auto built =
      sequence_solve({.d = 3, .tokens = 15, .steps = 12, .ridge = 1, .largest = 30}).value();
  const auto probes = measure_probes(task, built.network, 512, 1).value();
  ASSERT_EQ(probes.next.size(), built.network.spec().blocks.size() + 1);
  EXPECT_LT(probes.inverse.front(), 0.9);
  EXPECT_GT(probes.inverse[12], 0.99);
  EXPECT_LT(probes.next.front(), 0.1);
  EXPECT_GT(probes.next.back(), 0.9);
}

TEST(MesaMeasure, SettingsAreTheirConfigurations) {
  for (const int layers : {1, 2}) {
    for (const System system : {System::linear, System::contracting, System::fixed}) {
      const Setting setting{.layers = layers, .system = system};
      const Cell cell = setting.cell();
      const auto experiment =
          transformer_experiment(cell.starts(0, {.quick = true}).front()).value();
      EXPECT_EQ(experiment.task.describe(), setting.task().describe());
      EXPECT_EQ(experiment.task.width(), setting.task().width());
      TokenBlock<double> one, other;
      TokenSampler<double>(experiment.task).sample({.seed = 2}, 3, one);
      const TokenTask task = setting.task();
      TokenSampler<double>(task).sample({.seed = 2}, 3, other);
      EXPECT_TRUE(std::ranges::equal(one.tokens, other.tokens));
    }
  }
}

TEST(MesaMeasure, BaselinesAreThoseOfAnIndependentRun) {
  const auto numbers = measure_reference(1000);
  ASSERT_EQ(numbers.size(), 7u);
  EXPECT_EQ(numbers[0].name, "zero");
  EXPECT_NEAR(numbers[0].here.mean, 10.0 / 6, 4 * numbers[0].here.se);
  EXPECT_NEAR(numbers[6].here.mean, 0.1851, 4 * numbers[6].here.se);
}

TEST(MesaPaper, HasItsCells) { EXPECT_EQ(test::count_cells(paper), 35u); }

}  // namespace
}  // namespace gramian::mesa_optimisation
