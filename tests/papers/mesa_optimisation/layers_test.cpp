// What passes through one layer of a network: attention maps, and linear attention in its place.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gramian/lanes/view.h"
#include "gramian/papers/mesa_optimisation/linearised.h"
#include "gramian/papers/mesa_optimisation/measure.h"
#include "gramian/papers/mesa_optimisation/raw.h"
#include "gramian/runs/transformer_family.h"
#include "gramian/tape/tape_run.h"

namespace gramian::mesa_optimisation {
namespace {

constexpr RawSetting kTwoOfSoftmax{.network = Stack::softmax};

// A network of two layers of softmax with the sizes of the study and random weights.
Transformer random_network() {
  const Cell cell = kTwoOfSoftmax.cell();
  const auto experiment = cell.make(cell.starts(0, {.quick = true}).front()).value();
  ThreadPool pool(1);
  const auto model = experiment->model(experiment->begin(pool, {}).value()->theta());
  return dynamic_cast<const TransformerModel&>(*model).transformer();
}

// What a value is on prompt 1 of the first block of an evaluation.
RowMajorMatrix value_of(const Transformer& network, const TokenTask& task, const char* name) {
  TokenBlock<double> block;
  TokenSampler<double>(task).sample({.seed = kEvaluationSeed, .stream = kEvaluationStream}, 2,
                                    block);
  TapeRun<double> run(network.recorded().tape);
  std::ranges::copy(block.tokens, run.values(network.recorded().tokens));
  run.forward(network.theta.data());
  const Value value = network.recorded().value(name).value();
  const auto& node = network.recorded().tape.node(value);
  RowMajorMatrix m(node.rows, node.columns);
  LaneView<const double>(run.values(value), static_cast<std::size_t>(node.rows),
                         static_cast<std::size_t>(node.columns))
      .copy_out(1, m.data());
  return m;
}

RowMajorMatrix sampled(const TokenTask& task, bool answers) {
  TokenBlock<double> block;
  TokenSampler<double>(task).sample({.seed = kEvaluationSeed, .stream = kEvaluationStream}, 2,
                                    block);
  RowMajorMatrix m(task.tokens(), task.width());
  LaneView<const double>((answers ? block.target : block.tokens).data(),
                         static_cast<std::size_t>(m.rows()), static_cast<std::size_t>(m.cols()))
      .copy_out(1, m.data());
  return m;
}

// The attention of one prompt, the mean over two minus half of the mean over one: with values and
// outputs it gives what the mixer gives.
TEST(MesaLayers, MapsOfSoftmaxAreItsWeights) {
  const Transformer network = random_network();
  const TokenTask task = kTwoOfSoftmax.task();
  for (const int layer : {0, 1}) {
    const auto two = attention_maps(task, network, layer, 2).value();
    const auto one = attention_maps(task, network, layer, 1).value();
    const std::string name = fmt::format("blocks.{}.mixer.", layer);
    const RowMajorMatrix x = value_of(network, task, (name + "in").c_str());
    RowMajorMatrix sum = RowMajorMatrix::Zero(x.rows(), x.cols());
    for (std::size_t h = 0; h < two.size(); ++h) {
      const RowMajorMatrix second = 2 * two[h] - one[h];
      EXPECT_NEAR(second.row(7).sum(), 1, 1e-12);
      const std::string head = fmt::format("layers.{}.heads.{}.", layer, h);
      sum += second * x * weights_of(network, head + "V") * weights_of(network, head + "P");
    }
    const RowMajorMatrix out = value_of(network, task, (name + "out").c_str());
    EXPECT_LT((sum - out).norm(), 1e-12 * out.norm());
  }
}

TEST(MesaLayers, MapsOfLinearAttentionAreSizesOfScores) {
  const Transformer network = random_network();
  const TokenTask task = kTwoOfSoftmax.task();
  const TokenTask pairs = layer_task(task, network, 1);
  const Transformer linear = Transformer::initial(linear_layer(network, 1), 0.5, 4).value();
  const auto maps = attention_maps(pairs, linear, 0, 1).value();
  const auto both = attention_maps(pairs, linear, 0, 2).value();
  const RowMajorMatrix x = sampled(pairs, false);
  const RowMajorMatrix scores = x * weights_of(linear, "layers.0.heads.1.Q") *
                                weights_of(linear, "layers.0.heads.1.K").transpose() *
                                x.transpose() / static_cast<double>(x.rows());
  const RowMajorMatrix second = 2 * both[1] - maps[1];
  for (Eigen::Index t = 0; t < x.rows(); ++t) {
    for (Eigen::Index s = 0; s < x.rows(); ++s)
      EXPECT_NEAR(second(t, s), s > t ? 0 : std::abs(scores(t, s)), 1e-12 * scores.norm());
  }
}

TEST(MesaLayers, PromptsOfALayerAreWhatPassesThroughIt) {
  const Transformer network = random_network();
  const TokenTask task = kTwoOfSoftmax.task();
  for (const int layer : {0, 1}) {
    const TokenTask pairs = layer_task(task, network, layer);
    const RowMajorMatrix in = sampled(pairs, false), out = sampled(pairs, true);
    const std::string before = layer == 0 ? "stem" : "blocks.0";
    EXPECT_LT((in - value_of(network, task, before.c_str())).norm(), 1e-14);
    const RowMajorMatrix after = value_of(network, task, fmt::format("blocks.{}", layer).c_str());
    EXPECT_LT((in + out - after).norm(), 1e-12 * after.norm());
    EXPECT_GT(out.norm(), 0.01);
  }
  // In float they are the same, rounded.
  TokenBlock<float> block;
  const TokenTask pairs = layer_task(task, network, 1);
  TokenSampler<float>(pairs).sample({.seed = kEvaluationSeed, .stream = kEvaluationStream}, 2,
                                    block);
  const RowMajorMatrix out = sampled(pairs, true);
  EXPECT_NEAR(block.target[1], out(0, 0), 1e-4 * out.norm());
}

TEST(MesaLayers, LinearAttentionTakesThePlaceOfAMixer) {
  const Transformer network = random_network();
  const TokenTask task = kTwoOfSoftmax.task();
  for (const int layer : {0, 1}) {
    const Transformer linear = Transformer::initial(linear_layer(network, layer), 0.5, 4).value();
    const TokenTask pairs = layer_task(task, network, layer);
    const RowMajorMatrix expected = value_of(linear, pairs, "output");
    const Transformer swapped = with_linear_layer(network, layer, linear).value();
    const std::string out = fmt::format("blocks.{}.mixer.out", layer);
    const RowMajorMatrix found = value_of(swapped, task, out.c_str());
    EXPECT_LT((found - expected).norm(), 1e-12 * expected.norm());
    const Transformer without = without_mixer(network, layer);
    EXPECT_EQ(value_of(without, task, out.c_str()).norm(), 0);
    EXPECT_GT(value_of(network, task, out.c_str()).norm(), 0.01);
  }
}

}  // namespace
}  // namespace gramian::mesa_optimisation
