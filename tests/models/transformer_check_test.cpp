// Descriptions that have no meaning, from code and from flat configurations: the error names the
// field.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "gramian/models/transformer/flat.h"
#include "gramian/models/transformer/record.h"
#include "tests/support/errors.h"
#include "tests/support/transformers.h"

namespace gramian {
namespace {

using test::is_error;

// A network of four blocks in which one thing is changed.
testing::AssertionResult refused(const std::function<void(TransformerSpec&)>& change,
                                 std::initializer_list<std::string_view> parts) {
  TransformerSpec spec;
  spec.blocks.resize(4);
  change(spec);
  return is_error(record(spec), ErrorKind::config, parts);
}

TEST(TransformerCheck, NamesTheFieldThatIsOutOfRange) {
  EXPECT_TRUE(refused([](auto& s) { s.blocks[3].mixer.heads = 0; },
                      {"blocks[3].mixer.heads must be in [1, 64], got 0"}));
  EXPECT_TRUE(refused([](auto& s) { s.stem.tokens = 1; }, {"stem.tokens", "[2, 4096]", "got 1"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[1].clip = std::nan(""); }, {"blocks[1].clip"}));
  EXPECT_TRUE(
      refused([](auto& s) { s.blocks[2].mixer_skip.mu = -1; }, {"blocks[2].mixer_skip.mu"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks.clear(); }, {"blocks.size", "got 0"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks.resize(101); }, {"blocks.size", "got 101"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[0].mixer.mask = static_cast<Mask>(9); },
                      {"blocks[0].mixer.mask", "causal"}));
  EXPECT_TRUE(refused([](auto& s) { s.readout.outputs = 0; }, {"readout.outputs"}));
}

TEST(TransformerCheck, RefusesCombinationsOfTheStem) {
  EXPECT_TRUE(refused([](auto& s) { s.stem.positions.width = 3; }, {"stem.positions is none"}));
  EXPECT_TRUE(refused([](auto& s) { s.stem.positions.kind = PositionKind::one_hot; },
                      {"stem.positions.width", "at least 1", "beside"}));
  EXPECT_TRUE(refused(
      [](auto& s) {
        s.stem.positions = {PositionKind::learned, PositionPlace::added, 3};
      },
      {"stem.positions.width", "must be 0", "got 3"}));
  EXPECT_TRUE(refused([](auto& s) { s.stem.tokens = s.stem.prefix = 4000; }, {"stem.prefix"}));
  EXPECT_TRUE(refused([](auto& s) { s.stem.vocabulary = 9; }, {"stem.vocabulary", "width 11"}));
}

TEST(TransformerCheck, RefusesCombinationsOfABlock) {
  EXPECT_TRUE(refused([](auto& s) { s.blocks[1].mixer.kind = MixerKind::softmax; },
                      {"blocks[1].mixer.scale", "one or root"}));
  EXPECT_TRUE(
      refused([](auto& s) { s.blocks[1].mixer = {.kind = MixerKind::gradient_step, .heads = 2}; },
              {"blocks[1].mixer", "one head", "2 heads"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[2].mixer = {.kind = MixerKind::none, .heads = 2}; },
                      {"blocks[2].mixer is none"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[0].mixer.window = 2; },
                      {"blocks[0].mixer.window must be 0", "context"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[0].mixer.mask = Mask::window; },
                      {"blocks[0].mixer.window must be at least 1"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[0].mixer.width = 5; },
                      {"blocks[0].mixer.width is 5", "mixer_skip none"}));
  EXPECT_TRUE(
      refused([](auto& s) { s.blocks[0].mlp.hidden = 5; }, {"blocks[0]", "without an MLP"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[0].before_mlp = test::kLayerNorm; },
                      {"blocks[0]", "without an MLP"}));
  EXPECT_TRUE(refused(
      [](auto& s) {
        s.blocks[0].mixer = {.kind = MixerKind::none};
        s.blocks[0].after_mixer = test::kLayerNorm;
      },
      {"blocks[0]", "without a mixer"}));
  EXPECT_TRUE(refused(
      [](auto& s) {
        s.blocks[3].mlp = {.kind = MlpKind::gelu, .hidden = 3, .place = MlpPlace::beside};
        s.blocks[3].after_mlp = test::kLayerNorm;
      },
      {"blocks[3].mlp.place beside"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[2].mlp.kind = MlpKind::swiglu; },
                      {"blocks[2].mlp.hidden", "swiglu"}));
  EXPECT_TRUE(refused([](auto& s) { s.blocks[3].mixer_skip.gamma = 0.5; },
                      {"blocks[3].mixer_skip", "momentum"}));
}

TEST(TransformerCheck, RefusesMixersWithAStateThatMeanNothing) {
  const auto wrong = [](const std::function<void(Mixer&)>& change,
                        std::initializer_list<std::string_view> parts) {
    return refused(
        [&](TransformerSpec& s) {
          s.blocks[1].mixer = {.kind = MixerKind::mesa, .mask = Mask::causal, .scale = Scale::one};
          change(s.blocks[1].mixer);
        },
        parts);
  };
  const std::string_view mixer = "blocks[1].mixer";
  EXPECT_TRUE(
      wrong([](Mixer& m) { m.mask = Mask::context; }, {mixer, "mask must be causal for mesa"}));
  EXPECT_TRUE(
      wrong([](Mixer& m) { m.scale = Scale::root; }, {mixer, "scale must be one for mesa"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.key_size = 129; }, {mixer, "at most 128", "129"}));
  EXPECT_TRUE(
      wrong([](Mixer& m) { m.mesa.ridge = RidgeKind::fixed; }, {mixer, "least must be above 0"}));
  EXPECT_TRUE(wrong(
      [](Mixer& m) {
        m.gates.decay = true;
        m.mesa.solver = MesaSolver::recursive;
      },
      {mixer, "recursive has no decay"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.mesa.steps = 9; }, {mixer, "conjugate_gradients", "direct"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.gates.cap = 0.9; }, {mixer, "gates.cap", "both gates"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.gates.momentum = 0.5; }, {mixer, "momentum", "not for mesa"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.kind = MixerKind::linear, m.gates.momentum = 1; },
                    {mixer, "gates.momentum", "[0, 0.999]"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.convolution = 65; }, {mixer, "convolution", "[0, 64]"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.kind = MixerKind::delta, m.scale = Scale::mean; },
                    {mixer, "one or root for delta"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.kind = MixerKind::softmax, m.gates.decay = true; },
                    {mixer, "gates", "not for softmax"}));
  EXPECT_TRUE(wrong([](Mixer& m) { m.kind = MixerKind::linear, m.mesa.least = 1; },
                    {mixer, "mesa is for the kind mesa, not for linear"}));
  EXPECT_TRUE(wrong(
      [](Mixer& m) {
        m.kind = MixerKind::linear;
        m.mask = Mask::all;
        m.convolution = 4;
      },
      {mixer, "convolution", "not all"}));
}

TEST(TransformerCheck, RefusesBlocksThatDoNotGoTogether) {
  const Skip momentum{.kind = SkipKind::momentum, .mu = 0.5};
  EXPECT_TRUE(refused(
      [&](auto& s) {
        s.blocks[0].mixer_skip = s.blocks[2].mixer_skip = momentum;
        s.blocks[1].mixer.width = 5;
        s.blocks[1].mixer_skip.kind = SkipKind::none;
      },
      {"blocks[2]", "momentum", "width 11", "5"}));
  EXPECT_TRUE(refused([](auto& s) { s.weights_of = {0, 0}; }, {"weights_of", "4 blocks", "got 2"}));
  EXPECT_TRUE(refused([](auto& s) { s.weights_of = {0, 2, 2, 3}; }, {"weights_of[1]", "got 2"}));
  EXPECT_TRUE(refused([](auto& s) { s.weights_of = {0, 0, 1, 3}; }, {"weights_of[2]", "got 1"}));
  EXPECT_TRUE(refused(
      [](auto& s) {
        s.weights_of = {0, 0, 0, 0};
        s.blocks[2].mixer.heads = 2;
      },
      {"weights_of[2]", "block 2", "block 0"}));
  EXPECT_TRUE(refused([](auto& s) { s.readout.first = 11; }, {"readout", "11", "11 numbers"}));
  EXPECT_TRUE(refused([](auto& s) { s.readout.outputs = 2; }, {"readout: 2 columns from -1"}));
  EXPECT_TRUE(refused([](auto& s) { s.readout = {.map = ReadoutMap::signs, .outputs = 2}; },
                      {"readout.outputs must be 1"}));
  EXPECT_TRUE(refused([](auto& s) { s.readout = {.map = ReadoutMap::symbols, .outputs = 2}; },
                      {"readout.outputs must be stem.vocabulary"}));
  EXPECT_TRUE(is_error(record_states({}, 3), ErrorKind::config, {"3 blocks", "of 1"}));
}

TEST(TransformerCheck, FlatConfigurationsNameTheirKeys) {
  const auto wrong = [](const FlatTransformer& flat,
                        std::initializer_list<std::string_view> parts) {
    return is_error(describe(flat), ErrorKind::config, parts);
  };
  EXPECT_TRUE(wrong({.tokens = 1}, {"tokens", "[2, 4096]", "got 1"}));
  EXPECT_TRUE(wrong({.hidden = -1}, {"[model.hidden]", "got -1"}));
  EXPECT_TRUE(wrong({.layers = 0}, {"[model.layers]"}));
  EXPECT_TRUE(
      wrong({.layers = 2, .softmax_layers = 3}, {"[model.softmax_layers]", "[0, 2]", "got 3"}));
  EXPECT_TRUE(wrong({.clip = -1}, {"[model.clip]"}));
  EXPECT_TRUE(wrong({.heads = 2, .gradient_step = true}, {"[model.attention]", "one head"}));
  EXPECT_TRUE(
      wrong({.gradient_step = true, .attention_bias = true}, {"[model.attention]", "no biases"}));
  EXPECT_TRUE(
      wrong({.gradient_step = true, .unit_keys = true}, {"[model.attention]", "unit keys"}));
  EXPECT_TRUE(wrong({.mixer = MixerKind::delta, .query_in_keys = true}, {"[model.query_in_keys]"}));
  EXPECT_TRUE(wrong({.gates = {.decay = true, .cap = 0.9}}, {"[model.decay_cap]", "both"}));
  EXPECT_TRUE(wrong({.mixer = MixerKind::delta, .gates = {.momentum = 0.5}},
                    {"[model.momentum]", "linear", "delta"}));
  EXPECT_TRUE(wrong({.mesa = {.least = 1}}, {"[model.least_ridge]", "mesa"}));
  EXPECT_TRUE(wrong({.convolution = 65}, {"[model.convolution]", "[0, 64]"}));
}

TEST(TransformerCheck, FlatConfigurationsMixByStates) {
  // Softmax, then a block of MesaNet.
  const auto spec = describe({.tokens = 7,
                              .width = 4,
                              .layers = 2,
                              .softmax_layers = 1,
                              .mixer = MixerKind::mesa,
                              .gates = {.decay = true, .strength = true, .cap = 0.9975},
                              .mesa = {.ridge = RidgeKind::softplus, .least = 0.25},
                              .convolution = 4,
                              .unit_keys = true,
                              .norm_heads = true,
                              .mixer_norm = NormKind::rms});
  ASSERT_TRUE(spec && spec->check());
  Block softmax{.before_mixer = {.kind = NormKind::rms},
                .mixer = {.kind = MixerKind::softmax,
                          .mask = Mask::causal,
                          .scale = Scale::one,
                          .convolution = 4,
                          .unit_keys = true,
                          .norm_heads = true}};
  Block mesa = softmax;
  mesa.mixer.kind = MixerKind::mesa;
  mesa.mixer.gates = {.decay = true, .strength = true, .cap = 0.9975};
  mesa.mixer.mesa = {.ridge = RidgeKind::softplus, .least = 0.25};
  EXPECT_EQ(spec->blocks, (std::vector<Block>{softmax, mesa}));
  // Gated linear attention keeps its scale.
  const auto gated = describe({.gates = {.decay = true}});
  const Mixer expected{.mask = Mask::causal, .gates = {.decay = true}};
  EXPECT_EQ(gated->blocks[0].mixer, expected);
}

TEST(TransformerCheck, FlatConfigurationsAreDescriptions) {
  const Block softmax{.mixer = {.kind = MixerKind::softmax,
                                .mask = Mask::all,
                                .heads = 2,
                                .key_size = 3,
                                .scale = Scale::one},
                      .mlp = {.kind = MlpKind::gelu, .hidden = 6},
                      .clip = 2};
  Block linear = softmax;
  linear.mixer.kind = MixerKind::linear;
  const TransformerSpec expected{
      .stem = {.tokens = 7,
               .width = 4,
               .positions = {.kind = PositionKind::sinusoidal, .width = 2},
               .embedding = 5},
      .blocks = {softmax, linear, linear},
      .weights_of = {0, 0, 0}};
  EXPECT_EQ(describe({.tokens = 7,
                      .width = 4,
                      .positions = 2,
                      .embedding = 5,
                      .hidden = 6,
                      .layers = 3,
                      .heads = 2,
                      .key_size = 3,
                      .softmax_layers = 1,
                      .tied = true,
                      .context_scale = ContextScale::sum,
                      .query_in_keys = true,
                      .clip = 2})
                .value(),
            expected);
  EXPECT_EQ(describe({.attention_bias = true}).value(),
            TransformerSpec{.blocks = {Block{.mixer = {.bias = true}}}});
  EXPECT_EQ(describe({}).value(), TransformerSpec{});
}

}  // namespace
}  // namespace gramian
