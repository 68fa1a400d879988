#include "gramian/theory/newton_constructions.h"

#include <fmt/format.h>

#include <cmath>

#include "gramian/models/network.h"

namespace gramian {
namespace {

constexpr Readout kEveryRow{.rows = ReadoutRows::every, .map = ReadoutMap::columns, .factor = 1};

// alpha for singular values in [largest / condition, largest].
double newton_start(double largest, double condition) {
  const double least = largest / condition;
  return 2 / (largest * largest + least * least);
}

Status check_newton(int d, int steps, int most_steps, double largest, double condition) {
  if (d < 1 || 4 * d + 2 > kMaxWidth) {
    return fail(ErrorKind::config, "d must be in [1, {}], got {}", (kMaxWidth - 2) / 4, d);
  }
  if (steps < 1 || steps > most_steps) {
    return fail(ErrorKind::config,
                "steps must be in [1, {}], since a network has at most {} layers; got {}",
                most_steps, kMaxLayers, steps);
  }
  if (!(largest > 0) || !std::isfinite(largest))
    return fail(ErrorKind::config, "largest must be positive and finite, got {}", largest);
  if (!(condition >= 1) || !std::isfinite(condition)) {
    return fail(
        ErrorKind::config,
        "condition must be at least 1 and finite (a singular matrix has no inverse), got {}",
        condition);
  }
  return {};
}

std::string newton_bound(double largest, double condition, std::string_view matrix) {
  return fmt::format(
      "For a matrix {0} with singular values in [{1:.6g}, {2:.6g}]: |I - {0} X_t| <= "
      "{3:.12g}^(2^t) in the spectral norm, beside rounding; in double precision X_t is within "
      "about 1e-15 kappa({0}) of the inverse, relatively, after {4} steps.",
      matrix, largest / condition, largest,
      (condition * condition - 1) / (condition * condition + 1),
      static_cast<int>(std::ceil(2 * std::log2(condition))) + 5);
}

Block attention(int heads, int key_size, int value_size, Scale scale = Scale::one) {
  return {.mixer = {.kind = MixerKind::linear,
                    .mask = Mask::context,
                    .heads = heads,
                    .key_size = key_size,
                    .value_size = value_size,
                    .scale = scale}};
}

Block all_tokens(Block block) {
  block.mixer.mask = Mask::all;
  return block;
}

// X <- 2 X - X R^T X in one layer: two heads of size d.
void write_symmetric_step(Transformer& network, int layer, Columns x, Columns r, Columns identity) {
  write_head(network, layer, 0, {.query = x, .key = r, .value = x, .out = {{x, -1}}});
  write_head(network, layer, 1, {.query = identity, .key = identity, .value = x, .out = {{x, 1}}});
}

// The network of an inverse before its steps are written. Token j of d is row j of A [d, d]; it is
// embedded in `a`, alpha times it in `x`, and the j-th unit vector in `identity`; the output is `x`
// of each token.
Expected<Transformer> on_rows_of_matrix(const InverseSpec& spec, const StateLayout& layout,
                                        Columns x, Columns a, Columns identity,
                                        std::vector<Block> blocks) {
  const int d = spec.d;
  TransformerSpec description{.stem = {.tokens = d,
                                       .width = d,
                                       .positions = {.kind = PositionKind::one_hot, .width = d},
                                       .embedding = layout.width()},
                              .blocks = std::move(blocks),
                              .readout = kEveryRow};
  description.readout.first = x.first;
  description.readout.outputs = d;
  auto network = GRAMIAN_TRY(Transformer::create(description));
  add_identity(network, "embedding", {0, d}, x, newton_start(spec.largest, spec.condition));
  add_identity(network, "embedding", {0, d}, a);
  add_identity(network, "embedding", {d, d}, identity);
  return network;
}

Status check_regression(const RegressionSpec& spec) {
  GRAMIAN_TRY(check_newton(spec.d, spec.steps, kMaxLayers - 3, spec.largest, spec.condition));
  if (spec.n < spec.d || spec.n >= kMaxTokens) {
    return fail(
        ErrorKind::config,
        "n must be in [d, {}], since with fewer than d = {} pairs 1/n A^T A is singular and "
        "there are too few tokens for the identity; got {}",
        kMaxTokens - 1, spec.d, spec.n);
  }
  if (!(spec.ridge >= 0) || spec.ridge > spec.largest) {
    return fail(ErrorKind::config,
                "ridge must be in [0, largest] = [0, {}], since it is part of R; got {}",
                spec.largest, spec.ridge);
  }
  return {};
}

}  // namespace

Expected<TokenConstruction> symmetric_inverse(const InverseSpec& spec) {
  GRAMIAN_TRY(check_newton(spec.d, spec.steps, kMaxLayers, spec.largest, spec.condition));
  const int d = spec.d;
  StateLayout layout;
  const Columns x = layout.add("X", d, "column j of X_t in token j, after layer t"),
                r = layout.add("R", d, "row j of A in token j"),
                identity = layout.add("I", d, "1 in column j of token j");
  auto network = GRAMIAN_TRY(
      on_rows_of_matrix(spec, layout, x, r, identity,
                        {static_cast<std::size_t>(spec.steps), all_tokens(attention(2, d, d))}));
  for (int l = 0; l < spec.steps; ++l) write_symmetric_step(network, l, x, r, identity);
  return TokenConstruction{
      std::move(network), layout.blocks(),
      fmt::format("Inverse of a symmetric matrix A [{0}, {0}], one layer a step of Newton-Schulz: "
                  "X_0 = {1:.17g} A, X_t = 2 X_(t-1) - X_(t-1) A X_(t-1), t = 1 .. {2}. Token j of "
                  "{0} is row j of A. Row j of the output is column j of X_{2}.",
                  d, newton_start(spec.largest, spec.condition), spec.steps),
      newton_bound(spec.largest, spec.condition, "A")};
}

Expected<TokenConstruction> general_inverse(const InverseSpec& spec) {
  GRAMIAN_TRY(check_newton(spec.d, spec.steps, kMaxLayers / 2, spec.largest, spec.condition));
  const int d = spec.d;
  StateLayout layout;
  const Columns x = layout.add("X", d, "column j of X_t in token j, after layer 2t"),
                a = layout.add("A^T", d, "row j of A, which is column j of A^T, in token j"),
                b = layout.add("B", d, "column j of A X_t in token j, after layer 2t + 1; else 0"),
                identity = layout.add("I", d, "1 in column j of token j");
  std::vector<Block> blocks;
  for (int t = 0; t < spec.steps; ++t) {
    blocks.push_back(all_tokens(attention(1, d, d)));
    blocks.push_back(all_tokens(attention(2, d, 2 * d)));
  }
  auto network = GRAMIAN_TRY(on_rows_of_matrix(spec, layout, x, a, identity, std::move(blocks)));
  for (int t = 0; t < spec.steps; ++t) {
    write_head(network, 2 * t, 0, {.query = x, .key = a, .value = identity, .out = {{b, 1}}});
    write_head(network, 2 * t + 1, 0, {.query = b, .key = identity, .value = x, .out = {{x, -1}}});
    // +X, and beside it -B, which clears B: values of 2d numbers.
    write_head(network, 2 * t + 1, 1,
               {.query = identity, .key = identity, .value = x, .out = {{x, 1}}});
    const std::string head = fmt::format("layers.{}.heads.1.", 2 * t + 1);
    add_identity(network, head + "V", b, {d, d});
    add_identity(network, head + "P", {d, d}, b, -1);
  }
  return TokenConstruction{
      std::move(network), layout.blocks(),
      fmt::format("Inverse of any invertible matrix A [{0}, {0}], two layers a step of "
                  "Newton-Schulz: X_0 = {1:.17g} A^T; layer 2t + 1 makes B = A X_t, layer 2t + 2 "
                  "makes X_(t+1) = 2 X_t - X_t B and clears B, t = 0 .. {2}. Token j of {0} is row "
                  "j of A. Row j of the output is column j of X_{3}.",
                  d, newton_start(spec.largest, spec.condition), spec.steps - 1, spec.steps),
      newton_bound(spec.largest, spec.condition, "A")};
}

Expected<TokenConstruction> newton_regression(const RegressionSpec& spec) {
  GRAMIAN_TRY(check_regression(spec));
  const int d = spec.d;
  StateLayout layout;
  const Columns x = layout.add("X", d, "column j of X_t in token j < d, after layer t + 1"),
                r = layout.add("R", d, "column j of R = 1/n A^T A + ridge I in token j < d"),
                identity = layout.add("I", d, "1 in column j of token j < d"),
                a = layout.add("A", d, "x_j in token j; that of the query in the last"),
                y = layout.add("y", 1, "y_j in token j; 0 in the last"),
                out = layout.add("out", 1,
                                 "w_j in token j < d after layer T + 2; <w, x_q> in the last");
  const Block means = attention(1, d, d, Scale::mean), step = attention(2, d, d);
  TransformerSpec description{.stem = {.tokens = spec.n + 1,
                                       .width = d + 1,
                                       .positions = {.kind = PositionKind::one_hot, .width = d},
                                       .embedding = layout.width()},
                              .blocks = {means},
                              .readout = {.first = out.first, .factor = 1}};
  for (int t = 0; t < spec.steps; ++t) description.blocks.push_back(step);
  description.blocks.push_back(attention(1, d, 1, Scale::mean));
  description.blocks.push_back(attention(1, d, 1));
  auto network = GRAMIAN_TRY(Transformer::create(description));
  const double alpha = newton_start(spec.largest, spec.condition);
  add_identity(network, "embedding", {0, d}, a);
  add_identity(network, "embedding", {d, 1}, y);
  add_identity(network, "embedding", {d + 1, d}, identity);
  add_identity(network, "embedding", {d + 1, d}, r, spec.ridge);
  add_identity(network, "embedding", {d + 1, d}, x, alpha * spec.ridge);
  // 1/n A^T A to R and alpha times that to X: its columns are 1/n sum_j x_j <x_j, e_i>.
  const std::string first = "layers.0.heads.0.";
  add_identity(network, first + "Q", identity, {0, d});
  add_identity(network, first + "K", a, {0, d});
  add_identity(network, first + "V", a, {0, d});
  add_identity(network, first + "P", {0, d}, r);
  add_identity(network, first + "P", {0, d}, x, alpha);
  for (int t = 0; t < spec.steps; ++t) write_symmetric_step(network, t + 1, x, r, identity);
  write_head(network, spec.steps + 1, 0, {.query = x, .key = a, .value = y, .out = {{out, 1}}});
  write_head(network, spec.steps + 2, 0,
             {.query = a, .key = identity, .value = out, .out = {{out, 1}}});
  return TokenConstruction{
      std::move(network), layout.blocks(),
      fmt::format(
          "Least squares with the penalty {0:.17g}: layer 1 makes R = 1/n A^T A + {0:.17g} I and "
          "X_0 = {1:.17g} R of the inputs A [n, {2}]; layers 2 .. {3} are X_t = 2 X_(t-1) - "
          "X_(t-1) R "
          "X_(t-1), t = 1 .. {4}; layer {5} makes w = X_{4} 1/n A^T y, and layer {6} <w, x_q>. "
          "Tokens are (x_j, y_j), then the query (x_q, 0); it runs on every n >= {2}.",
          spec.ridge, alpha, d, spec.steps + 1, spec.steps, spec.steps + 2, spec.steps + 3),
      newton_bound(spec.largest, spec.condition, "R")};
}

}  // namespace gramian
