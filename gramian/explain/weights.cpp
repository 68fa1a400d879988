#include "gramian/explain/weights.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {

namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const RowMatrix>;

View matrix_of(const std::vector<double>& all, int head, Eigen::Index rows) {
  return {all.data() + head * rows * rows, rows, rows};
}

struct Projection {
  Omega omega;
  double share_x = 1, share_y = 1;
};

// The squared coefficients of A(G) in the rows `first` to `first + count`, of maps on symmetric G:
// those of sum_h P_h (x) Q_h, made symmetric in the two inner indices.
double energy(const LayerWeights& weights, Eigen::Index rows, Eigen::Index first,
              Eigen::Index count) {
  double sum = 0;
  for (int g = 0; g < weights.heads; ++g) {
    for (int h = 0; h < weights.heads; ++h) {
      const RowMatrix p = matrix_of(weights.p, g, rows).middleRows(first, count);
      const RowMatrix p2 = matrix_of(weights.p, h, rows).middleRows(first, count);
      const View q = matrix_of(weights.q, g, rows), q2 = matrix_of(weights.q, h, rows);
      const double straight = p.cwiseProduct(p2).sum() * q.cwiseProduct(q2).sum();
      const double crossed = (p.transpose() * p2 * q * q2.transpose()).trace();
      sum += 0.5 * (straight + crossed);
    }
  }
  return sum;
}

double share(double part, double whole) {
  return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 1.0;
}

Projection project(const LayerWeights& weights, int d) {
  const Eigen::Index rows = d + 1;
  Projection result;
  Omega& omega = result.omega;
  for (int h = 0; h < weights.heads; ++h) {
    const View p = matrix_of(weights.p, h, rows), q = matrix_of(weights.q, h, rows);
    const auto p_xx = p.topLeftCorner(d, d), q_xx = q.topLeftCorner(d, d);
    omega.xx += (p_xx.trace() * q_xx.trace() + p_xx.cwiseProduct(q_xx).sum()) / (d * d + d);
    omega.xy += (p_xx.trace() * q(d, d) + p.col(d).head(d).dot(q.col(d).head(d))) / d;
    omega.yx += (p(d, d) * q_xx.trace() + p.row(d).head(d).dot(q.row(d).head(d))) / d;
    omega.yy += p(d, d) * q(d, d);
  }
  const double half_d = 0.5 * d;  // the squared coefficients of the maps of omega_xy and omega_yx
  result.share_x = share(omega.xx * omega.xx * half_d * (d + 1) + omega.xy * omega.xy * half_d,
                         energy(weights, rows, 0, d));
  result.share_y =
      share(omega.yx * omega.yx * half_d + omega.yy * omega.yy, energy(weights, rows, d, 1));
  return result;
}

double diagonal_share(const RowMatrix& matrix) {
  return share(matrix.diagonal().squaredNorm(), matrix.squaredNorm());
}

HeadWeights in_gauge(const LayerWeights& weights, int head, Eigen::Index rows) {
  RowMatrix p = matrix_of(weights.p, head, rows), q = matrix_of(weights.q, head, rows);
  if (p.norm() > 0 && q.norm() > 0) {
    double scale = std::sqrt(q.norm() / p.norm());
    Eigen::Index i = 0, j = 0;
    q.cwiseAbs().maxCoeff(&i, &j);
    const double sign = std::abs(q.trace()) > 1e-12 * q.norm() ? q.trace() : q(i, j);
    if (sign < 0) scale = -scale;
    p *= scale;
    q /= scale;
  }
  return {.p = {p.data(), p.data() + p.size()},
          .q = {q.data(), q.data() + q.size()},
          .p_diagonal = diagonal_share(p),
          .q_diagonal = diagonal_share(q)};
}

}  // namespace

LayerSummary summarise_layer(const Network& network, int layer, int n) {
  const NetworkSpec& spec = network.spec;
  GRAMIAN_ASSERT(layer >= 0 && layer < spec.layers && n >= 1);
  const double scale = spec.context_factor(n) * n;
  LayerSummary summary;
  if (spec.is_dense()) {
    const LayerWeights weights = network.expanded(layer);
    const Projection projection = project(weights, spec.d);
    summary.omega = projection.omega;
    summary.diagonal_x = projection.share_x;
    summary.diagonal_y = projection.share_y;
    for (int h = 0; h < weights.heads; ++h)
      summary.heads.push_back(in_gauge(weights, h, spec.d + 1));
  } else {
    summary.omega = network.omega(layer);
  }
  for (double* omega : {&summary.omega.xx, &summary.omega.xy, &summary.omega.yx, &summary.omega.yy})
    *omega *= scale;
  return summary;
}

Network nearest_diagonal(const Network& network) {
  Network nearest{network.spec, {}};
  nearest.spec.kind = Parametrisation::diag;
  nearest.spec.heads = 1;
  for (std::size_t l = 0; l < network.spec.stored_layers(); ++l) {
    const Omega omega = project(network.expanded(static_cast<int>(l)), network.spec.d).omega;
    nearest.theta.insert(nearest.theta.end(), {omega.xx, omega.xy, omega.yx, omega.yy});
  }
  return nearest;
}

}  // namespace gramian
