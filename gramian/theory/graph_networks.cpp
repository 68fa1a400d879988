#include "gramian/theory/graph_networks.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

// The steps 1 / r of the roots r of Chebyshev's polynomial on [least, largest]. Leja: each root has
// the largest product of distances to those before it.
std::vector<double> chebyshev_steps(int layers, const StepRange& range) {
  const auto count = static_cast<std::size_t>(layers);
  std::vector<double> roots, logs(count), steps;
  for (int i = 0; i < layers; ++i) {
    const double angle = std::numbers::pi * (2 * i + 1) / (2.0 * layers);
    roots.push_back((range.largest + range.least) / 2 +
                    (range.largest - range.least) / 2 * std::cos(angle));
  }
  std::vector<bool> taken(count);
  std::size_t next = 0;  // the largest
  for (std::size_t chosen = 0; chosen < count; ++chosen) {
    steps.push_back(1 / roots[next]);
    taken[next] = true;
    std::size_t best = count;
    for (std::size_t i = 0; i < count; ++i) {
      if (taken[i]) continue;
      logs[i] += std::log(std::abs(roots[i] - roots[next]));
      if (best == count || logs[i] > logs[best]) best = i;
    }
    next = best;
  }
  return steps;
}

}  // namespace

GraphNetwork descent_network(int layers, const StepRange& range) {
  GRAMIAN_ASSERT(layers >= 1 && range.largest > 0 && range.least >= 0);
  const bool constant = range.least == 0 || range.least == range.largest;
  const auto steps = constant
                         ? std::vector<double>(static_cast<std::size_t>(layers), 1 / range.largest)
                         : chebyshev_steps(layers, range);
  std::vector<GraphLayer> list;
  for (const double step : steps) {
    GraphLayer& layer = list.emplace_back(1);
    layer.read = {-step};
    layer.from = {step};
  }
  return GraphNetwork::of({.layers = layers}, list);
}

GraphNetwork series_network(int layers, double largest) {
  GRAMIAN_ASSERT(layers >= 1 && largest > 0);
  std::vector<GraphLayer> list;
  double a = 1 / std::sqrt(largest);
  for (int l = 0; l < layers; ++l) {
    GraphLayer& layer = list.emplace_back(1);
    layer.psi_read = {-1 / largest};
    layer.from = {a};
    a *= (2.0 * l + 1) / (2.0 * l + 2);
  }
  return GraphNetwork::of({.layers = layers}, list);
}

GraphNetwork taylor_network(int layers, double heat_time) {
  GRAMIAN_ASSERT(layers >= 1 && heat_time > 0);
  std::vector<GraphLayer> list;
  for (int l = 1; l <= layers; ++l) {
    GraphLayer& layer = list.emplace_back(1);
    layer.psi_keep = {-1};
    layer.psi_read = layer.from_read = {-heat_time / l};
    layer.from = {l == 1 ? 1.0 : 0.0};
  }
  return GraphNetwork::of({.layers = layers}, list);
}

GraphNetwork euler_network(int layers, double heat_time) {
  GRAMIAN_ASSERT(layers >= 1 && heat_time > 0);
  std::vector<GraphLayer> list;
  for (int l = 0; l < layers; ++l) {
    GraphLayer& layer = list.emplace_back(1);
    (l == 0 ? layer.from_read : layer.read) = {-heat_time / layers};
    layer.from = {l == 0 ? 1.0 : 0.0};
  }
  return GraphNetwork::of({.layers = layers}, list);
}

GraphNetwork subspace_network(int sweeps, int vectors, bool top, double largest, double trace) {
  GRAMIAN_ASSERT(sweeps >= 1 && vectors >= 1 && (top || trace > 0));
  const auto k = static_cast<std::size_t>(vectors);
  std::vector<GraphLayer> list;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    GraphLayer& multiply = list.emplace_back(vectors);
    const double mu = top ? 0 : sweep == 0 ? largest : largest / trace;
    const std::vector<double> read(k, top ? 1 : -1), keep(k, mu), less(k, -1);
    if (sweep == 0) {
      multiply.from_read = read;
      multiply.from = keep;
    } else {
      multiply.read = read;
      for (std::size_t j = 0; j < k; ++j) multiply.keep[j] = keep[j] + less[j];
    }
    for (std::size_t i = 0; i + 1 < k; ++i) {
      GraphLayer& layer = list.emplace_back(vectors);
      layer.u[i] = layer.v[i] = 1;
      for (std::size_t j = i + 1; j < k; ++j) layer.couple[j] = -1;
    }
  }
  return GraphNetwork::of(
      {.layers = sweeps * vectors, .columns = vectors, .couples = true, .norm = GraphNorm::columns},
      list);
}

GraphNetwork polar_network(int layers, double largest, bool potential) {
  GRAMIAN_ASSERT(layers >= 1 && largest > 0);
  std::vector<GraphLayer> list;
  for (int l = 0; l < layers; ++l) {
    GraphLayer& layer = list.emplace_back(1);
    const double start = potential ? 1 / largest : 1 / std::sqrt(largest);
    (l == 0 ? layer.from : layer.keep) = {l == 0 ? 1.5 * start : 0.5};
    (l == 0 ? layer.from_read : layer.read) = {-0.5 / largest * (l == 0 ? start : 1)};
    if (potential && l % 2 == 0) continue;
    layer.b_keep = {0.5};
    layer.b_read = {-0.5 / largest};
  }
  return GraphNetwork::of({.layers = layers, .rewrites = true}, list);
}

double chebyshev_bound(int layers, const StepRange& range) {
  const double x = (range.largest + range.least) / (range.largest - range.least);
  return 1 / std::cosh(layers * std::acosh(x));
}

double polar_error(double delta_lambda, int steps) {
  double x = delta_lambda;
  for (int t = 0; t < steps; ++t) x *= (3 - x) * (3 - x) / 4;
  return 1 - std::sqrt(x);
}

}  // namespace gramian
