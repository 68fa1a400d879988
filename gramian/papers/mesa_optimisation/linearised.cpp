#include "gramian/papers/mesa_optimisation/linearised.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/lanes/view.h"
#include "gramian/papers/mesa_optimisation/measure.h"
#include "gramian/studies/judge.h"
#include "gramian/tape/tape_run.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr double kLittleMore = 0.1;

const Mixer& softmax_of(const Transformer& network, int layer) {
  const Mixer& mixer = network.spec().blocks[static_cast<std::size_t>(layer)].mixer;
  GRAMIAN_ASSERT(mixer.kind == MixerKind::softmax && !mixer.bias);
  GRAMIAN_ASSERT(network.spec().stem.prefix == 0);
  return mixer;
}

// Draws a prompt of the task, runs the network on it, and gives what passes through one mixer.
template <class T>
class LayerBlocks final : public BlockSampler<T> {
 public:
  LayerBlocks(const TokenTask& task, const Transformer& network, int layer)
      : sampler_(task),
        recorded_(network.recorded()),
        in_(recorded_.value(fmt::format("blocks.{}.mixer.in", layer)).value()),
        out_(recorded_.value(fmt::format("blocks.{}.mixer.out", layer)).value()),
        run_(recorded_.tape),
        theta_(network.theta.begin(), network.theta.end()) {}

  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) override {
    sampler_.sample(address, count, prompts_);
    std::ranges::copy(prompts_.tokens, run_.values(recorded_.tokens));
    run_.forward(theta_.data());
    copy_lanes(in_, count, block.tokens);
    copy_lanes(out_, count, block.target);
    for (std::size_t t = 0; t < block.weights.size() / kLanes; ++t)
      std::fill_n(block.weights.data() + t * kLanes, count, T(1));
  }

 private:
  void copy_lanes(Value value, int count, AlignedArray<T>& to) {
    const T* const from = run_.values(value);
    for (std::size_t first = 0; first < to.size(); first += kLanes)
      std::copy_n(from + first, count, to.data() + first);
  }

  TokenSampler<T> sampler_;
  TokenBlock<T> prompts_;
  const RecordedTransformer& recorded_;
  Value in_, out_;
  TapeRun<T> run_;
  std::vector<T> theta_;
};

class LayerTokens final : public TokenSource {
 public:
  LayerTokens(const TokenTask& task, const Transformer& network, int layer)
      : task_(task), network_(network), layer_(layer) {
    GRAMIAN_ASSERT(softmax_of(network, layer).mask == Mask::causal);
  }

  int tokens() const override { return task_.tokens(); }
  int width() const override {
    return network_.spec().width_before(static_cast<std::size_t>(layer_));
  }
  Answers answers() const override { return {.positions = tokens(), .outputs = width()}; }
  int truth() const override { return 1; }
  std::string describe() const override {
    return fmt::format("what layer {} of a network does", layer_ + 1);
  }
  std::unique_ptr<BlockSampler<float>> sampler(float) const override {
    return std::make_unique<LayerBlocks<float>>(task_, network_, layer_);
  }
  std::unique_ptr<BlockSampler<double>> sampler(double) const override {
    return std::make_unique<LayerBlocks<double>>(task_, network_, layer_);
  }

 private:
  TokenTask task_;
  Transformer network_;
  int layer_;
};

// Q, K, V and P of all heads.
std::vector<std::string> weights_of_heads(const Mixer& mixer, int layer) {
  std::vector<std::string> names;
  for (int h = 0; h < mixer.heads; ++h) {
    for (const char which : {'Q', 'K', 'V', 'P'}) names.push_back(head_weights(layer, h, which));
  }
  return names;
}

}  // namespace

TokenTask layer_task(const TokenTask& task, const Transformer& network, int layer) {
  return TokenTask(std::make_shared<LayerTokens>(task, network, layer));
}

TransformerSpec linear_layer(const Transformer& network, int layer) {
  Mixer mixer = softmax_of(network, layer);
  mixer.kind = MixerKind::linear;
  mixer.scale = Scale::mean;
  const int width = network.spec().width_before(static_cast<std::size_t>(layer));
  return {.stem = {.tokens = network.spec().stem.tokens, .width = width},
          .blocks = {{.mixer = mixer, .mixer_skip = {.kind = SkipKind::none}}},
          .readout = {.rows = ReadoutRows::every,
                      .map = ReadoutMap::columns,
                      .first = 0,
                      .outputs = width,
                      .factor = 1}};
}

Expected<Transformer> with_linear_layer(const Transformer& network, int layer,
                                        const Transformer& linear) {
  TransformerSpec spec = network.spec();
  Mixer& mixer = spec.blocks[static_cast<std::size_t>(layer)].mixer;
  mixer = linear.spec().blocks.front().mixer;
  auto result = GRAMIAN_TRY(Transformer::create(spec, network.theta));
  Transformer source = linear;
  const auto from = weights_of_heads(mixer, 0), to = weights_of_heads(mixer, layer);
  for (std::size_t k = 0; k < to.size(); ++k)
    std::ranges::copy(source.weights(from[k]), result.weights(to[k]).begin());
  return result;
}

Transformer without_mixer(const Transformer& network, int layer) {
  Transformer result = network;
  for (const std::string& name : weights_of_heads(softmax_of(network, layer), layer)) {
    if (name.ends_with("P")) std::ranges::fill(result.weights(name), 0.0);
  }
  return result;
}

std::vector<Claim> linearised_claims(const std::vector<LinearisedNumbers>& layers) {
  Cases second(
      "Linear attention in place of the second layer of softmax, with nothing trained again, costs "
      "at most 10% of the loss, and to leave the layer out costs more than that, at every d and on "
      "every seed");
  Cases first("In place of the first layer it costs more than 10%");
  Cases larger(
      "In place of the second it costs less at the largest d than at the smallest: the worst seed "
      "there less than the best seed here");
  const auto of_second = [](const LinearisedNumbers& at) { return at.layer == 2; };
  for (const LinearisedNumbers& at : layers) {
    const std::string what =
        fmt::format("d = {}, seed {}: {:+.1f}%", at.d, at.seed, 100 * at.more());
    if (of_second(at)) {
      const bool matters = at.without.mean / at.own.mean - 1 > kLittleMore;
      second.add(matters && at.more() <= kLittleMore, what);
    } else {
      first.add(at.more() > kLittleMore, what);
    }
  }
  if (!layers.empty()) {
    const int least = std::ranges::min_element(layers, {}, &LinearisedNumbers::d)->d;
    const int most = std::ranges::max_element(layers, {}, &LinearisedNumbers::d)->d;
    // What is not a number is the worst there, and the best here.
    double best = HUGE_VAL, worst = -HUGE_VAL;
    for (const LinearisedNumbers& at : layers) {
      if (!of_second(at)) continue;
      const double more = at.more();
      if (at.d == least) best = std::isnan(more) ? -HUGE_VAL : std::min(best, more);
      if (at.d == most) worst = std::isnan(more) ? HUGE_VAL : std::max(worst, more);
    }
    if (least < most)
      larger.add(worst < best, fmt::format("d = {}: at most {:+.1f}%; d = {}: at least {:+.1f}%",
                                           most, 100 * worst, least, 100 * best));
  }
  return {second.claim(), first.claim(), larger.claim()};
}

}  // namespace gramian::mesa_optimisation
