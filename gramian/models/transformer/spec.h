// A transformer on tokens, described as data: what comes in, blocks, what is read out.
//
// E holds the tokens of a prompt as rows. The stem makes E [N, W] of what comes in [tokens, width];
// each block updates it in two parts, and the read-out makes the output of the last E:
//
//     a part   E <- after(skip(E, f(before(E))))    f the mixer, which combines tokens, or the MLP,
//                                                   which works on each token by itself
//     mixer    f(X) = c sum_h A_h (X_keys V_h) P_h  A_h = (X Q_h)(X_keys K_h)^T where the mask
//                                                   lets a token read a key, or its softmax; or
//                                                   by a state that goes from token to token, the
//                                                   delta rule or the mesa layer
//     MLP      f(X) = act(X A + a) B + b
//
// Where a network reads out the query alone, its last block is computed for the query alone. The
// query is the last token.
//
// Call sites:
//
//   // von Oswald et al. (2022), Fig. 4: an MLP before one layer of linear attention
//   TransformerSpec sines{.stem = {.tokens = 11, .width = 2, .embedding = 40},
//                         .blocks = {{.mlp = {.kind = MlpKind::gelu, .hidden = 160}}}};
//   // the same with the fixed step of their Proposition 1
//   sines.blocks[0].mixer = {.kind = MixerKind::gradient_step};
//   // three applications of one block with softmax
//   const Block block{.mixer = {.kind = MixerKind::softmax, .scale = Scale::one}};
//   const TransformerSpec looped{.stem = {.tokens = 21, .width = 10},
//                                .blocks = {block, block, block}, .weights_of = {0, 0, 0}};
//   // a block of a causal language model
//   const Block language{.before_mixer = {.kind = NormKind::layer},
//                        .mixer = {.kind = MixerKind::softmax, .mask = Mask::causal, .heads = 4,
//                                  .key_size = 16, .value_size = 16, .scale = Scale::root},
//                        .before_mlp = {.kind = NormKind::layer},
//                        .mlp = {.kind = MlpKind::gelu, .hidden = 256, .place = MlpPlace::after}};
//   // softmax, then the mesa layer, on raw tokens (von Oswald et al. 2023)
//   const Mixer copying{.kind = MixerKind::softmax, .mask = Mask::causal, .heads = 4,
//                       .key_size = 10, .scale = Scale::one};
//   const Mixer solving{.kind = MixerKind::mesa, .mask = Mask::causal, .heads = 4, .key_size = 10,
//                       .scale = Scale::one};
//   const TransformerSpec hybrid{
//       .stem = {.tokens = 50, .width = 10,
//                .positions = {.kind = PositionKind::sinusoidal, .width = 40}, .embedding = 40},
//       .blocks = {{.mixer = copying}, {.mixer = solving}},
//       .readout = {.rows = ReadoutRows::every, .map = ReadoutMap::matrix, .outputs = 10,
//                   .factor = 1}};
//   // a block of MesaNet (2025)
//   const Block mesa_net{.before_mixer = {.kind = NormKind::rms},
//                        .mixer = {.kind = MixerKind::mesa, .mask = Mask::causal, .heads = 4,
//                                  .key_size = 32, .scale = Scale::one, .convolution = 4,
//                                  .unit_keys = true,
//                                  .gates = {.decay = true, .strength = true, .cap = 0.9975},
//                                  .mesa = {.ridge = RidgeKind::softplus, .least = 0.25},
//                                  .norm_heads = true}};
//   // gated linear attention; the delta rule
//   const Mixer gated{.mask = Mask::causal, .key_size = 32, .scale = Scale::root,
//                     .gates = {.decay = true}};
//   const Mixer delta{.kind = MixerKind::delta, .mask = Mask::causal, .key_size = 32,
//                     .scale = Scale::one, .unit_keys = true, .gates = {.strength = true}};
//
// Shapes: [rows, columns], a token a row. Errors: check() below. Nothing here computes; record.h
// writes a description down as operations.
//
// Letters: N tokens in the network, W width in the network, L blocks, H heads.
#pragma once

#include <vector>

#include "gramian/base/error.h"
#include "gramian/sequence/mesa.h"

namespace gramian {

enum class PositionKind {
  none,
  sinusoidal,  // sin and cos of the index of a token over 10000^(2k / width)
  one_hot,
  learned,
};
enum class PositionPlace { beside, added };

// What says where a token stands: columns beside what comes in, or an addition to the tokens as
// they are after the embedding.
struct Positions {
  PositionKind kind = PositionKind::none;
  PositionPlace place = PositionPlace::beside;
  int width = 0;  // of the columns beside; 0 where it is added, which has the width of the network

