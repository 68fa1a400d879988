#include "gramian/theory/logistic_construction.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "gramian/models/network.h"
#include "gramian/theory/piecewise_linear.h"

namespace gramian {
namespace {

// The range of 4 s + x and 4 s - x for s in [0, 1/4], |x| <= 1. Four times s, so that the factors
// of the product are of one size: the error is then less.
constexpr double kBalance = 4, kLowestSum = -1, kHighestSum = 2;

struct LogisticColumns {
  Columns x, y, identity, w, one, t, s, r, u, b, hessian, inverse, direction, z, phi;
};

LogisticColumns place(StateLayout& layout, int d) {
  return {.x = layout.add("x", d, "x_i in token i"),
          .y = layout.add("y", 1, "y_i in token i; 0 in the last"),
          .identity = layout.add("I", d, "1 in column i of token i < d"),
          .w = layout.add("w", d, "w, in every token"),
          .one = layout.add("1", 1, "1 after layer 1"),
          .t = layout.add("t", 1, "<w, x_i>"),
          .s = layout.add("s", 1, "about sigma(t) sigma(-t)"),
          .r = layout.add("r", 1, "about (y + 1)/2 - sigma(t)"),
          .u = layout.add("u", d, "about s x"),
          .b = layout.add("b", d, "minus the gradient, in every token"),
          .hessian = layout.add("R", d, "column i of the Hessian in token i < d"),
          .inverse = layout.add("X", d, "column i of its inverse in token i < d"),
          .direction = layout.add("D", d, "X b, in every token"),
          .z = layout.add("z", 1, "<b, D> = lambda^2"),
          .phi = layout.add("phi", 1, "about 2 sqrt(mu) / (2 sqrt(mu) + sqrt(z))")};
}

// The MLP of a layer, unit by unit.
class Units {
 public:
  Units(Transformer& network, int layer)
      : network_(network), name_(fmt::format("layers.{}.mlp.", layer)) {}

  struct Term {
    int column;
    double factor;
  };
  // ReLU(bias + sum of inputs), added to outputs.
  void add(std::initializer_list<Term> inputs, double bias, std::initializer_list<Term> outputs) {
    for (const auto& [column, factor] : inputs)
      add_entry(network_, name_ + "in", column, next_, factor);
    add_entry(network_, name_ + "in_bias", 0, next_, bias);
    for (const auto& [column, factor] : outputs)
      add_entry(network_, name_ + "out", next_, column, factor);
    ++next_;
  }
  void add_bias(int column, double value) {
    add_entry(network_, name_ + "out_bias", 0, column, value);
  }

