#include "gramian/base/singular_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {

double SingularValues::energy(int rank) const {
  GRAMIAN_ASSERT(rank >= 0 && rank <= size());
  double head = 0, all = 0;
  for (int k = 0; k < size(); ++k) {
    const double s = sigma[static_cast<std::size_t>(k)];
    all += s * s;
    if (k < rank) head += s * s;
  }
  return all == 0 ? 1 : head / all;
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
  const Eigen::MatrixXd a = Eigen::Map<const RowMajorMatrix>(matrix.data(), rows, columns);
  SingularValues result{.rows = rows, .columns = columns};
  const auto count = static_cast<std::size_t>(std::min(rows, columns));
  if (!a.allFinite()) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    result.sigma.assign(count, kNone);
    result.left.assign(count, std::vector<double>(static_cast<std::size_t>(rows), kNone));
    result.right.assign(count, std::vector<double>(static_cast<std::size_t>(columns), kNone));
    return result;
  }
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
  for (std::size_t k = 0; k < count; ++k) {
    const auto column = static_cast<Eigen::Index>(k);
    const auto u = svd.matrixU().col(column);
    const auto v = svd.matrixV().col(column);
    result.sigma.push_back(svd.singularValues()[column]);
    result.left.emplace_back(u.begin(), u.end());
    result.right.emplace_back(v.begin(), v.end());
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
      const double along = std::inner_product(vector.begin(), vector.end(), axis.begin(), 0.0);
      for (std::size_t i = 0; i < length; ++i) out[i] -= along * axis[i];
    }
    rest.insert(rest.end(), out.begin(), out.end());
  }
  const auto outside =
      singular_values(rest, static_cast<int>(vectors.size()), static_cast<int>(length));
  return std::asin(std::min(1.0, outside.sigma.front()));
}

}  // namespace gramian
