#include "gramian/models/transformer/flat.h"

namespace gramian {

namespace {

// What a network that answers at every token cannot be.
Status check_positions(const FlatTransformer& flat, int inner) {
  if (flat.answers.positions == 1) {
    return fail(ErrorKind::config, "a task with {} numbers at the query alone has no model here",
                flat.answers.outputs);
  }
  if (flat.neurons > 0 || flat.gradient_step || flat.query_in_keys) {
    return fail(ErrorKind::config,
                "[model.neurons], [model.attention] gradient_descent and [model.query_in_keys] are "
                "for tasks with one query, and not for answers at every token");
  }
  if (flat.embedding == 0 && flat.answers.outputs > inner) {
    return fail(ErrorKind::config,
                "[model.embedding] must be above 0: {} numbers are predicted from tokens of {}",
                flat.answers.outputs, inner);
  }
  return {};
}

bool is_causal(const FlatTransformer& flat) {
  return flat.mixer != MixerKind::linear || flat.gates != Gates{} || flat.convolution > 0;
}

Status check_mixers(const FlatTransformer& flat) {
  const bool extras = is_causal(flat) || flat.unit_keys || flat.norm_heads;
  if (flat.gradient_step && extras) {
    return fail(ErrorKind::config,
                "[model.attention] gradient_descent has no [model.mixer], gates, momentum, "
                "convolution, unit keys and norms of heads");
  }
  if (flat.query_in_keys && is_causal(flat)) {
    return fail(ErrorKind::config,
                "[model.query_in_keys] has no meaning with [model.mixer] delta or mesa, gates, "
                "momentum or a convolution, where each token reads itself and those before it");
  }
  if (flat.gates.cap < 1 && !(flat.gates.decay && flat.gates.strength)) {
    return fail(ErrorKind::config,
                "[model.decay_cap] limits the decay of a token by its strength, and needs "
                "[model.gates] both");
  }
  if (flat.gates.momentum > 0 && flat.mixer != MixerKind::linear) {
    return fail(ErrorKind::config, "[model.momentum] is for [model.mixer] linear, not for {}",
                word(flat.mixer));
  }
  if (flat.mixer != MixerKind::mesa && flat.mesa != Mesa{}) {
    return fail(ErrorKind::config,
                "[model.ridge] and [model.least_ridge] are for [model.mixer] mesa");
  }
  return {};
}

Status check(const FlatTransformer& flat) {
  struct Bound {
    const char* key;
    int value, low, high;
  };
  for (const Bound& b : {Bound{"tokens of a prompt", flat.tokens, 2, kMaxTokens},
                         {"width of a token", flat.width, 1, kMaxWidth},
                         {"model.positions", flat.positions, 0, kMaxWidth},
                         {"model.embedding", flat.embedding, 0, kMaxWidth},
                         {"model.hidden", flat.hidden, 0, kMaxWidth},
                         {"model.layers", flat.layers, 1, kMaxLayers},
                         {"model.heads", flat.heads, 1, kMaxHeads},
                         {"model.neurons", flat.neurons, 0, kMaxWidth},
                         {"model.convolution", flat.convolution, 0, kMaxConvolution},
                         {"model.key_size", flat.key_size, 0, kMaxWidth}}) {
    if (b.value >= b.low && b.value <= b.high) continue;
    return fail(ErrorKind::config, "[{}] must be in [{}, {}], got {}", b.key, b.low, b.high,
                b.value);
  }
  if (flat.softmax_layers < 0 || flat.softmax_layers > flat.layers) {
    return fail(ErrorKind::config,
                "[model.softmax_layers] must be in [0, {}], the layers of the model, got {}",
                flat.layers, flat.softmax_layers);
  }
  if (flat.neurons > 0 && (flat.hidden > 0 || flat.gradient_step || flat.tied)) {
    return fail(ErrorKind::config,
                "[model.neurons] is for trained attention without an MLP ([model.hidden] 0) and "
                "for layers that are not tied");
  }
  GRAMIAN_TRY(check_mixers(flat));
  if (!(flat.clip >= 0))
    return fail(ErrorKind::config, "[model.clip] must be >= 0, got {}", flat.clip);
  const int inner = flat.embedding > 0 ? flat.embedding : flat.width + flat.positions;
  if (flat.gradient_step && (flat.softmax_layers > 0 || flat.heads != 1 || flat.key_size != 0 ||
                             flat.query_in_keys || flat.attention_bias || inner < 2)) {
    return fail(ErrorKind::config,
                "[model.attention] gradient_descent has no softmax, one head, no key size, no "
                "biases, no query in the keys and tokens of at least two numbers");
  }
  if (flat.vocabulary > 0 && (flat.embedding == 0 || flat.positions > 0)) {
    return fail(ErrorKind::config,
                "tokens of this task are symbols: [model.embedding] must be above 0 and "
                "[model.positions] 0, got {} and {}",
                flat.embedding, flat.positions);
  }
  return flat.answers.is_scalar() ? Status() : check_positions(flat, inner);
}

// Attention from every token to those before it, in place of the query.
void read_every_position(const FlatTransformer& flat, TransformerSpec& spec) {
  for (Block& block : spec.blocks) block.mixer.mask = Mask::causal;
  spec.readout = {.rows = ReadoutRows::every, .outputs = flat.answers.outputs, .factor = 1};
  if (flat.embedding > 0) {
    spec.readout.map = ReadoutMap::matrix;
  } else {
    spec.readout.first = 0;
  }
}

// What the layer `block` has besides plain attention.
void add_mixer(const FlatTransformer& flat, bool softmax, Block& block) {
  Mixer& mixer = block.mixer;
  block.before_mixer.kind = flat.mixer_norm;
  if (is_causal(flat)) mixer.mask = Mask::causal;
  mixer.convolution = flat.convolution;
  mixer.unit_keys = flat.unit_keys;
  mixer.norm_heads = flat.norm_heads;
  if (softmax) {
    mixer.kind = MixerKind::softmax;
    mixer.scale = Scale::one;
  } else if (!flat.gradient_step) {
    mixer.kind = flat.mixer;
    mixer.gates = flat.gates;
    mixer.mesa = flat.mesa;
    if (flat.mixer != MixerKind::linear) mixer.scale = Scale::one;
  }
}

}  // namespace

Expected<TransformerSpec> describe(const FlatTransformer& flat) {
  GRAMIAN_TRY(check(flat));
  TransformerSpec spec{.stem = {.tokens = flat.tokens,
                                .width = flat.width,
                                .vocabulary = flat.vocabulary,
                                .embedding = flat.embedding}};
  if (flat.positions > 0)
    spec.stem.positions = {.kind = PositionKind::sinusoidal, .width = flat.positions};
  Block block{.clip = flat.clip};
  if (flat.hidden > 0) block.mlp = {.kind = MlpKind::gelu, .hidden = flat.hidden};
  block.mixer = {.kind = flat.gradient_step ? MixerKind::gradient_step : MixerKind::linear,
                 .mask = flat.query_in_keys ? Mask::all : Mask::context,
                 .heads = flat.heads,
                 .key_size = flat.key_size,
                 .scale = flat.context_scale == ContextScale::mean ? Scale::mean : Scale::one,
                 .bias = flat.attention_bias};
  spec.blocks.assign(static_cast<std::size_t>(flat.layers), block);
  for (std::size_t l = 0; l < spec.blocks.size(); ++l)
    add_mixer(flat, static_cast<int>(l) < flat.softmax_layers, spec.blocks[l]);
  if (flat.neurons > 0) {
    Block& last = spec.blocks.back();
    last.mixer.width = flat.neurons;
    last.mixer_skip.kind = SkipKind::none;
    last.mlp = {.kind = MlpKind::relu, .place = MlpPlace::after};
    last.mlp_skip.kind = SkipKind::none;
    spec.readout = {.rows = ReadoutRows::mean, .map = ReadoutMap::signs, .factor = 1};
  }
  if (!flat.answers.is_scalar()) read_every_position(flat, spec);
  if (flat.tied) spec.weights_of.assign(spec.blocks.size(), 0);
  return spec;
}

}  // namespace gramian