  bool operator==(const Positions&) const = default;
};

// From what comes in to the tokens of the network: columns of zeros and positions beside it, a
// linear map to `embedding` numbers without bias, and learned tokens in front of all others. Of a
// vocabulary the indices of symbols come in, [tokens, 1], and each is embedded as its row of a
// table.
struct Stem {
  int tokens = 11;  // what comes in: [tokens, width]
  int width = 11;
  int vocabulary = 0;  // symbols; 0: numbers come in
  int zeros = 0;       // columns of zeros beside what comes in: room for what the network computes
  Positions positions = {};
  int embedding = 0;  // W; 0: none, W is the width of what comes in, zeros and positions beside it
  int prefix = 0;     // learned tokens in front

  bool operator==(const Stem&) const = default;
  int entering_width() const {  // before the embedding
    return width + zeros + (positions.place == PositionPlace::beside ? positions.width : 0);
  }
  int inner_width() const { return embedding > 0 ? embedding : entering_width(); }
  int inner_tokens() const { return prefix + tokens; }
};

enum class NormKind {
  none,
  layer,  // each token to mean 0 and variance 1, times a learned gain, plus a learned bias
  rms,    // each token to a mean square of 1, times a learned gain
  // Of all tokens together: columns of E as one block, divided by its Frobenius norm, or each of
  // them by its length. Nothing is learned.
  frobenius,
  columns,
};

// Of frobenius and columns alone: the `count` columns from `first` on are what the kind says, and
// the first `lead` are one more block, divided by its Frobenius norm. Others stay as they are.
struct Norm {
  NormKind kind = NormKind::none;
  int lead = 0, first = 0, count = 0;

  bool operator==(const Norm&) const = default;
};

enum class MixerKind {
  none,     // no part of this kind
  linear,   // c sum_h (X Q_h)(X_keys K_h)^T (X_keys V_h) P_h
  softmax,  // sum_h softmax(c (X Q_h)(X_keys K_h)^T) (X_keys V_h) P_h
  // A step of gradient descent on a linear regression, Proposition 1 of von Oswald et al. (2022)
  // with W_0 = 0: of the W numbers of a token the last is y and the others are x, and
  // y <- y - step c sum_j y_j <x_j, x>. The step is the only number that is trained.
  gradient_step,
  // c sum_h S_t q_t P_h of token t, S_t = gamma_t S_{t-1} (I - beta_t k_t k_t^T) + beta_t v_t k_t^T
  // in each head, q, k and v the rows of X Q_h, X K_h and X V_h (Schlag et al. 2021).
  delta,
  // sum_h G_t (H_t + diag(lambda))^-1 q_t P_h: ridge regression of the values so far on the keys so
  // far (sequence/mesa.h).
  mesa,
};

// The tokens that are keys: those that a token may read.
enum class Mask {
  context,  // all but the query
  all,
  causal,  // the token itself and those before it
  window,  // the last `window` of these
};

// The number c. root: 1 / sqrt(key size). mean: 1/n, n all tokens, or for Mask::context all but the
// query.
enum class Scale { one, mean, root };

// What a token keeps of the state before it (decay, gamma) and with what strength it writes (beta),
// in each head, of linear attention, delta and mesa with the mask causal: 1, or 1 / (1 + exp(-x))
// of a learned linear map x of the token, with bias. Linear attention with a decay is
// S_t = gamma_t S_{t-1} + beta_t v_t k_t^T, read as c S_t q_t; with momentum mu, which it alone may
// have, S_t = gamma_t S_{t-1} + M_t, M_t = mu gamma_t M_{t-1} + beta_t v_t k_t^T.
struct Gates {
  bool decay = false, strength = false;
  double cap = 1;       // gamma_t is multiplied by 1 - (1 - cap) beta_t^2 (MesaNet: 0.9975)
  double momentum = 0;  // mu

  bool operator==(const Gates&) const = default;
};

// lambda of the mesa layer, for each head [key size]: fixed, the number `least`; or `least` plus
// exp(r) (exponential, |r| at most 20) or log(1 + exp(r)) (softplus) of learned numbers r, which
// begin such that lambda is 1, or 2 `least` where that is more.
enum class RidgeKind { exponential, softplus, fixed };

struct Mesa {
  RidgeKind ridge = RidgeKind::exponential;
  double least = 0;
  MesaSolver solver = MesaSolver::direct;
  int steps = 30;           // of conjugate_gradients, at most
  double tolerance = 1e-4;  // of conjugate_gradients

