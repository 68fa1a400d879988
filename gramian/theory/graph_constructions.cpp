#include "gramian/theory/graph_constructions.h"

#include <fmt/format.h>

#include <cmath>

#include "gramian/models/graph_transformer.h"

namespace gramian {

namespace {

constexpr Readout kPhi{.rows = ReadoutRows::every, .map = ReadoutMap::columns, .factor = 1};

Status check_graph_spec(const GraphConstructionSpec& spec, int width) {
  if (spec.nodes < 2 || spec.nodes > kMaxTokens)
    return fail(ErrorKind::config, "nodes must be in [2, {}], got {}", kMaxTokens, spec.nodes);
  if (spec.edges < 1 || spec.demands < 1 || width > kMaxWidth) {
    return fail(
        ErrorKind::config,
        "edges and demands must be at least 1 and make tokens of at most {} numbers, got {} "
        "and {}, which make {}",
        kMaxWidth, spec.edges, spec.demands, width);
  }
  if (spec.layers < 1 || spec.layers > kMaxLayers)
    return fail(ErrorKind::config, "layers must be in [1, {}], got {}", kMaxLayers, spec.layers);
  if (!(spec.largest > 0 && spec.least > 0 && spec.least <= spec.largest && spec.heat_time > 0)) {
    return fail(ErrorKind::config,
                "0 < least <= largest and 0 < heat_time must hold, got least {}, largest {} and "
                "heat_time {}",
                spec.least, spec.largest, spec.heat_time);
  }
  return {};
}

Block graph_block(const Norm& norm, int value_size) {
  return {.mixer = {.kind = MixerKind::linear,
                    .mask = Mask::all,
                    .heads = 1,
                    .key_size = 0,
                    .value_size = value_size,
                    .scale = Scale::one},
          .mixer_skip = {.kind = SkipKind::linear},
          .after_mixer = norm};
}

// A network with the columns (B, Psi, Phi) and what writes its layers.
struct FlowNetwork {
  StateLayout layout;
  Columns b, psi, phi;
  Transformer network;

  static Expected<FlowNetwork> make(const GraphConstructionSpec& spec, int value_size,
                                    std::string_view what_psi, std::string_view what_phi) {
    GRAMIAN_TRY(check_graph_spec(spec, spec.edges + 2 * spec.demands));
    StateLayout layout;
    const Columns b = layout.add("B", spec.edges, "row j of the incidence matrix in token j"),
                  psi = layout.add("Psi", spec.demands, std::string(what_psi)),
                  phi = layout.add("Phi", spec.demands, std::string(what_phi));
    const Norm norm =
        graph_norm(spec.norm ? GraphNorm::frobenius : GraphNorm::none, spec.edges, spec.demands);
    Block block = graph_block(norm, value_size);
    block.mixer.key_size = spec.edges;
    TransformerSpec description{
        .stem = {.tokens = spec.nodes, .width = spec.edges + spec.demands, .zeros = spec.demands},
        .blocks = {static_cast<std::size_t>(spec.layers), block},
        .readout = kPhi};
    description.readout.first = phi.first;
    description.readout.outputs = spec.demands;
    auto network = GRAMIAN_TRY(Transformer::create(description));
    return FlowNetwork{std::move(layout), b, psi, phi, std::move(network)};
  }

