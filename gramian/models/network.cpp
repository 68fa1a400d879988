#include "gramian/models/network.h"

#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/models/initial.h"

namespace gramian {

const char* name_of(Parametrisation kind) { return kParametrisations.word(kind).data(); }

std::size_t NetworkSpec::parameters_per_layer() const {
  switch (kind) {
    case Parametrisation::full:
      return static_cast<std::size_t>(heads) * 2 * rows() * rows();
    case Parametrisation::diag:
      return 4;
    case Parametrisation::gdpp:
      return 2;
    case Parametrisation::preconditioned:
      return static_cast<std::size_t>(d) * rows();
  }
  return 0;
}

Status NetworkSpec::check() const {
  if (layers < 1 || layers > kMaxLayers) {
    return fail(ErrorKind::config, "[model.layers] must be in [1, {}], got {}", kMaxLayers, layers);
  }
  if (heads < 1 || heads > kMaxHeads) {
    return fail(ErrorKind::config, "[model.heads] must be in [1, {}], got {}", kMaxHeads, heads);
  }
  if (kind != Parametrisation::full && heads != 1) {
    return fail(
        ErrorKind::config,
        "[model.heads] = {} is for [model.kind] full only: diag and gdpp are trained in the "
        "omegas, which "
        "already stand for every number of heads, and preconditioned is one head by definition",
        heads);
  }
  if (parameters() > kMaxParameters) {
    return fail(ErrorKind::config, "the model would have {} parameters; at most {} are allowed",
                parameters(), kMaxParameters);
  }
  return {};
}

Network Network::initial(const NetworkSpec& spec, const InitialWeights& how, int n,
                         std::uint64_t seed) {
  GRAMIAN_ASSERT(n >= 1 && spec.check().has_value());
  Network network{spec, std::vector<double>(spec.parameters())};
  // Weights near gradient descent are O(1) for G/n, hence O(1/n) for G.
  const double scale = spec.context_scale == ContextScale::sum ? 1.0 / n : 1.0;
  std::vector<double>& theta = network.theta;
  for (std::size_t i = 0; i < theta.size(); ++i)
    theta[i] = how.noise * scale * initial_normal(seed, i);
  for (std::size_t layer = 0; layer < spec.stored_layers(); ++layer) {
    double* t = theta.data() + layer * spec.parameters_per_layer();
    const double height =
        how.near_gd ? scale * std::pow(how.growth, static_cast<double>(layer)) : 0.0;
    const Omega start{.xx = -how.curvature * height, .yx = -how.step * height};
    if (spec.kind == Parametrisation::diag) {
      t[0] += start.xx;
      t[2] += start.yx;
    } else if (spec.kind == Parametrisation::gdpp) {
      t[0] += start.xx;
      t[1] += start.yx;
    } else if (spec.kind == Parametrisation::preconditioned) {
      const std::size_t d = spec.rows() - 1;
      for (std::size_t i = 0; i < d; ++i) {
        t[i * d + i] -= start.yx;
        t[d * d + i] /= scale;  // u stands beside a 1, whatever the scale of G
      }
    } else {
      const std::size_t rows = spec.rows();
      const LayerWeights gd = expand(start, spec.d, 1);
      for (std::size_t h = 0; h < static_cast<std::size_t>(spec.heads); ++h) {
        double* p = t + h * 2 * rows * rows;
        double* q = p + rows * rows;
        for (std::size_t i = 0; i < rows * rows; ++i) {
          p[i] += gd.p[i] / spec.heads;
          // Q is O(1) at the start, so its noise does not carry the scale of G.
          q[i] = (how.near_gd ? gd.q[i] : 0.0) + q[i] / scale;
        }
      }
    }
  }
  return network;
}

Network Network::as_full() const {
  GRAMIAN_ASSERT(spec.kind == Parametrisation::gdpp || spec.is_written_out());
  Network full{spec, {}};
  full.spec.kind = Parametrisation::full;
  full.spec.heads = 1;
  for (std::size_t layer = 0; layer < spec.stored_layers(); ++layer) {
    const LayerWeights weights = expanded(static_cast<int>(layer));
    full.theta.insert(full.theta.end(), weights.p.begin(), weights.p.end());
    full.theta.insert(full.theta.end(), weights.q.begin(), weights.q.end());
  }
  return full;
}

Network Network::as_diag() const {
  GRAMIAN_ASSERT(spec.kind == Parametrisation::gdpp);
  Network diag{spec, {}};
  diag.spec.kind = Parametrisation::diag;
  for (std::size_t layer = 0; layer < spec.stored_layers(); ++layer) {
    const Omega o = omega(static_cast<int>(layer));
    diag.theta.insert(diag.theta.end(), {o.xx, o.xy, o.yx, o.yy});
  }
  return diag;
}

Omega Network::omega(int layer) const {
  GRAMIAN_ASSERT(!spec.is_dense() && theta.size() == spec.parameters());
  const double* t = theta.data() + spec.offset(layer);
  if (spec.kind == Parametrisation::gdpp) return {.xx = t[0], .yx = t[1]};
  return {.xx = t[0], .xy = t[1], .yx = t[2], .yy = t[3]};
}

LayerWeights expand(const Omega& omega, int d, int heads) {
  GRAMIAN_ASSERT(d >= 1 && (heads == 2 || (heads == 1 && omega.xy == 0 && omega.yy == 0)));
  const auto rows = static_cast<std::size_t>(d) + 1;
  const std::size_t size = rows * rows;
  LayerWeights weights{heads, std::vector<double>(size * heads), std::vector<double>(size * heads)};
  for (std::size_t i = 0; i + 1 < rows; ++i) {
    weights.p[i * rows + i] = omega.xx;
    weights.q[i * rows + i] = 1.0;
    if (heads > 1) weights.p[size + i * rows + i] = omega.xy;
  }
  weights.p[size - 1] = omega.yx;
  if (heads > 1) {
    weights.p[2 * size - 1] = omega.yy;
    weights.q[2 * size - 1] = 1.0;
  }
  return weights;
}

LayerWeights Network::expanded(int layer) const {
  GRAMIAN_ASSERT(theta.size() == spec.parameters());
  const std::size_t size = spec.rows() * spec.rows();
  const double* t = theta.data() + spec.offset(layer);
  if (!spec.is_dense())
    return expand(omega(layer), spec.d, spec.kind == Parametrisation::diag ? 2 : 1);
  if (spec.is_written_out()) {
    LayerWeights weights{1, std::vector<double>(size), std::vector<double>(size)};
    write_dense(spec, t, weights.p.data(), weights.q.data());
    return weights;
  }
  LayerWeights weights{spec.heads, {}, {}};
  for (int h = 0; h < spec.heads; ++h, t += 2 * size) {
    weights.p.insert(weights.p.end(), t, t + size);
    weights.q.insert(weights.q.end(), t + size, t + 2 * size);
  }
  return weights;
}

}  // namespace gramian