  bool operator==(const Mesa&) const = default;
};

// Learned, for each head: Q, K [W, key size], V [W, value size], P [value size, width]. With bias,
// also those of X Q, X K and X V for each head, and one [width] that is added to f(X).
//
// Between the maps and the reading, in this order: with `convolution` w, each column of q, k and v
// becomes its sum over the last w tokens with learned weights (Q_conv, K_conv [w, key size], V_conv
// [w, value size], which begin as the token itself), and q and k pass through SiLU; with
// `unit_keys`, q and k become rows of length 1; and behind the reading, with `norm_heads`, what a
// head reads is normalised to a mean square of 1 and multiplied by a learned gain [value size].
struct Mixer {
  MixerKind kind = MixerKind::linear;
  Mask mask = Mask::context;
  int window = 0;  // tokens, for Mask::window alone
  int heads = 1;
  int key_size = 0;    // 0: W
  int value_size = 0;  // 0: the key size
  int width = 0;       // of a token after this mixer; 0: as before it. Others need SkipKind::none
  Scale scale = Scale::mean;
  bool bias = false;
  int convolution = 0;  // tokens; 0: none
  bool unit_keys = false;
  Gates gates = {};
  Mesa mesa = {};  // of the kind mesa alone
  bool norm_heads = false;

  bool operator==(const Mixer&) const = default;
};

// swiglu: (silu(X G + g) * (X A + a)) B + b, by elements (Shazeer 2020).
enum class MlpKind { none, gelu, relu, silu, swiglu };

enum class MlpPlace {
  before,  // the block is MLP, then mixer
  after,
  beside,  // E <- after_mixer(mixer_skip(E, mixer(before_mixer(E)) + mlp(before_mlp(E))))
};

struct Mlp {
  MlpKind kind = MlpKind::none;
  int hidden = 0;  // 0: the activation alone, without matrices and biases; not of swiglu
  bool bias = true;
  MlpPlace place = MlpPlace::before;

  bool operator==(const Mlp&) const = default;
};

enum class SkipKind {
  identity,  // E + y
  none,      // y
  linear,    // E + y + E S, S [W, W] learned and zero in the beginning
  momentum,  // v <- mu v - y, E - gamma v: v starts as zero and goes on through the blocks
};

// How the result y of a part joins E.
struct Skip {
  SkipKind kind = SkipKind::identity;
  double mu = 0, gamma = 1;  // of momentum

  bool operator==(const Skip&) const = default;
};

// In the order of MlpPlace::after. clip: at the end of the block every number is limited to
// [-clip, clip]; 0: it is not.
struct Block {
  Norm before_mixer = {};
  Mixer mixer = {};
  Skip mixer_skip = {};
  Norm after_mixer = {};
  Norm before_mlp = {};
  Mlp mlp = {};
  Skip mlp_skip = {};
  Norm after_mlp = {};
  double clip = 0;

  bool operator==(const Block&) const = default;
  int width_after(int width) const { return mixer.width > 0 ? mixer.width : width; }
};

enum class ReadoutRows {
  query,  // [1, outputs]
  every,  // [N, outputs]
  mean,   // over the tokens: [1, outputs]
};
enum class ReadoutMap {
  columns,  // `outputs` columns of E from `first` on
  matrix,   // E times a learned matrix [W, outputs]
  signs,    // the sum of the even columns minus the sum of the odd ones, over sqrt(W)
  symbols,  // E times the transpose of the table of the vocabulary: [.., vocabulary]
};

// output = factor * map(rows(norm(E))). By default it is minus the last number of the query: there
// stands y, 0 of the query, from which a step of gradient descent subtracts the prediction.
struct Readout {
  Norm norm = {};
  ReadoutRows rows = ReadoutRows::query;
  ReadoutMap map = ReadoutMap::columns;
  int first = -1;   // of map columns; negative: counted from the end, -1 is the last column
  int outputs = 1;  // of map symbols: the vocabulary
  double factor = -1;

  bool operator==(const Readout&) const = default;
};

// Limits of a description.
inline constexpr int kMaxTokens = 4096;
inline constexpr int kMaxWidth = 1024;  // of tokens, heads and the hidden layer
inline constexpr int kMaxConvolution = 64;
inline constexpr double kMaxMomentum = 0.999;  // of a state

struct TransformerSpec {
  Stem stem = {};
  std::vector<Block> blocks = {Block{}};
  // Whose weights a block uses: empty if each has its own; else the index of a block that has its
  // own for every block, its own index if it has its own. {0, 0, 0} is one block in a loop.
  std::vector<int> weights_of = {};
  Readout readout = {};

  bool operator==(const TransformerSpec&) const = default;

  int owner(std::size_t block) const {
    return weights_of.empty() ? static_cast<int>(block) : weights_of[block];
  }
  // W before block l; l = L: before the read-out.
  int width_before(std::size_t block) const;

  // Validates every field, and rejects combinations without a meaning, such as a window of a mask
  // that has none. Returns the first fault. Errors: config, in words that name the field, such as
  // "blocks[3].mixer.heads must be in [1, 64], got 0".
  Status check() const;
};

}  // namespace gramian
