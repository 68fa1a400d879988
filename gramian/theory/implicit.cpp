#include "gramian/theory/implicit.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
using MatrixView = Eigen::Map<const Matrix>;
using VectorView = Eigen::Map<const Vector>;

Eigen::Index index(std::size_t size) { return static_cast<Eigen::Index>(size); }
MatrixView square(std::span<const double> values, Eigen::Index rows) {
  return {values.data(), rows, rows};
}
VectorView vector(std::span<const double> values) { return {values.data(), index(values.size())}; }
std::vector<double> list(const Matrix& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}
std::vector<double> list(const Vector& values) { return {values.begin(), values.end()}; }

Eigen::Index rows_of(std::span<const double> gram) {
  return static_cast<Eigen::Index>(std::lround(std::sqrt(static_cast<double>(gram.size()))));
}

// F = [M u; -w^T a], the map of the tokens since the start.
Matrix token_map(const ImplicitState& state) {
  const auto d = index(state.d());
  Matrix map(d + 1, d + 1);
  map.topLeftCorner(d, d) = square(state.m, d);
  map.topRightCorner(d, 1) = vector(state.u);
  map.bottomLeftCorner(1, d) = -vector(state.w).transpose();
  map(d, d) = state.a;
  return map;
}

Matrix gram_at(const ImplicitState& state, std::span<const double> gram, double factor) {
  const Matrix map = token_map(state);
  return map * (factor * square(gram, map.rows())) * map.transpose();
}

// [A b; c^T delta] of one layer.
Matrix update(const LayerWeights& weights, const Matrix& gram) {
  const auto rows = gram.rows();
  const auto size = static_cast<std::size_t>(gram.size());
  Matrix sum = Matrix::Zero(rows, rows);
  for (std::size_t h = 0; h < static_cast<std::size_t>(weights.heads); ++h) {
    const std::span p(weights.p.data() + h * size, size), q(weights.q.data() + h * size, size);
    sum += square(p, rows) * gram * square(q, rows);
  }
  return sum;
}

// Lemma 4.3.
ImplicitState next_state(const ImplicitState& state, const Matrix& layer) {
  const auto d = index(state.d());
  const auto a_block = layer.topLeftCorner(d, d);
  const Vector b = layer.topRightCorner(d, 1), c = layer.bottomLeftCorner(1, d).transpose();
  const double delta = layer(d, d);
  const MatrixView m = square(state.m, d);
  const VectorView u = vector(state.u), w = vector(state.w);

  ImplicitState next;
  next.m = list(Matrix(m + a_block * m - b * w.transpose()));
  next.u = list(Vector(u + a_block * u + state.a * b));
  next.a = (1 + delta) * state.a + c.dot(u);
  next.w = list(Vector((1 + delta) * w - m.transpose() * c));
  return next;
}

}  // namespace

ImplicitState ImplicitState::initial(int d) {
  GRAMIAN_ASSERT(d >= 1);
  return {.m = list(Matrix(Matrix::Identity(d, d))),
          .u = list(Vector(Vector::Zero(d))),
          .a = 1,
          .w = list(Vector(Vector::Zero(d)))};
}

std::vector<ImplicitState> implicit_states(const Network& network, std::span<const double> gram,
                                           double factor) {
  GRAMIAN_ASSERT(gram.size() == network.spec.rows() * network.spec.rows());
  std::vector<ImplicitState> states{ImplicitState::initial(network.spec.d)};
  for (int layer = 0; layer < network.spec.layers; ++layer) {
    const ImplicitState& state = states.back();
    states.push_back(
        next_state(state, update(network.expanded(layer), gram_at(state, gram, factor))));
  }
  return states;
}

