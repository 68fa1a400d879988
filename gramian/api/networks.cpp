#include "gramian/api/networks.h"

#include <algorithm>

#include "gramian/api/prompts.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/lanes/view.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/task.h"
#include "gramian/theory/implicit.h"

namespace gramian::api {

namespace {

Status require_dimension(std::size_t rows, std::string_view name) {
  if (rows >= 2 && rows <= kMaxDimension + 1) return {};
  return fail(ErrorKind::config, "{}: D = d + 1 must be in [2, {}], got {}", name,
              kMaxDimension + 1, rows);
}

// The specification of a FULL network with these tensors.
Expected<NetworkSpec> dense_spec(std::size_t layers, std::size_t heads, std::size_t rows,
                                 const Convention& convention) {
  GRAMIAN_TRY(require_dimension(rows, "weights"));
  const std::size_t limit = 1'000'000;  // check() has the limits that count
  NetworkSpec spec{.kind = Parametrisation::full,
                   .d = static_cast<int>(rows) - 1,
                   .layers = static_cast<int>(std::min(layers, limit)),
                   .heads = static_cast<int>(std::min(heads, limit)),
                   .tied = convention.tied,
                   .context_scale = convention.context_scale,
                   .query_in_keys = convention.query_in_keys};
  if (convention.tied) {
    if (layers != 1)
      return fail(ErrorKind::config, "tied weights must be those of one layer, got {}", layers);
    spec.layers = convention.layers;
  }
  GRAMIAN_TRY(spec.check());
  return spec;
}

Status require_implicit(const Network& network) {
  if (!network.spec.query_in_keys) return {};
  return fail(ErrorKind::config,
              "a network with query_in_keys has no implicit weights: its prediction is not linear "
              "in the query");
}

Status require_gram(const Network& network, const Array& gram, int n) {
  const std::size_t rows = network.spec.rows();
  if (n < 1) return fail(ErrorKind::config, "n must be >= 1, got {}", n);
  GRAMIAN_TRY(require_implicit(network));
  GRAMIAN_TRY(require_shape(gram, "gram", "[B, d + 1, d + 1]", {kAny, rows, rows}));
  return require_finite(gram, "gram");
}

// product += a [rows, inner] times b^T, b [columns, inner]; strides in numbers.
struct Factor {
  const double* data;
  std::size_t row, inner;  // strides
};
void multiply(Factor a, Factor b, std::size_t rows, std::size_t inner, double* product) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < inner; ++k)
        sum += a.data[i * a.row + k * a.inner] * b.data[j * b.row + k * b.inner];
      product[i * rows + j] = sum;
    }
  }
}

}  // namespace

Expected<Network> from_pq(const Array& p, const Array& q, const Convention& convention) {
  GRAMIAN_TRY(require_shape(p, "P", "[L, H, d + 1, d + 1]", {kAny, kAny, kAny, kAny}));
  GRAMIAN_TRY(require_shape(p, "P", "[L, H, d + 1, d + 1]", {kAny, kAny, p.shape[2], p.shape[2]}));
  GRAMIAN_TRY(require_shape(q, "Q", "[L, H, d + 1, d + 1], as P", p.shape));
  GRAMIAN_TRY(require_finite(p, "P"));
  GRAMIAN_TRY(require_finite(q, "Q"));
  Network network{GRAMIAN_TRY(dense_spec(p.shape[0], p.shape[1], p.shape[2], convention)), {}};
  const auto size = static_cast<std::ptrdiff_t>(p.shape[2] * p.shape[3]);
  const auto matrices = static_cast<std::ptrdiff_t>(p.shape[0] * p.shape[1]);
  for (std::ptrdiff_t k = 0; k < matrices; ++k) {
    for (const Array* part : {&p, &q}) {
      const auto begin = part->values.begin() + k * size;
      network.theta.insert(network.theta.end(), begin, begin + size);
    }
  }
  return network;
}

Expected<Network> from_qkvo(const AttentionWeights& weights, const Convention& convention) {
  const auto& [q, k, v, o, heads] = weights;
  GRAMIAN_TRY(require_shape(q, "W_q", "[L, d + 1, H K]", {kAny, kAny, kAny}));
  const std::size_t layers = q.shape[0], rows = q.shape[1], width = q.shape[2];
  GRAMIAN_TRY(require_shape(k, "W_k", "[L, d + 1, H K], as W_q", q.shape));
  GRAMIAN_TRY(require_shape(v, "W_v", "[L, d + 1, H K], as W_q", q.shape));
  GRAMIAN_TRY(require_shape(o, "W_o", "[L, H K, d + 1]", {layers, width, rows}));
  if (heads < 1 || width % static_cast<std::size_t>(heads) != 0)
    return fail(ErrorKind::config, "heads must be >= 1 and divide H K = {}, got {}", width, heads);
  const std::size_t h_count = static_cast<std::size_t>(heads), key = width / h_count;
  Array p = Array::zeros({layers, h_count, rows, rows}), qs = p;
  for (std::size_t l = 0; l < layers; ++l) {
    for (std::size_t h = 0; h < h_count; ++h) {
      const std::size_t place = (l * h_count + h) * rows * rows;
      // P_ij = sum_k W_o[k, i] W_v[j, k];  Q_ij = sum_k W_k[i, k] W_q[j, k]
      multiply({o.entry(l) + h * key * rows, 1, rows}, {v.entry(l) + h * key, width, 1}, rows, key,
               p.values.data() + place);
      multiply({k.entry(l) + h * key, width, 1}, {q.entry(l) + h * key, width, 1}, rows, key,
               qs.values.data() + place);
    }
  }
  return from_pq(p, qs, convention);
}

