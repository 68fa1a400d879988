#include "gramian/models/keys.h"

#include <algorithm>
#include <array>

#include "gramian/models/transformer/flat.h"

namespace gramian {

namespace {

// Whether the attention is the fixed step of gradient descent.
constexpr auto kAttentions = words<bool>({{false, "trained"}, {true, "gradient_descent"}});

constexpr auto kMixerWords = words<MixerKind>(
    {{MixerKind::linear, "linear"}, {MixerKind::delta, "delta"}, {MixerKind::mesa, "mesa"}});
constexpr auto kRidges =
    words<RidgeKind>({{RidgeKind::exponential, "exponential"}, {RidgeKind::softplus, "softplus"}});
constexpr auto kMixerNorms =
    words<NormKind>({{NormKind::none, "none"}, {NormKind::layer, "layer"}, {NormKind::rms, "rms"}});
enum class GateWords { none, decay, strength, both };
constexpr auto kGates = words<GateWords>({{GateWords::none, "none"},
                                          {GateWords::decay, "decay"},
                                          {GateWords::strength, "strength"},
                                          {GateWords::both, "both"}});

// Of the family gram in the order of kParametrisations, then the other families.
constexpr auto kKinds = [] {
  std::array<std::string_view, kParametrisations.texts.size() + 2> kinds{};
  std::ranges::copy(kParametrisations.texts, kinds.begin());
  kinds[kinds.size() - 2] = "transformer";
  kinds.back() = "graph";
  return kinds;
}();

constexpr Key gram(const Key& key) { return key::only("gram", key); }
constexpr Key on_graphs(const Key& key) { return key::only("graph", key); }
constexpr Key transformer(const Key& key) { return key::only("transformer", key); }

constexpr std::array kKeys{
    key::choice(
        "model.kind", "diag", kKinds,
        "what a layer is: full P and Q, four numbers (diag), two (gdpp, GD++), or the "
        "matrix A and the vector u of preconditioned gradient descent, all four of them "
        "networks on Gram matrices (the family gram); or a transformer on tokens, with Q, "
        "K, V and P and perhaps an MLP, softmax and positions (the family transformer); or a "
        "linear transformer on graphs (the family graph)"),
    key::integer("model.layers", "4", 1, kMaxLayers, "layers L"),
    key::integer("model.heads", "1", 1, kMaxHeads,
                 "heads H of kind full or transformer; 1 for all others (the omegas of diag and "
                 "gdpp already cover every number of heads)"),
    key::boolean("model.tied", "false",
                 "one set of weights used by all L layers (a looped transformer)"),
    key::choice("model.context_scale", "mean", kContextScales.list(),
                "attention reads G/n (mean) or G (sum), G the sum over the context of e e^T"),
    key::boolean("model.query_in_keys", "false", "let tokens attend to the query too"),
    key::choice("model.init", "gd", kInitialisations.list(),
                "initial layers: a step of gradient descent plus noise; the noise alone; or, for "
                "kinds full and diag, a GD++ network trained first with the same settings (in "
                "DIR/gdpp), written as P and Q or as four omegas; or, for kind gdpp too, the GD++ "
                "network of least expected loss, computed from the exact law of the eigenvalues "
                "of a prompt; a transformer always begins at random"),
    gram(key::number("model.init_step", "0.5", key::above(0, 10),
                     "step size of the initial gradient descent, for G/n; a shorter one where d, "
                     "n, layers and noise are such that prompts would explode")),
    gram(key::number("model.init_curvature", "0.05", key::closed(0, 10),
                     "curvature correction (-omega_xx) of the initial gradient descent, for G/n")),
    gram(key::number("model.init_growth", "1", key::closed(1, 10),
                     "factor on step and curvature from layer to layer; 2.25 begins like the "
                     "second-order method of Theorem 5.1")),
    key::number("model.init_noise", "0.01", key::closed(0, 10),
                "standard deviation of the random part of the initial weights (less where d > 10, "
                "layers > 10 or heads > 1; in units of inputs and targets); of a transformer, "
                "of Q, K, V and P times the root of their rows (embedding and MLP begin with 1 "
                "over that root)"),
    transformer(key::number("model.init_query_key", "0", key::closed(-100, 100),
                            "multiple of the identity that Q and K begin with, beside the random "
                            "part")),
    transformer(key::number("model.init_value", "0", key::closed(-100, 100),
                            "multiple of the identity that V begins with, beside the random part")),
    gram(key::number("model.init_rare", "0", key::closed(0, 0.1),
                     "gdpp_optimum: the largest eigenvalues, of which a prompt has this many on "
                     "average, do not count")),
    transformer(key::integer("model.positions", "0", 0, kMaxWidth,
                             "width of the sinusoidal encoding beside each token; 0: none")),
    transformer(key::integer("model.embedding", "0", 0, kMaxWidth,
                             "width of a linear embedding of the tokens; 0: none")),
    transformer(key::integer("model.hidden", "0", 0, kMaxWidth,
                             "hidden width of the MLP (GELU, residual) before the attention of "
                             "each layer; 0: none")),
    transformer(key::integer("model.neurons", "0", 0, kMaxWidth,
                             "the last layer maps each token to this many neurons with ReLU, "
                             "without a skip, and the prediction is their mean over the tokens, "
                             "with fixed signs; 0: it is read from the query")),
    transformer(key::integer("model.key_size", "0", 0, kMaxWidth,
                             "size of queries, keys and values; 0: as wide as a token")),
    transformer(key::integer("model.softmax_layers", "0", 0, kMaxLayers,
                             "how many layers, the first, have softmax attention")),
    transformer(key::choice("model.mixer", "linear", kMixerWords.list(),
                            "the attention of the other layers: linear; or, through a state that "
                            "goes from token to token, the delta rule or the mesa layer (ridge "
                            "regression of the values so far on the keys so far), with which each "
                            "token reads itself and those before it")),
    transformer(key::choice("model.gates", "none", kGates.list(),
                            "learned numbers of a token, in (0, 1), in each head without softmax: "
                            "what it keeps of the state before it (decay), with what strength it "
                            "writes, or both")),
    transformer(key::number("model.decay_cap", "1", key::closed(0, 1),
                            "gates both: a decay is multiplied by 1 - (1 - this) strength^2")),
    transformer(key::number("model.momentum", "0", key::closed(0, kMaxMomentum),
                            "of linear attention: the state moves on by this share of its last "
                            "change before a token writes, and each token reads itself and those "
                            "before it; 0: none")),
    transformer(key::choice("model.ridge", "exponential", kRidges.list(),
                            "mesa: the ridge is exp(r) or log(1 + exp(r)) of learned numbers r, "
                            "plus the least ridge; it begins as 1")),
    transformer(
        key::number("model.least_ridge", "0", key::closed(0, 1e6), "mesa: the least ridge")),
    transformer(key::integer("model.convolution", "0", 0, kMaxConvolution,
                             "queries, keys and values are summed over so many tokens, the last, "
                             "with learned weights, and queries and keys pass through SiLU; 0: "
                             "none")),
    transformer(key::boolean("model.unit_keys", "false",
                             "queries and keys of a head are normalised to length 1")),
    transformer(key::boolean("model.norm_heads", "false",
                             "what a head reads is normalised to a mean square of 1, times a "
                             "learned gain")),
    transformer(key::choice("model.mixer_norm", "none", kMixerNorms.list(),
                            "norm of each token before the attention of a layer")),
    transformer(key::choice("model.attention", "trained", kAttentions.list(),
                            "trained, or a fixed step of gradient descent on what embedding and "
                            "MLP make of the tokens")),
    transformer(key::number("model.clip", "0", key::closed(0, 1e6),
                            "bound on the numbers of a token after each layer; 0: none")),
    transformer(key::boolean("model.attention_bias", "false",
                             "queries, keys and values have learned biases, and so has what "
                             "attention adds to a token; they begin with zero")),
    transformer(key::boolean("model.described", "false",
                             "the network is the one that model.safetensors of the run describes, "
                             "whatever it is, and not what these keys say: it is evaluated and "
                             "not trained (gramian construct)")),
    on_graphs(key::choice("model.form", "efficient", kGraphForms.list(),
                          "weights of a layer: a few numbers (efficient), or Q, K, V, P and a "
                          "linear skip on tokens (B, Psi, Phi) (full)")),
    on_graphs(
        key::boolean("model.rewrites", "true",
                     "efficient: layers change B as well; a graph of any size is then dense")),
    on_graphs(
        key::boolean("model.couples", "false", "efficient: scores have a part of Phi as well")),
    on_graphs(key::boolean("model.per_column", "false",
                           "efficient: numbers differ by column of Psi and Phi, so that there are "
                           "as many as in training")),
    on_graphs(key::number("model.init_scores", "0", key::closed(0, 100),
                          "full: multiple of the identity that Q and K begin with on the columns "
                          "of B, beside the random part, so that scores begin as its square times "
                          "the Laplacian; V then begins with the identity")),
    on_graphs(key::choice("model.scale", "nodes", kGraphScales.list(),
                          "efficient: factor of the scores: 1, 1/n or n (nodes), n the number of "
                          "nodes")),
    on_graphs(key::choice("model.norm", "frobenius", kGraphNorms.list(),
                          "after each layer: B over its norm, and Psi and Phi over their common "
                          "one (frobenius) or each column over its length (columns)")),
};

}  // namespace

std::span<const Key> model_keys() { return kKeys; }

NetworkSpec network_spec(const Settings& settings) {
  return {.kind = kParametrisations.value(settings.text("model.kind")),
          .d = static_cast<int>(settings.integer("task.d")),
          .layers = static_cast<int>(settings.integer("model.layers")),
          .heads = static_cast<int>(settings.integer("model.heads")),
          .tied = settings.boolean("model.tied"),
          .context_scale = kContextScales.value(settings.text("model.context_scale")),
          .query_in_keys = settings.boolean("model.query_in_keys")};
}

Initialisation initialisation(const Settings& settings) {
  return kInitialisations.value(settings.text("model.init"));
}

InitialWeights initial_weights(const Settings& settings) {
  return {.near_gd = initialisation(settings) != Initialisation::random,
          .step = settings.number("model.init_step"),
          .curvature = settings.number("model.init_curvature"),
          .growth = settings.number("model.init_growth"),
          .noise = settings.number("model.init_noise")};
}

TransformerStart transformer_start(const Settings& settings) {
  return {.noise = settings.number("model.init_noise"),
          .query_key = settings.number("model.init_query_key"),
          .value = settings.number("model.init_value")};
}

GraphNetworkSpec graph_network_spec(const Settings& settings, int columns) {
  return {.layers = static_cast<int>(settings.integer("model.layers")),
          .columns = settings.boolean("model.per_column") ? columns : 0,
          .rewrites = settings.boolean("model.rewrites"),
          .couples = settings.boolean("model.couples"),
          .norm = kGraphNorms.value(settings.text("model.norm")),
          .scale = kGraphScales.value(settings.text("model.scale"))};
}

namespace {

Gates gates_of(const Settings& settings) {
  const GateWords gates = kGates.value(settings.text("model.gates"));
  return {.decay = gates == GateWords::decay || gates == GateWords::both,
          .strength = gates == GateWords::strength || gates == GateWords::both,
          .cap = settings.number("model.decay_cap"),
          .momentum = settings.number("model.momentum")};
}

}  // namespace

Expected<TransformerSpec> transformer_spec(const Settings& settings, const TokenSource& source) {
  const auto number = [&](const char* key) { return static_cast<int>(settings.integer(key)); };
  return describe({.tokens = source.tokens(),
                   .width = source.width(),
                   .vocabulary = source.vocabulary(),
                   .positions = number("model.positions"),
                   .embedding = number("model.embedding"),
                   .hidden = number("model.hidden"),
                   .layers = number("model.layers"),
                   .heads = number("model.heads"),
                   .key_size = number("model.key_size"),
                   .softmax_layers = number("model.softmax_layers"),
                   .gradient_step = kAttentions.value(settings.text("model.attention")),
                   .mixer = kMixerWords.value(settings.text("model.mixer")),
                   .gates = gates_of(settings),
                   .mesa = {.ridge = kRidges.value(settings.text("model.ridge")),
                            .least = settings.number("model.least_ridge")},
                   .convolution = number("model.convolution"),
                   .unit_keys = settings.boolean("model.unit_keys"),
                   .norm_heads = settings.boolean("model.norm_heads"),
                   .mixer_norm = kMixerNorms.value(settings.text("model.mixer_norm")),
                   .tied = settings.boolean("model.tied"),
                   .context_scale = kContextScales.value(settings.text("model.context_scale")),
                   .query_in_keys = settings.boolean("model.query_in_keys"),
                   .neurons = number("model.neurons"),
                   .clip = settings.number("model.clip"),
                   .attention_bias = settings.boolean("model.attention_bias"),
                   .answers = source.answers()});
}

}  // namespace gramian