ContextMoments moments_at(const ImplicitState& state, std::span<const double> gram, double factor) {
  GRAMIAN_ASSERT(gram.size() == (state.d() + 1) * (state.d() + 1));
  const auto d = index(state.d());
  const Matrix g = gram_at(state, gram, factor);
  return {.sigma = list(Matrix(g.topLeftCorner(d, d))),
          .alpha = list(Vector(g.topRightCorner(d, 1))),
          .lambda = g(d, d)};
}

LeastSquares least_squares(std::span<const double> gram, double factor) {
  const auto d = rows_of(gram) - 1;
  GRAMIAN_ASSERT(d >= 1 && static_cast<std::size_t>((d + 1) * (d + 1)) == gram.size());
  const Matrix g = factor * square(gram, d + 1);
  const Matrix sigma = g.topLeftCorner(d, d);
  const Vector alpha = g.topRightCorner(d, 1);
  const Vector w_star = sigma.completeOrthogonalDecomposition().solve(alpha);
  // y^T y - w*^T alpha loses digits where residuals are small, but never falls below zero by more
  // than rounding.
  return {.sigma = list(sigma),
          .w_star = list(w_star),
          .rho = std::max(0.0, g(d, d) - w_star.dot(alpha))};
}

DiagonalLayer diagonal_layer(const Omega& omega, const ImplicitState& before,
                             const LeastSquares& context) {
  GRAMIAN_ASSERT(before.m.size() == before.d() * before.d() && before.w.size() == before.d());
  GRAMIAN_ASSERT(context.w_star.size() == before.d());
  GRAMIAN_ASSERT(context.sigma.size() == before.d() * before.d());
  const auto d = index(before.d());
  const MatrixView m = square(before.m, d), sigma = square(context.sigma, d);
  const VectorView u = vector(before.u), w = vector(before.w), w_star = vector(context.w_star);
  const double a = before.a, rho = context.rho;
  const Matrix identity = Matrix::Identity(d, d);

  // What the layer sees of the context: tokens are F e, and e = (x, <w*, x> + r) with residuals r
  // orthogonal to x.
  const Matrix image = m + u * w_star.transpose();
  const Vector offset = a * w_star - w;
  const Vector g = sigma * offset;
  const Matrix sigma_l = image * sigma * image.transpose() + rho * u * u.transpose();
  const Vector alpha_l = image * g + a * rho * u;
  const double lambda_l = offset.dot(g) + a * a * rho;

  const Matrix forgetting = -omega.xy * a * a * rho * identity - omega.xx * sigma_l;
  const Matrix gathering = omega.xy * a * image;
  const double s = omega.yy * lambda_l;
  const Matrix direct = omega.yx * m.transpose() * image;
  const Matrix momentum = omega.yx * a * rho * m.transpose();

  ImplicitState after;
  after.m = list(Matrix(m + omega.xx * sigma_l * m - omega.xy * alpha_l * w.transpose()));
  after.u = list(Vector((identity - forgetting) * u + gathering * g));
  after.a = (1 + s) * a + omega.yx * alpha_l.dot(u);
  after.w = list(Vector((1 + s) * w - direct * g - momentum * u));
  return {.forgetting = list(forgetting),
          .gathering = list(gathering),
          .shrinkage = s,
          .direct = list(direct),
          .momentum = list(momentum),
          .gradient = list(g),
          .after = std::move(after)};
}

std::vector<DiagonalLayer> diagonal_layers(const Network& network, std::span<const double> gram,
                                           double factor) {
  GRAMIAN_ASSERT(!network.spec.is_dense());
  GRAMIAN_ASSERT(gram.size() == network.spec.rows() * network.spec.rows());
  const LeastSquares context = least_squares(gram, factor);
  std::vector<DiagonalLayer> layers;
  for (int l = 0; l < network.spec.layers; ++l) {
    const ImplicitState before =
        layers.empty() ? ImplicitState::initial(network.spec.d) : layers.back().after;
    layers.push_back(diagonal_layer(network.omega(l), before, context));
  }
  return layers;
}

}  // namespace gramian
