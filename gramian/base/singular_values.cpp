#include "gramian/base/singular_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

using Columns = std::vector<std::vector<double>>;

double product(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// (a, b) <- (c a - s b, s a + c b)
void rotate(std::vector<double>& a, std::vector<double>& b, double c, double s) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    a[i] = c * x - s * y;
    b[i] = s * x + c * y;
  }
}

// Makes the columns of `a` orthogonal by rotations from the right, which `v` collects.
void orthogonalise(Columns& a, Columns& v) {
  constexpr int kSweeps = 60;
  constexpr double kTolerance = 1e-15;
  bool rotated = true;
  for (int sweep = 0; sweep < kSweeps && rotated; ++sweep) {
    rotated = false;
    for (std::size_t p = 0; p < a.size(); ++p) {
      for (std::size_t q = p + 1; q < a.size(); ++q) {
        const double alpha = product(a[p], a[p]), beta = product(a[q], a[q]),
                     gamma = product(a[p], a[q]);
        if (!(std::abs(gamma) > kTolerance * std::sqrt(alpha * beta))) continue;
        const double zeta = (beta - alpha) / (2 * gamma);
        const double t = (zeta >= 0 ? 1 : -1) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
        const double c = 1 / std::sqrt(1 + t * t);
        rotate(a[p], a[q], c, c * t);
        rotate(v[p], v[q], c, c * t);
        rotated = true;
      }
    }
  }
}

}  // namespace

double SingularValues::energy(int rank) const {
  GRAMIAN_ASSERT(rank >= 0 && rank <= size());
  double head = 0, all = 0;
  for (int k = 0; k < size(); ++k) {
    const double s = sigma[static_cast<std::size_t>(k)];
    all += s * s;
    if (k < rank) head += s * s;
  }
  return all > 0 ? head / all : 1;
}

double SingularValues::gap(int rank) const {
  GRAMIAN_ASSERT(rank >= 1 && rank <= size());
  const auto k = static_cast<std::size_t>(rank);
  if (rank == size() || sigma[k] == 0) return std::numeric_limits<double>::infinity();
  return sigma[k - 1] / sigma[k];
}

int SingularValues::rank_above(double share) const {
  return static_cast<int>(
      std::ranges::count_if(sigma, [&](double s) { return s > share * sigma.front() && s > 0; }));
}

std::vector<double> SingularValues::truncated(int rank) const {
  GRAMIAN_ASSERT(rank >= 0 && rank <= size());
  const auto width = static_cast<std::size_t>(columns);
  std::vector<double> matrix(static_cast<std::size_t>(rows) * width);
  for (std::size_t k = 0; k < static_cast<std::size_t>(rank); ++k) {
    for (std::size_t i = 0; i < left[k].size(); ++i) {
      for (std::size_t j = 0; j < width; ++j)
        matrix[i * width + j] += sigma[k] * left[k][i] * right[k][j];
    }
  }
  return matrix;
}

SingularValues singular_values(std::span<const double> matrix, int rows, int columns) {
  GRAMIAN_ASSERT(rows >= 1 && columns >= 1);
  GRAMIAN_ASSERT(matrix.size() ==
                 static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  const auto m = static_cast<std::size_t>(rows), n = static_cast<std::size_t>(columns);
  const bool wide = n > m;  // then the rows are rotated
  const std::size_t count = wide ? m : n, length = wide ? n : m;
  Columns a(count, std::vector<double>(length)), v(count, std::vector<double>(count));
  for (std::size_t k = 0; k < count; ++k) {
    v[k][k] = 1;
    for (std::size_t i = 0; i < length; ++i) a[k][i] = wide ? matrix[k * n + i] : matrix[i * n + k];
  }
  orthogonalise(a, v);
  std::vector<double> norms;
  for (const auto& column : a) norms.push_back(std::sqrt(product(column, column)));
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t p, std::size_t q) { return norms[p] > norms[q]; });
  SingularValues result{.rows = rows, .columns = columns};
  for (const std::size_t k : order) {
    for (double& x : a[k]) x = norms[k] > 0 ? x / norms[k] : 0;
    result.sigma.push_back(norms[k]);
    result.left.push_back(wide ? v[k] : a[k]);
    result.right.push_back(wide ? a[k] : v[k]);
  }
  return result;
}

double largest_angle(std::span<const std::vector<double>> vectors,
                     std::span<const std::vector<double>> space) {
  if (vectors.empty()) return 0;
  const std::size_t length = vectors.front().size();
  std::vector<double> rest;  // [vectors, length]: what stands out of the space
  for (const auto& vector : vectors) {
    GRAMIAN_ASSERT(vector.size() == length);
    std::vector<double> out = vector;
    for (const auto& axis : space) {
      GRAMIAN_ASSERT(axis.size() == length);
      const double along = product(vector, axis);
      for (std::size_t i = 0; i < length; ++i) out[i] -= along * axis[i];
    }
    rest.insert(rest.end(), out.begin(), out.end());
  }
  const auto outside =
      singular_values(rest, static_cast<int>(vectors.size()), static_cast<int>(length));
  return std::asin(std::min(1.0, outside.sigma.front()));
}

}  // namespace gramian
