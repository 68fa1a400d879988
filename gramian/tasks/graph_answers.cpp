#include "gramian/tasks/graph_answers.h"

#include <cmath>

#include "gramian/base/assert.h"

namespace gramian {

double answer_of_eigenvalue(GraphQuestion question, double lambda, double heat_time) {
  switch (question) {
    case GraphQuestion::potential:
      return 1 / lambda;
    case GraphQuestion::embedding:
      return 1 / std::sqrt(lambda);
    case GraphQuestion::heat:
      return std::exp(-heat_time * lambda);
    case GraphQuestion::resistance:
    case GraphQuestion::eigenvectors:
      break;
  }
  GRAMIAN_ASSERT(false && "not a function of L times demands");
  return 0;
}

void LaplacianSpectrum::compute(std::span<const double> laplacian, int nodes) {
  GRAMIAN_ASSERT(nodes >= 2 && laplacian.size() == static_cast<std::size_t>(nodes) *
                                                       static_cast<std::size_t>(nodes));
  solver_.compute(Eigen::Map<const Eigen::MatrixXd>(laplacian.data(), nodes, nodes));
}

Eigen::MatrixXd LaplacianSpectrum::answer(GraphQuestion question, double heat_time,
                                          const Eigen::MatrixXd& demands) const {
  GRAMIAN_ASSERT(demands.rows() == nodes());
  const Eigen::Index rest = nodes() - 1;
  const auto u = vectors().rightCols(rest);
  Eigen::VectorXd f(rest);
  for (Eigen::Index i = 0; i < rest; ++i)
    f[i] = answer_of_eigenvalue(question, values()[i + 1], heat_time);
  const Eigen::MatrixXd parts = u.transpose() * demands;
  return u * (f.asDiagonal() * parts);
}

Eigen::MatrixXd LaplacianSpectrum::eigenvectors(int k, bool largest_first) const {
  GRAMIAN_ASSERT(k >= 1 && k < nodes());
  if (!largest_first) return vectors().middleCols(1, k);
  return vectors().rightCols(k).rowwise().reverse();
}

double LaplacianSpectrum::resistance(int u, int v) const {
  GRAMIAN_ASSERT(u >= 0 && v >= 0 && u < nodes() && v < nodes());
  double sum = 0;
  for (Eigen::Index i = 1; i < nodes(); ++i) {
    const double difference = vectors()(u, i) - vectors()(v, i);
    sum += difference * difference / values()[i];
  }
  return sum;
}

}  // namespace gramian
