#include "gramian/papers/mesa_optimisation/measure.h"

#include <fmt/format.h>

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/evaluation/position_losses.h"
#include "gramian/lanes/view.h"
#include "gramian/runs/family.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/blocks.h"

namespace gramian::mesa_optimisation {

namespace {

Eigen::Block<const RowMajorMatrix> block_of(const RowMajorMatrix& m, int row, int column, int d) {
  return {m, static_cast<Eigen::Index>(row) * d, static_cast<Eigen::Index>(column) * d, d, d};
}

// Sum over pairs of heads of the products of two inner products: |sum_h A_h x B_h|^2.
double squares_of(const std::vector<HeadProducts>& heads, int a, int b, int c, int d) {
  double sum = 0;
  for (const HeadProducts& g : heads) {
    for (const HeadProducts& h : heads) {
      sum += block_of(g.scores, a, b, d).cwiseProduct(block_of(h.scores, a, b, d)).sum() *
             block_of(g.values, c, 0, d).cwiseProduct(block_of(h.values, c, 0, d)).sum();
    }
  }
  return sum;
}

void put(const RowMajorMatrix& m, std::span<double> to) {
  GRAMIAN_ASSERT(static_cast<std::size_t>(m.size()) == to.size());
  std::copy_n(m.data(), m.size(), to.begin());
}

}  // namespace

std::string head_weights(int layer, int head, char which) {
  return fmt::format("layers.{}.heads.{}.{}", layer, head, which);
}

RowMajorMatrix weights_of(const Transformer& network, const std::string& name) {
  const auto all = network.matrices();
  const auto found = std::ranges::find(all, name, &WeightMatrix::name);
  GRAMIAN_ASSERT(found != all.end());
  RowMajorMatrix m(found->rows, found->columns);
  std::copy_n(network.theta.data() + found->first, found->size(), m.data());
  return m;
}

std::vector<HeadProducts> products_of(const Transformer& network, int layer) {
  const Mixer& mixer = network.spec().blocks[static_cast<std::size_t>(layer)].mixer;
  GRAMIAN_ASSERT(mixer.kind == MixerKind::linear && !mixer.bias);
  std::vector<HeadProducts> heads;
  for (int h = 0; h < mixer.heads; ++h) {
    const auto part = [&](char which) {
      return weights_of(network, head_weights(layer, h, which));
    };
    heads.push_back({part('Q') * part('K').transpose(), part('V') * part('P')});
  }
  return heads;
}

OneLayerWeights measure_one_layer(const Transformer& network, int d) {
  const auto heads = products_of(network, 0);
  double all = 0, trace = 0;
  for (const int a : {1, 2})
    for (const int b : {1, 2})
      for (const int c : {1, 2}) all += squares_of(heads, a, b, c, d);
  const double proposition = squares_of(heads, 1, 2, 1, d);
  for (const HeadProducts& head : heads)
    trace += block_of(head.scores, 1, 2, d).trace() * block_of(head.values, 1, 0, d).trace();
  const double step = trace / (d * d);
  return {.share = proposition / all, .identity = step * step * d * d / proposition, .step = step};
}

RowMajorMatrix block_scalars(const RowMajorMatrix& product, int d) {
  GRAMIAN_ASSERT(product.rows() % d == 0 && product.cols() % d == 0);
  RowMajorMatrix all = RowMajorMatrix::Zero(product.rows(), product.cols());
  for (Eigen::Index r = 0; r < product.rows(); r += d) {
    for (Eigen::Index c = 0; c < product.cols(); c += d)
      all.block(r, c, d, d).diagonal().setConstant(product.block(r, c, d, d).diagonal().mean());
  }
  return all;
}

Expected<Transformer> compressed(const Transformer& network, int d, double share) {
  return interpolated(network, network, d, share);
}

Expected<Transformer> interpolated(const Transformer& network, const Transformer& other, int d,
                                   double share) {
  GRAMIAN_ASSERT(network.spec() == other.spec());
  TransformerSpec spec = network.spec();
  for (std::size_t l = 0; l < spec.blocks.size(); ++l)
    spec.blocks[l].mixer.key_size = spec.width_before(l);
  auto result = GRAMIAN_TRY(Transformer::create(spec));
  for (int l = 0; l < static_cast<int>(spec.blocks.size()); ++l) {
    const auto heads = products_of(network, l), others = products_of(other, l);
    for (std::size_t h = 0; h < heads.size(); ++h) {
      const auto set = [&](char which, const RowMajorMatrix& m) {
        put(m, result.weights(head_weights(l, static_cast<int>(h), which)));
      };
      const auto mixed = [&](const RowMajorMatrix& own,
                             const RowMajorMatrix& theirs) -> RowMajorMatrix {
        return (1 - share) * own + share * block_scalars(theirs, d);
      };
      const auto width = heads[h].scores.rows();
      const RowMajorMatrix one = RowMajorMatrix::Identity(width, width);
      set('Q', mixed(heads[h].scores, others[h].scores));
      set('K', one);
      set('V', mixed(heads[h].values, others[h].values));
      set('P', one);
    }
  }
  return result;
}

Expected<Estimate> loss_of(const TokenTask& task, const Transformer& network,
                           std::uint64_t prompts) {
  ThreadPool pool(1);
  const std::vector<NamedPredictor> one{{"model", predictor(task, network)}};
  const auto losses = GRAMIAN_TRY(position_losses(task, one, prompts, kEvaluationSeed, pool));
  return estimate_of(losses.front().loss);
}

}  // namespace gramian::mesa_optimisation