  void skip(int layer, Columns from, Columns to, double factor) {
    add_identity(network, fmt::format("layers.{}.mixer_skip", layer), from, to, factor);
  }
  void head(int layer, Columns value, std::vector<HeadColumns::Out> out) {
    write_head(network, layer, 0, {.query = b, .key = b, .value = value, .out = {std::move(out)}});
  }
  // One value written to two blocks: the same columns of V go to both.
  void head_to_both(int layer, Columns value, double factor, Columns one, Columns other) {
    head(layer, value, {{one, factor}});
    add_identity(network, fmt::format("layers.{}.heads.0.P", layer), {0, value.count}, other,
                 factor);
  }
};

std::string size_of_graph(const GraphConstructionSpec& spec) {
  return fmt::format(
      "Token j of {} is node j: row j of the incidence matrix [{}, {}] and its {} demands, each "
      "column with sum 0{}. Output: Phi.",
      spec.nodes, spec.nodes, spec.edges, spec.demands,
      spec.norm ? "; B has Frobenius norm 1, and Phi is the answer up to its scale" : "");
}

std::string range_of(const GraphConstructionSpec& spec) {
  return fmt::format("For graphs of one part with eigenvalues, but for 0, in [{:.6g}, {:.6g}]",
                     spec.least, spec.largest);
}

std::string rounding() { return ", beside rounding of about 1e-13 largest / least."; }

TokenConstruction made_of(FlowNetwork made, std::string algorithm, std::string bound) {
  return {std::move(made.network), made.layout.blocks(), std::move(algorithm), std::move(bound)};
}

// The columns of the fast constructions, and their first layer, M = I - step L.
struct FastNetwork {
  StateLayout layout;
  Columns b, psi, one, m, phi;
  Transformer network;

  static Expected<FastNetwork> make(const GraphConstructionSpec& spec, double step,
                                    std::string_view what_phi) {
    GRAMIAN_TRY(check_graph_spec(spec, spec.edges + 2 * spec.demands + 2 * spec.nodes));
    const int n = spec.nodes, k = spec.demands;
    StateLayout layout;
    const Columns b = layout.add("B", spec.edges, "row j of the incidence matrix in token j"),
                  psi = layout.add("Psi", k, "demands"),
                  one = layout.add("I", n, "1 in column j of token j"),
                  m = layout.add("M", n, "row j of M in token j, from layer 1 on"),
                  phi = layout.add("Phi", k, std::string(what_phi));
    // B has the size of the keys in the first layer, the identity and M in the others.
    Norm norm;
    if (spec.norm)
      norm = {.kind = NormKind::frobenius, .lead = b.count, .first = phi.first, .count = k};
    Block first = graph_block({}, n), step_block = graph_block(norm, n + k);
    first.mixer.key_size = spec.edges;
    step_block.mixer.key_size = n;
    TransformerSpec description{.stem = {.tokens = n,
                                         .width = spec.edges + k,
                                         .positions = {.kind = PositionKind::one_hot, .width = n},
                                         .embedding = layout.width()},
                                .blocks = {static_cast<std::size_t>(spec.layers), step_block},
                                .readout = kPhi};
    description.blocks.front() = first;
    description.readout.first = phi.first;
    description.readout.outputs = k;
    auto network = GRAMIAN_TRY(Transformer::create(description));
    add_identity(network, "embedding", {0, spec.edges}, b);
    add_identity(network, "embedding", {spec.edges, k}, psi);
    add_identity(network, "embedding", {spec.edges + k, n}, one);
    write_head(network, 0, 0, {.query = b, .key = b, .value = one, .out = {{m, -step}}});
    add_identity(network, "layers.0.mixer_skip", one, m);
    return FastNetwork{std::move(layout), b, psi, one, m, phi, std::move(network)};
  }

