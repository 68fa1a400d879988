// Attention maps (measure.h).
#include <fmt/format.h>

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/lanes/view.h"
#include "gramian/models/transformer/heads.h"
#include "gramian/papers/mesa_optimisation/measure.h"
#include "gramian/runs/family.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/blocks.h"

namespace gramian::mesa_optimisation {

namespace {

// Of scores [T, T] before the mask: what each token reads of those up to it.
RowMajorMatrix what_is_read(const RowMajorMatrix& scores, MixerKind kind) {
  RowMajorMatrix read = RowMajorMatrix::Zero(scores.rows(), scores.cols());
  for (Eigen::Index t = 0; t < scores.rows(); ++t) {
    const auto before = scores.row(t).head(t + 1);
    if (kind == MixerKind::softmax) {
      const Eigen::RowVectorXd powers = (before.array() - before.maxCoeff()).exp();
      read.row(t).head(t + 1) = powers / powers.sum();
    } else {
      read.row(t).head(t + 1) = before;
    }
  }
  return read;
}

}  // namespace

Expected<std::vector<RowMajorMatrix>> attention_maps(const TokenTask& task,
                                                     const Transformer& network, int layer,
                                                     std::uint64_t prompts) {
  const Mixer& mixer = network.spec().blocks[static_cast<std::size_t>(layer)].mixer;
  GRAMIAN_ASSERT(mixer.kind == MixerKind::linear || mixer.kind == MixerKind::softmax);
  GRAMIAN_ASSERT(mixer.mask == Mask::causal && prompts >= 1);
  const RecordedTransformer& recorded = network.recorded();
  const Value in = GRAMIAN_TRY(recorded.value(fmt::format("blocks.{}.mixer.in", layer)));
  const auto& node = recorded.tape.node(in);
  const double factor = factor_of_scores(mixer, node.columns, node.rows);
  std::vector<RowMajorMatrix> products, maps;
  for (int h = 0; h < mixer.heads; ++h) {
    const auto part = [&](char which) {
      return weights_of(network, head_weights(layer, h, which));
    };
    products.emplace_back(factor * part('Q') * part('K').transpose());
    maps.emplace_back(RowMajorMatrix::Zero(node.rows, node.rows));
  }
  TapeRun<double> run(recorded.tape);
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  RowMajorMatrix x(node.rows, node.columns);
  for_blocks({.seed = kEvaluationSeed, .count = prompts}, [&](const SeriesBlock& part) {
    sampler.sample(part.address, part.count, block);
    std::ranges::copy(block.tokens, run.values(recorded.tokens));
    run.forward(network.theta.data());
    const LaneView<const double> states(run.values(in), static_cast<std::size_t>(node.rows),
                                        static_cast<std::size_t>(node.columns));
    for (std::size_t p = 0; p < static_cast<std::size_t>(part.count); ++p) {
      states.copy_out(p, x.data());
      for (std::size_t h = 0; h < maps.size(); ++h) {
        const RowMajorMatrix scores = x * products[h] * x.transpose();
        maps[h] += what_is_read(scores, mixer.kind).cwiseAbs() / static_cast<double>(prompts);
      }
    }
  });
  return maps;
}

}  // namespace gramian::mesa_optimisation
