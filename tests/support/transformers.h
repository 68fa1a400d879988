// Small transformers that together have every part of a description: what recordings, gradients and
// files are tested with. Tokens are [6, 3] unless a case says otherwise.
#pragma once

#include <vector>

#include "gramian/models/transformer/spec.h"

namespace gramian::test {

struct TransformerCase {
  const char* name;
  TransformerSpec spec;
};

inline constexpr Norm kLayerNorm{.kind = NormKind::layer};
inline constexpr Mlp kMlp{.kind = MlpKind::gelu, .hidden = 5};
inline constexpr Mixer kSoftmax{.kind = MixerKind::softmax, .scale = Scale::one};

// Of papers.
inline std::vector<TransformerCase> transformers_of_papers() {
  const Stem stem{.tokens = 6, .width = 3};
  const Block copying{.mixer = kSoftmax};
  // One layer of softmax, an activation without matrices, a mean over tokens by fixed signs.
  const Block one_layer{.mixer = {.kind = MixerKind::softmax,
                                  .mask = Mask::all,
                                  .key_size = 3,
                                  .value_size = 4,
                                  .width = 10,
                                  .scale = Scale::one},
                        .mixer_skip = {.kind = SkipKind::none},
                        .mlp = {.kind = MlpKind::relu, .place = MlpPlace::after},
                        .mlp_skip = {.kind = SkipKind::none}};
  return {
      {"sines", {.stem = {.tokens = 6, .width = 2, .embedding = 4}, .blocks = {{.mlp = kMlp}}}},
      {"interleaved",
       {.stem = {.tokens = 7,
                 .width = 2,
                 .positions = {.kind = PositionKind::sinusoidal, .width = 3}},
        .blocks = {copying, {}}}},
      {"gradient step",
       {.stem = stem, .blocks = {{.mixer = {.kind = MixerKind::gradient_step}, .mlp = kMlp}}}},
      {"one layer, mean",
       {.stem = stem,
        .blocks = {one_layer},
        .readout = {.rows = ReadoutRows::mean, .map = ReadoutMap::signs, .factor = 1}}},
      {"looped", {.stem = stem, .blocks = {copying, copying, copying}, .weights_of = {0, 0, 0}}}};
}

inline std::vector<TransformerCase> language_models() {
  // A block of a causal language model, and the read-out of a class for each token.
  const Block language{.before_mixer = kLayerNorm,
                       .mixer = {.kind = MixerKind::softmax,
                                 .mask = Mask::causal,
                                 .heads = 2,
                                 .key_size = 3,
                                 .scale = Scale::root},
                       .before_mlp = kLayerNorm,
                       .mlp = {.kind = MlpKind::gelu, .hidden = 8, .place = MlpPlace::after}};
  // A pretrained decoder, without its rotary positions.
  const Norm rms{.kind = NormKind::rms};
  const Block decoder{
      .before_mixer = rms,
      .mixer = {.kind = MixerKind::softmax,
                .mask = Mask::causal,
                .heads = 2,
                .key_size = 2,
                .scale = Scale::root},
      .before_mlp = rms,
      .mlp = {.kind = MlpKind::swiglu, .hidden = 6, .bias = false, .place = MlpPlace::after}};
  return {{"language model",
           {.stem = {.tokens = 6,
                     .width = 3,
                     .positions = {.kind = PositionKind::learned, .place = PositionPlace::added},
                     .embedding = 6},
            .blocks = {language, language},
            .readout = {.norm = kLayerNorm,
                        .rows = ReadoutRows::every,
                        .map = ReadoutMap::matrix,
                        .outputs = 4,
                        .factor = 1}}},
          {"decoder with symbols",
           {.stem = {.tokens = 6,
                     .width = 1,
                     .vocabulary = 7,
                     .positions = {.kind = PositionKind::learned, .place = PositionPlace::added},
                     .embedding = 4},
            .blocks = {decoder, decoder},
            .readout = {.norm = rms,
                        .rows = ReadoutRows::every,
                        .map = ReadoutMap::symbols,
                        .outputs = 7,
                        .factor = 1}}}};
}

// Of single parts and how they go together.
inline std::vector<TransformerCase> transformers_of_masks() {
  const Stem stem{.tokens = 6, .width = 3};
  const Block linear{};
  const Readout every{.rows = ReadoutRows::every, .first = 0, .outputs = 3, .factor = 1};
  return {{"positions, prefix and room",
           {.stem = {.tokens = 6,
                     .width = 3,
                     .zeros = 2,
                     .positions = {.kind = PositionKind::learned, .width = 2},
                     .prefix = 2},
            .blocks = {{.mixer = {.mask = Mask::causal}}}}},
          {"one-hot positions, everything read",
           {.stem = {.tokens = 6,
                     .width = 3,
                     .positions = {.kind = PositionKind::one_hot, .place = PositionPlace::added}},
            .blocks = {linear},
            .readout = every}},
          {"causal and windows, linear",
           {.stem = stem,
            .blocks = {{.mixer = {.mask = Mask::causal, .key_size = 2, .value_size = 4}},
                       {.mixer = {.mask = Mask::window, .window = 2, .heads = 2}},
                       {.mixer = {.mask = Mask::window, .window = 3, .scale = Scale::root}}}}},
          {"windows, softmax",
           {.stem = stem,
            .blocks = {{.mixer = {.kind = MixerKind::softmax,
                                  .mask = Mask::window,
                                  .window = 2,
                                  .scale = Scale::root}},
                       {.mixer = {.kind = MixerKind::softmax,
                                  .mask = Mask::window,
                                  .window = 4,
                                  .scale = Scale::one}}}}}};
}

inline std::vector<TransformerCase> transformers_of_parts() {
  const Stem stem{.tokens = 6, .width = 3};
  const Block linear{};
  const Block momentum{.mixer_skip = {.kind = SkipKind::momentum, .mu = 0.6, .gamma = 0.8},
                       .mlp = kMlp,
                       .mlp_skip = {.kind = SkipKind::momentum, .mu = 0.3, .gamma = 0.5}};
  const Readout every{.rows = ReadoutRows::every, .first = 0, .outputs = 3, .factor = 1};
  return {
      {"gradient steps, masked",
       {.stem = stem,
        .blocks = {{.mixer = {.kind = MixerKind::gradient_step, .mask = Mask::causal}},
                   {.mixer = {.kind = MixerKind::gradient_step, .mask = Mask::all}}},
        .readout = every}},
      {"norms after, beside",
       {.stem = stem,
        .blocks =
            {{.after_mixer = kLayerNorm, .mlp = kMlp, .after_mlp = kLayerNorm},
             {.before_mixer = kLayerNorm,
              .before_mlp = kLayerNorm,
              .mlp = {.kind = MlpKind::gelu, .hidden = 4, .bias = false, .place = MlpPlace::beside},
              .clip = 0.9}},
        .readout = {.norm = kLayerNorm, .map = ReadoutMap::matrix, .outputs = 2}}},
      {"activations",
       {.stem = stem,
        .blocks = {{.mlp = {.kind = MlpKind::relu, .hidden = 5}},
                   {.mlp = {.kind = MlpKind::silu, .hidden = 5}},
                   {.mlp = {.kind = MlpKind::swiglu, .hidden = 5}}}}},
      {"biases in attention",
       {.stem = stem,
        .blocks = {{.mixer = {.heads = 2, .key_size = 2, .value_size = 3, .bias = true}},
                   {.mixer = {.kind = MixerKind::softmax,
                              .mask = Mask::causal,
                              .heads = 2,
                              .key_size = 4,
                              .scale = Scale::root,
                              .bias = true}}},
        .readout = every}},
      {"linear skips",
       {.stem = stem,
        .blocks = {{.mixer_skip = {.kind = SkipKind::linear},
                    .mlp = kMlp,
                    .mlp_skip = {.kind = SkipKind::linear}}}}},
      {"momentum across depth",
       {.stem = stem,
        .blocks = {momentum, linear, momentum, momentum},
        .weights_of = {0, 1, 2, 0}}},
      {"no mixer",
       {.stem = stem,
        .blocks = {{.mixer = {.kind = MixerKind::none}, .mlp = kMlp}},
        .readout = {.first = 1, .outputs = 2}}},
      {"width from block to block",
       {.stem = stem,
        .blocks = {{.mixer = {.heads = 2, .width = 5}, .mixer_skip = {.kind = SkipKind::none}},
                   {.mixer = kSoftmax, .mlp = kMlp}}}}};
}

// Mixers by a state that goes from token to token, and what goes with them.
inline std::vector<TransformerCase> transformers_of_states() {
  const Stem stem{.tokens = 7, .width = 3};
  const Readout every{.rows = ReadoutRows::every, .first = 0, .outputs = 3, .factor = 1};
  const auto causal = [](MixerKind kind) {
    return Mixer{
        .kind = kind, .mask = Mask::causal, .heads = 2, .key_size = 3, .scale = Scale::one};
  };
  Mixer solving = causal(MixerKind::mesa), net = solving, recursive = solving;
  net.bias = net.unit_keys = net.norm_heads = true;
  net.convolution = 4;
  net.value_size = 2;
  net.gates = {.decay = true, .strength = true, .cap = 0.7};
  net.mesa = {.ridge = RidgeKind::softplus, .least = 0.25};
  recursive.mesa = {.ridge = RidgeKind::fixed, .least = 0.5, .solver = MesaSolver::recursive};
  Mixer delta = causal(MixerKind::delta), gated = causal(MixerKind::linear);
  delta.unit_keys = true;
  delta.gates.strength = true;
  gated.gates.decay = true;
  gated.scale = Scale::mean;
  Mixer moving = gated, heavy = causal(MixerKind::linear);
  moving.gates = {.decay = true, .strength = true, .momentum = 0.6};
  heavy.gates.momentum = 0.9;
  Mixer copying = causal(MixerKind::softmax);
  copying.unit_keys = copying.norm_heads = true;
  copying.convolution = 2;
  Stem raw = stem;
  raw.positions = {.kind = PositionKind::sinusoidal, .width = 2};
  raw.embedding = 5;
  return {
      {"softmax, then mesa",
       {.stem = raw,
        .blocks = {{.mixer = causal(MixerKind::softmax)}, {.mixer = solving}},
        .readout = {.rows = ReadoutRows::every, .map = ReadoutMap::matrix, .outputs = 3}}},
      {"MesaNet",
       {.stem = stem,
        .blocks = {{.before_mixer = {.kind = NormKind::rms}, .mixer = net}},
        .readout = every}},
      {"delta, gated, recursive mesa",
       {.stem = stem,
        .blocks = {{.mixer = delta}, {.mixer = gated}, {.mixer = recursive}},
        .readout = every}},
      {"momentum",
       {.stem = stem, .blocks = {{.mixer = moving}, {.mixer = heavy}}, .readout = every}},
      {"states, the query alone", {.stem = stem, .blocks = {{.mixer = copying}, {.mixer = net}}}},
      {"convolution, the query alone", {.stem = stem, .blocks = {{.mixer = copying}}}}};
}

// Of so many tokens that causal softmax is computed without a mask.
inline std::vector<TransformerCase> long_transformers() {
  const Block softmax{
      .mixer = {
          .kind = MixerKind::softmax, .mask = Mask::causal, .scale = Scale::root, .bias = true}};
  return {{"long, causal",
           {.stem = {.tokens = 256, .width = 2},
            .blocks = {softmax},
            .readout = {.rows = ReadoutRows::every, .first = 0, .outputs = 2, .factor = 1}}}};
}

inline std::vector<TransformerCase> transformer_cases() {
  auto all = transformers_of_papers();
  for (const auto& more : {language_models(), transformers_of_masks(), transformers_of_parts(),
                           transformers_of_states(), long_transformers()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace gramian::test