  // M <- M^2 and, with_phi, phi <- phi + M phi: scores of the identity with M are M.
  void square(int layer, bool with_phi) {
    write_head(network, layer, 0, {.query = m, .key = one, .value = m, .out = {{m, 1}}});
    if (with_phi) {
      const std::string head = fmt::format("layers.{}.heads.0.", layer);
      add_identity(network, head + "V", phi, {m.count, phi.count});
      add_identity(network, head + "P", {m.count, phi.count}, phi);
    }
    add_identity(network, fmt::format("layers.{}.mixer_skip", layer), m, m, -1);
  }
};

}  // namespace

Expected<TokenConstruction> electric_potential(const GraphConstructionSpec& spec) {
  auto made =
      GRAMIAN_TRY(FlowNetwork::make(spec, spec.demands, "demands", "phi after so many steps"));
  const double delta = 1 / spec.largest;
  for (int l = 0; l < spec.layers; ++l) {
    made.head(l, made.phi, {{made.phi, -delta}});
    made.skip(l, made.psi, made.phi, delta);
  }
  return made_of(
      std::move(made),
      fmt::format(
          "Electric potentials L^+ Psi, L = B B^T, by gradient descent, a step a layer: Phi "
          "<- Phi - {0:.17g} (L Phi - Psi) from 0, {1} times. {2}",
          delta, spec.layers, size_of_graph(spec)),
      fmt::format("{}: after l layers |Phi - L^+ Psi| <= {:.12g}^l |L^+ Psi|{}", range_of(spec),
                  1 - spec.least / spec.largest, rounding()));
}

Expected<TokenConstruction> resistive_embedding(const GraphConstructionSpec& spec) {
  auto made =
      GRAMIAN_TRY(FlowNetwork::make(spec, spec.demands, "(I - L / largest)^l of the demands",
                                    "the sum of l terms of the series"));
  const double delta = 1 / spec.largest;
  double a = 1;  // C(2l, l) / 4^l
  for (int l = 0; l < spec.layers; ++l) {
    made.head(l, made.psi, {{made.psi, -delta}});
    made.skip(l, made.psi, made.phi, std::sqrt(delta) * a);
    a *= (2.0 * l + 1) / (2.0 * l + 2);
  }
  return made_of(
      std::move(made),
      fmt::format(
          "The resistive embedding L^(+ 1/2) Psi, L = B B^T, by the series of (1 - x)^(-1/2) "
          "in x = I - d L, d = {0:.17g}: in layer l = 0 .. {1}, Phi += sqrt(d) C(2l, l) / "
          "4^l Psi and Psi <- Psi - d L Psi, both from Psi before the layer. {2}",
          delta, spec.layers - 1, size_of_graph(spec)),
      fmt::format(
          "{}: after {} layers |Phi - L^(+ 1/2) Psi| <= {:.6g} |L^(+ 1/2) Psi|, the rest of "
          "the series at the least eigenvalue{}",
          range_of(spec), spec.layers, embedding_bound(spec.least / spec.largest, spec.layers),
          rounding()));
}

Expected<TokenConstruction> heat_taylor(const GraphConstructionSpec& spec) {
  auto made = GRAMIAN_TRY(FlowNetwork::make(spec, spec.demands, "term l of the series",
                                            "the sum of terms 0 to l, after layer l"));
  for (int l = 0; l < spec.layers; ++l) {
    const double factor = -spec.heat_time / (l + 1);
    made.head_to_both(l, made.psi, factor, made.psi, made.phi);
    made.skip(l, made.psi, made.psi, -1);
    if (l == 0) made.skip(l, made.psi, made.phi, 1);
  }
  return made_of(
      std::move(made),
      fmt::format(
          "The heat kernel exp(-s L) Psi, L = B B^T, s = {0:.17g}, by its Taylor series: in "
          "layer l = 1 .. {1}, Psi <- -s/l L Psi and Phi += the new Psi, from Phi = Psi. {2}",
          spec.heat_time, spec.layers, size_of_graph(spec)),
      fmt::format(
          "{}: after {} layers the rest of the series, at most {:.6g} |Psi|, beside rounding "
          "of about 1e-16 exp(s largest) = {:.2g}.",
          range_of(spec), spec.layers,
          heat_taylor_bound(spec.heat_time * spec.largest, spec.layers),
          1e-16 * std::exp(spec.heat_time * spec.largest)));
}

Expected<TokenConstruction> heat_euler(const GraphConstructionSpec& spec) {
  auto made =
      GRAMIAN_TRY(FlowNetwork::make(spec, spec.demands, "demands", "phi after so many steps"));
  const double step = spec.heat_time / spec.layers;
  for (int l = 0; l < spec.layers; ++l) {
    if (l == 0) {
      made.head(l, made.psi, {{made.phi, -step}});
      made.skip(l, made.psi, made.phi, 1);
    } else {
      made.head(l, made.phi, {{made.phi, -step}});
    }
  }
  double worst = 0;  // over the range; the error of one eigenvalue has one maximum
  for (int i = 0; i <= 1000; ++i) {
    const double lambda = spec.least + (spec.largest - spec.least) * i / 1000;
    worst = std::max(worst, heat_euler_bound(spec.heat_time * lambda, spec.layers));
  }
  return made_of(
      std::move(made),
      fmt::format(
          "The heat kernel exp(-s L) Psi, L = B B^T, s = {0:.17g}, by {1} steps of Euler: Phi "
          "<- (I - s/{1} L) Phi from Psi. {2}",
          spec.heat_time, spec.layers, size_of_graph(spec)),
      fmt::format("{}: |(1 - s lambda / T)^T - exp(-s lambda)| |Psi|, at most {:.6g} |Psi|{}",
                  range_of(spec), worst, rounding()));
}

Expected<TokenConstruction> electric_fast(const GraphConstructionSpec& spec) {
  const double delta = 1 / spec.largest;
  auto made = GRAMIAN_TRY(FastNetwork::make(spec, delta, "the sum of 2^l terms after layer l + 1"));
  add_identity(made.network, "layers.0.mixer_skip", made.psi, made.phi, delta);
  for (int l = 1; l < spec.layers; ++l) made.square(l, true);
  return TokenConstruction{
      std::move(made.network), made.layout.blocks(),
      fmt::format(
          "Electric potentials L^+ Psi, L = B B^T, by products: layer 0 makes M = I - d L and "
          "Phi = d Psi, d = {0:.17g}; layers 1 .. {1} are Phi <- Phi + M Phi and M <- M^2. "
          "{2}",
          delta, spec.layers - 1, size_of_graph(spec)),
      fmt::format(
          "{}: after layer l |Phi - L^+ Psi| <= {:.12g}^(2^l) |L^+ Psi|, beside rounding that "
          "doubles with each layer, about 1e-15 2^l: more layers than that bound needs make "
          "it worse.",
          range_of(spec), 1 - spec.least / spec.largest)};
}

Expected<TokenConstruction> heat_fast(const GraphConstructionSpec& spec) {
  if (spec.layers < 2)
    return fail(ErrorKind::config, "layers must be at least 2, got {}", spec.layers);
  const int squarings = spec.layers - 2;  // then one layer for M Psi
  const double step = spec.heat_time / std::pow(2.0, squarings);
  auto made = GRAMIAN_TRY(FastNetwork::make(spec, step, "M Psi, after the last layer"));
  for (int l = 1; l <= squarings; ++l) made.square(l, false);
  write_head(made.network, spec.layers - 1, 0,
             {.query = made.m, .key = made.one, .value = made.psi, .out = {{made.phi, 1}}});
  const double x = spec.heat_time * spec.largest;
  return TokenConstruction{
      std::move(made.network), made.layout.blocks(),
      fmt::format(
          "The heat kernel exp(-s L) Psi, L = B B^T, s = {0:.17g}, by squaring: layer 0 makes "
          "M = I - s / 2^{1} L, layers 1 .. {1} are M <- M^2, and the last makes Phi = M "
          "Psi. {2}",
          spec.heat_time, squarings, size_of_graph(spec)),
      fmt::format(
          "{}: the error of 2^{} steps of Euler; first order in s lambda / 2^{}, which is at "
          "most {:.6g}{}",
          range_of(spec), squarings, squarings, x / std::pow(2.0, squarings), rounding())};
}

Expected<TokenConstruction> graph_eigenvectors(const EigenvectorSpec& spec) {
  const int k = spec.vectors;
  if (k < 1 || k >= spec.nodes || spec.sweeps < 1 || spec.sweeps * k > kMaxLayers) {
    return fail(ErrorKind::config,
                "vectors must be in [1, nodes - 1] = [1, {}] and sweeps times vectors in [1, {}], "
                "got {} vectors and {} sweeps",
                spec.nodes - 1, kMaxLayers, k, spec.sweeps);
  }
  const GraphConstructionSpec sizes{.nodes = spec.nodes,
                                    .edges = spec.edges,
                                    .demands = k,
                                    .layers = spec.sweeps * k,
                                    .largest = spec.largest,
                                    .least = spec.largest};
  GRAMIAN_TRY(check_graph_spec(sizes, spec.edges + k));
  StateLayout layout;
  const Columns b = layout.add("B", spec.edges, "row j of the incidence matrix in token j"),
                phi = layout.add("Phi", k, "the vectors as columns, of length 1 after each layer");
  const Norm norm{.kind = NormKind::columns,
                  .lead = spec.norm ? spec.edges : 0,
                  .first = phi.first,
                  .count = k};
  Block multiply = graph_block(norm, k), orthogonal = graph_block(norm, k);
  multiply.mixer.key_size = spec.edges;
  orthogonal.mixer.key_size = 1;
  TransformerSpec description{
      .stem = {.tokens = spec.nodes, .width = spec.edges + k}, .blocks = {}, .readout = kPhi};
  for (int l = 0; l < sizes.layers; ++l) {
    description.blocks.push_back(l % k == 0 ? multiply : orthogonal);
    description.weights_of.push_back(l % k);  // every sweep is the first
  }
  description.readout.first = phi.first;
  description.readout.outputs = k;
  auto network = GRAMIAN_TRY(Transformer::create(description));
  const double sign = spec.top ? 1 : -1, keep = spec.top ? -1 : spec.largest - 1;
  write_head(network, 0, 0, {.query = b, .key = b, .value = phi, .out = {{phi, sign}}});
  add_identity(network, "layers.0.mixer_skip", phi, phi, keep);
  for (int i = 0; i + 1 < k; ++i) {
    const std::string head = fmt::format("layers.{}.heads.0.", i + 1);
    add_entry(network, head + "Q", phi.first + i, 0, 1);
    add_entry(network, head + "K", phi.first + i, 0, 1);
    add_identity(network, head + "V", phi, {0, k});
    for (int j = i + 1; j < k; ++j) add_entry(network, head + "P", j, phi.first + j, -1);
  }
  return TokenConstruction{
      std::move(network), layout.blocks(),
      fmt::format(
          "Subspace iteration for the eigenvectors of the {0} eigenvalues of L = B B^T: {1} "
          "sweeps, each one layer {2} and {3} layers of Gram-Schmidt, in which column i is "
          "taken out of columns j > i; columns have length 1 after each layer. Token j of "
          "{4} is node j: row j of B [{4}, {5}] and of a random start [{4}, {6}]. Output: "
          "Phi.{7}",
          spec.top ? "largest" : "least", spec.sweeps,
          spec.top ? "Phi <- L Phi" : fmt::format("Phi <- {:.17g} Phi - L Phi", spec.largest),
          k - 1, spec.nodes, spec.edges, k, spec.norm ? " B has Frobenius norm 1." : ""),
      "Column i turns towards its eigenvector with the ratio of the next eigenvalue to its own a "
      "sweep (of the largest less the eigenvalues, for the least); columns are orthogonal to "
      "rounding after each sweep."};
}

double potential_bound(double delta_lambda, int layers) {
  return std::pow(1 - delta_lambda, layers);
}

double fast_potential_bound(double delta_lambda, int layers) {
  return std::pow(1 - delta_lambda, std::pow(2.0, layers));
}

double embedding_bound(double delta_lambda, int layers) {
  const double x = 1 - delta_lambda;
  double sum = 0, term = 1;
  for (int j = 0; j < layers; ++j) {
    sum += term;
    term *= x * (2.0 * j + 1) / (2.0 * j + 2);
  }
  return std::max(0.0, 1 - std::sqrt(delta_lambda) * sum);
}

double heat_taylor_bound(double heat, int layers) {
  double term = 1, sum = 0;
  for (int j = 1; j <= layers + 500; ++j) {
    term *= heat / j;
    if (j > layers) sum += j % 2 == 0 ? term : -term;
    if (j > layers && term < 1e-18 * std::abs(sum)) break;
  }
  return std::abs(sum);
}

double heat_euler_bound(double heat, int layers) {
  return std::abs(std::pow(1 - heat / layers, layers) - std::exp(-heat));
}

}  // namespace gramian
