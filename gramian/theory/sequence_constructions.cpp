#include "gramian/theory/sequence_constructions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/models/network.h"

namespace gramian {
namespace {

Status check_sizes(int d, int tokens, int blocks) {
  if (d < 1 || blocks * d > kMaxWidth) {
    return fail(ErrorKind::config,
                "d must be in [1, {}], so that tokens have at most {} numbers, "
                "got {}",
                kMaxWidth / blocks, kMaxWidth, d);
  }
  if (tokens < 1 || tokens > kMaxTokens)
    return fail(ErrorKind::config, "tokens must be in [1, {}], got {}", kMaxTokens, tokens);
  return {};
}

Block causal_layer(int d, SkipKind skip) {
  return {.mixer = {.mask = Mask::causal, .key_size = d, .scale = Scale::one},
          .mixer_skip = {.kind = skip}};
}

// Reads of every token `outputs` columns from `first` on.
Readout every_token(const Columns& out) {
  return {.rows = ReadoutRows::every, .first = out.first, .outputs = out.count, .factor = 1};
}

// out_t += step sum_{t'<=t} s_{t'} <before_{t'}, query_t>
void write_descent_head(Transformer& network, int layer, const Columns& query,
                        const Columns& before, const Columns& s, const Columns& out, double step) {
  write_head(
      network, layer, 0,
      {.query = query, .key = before, .value = s, .out = {{.columns = out, .factor = step}}});
}

}  // namespace

Expected<TokenConstruction> sequence_descent(const SequenceDescentSpec& spec) {
  GRAMIAN_TRY(check_sizes(spec.d, spec.tokens, 3));
  StateLayout layout;
  const Columns out = layout.add("out", spec.d, "0 at first; the prediction of s_{t+1} at the end");
  const Columns s = layout.add("s", spec.d, "s_t");
  const Columns before = layout.add("before", spec.d, "s_{t-1}; 0 in the first token");
  auto network =
      GRAMIAN_TRY(Transformer::create({.stem = {.tokens = spec.tokens, .width = layout.width()},
                                       .blocks = {causal_layer(spec.d, SkipKind::identity)},
                                       .readout = every_token(out)}));
  write_descent_head(network, 0, s, before, s, out, spec.step);
  return TokenConstruction{
      std::move(network), layout.blocks(),
      fmt::format("One step of gradient descent from Phi = 0 on the sum over t' <= t of "
                  "1/2 |s_t' - Phi s_t'-1|^2, for every t at once: s_t+1 is predicted as {:.17g} "
                  "sum_t'<=t s_t' <s_t'-1, s_t>.",
                  spec.step),
      "Exact, but for rounding."};
}

std::vector<IterationStep> solve_steps(const SequenceSolveSpec& spec) {
  const double centre = spec.ridge + spec.largest / 2, radius = spec.largest / 2;
  std::vector<IterationStep> list;
  double rho = radius / centre;
  for (int k = 0; k < spec.steps; ++k) {
    if (!spec.chebyshev || k == 0) {
      list.push_back({.alpha = 1 / centre});
      continue;
    }
    // Saad (2003), algorithm 12.1.
    const double next = 1 / (2 * centre / radius - rho);
    list.push_back({.alpha = 2 * next / radius, .beta = next * rho});
    rho = next;
  }
  return list;
}

double solve_bound(const SequenceSolveSpec& spec) {
  const double r = spec.ridge / spec.largest;
  if (!spec.chebyshev) return std::pow(1 + 2 * r, -spec.steps);
  const double c = (std::sqrt(1 + r) - std::sqrt(r)) / (std::sqrt(1 + r) + std::sqrt(r));
  return 2 * std::pow(c, spec.steps) / (1 + std::pow(c, 2 * spec.steps));
}

namespace {

// x and x_before of the next step, all from the values before the layer: attention gives
// -alpha S_{t-1} S_{t-1}^T x, and the linear skip the rest.
void write_step(Transformer& network, int layer, const IterationStep& step, double ridge,
                const Columns& x, const Columns& s, const Columns& before,
                const Columns& x_before) {
  write_head(
      network, layer, 0,
      {.query = x, .key = before, .value = before, .out = {{.columns = x, .factor = -step.alpha}}});
  const std::string skip = fmt::format("layers.{}.mixer_skip", layer);
  add_identity(network, skip, x, x, step.beta - step.alpha * ridge);
  add_identity(network, skip, s, x, step.alpha);
  add_identity(network, skip, x_before, x, -step.beta);
  add_identity(network, skip, x, x_before, 1);
  add_identity(network, skip, x_before, x_before, -1);
}

}  // namespace

Expected<TokenConstruction> sequence_solve(const SequenceSolveSpec& spec) {
  GRAMIAN_TRY(check_sizes(spec.d, spec.tokens, 5));
  if (spec.steps < 0 || spec.steps >= kMaxLayers) {
    return fail(ErrorKind::config, "steps must be in [0, {}], got {}", kMaxLayers - 1, spec.steps);
  }
  if (!(spec.ridge > 0 && spec.largest > 0)) {
    return fail(ErrorKind::config, "ridge and largest must be above 0, got {:g} and {:g}",
                spec.ridge, spec.largest);
  }
  StateLayout layout;
  const Columns out = layout.add("out", spec.d, "0 at first; the prediction of s_{t+1} at the end");
  const Columns x = layout.add("x", spec.d, "s_t at first; the solution");
  const Columns s = layout.add("s", spec.d, "s_t");
  const Columns before = layout.add("before", spec.d, "s_{t-1}; 0 in the first token");
  const Columns x_before = layout.add("x_before", spec.d, "x one step ago");
  std::vector<Block> blocks(static_cast<std::size_t>(spec.steps),
                            causal_layer(spec.d, SkipKind::linear));
  blocks.push_back(causal_layer(spec.d, SkipKind::identity));
  auto network = GRAMIAN_TRY(
      Transformer::create({.stem = {.tokens = spec.tokens, .width = 4 * spec.d, .zeros = spec.d},
                           .blocks = blocks,
                           .readout = every_token(out)}));
  const std::vector<IterationStep> steps = solve_steps(spec);
  for (int k = 0; k < spec.steps; ++k)
    write_step(network, k, steps[static_cast<std::size_t>(k)], spec.ridge, x, s, before, x_before);
  write_descent_head(network, spec.steps, x, before, s, out, 1);
  return TokenConstruction{
      std::move(network), layout.blocks(),
      fmt::format("Ridge regression of s_t' on s_t'-1, t' <= t, for every t at once: {} steps of "
                  "{} for (S_t-1 S_t-1^T + {:g} I) x = s_t from x = s_t, then s_t+1 is predicted "
                  "as sum_t'<=t s_t' <s_t'-1, x>.",
                  spec.steps, spec.chebyshev ? "Chebyshev" : "Richardson", spec.ridge),
      fmt::format("|x - solution| <= {:.3g} |s_t - solution| where no eigenvalue of S S^T is above "
                  "{:g}.",
                  solve_bound(spec), spec.largest)};
}

Expected<TokenConstruction> sequence_mesa(const SequenceMesaSpec& spec) {
  GRAMIAN_TRY(check_sizes(spec.d, spec.tokens, 3));
  if (!(spec.ridge > 0))
    return fail(ErrorKind::config, "ridge must be above 0, got {:g}", spec.ridge);
  StateLayout layout;
  const Columns out = layout.add("out", spec.d, "0 at first; the prediction of s_{t+1} at the end");
  const Columns s = layout.add("s", spec.d, "s_t");
  const Columns before = layout.add("before", spec.d, "s_{t-1}; 0 in the first token");
  Block block = causal_layer(spec.d, SkipKind::identity);
  block.mixer.kind = MixerKind::mesa;
  block.mixer.mesa = {.ridge = RidgeKind::fixed, .least = spec.ridge};
  auto network =
      GRAMIAN_TRY(Transformer::create({.stem = {.tokens = spec.tokens, .width = layout.width()},
                                       .blocks = {block},
                                       .readout = every_token(out)}));
  write_descent_head(network, 0, s, before, s, out, 1);
  return TokenConstruction{
      std::move(network), layout.blocks(),
      fmt::format("Ridge regression of s_t' on s_t'-1, t' <= t, for every t at once, by one mesa "
                  "layer: s_t+1 is predicted as S_t S_t-1^T (S_t-1 S_t-1^T + {:g} I)^-1 s_t.",
                  spec.ridge),
      "Exact, but for rounding."};
}

}  // namespace gramian