DenseWeights to_pq(const Network& network) {
  const std::size_t rows = network.spec.rows();
  const auto layers = static_cast<std::size_t>(network.spec.layers);
  DenseWeights dense;
  for (int l = 0; l < network.spec.layers; ++l) {
    const LayerWeights layer = network.expanded(l);
    dense.p.shape = {layers, static_cast<std::size_t>(layer.heads), rows, rows};
    dense.p.values.insert(dense.p.values.end(), layer.p.begin(), layer.p.end());
    dense.q.values.insert(dense.q.values.end(), layer.q.begin(), layer.q.end());
  }
  dense.q.shape = dense.p.shape;
  return dense;
}

Expected<Array> omegas(const Network& network) {
  if (network.spec.kind != Parametrisation::diag && network.spec.kind != Parametrisation::gdpp) {
    return fail(ErrorKind::config, "only networks of kind diag and gdpp have omegas, not {}",
                name_of(network.spec.kind));
  }
  Array numbers = Array::zeros({static_cast<std::size_t>(network.spec.layers), 4});
  for (int l = 0; l < network.spec.layers; ++l) {
    const Omega omega = network.omega(l);
    std::ranges::copy(std::array{omega.xx, omega.xy, omega.yx, omega.yy},
                      numbers.entry(static_cast<std::size_t>(l)));
  }
  return numbers;
}

Expected<Array> implicit_weights(const Network& network, const Array& gram, int n, int threads) {
  GRAMIAN_TRY(require_gram(network, gram, n));
  const std::size_t count = gram.shape[0], d = network.spec.rows() - 1;
  const auto layers = static_cast<std::size_t>(network.spec.layers);
  Array weights = Array::zeros({count, layers + 1, d});
  ThreadPool pool(count > 256 ? threads : 1);
  NetworkPredictor predictor(network, n, pool.threads());
  std::vector<PromptBlock<double>> blocks;
  std::vector<AlignedArray<double>> outputs;
  for (int t = 0; t < pool.threads(); ++t) {
    blocks.emplace_back(network.spec.d);
    outputs.emplace_back(lane_size(layers * d));
  }
  const std::size_t lanes = kLanes;
  pool.run(static_cast<int>((count + lanes - 1) / lanes), [&](int chunk, int thread) {
    const std::size_t first = static_cast<std::size_t>(chunk) * lanes;
    const auto used = static_cast<std::size_t>(lanes_in_use(first, count));
    PromptBlock<double>& block = blocks[static_cast<std::size_t>(thread)];
    AlignedArray<double>& output = outputs[static_cast<std::size_t>(thread)];
    const LaneView in(block.gram.data(), d + 1, d + 1);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (lane < used) {
        in.copy_in(lane, gram.entry(first + lane));
      } else {
        in.fill(lane, 0.0);
      }
    }
    predictor.predict(block, output.data(), thread);
    const LaneView out(output.data(), layers, d);
    for (std::size_t lane = 0; lane < used; ++lane)
      out.copy_out(lane, weights.entry(first + lane) + d);
  });
  return weights;
}

Expected<States> implicit_states(const Network& network, const Array& gram, int n) {
  GRAMIAN_TRY(require_gram(network, gram, n));
  const std::size_t count = gram.shape[0], d = network.spec.rows() - 1;
  const std::size_t steps = static_cast<std::size_t>(network.spec.layers) + 1;
  States all{Array::zeros({count, steps, d, d}), Array::zeros({count, steps, d}),
             Array::zeros({count, steps}), Array::zeros({count, steps, d})};
  for (std::size_t p = 0; p < count; ++p) {
    const auto states = gramian::implicit_states(network, {gram.entry(p), (d + 1) * (d + 1)},
                                                 network.spec.context_factor(n));
    for (std::size_t l = 0; l < steps; ++l) {
      std::ranges::copy(states[l].m, all.m.entry(p) + l * d * d);
      std::ranges::copy(states[l].u, all.u.entry(p) + l * d);
      std::ranges::copy(states[l].w, all.w.entry(p) + l * d);
      all.a.entry(p)[l] = states[l].a;
    }
  }
  return all;
}

Expected<Array> predict(const Network& network, const Array& x, const Array& y,
                        const Array& queries) {
  const std::size_t d = network.spec.rows() - 1;
  GRAMIAN_TRY(require_shape(x, "x_context", "[B, n, d]", {kAny, kAny, d}));
  const std::size_t count = x.shape[0], n = x.shape[1];
  GRAMIAN_TRY(require_shape(y, "y_context", "[B, n]", {count, n}));
  GRAMIAN_TRY(require_shape(queries, "x_query", "[B, m, d]", {count, kAny, d}));
  if (n < 1) return fail(ErrorKind::config, "x_context: n must be >= 1, got 0");
  GRAMIAN_TRY(require_finite(queries, "x_query"));
  const Array gram = GRAMIAN_TRY(gram_matrices(x, y));
  const Array weights = GRAMIAN_TRY(implicit_weights(network, gram, static_cast<int>(n)));
  const std::size_t m = queries.shape[1], layers = weights.shape[1] - 1;
  Array predictions = Array::zeros({count, m});
  for (std::size_t p = 0; p < count; ++p) {
    const double* w = weights.entry(p) + layers * d;
    for (std::size_t q = 0; q < m; ++q) {
      double sum = 0;
      for (std::size_t j = 0; j < d; ++j) sum += w[j] * queries.values[(p * m + q) * d + j];
      predictions.values[p * m + q] = sum;
    }
  }
  return predictions;
}

}  // namespace gramian::api