 private:
  Transformer& network_;
  std::string name_;
  int next_ = 0;
};

double sigmoid_of(double t) { return 1 / (1 + std::exp(-t)); }

struct LogisticGadgets {
  PiecewiseLinear slope, sigmoid, square, damping;
};

LogisticGadgets gadgets(const LogisticSpec& spec) {
  // f decreases from f(0) = log 2, so that mu/2 |w|^2 <= log 2 on the way; 5% are for rounding and
  // for what interpolation adds.
  const double range = 1.05 * std::sqrt(2 * std::numbers::ln2 / spec.mu);
  // |g| <= 1 + mu |w| and H >= mu.
  const double root = (1 + spec.mu * range) / std::sqrt(spec.mu), most = root * root;
  return {.slope = interpolate([](double t) { return sigmoid_of(t) * sigmoid_of(-t); },
                               even_knots(-range, range, spec.knots)),
          .sigmoid = interpolate(sigmoid_of, even_knots(-range, range, spec.knots)),
          .square = interpolate([](double v) { return v * v; },
                                even_knots(kLowestSum, kHighestSum, spec.knots)),
          .damping = interpolate(
              [&](double z) {
                return 2 * std::sqrt(spec.mu) / (2 * std::sqrt(spec.mu) + std::sqrt(z));
              },
              geometric_knots(1e-8 * most, most, spec.knots))};
}

Block layer_of(int heads, int key_size, int value_size, Scale scale, int hidden = 0) {
  Block block{.mixer = {.kind = MixerKind::linear,
                        .mask = Mask::context,
                        .heads = heads,
                        .key_size = key_size,
                        .value_size = value_size,
                        .scale = scale}};
  if (hidden > 0) block.mlp = {.kind = MlpKind::relu, .hidden = hidden, .place = MlpPlace::after};
  return block;
}

// How many units the layer has that clears what a step has computed.
int clearing_units(int d) { return 2 * (5 * d + 5) + d; }

std::vector<Block> step_blocks(const LogisticSpec& spec) {
  const int d = spec.d, units = spec.knots + 1;
  std::vector<Block> blocks{layer_of(1, d, 1, Scale::mean, units + 1),
                            layer_of(2, 1, d, Scale::mean, 2 * d * units),
                            layer_of(1, d, d, Scale::mean)};
  blocks.insert(blocks.end(), static_cast<std::size_t>(spec.inversions),
                layer_of(2, d, d, Scale::one));
  blocks.push_back(layer_of(1, d, d, Scale::one));
  blocks.push_back(layer_of(1, d, 1, Scale::mean, units));
  blocks.push_back(layer_of(1, 1, d, Scale::mean, clearing_units(d)));
  return blocks;
}

// Layers 1 and 2: what the gradient and the Hessian need of each token.
void write_token_functions(Transformer& network, const LogisticColumns& at,
                           const LogisticSpec& spec, const LogisticGadgets& with) {
  write_head(network, 1, 0, {.query = at.x, .key = at.w, .value = at.one, .out = {{at.t, 1}}});
  Units first(network, 1);
  for (std::size_t j = 0; j < with.slope.knots.size(); ++j) {
    first.add({{at.t.first, 1}}, -with.slope.knots[j],
              {{at.s.first, with.slope.jumps[j]}, {at.r.first, -with.sigmoid.jumps[j]}});
  }
  first.add_bias(at.s.first, with.slope.offset);
  first.add({{at.y.first, 1}}, 1, {{at.r.first, 0.5}});  // (y + 1) / 2, as y >= -1
  first.add_bias(at.r.first, -with.sigmoid.offset);

  write_head(network, 2, 0, {.query = at.one, .key = at.r, .value = at.x, .out = {{at.b, 1}}});
  write_head(network, 2, 1,
             {.query = at.one, .key = at.one, .value = at.w, .out = {{at.b, -spec.mu}}});
  Units second(network, 2);
  for (int i = 0; i < spec.d; ++i) {
    for (const double sign : {1.0, -1.0}) {
      for (std::size_t j = 0; j < with.square.knots.size(); ++j) {
        second.add({{at.s.first, kBalance}, {at.x.first + i, sign}}, -with.square.knots[j],
                   {{at.u.first + i, sign * with.square.jumps[j] / (4 * kBalance)}});
      }
    }
  }
}

// The last three layers of a step, of which the first is `layer`.
void write_update(Transformer& network, int layer, const LogisticColumns& at,
                  const LogisticSpec& spec, const LogisticGadgets& with) {
  write_head(network, layer, 0,
             {.query = at.b, .key = at.identity, .value = at.inverse, .out = {{at.direction, 1}}});
  write_head(network, layer + 1, 0,
             {.query = at.b, .key = at.direction, .value = at.one, .out = {{at.z, 1}}});
  Units damping(network, layer + 1);
  for (std::size_t j = 0; j < with.damping.knots.size(); ++j) {
    damping.add({{at.z.first, 1}}, -with.damping.knots[j], {{at.phi.first, with.damping.jumps[j]}});
  }
  damping.add_bias(at.phi.first, with.damping.offset);

  write_head(network, layer + 2, 0,
             {.query = at.one, .key = at.phi, .value = at.direction, .out = {{at.w, 1}}});
  Units clearing(network, layer + 2);
  for (const Columns& block :
       {at.t, at.s, at.r, at.u, at.b, at.hessian, at.inverse, at.direction, at.z, at.phi}) {
    for (int i = block.first; i < block.first + block.count; ++i) {
      clearing.add({{i, 1}}, 0, {{i, -1}});
      clearing.add({{i, -1}}, 0, {{i, 1}});
    }
  }
  for (int i = 0; i < spec.d; ++i) {
    clearing.add(
        {{at.identity.first + i, 1}}, 0,
        {{at.hessian.first + i, spec.mu}, {at.inverse.first + i, 2 / (2 * spec.mu + 0.25)}});
  }
}

Status check_logistic(const LogisticSpec& spec) {
  const auto refuse = [](std::string_view name, int low, int high, int value) {
    return fail(ErrorKind::config, "{} must be in [{}, {}], got {}", name, low, high, value);
  };
  if (spec.d < 1 || spec.d > 100) return refuse("d", 1, 100, spec.d);
  if (spec.n < spec.d || spec.n >= kMaxTokens) return refuse("n", spec.d, kMaxTokens - 1, spec.n);
  if (!(spec.mu > 0) || !std::isfinite(spec.mu)) {
    return fail(ErrorKind::config, "mu must be positive and finite, got {}", spec.mu);
  }
  const int most_knots = kMaxWidth / (2 * spec.d) - 1;
  if (spec.knots < 2 || spec.knots > most_knots) return refuse("knots", 2, most_knots, spec.knots);
  if (spec.inversions < 1 || spec.inversions > 30)
    return refuse("inversions", 1, 30, spec.inversions);
  const int most_steps = (kMaxLayers - 2) / logistic_layers_per_step(spec.inversions);
  if (spec.steps < 1 || spec.steps > most_steps) return refuse("steps", 1, most_steps, spec.steps);
  return {};
}

TransformerSpec description_of(const LogisticSpec& spec, const StateLayout& layout,
                               const LogisticColumns& at) {
  TransformerSpec description{
      .stem = {.tokens = spec.n + 1,
               .width = spec.d + 1,
               .positions = {.kind = PositionKind::one_hot, .width = spec.d},
               .embedding = layout.width()},
      .blocks = {{.mixer = {.kind = MixerKind::none},
                  .mlp = {.kind = MlpKind::relu, .hidden = 1, .place = MlpPlace::after}}},
      .weights_of = {0},
      .readout = {.first = at.t.first, .factor = 1}};
  const std::vector<Block> step = step_blocks(spec);
  for (int t = 0; t < spec.steps; ++t) {
    for (std::size_t l = 0; l < step.size(); ++l) {
      description.blocks.push_back(step[l]);
      description.weights_of.push_back(static_cast<int>(l) + 1);
    }
  }
  description.weights_of.push_back(static_cast<int>(description.blocks.size()));
  description.blocks.push_back(layer_of(1, spec.d, 1, Scale::mean));
  return description;
}

std::string algorithm_of(const LogisticSpec& spec) {
  return fmt::format(
      "Logistic regression with the penalty mu/2 |w|^2, mu = {0:.17g}, by {1} steps of damped "
      "Newton: layer 1 writes 1 into each token; a step is {2} layers, with the same weights in "
      "every step: t = <w, x>, ReLU s ~ sigma(t) sigma(-t) and r = (y + 1)/2 - sigma(t); b = mean "
      "of r x, minus mu w, ReLU u ~ s x by squares; R = mu I + mean of x u^T; {3} times X <- 2 X - "
      "X R^T X from X = {4:.17g} I; D = X b; z = <b, D>, ReLU phi ~ 2 sqrt(mu) / (2 sqrt(mu) + "
      "sqrt(z)); w <- w + phi D, ReLU clears the rest. The last layer is <w, x_q>. Tokens are "
      "(x_j, y_j) with |x_j| <= 1 and y_j = +-1, then the query (x_q, 0); it runs on every n >= "
      "{5}.",
      spec.mu, spec.steps, logistic_layers_per_step(spec.inversions), spec.inversions,
      2 / (2 * spec.mu + 0.25), spec.d);
}

std::string bound_of(const LogisticSpec& spec, const LogisticGadgets& with) {
  const double h = with.slope.knots[1] - with.slope.knots[0],
               e = with.square.knots[1] - with.square.knots[0];
  return fmt::format(
      "Against one exact step from the same w: s is within {:.2g} and r within {:.2g}, entries of "
      "u within {:.2g} more, phi relatively within {:.2g} where lambda^2 > {:.2g}, and the inverse "
      "within a residual of {:.2g}. All but the last fall fourfold where the knots are doubled. "
      "For |x_j| <= 1.",
      h * h / 64, h * h / 8 / (6 * std::sqrt(3.0)), e * e / (16 * kBalance),
      std::pow(std::log(with.damping.knots[2] / with.damping.knots[1]), 2) / 32,
      with.damping.knots[1], std::pow(0.25 / (2 * spec.mu + 0.25), std::exp2(spec.inversions)));
}

}  // namespace

Expected<TokenConstruction> logistic_newton(const LogisticSpec& spec) {
  GRAMIAN_TRY(check_logistic(spec));
  StateLayout layout;
  const LogisticColumns at = place(layout, spec.d);
  if (layout.width() > kMaxWidth || clearing_units(spec.d) > kMaxWidth)
    return fail(ErrorKind::config, "d = {} needs tokens wider than {}", spec.d, kMaxWidth);
  auto network = GRAMIAN_TRY(Transformer::create(description_of(spec, layout, at)));
  const LogisticGadgets with = gadgets(spec);
  add_identity(network, "embedding", {0, spec.d}, at.x);
  add_identity(network, "embedding", {spec.d, 1}, at.y);
  const Columns positions{spec.d + 1, spec.d};
  add_identity(network, "embedding", positions, at.identity);
  add_identity(network, "embedding", positions, at.hessian, spec.mu);
  add_identity(network, "embedding", positions, at.inverse, 2 / (2 * spec.mu + 0.25));
  Units(network, 0).add_bias(at.one.first, 1);
  write_token_functions(network, at, spec, with);
  write_head(network, 3, 0,
             {.query = at.identity, .key = at.u, .value = at.x, .out = {{at.hessian, 1}}});
  for (int m = 0; m < spec.inversions; ++m) {
    write_head(
        network, 4 + m, 0,
        {.query = at.inverse, .key = at.hessian, .value = at.inverse, .out = {{at.inverse, -1}}});
    write_head(
        network, 4 + m, 1,
        {.query = at.identity, .key = at.identity, .value = at.inverse, .out = {{at.inverse, 1}}});
  }
  write_update(network, 4 + spec.inversions, at, spec, with);
  const int last = static_cast<int>(network.spec().blocks.size()) - 1;
  write_head(network, last, 0, {.query = at.x, .key = at.w, .value = at.one, .out = {{at.t, 1}}});
  return TokenConstruction{std::move(network), layout.blocks(), algorithm_of(spec),
                           bound_of(spec, with)};
}

}  // namespace gramian
