#include "gramian/papers/looped/restricted.h"

#include <cmath>

#include "gramian/theory/gd_family.h"

namespace gramian::looped {

Expected<RestrictedModel> load_restricted(const Trained& trained, const Problem& problem,
                                          const StudyOptions& options) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto network = GRAMIAN_TRY(load_network(trained, options));
  const LayerWeights weights = network.expanded(0);
  const int d = problem.d;
  const Eigen::Map<const Matrix> p(weights.p.data(), d + 1, d + 1),
      q(weights.q.data(), d + 1, d + 1);
  Matrix a = -p(d, d) * q.topLeftCorner(d, d);
  const RegressionTask task = task_of(d, problem.n, covariance_of(d, problem.kappa));
  if (!task.identity_covariance()) {
    const Eigen::Map<const Matrix> c(task.factor().data(), d, d);
    a = Matrix(c.transpose() * a * c);
  }
  const Matrix symmetric = (a + a.transpose()) / 2, rest = (a - a.transpose()) / 2;
  return RestrictedModel{.spectrum = Eigen::SelfAdjointEigenSolver<Matrix>(symmetric).eigenvalues(),
                         .turn = rest.norm() / std::sqrt(d),
                         .u = (p.row(d).head(d) / p(d, d)).norm(),
                         .a = {a.data(), a.data() + a.size()}};
}

double expected_loss(const EigenvalueLaw& law, double a, int loops) {
  const std::vector<GdLayer> steps(static_cast<std::size_t>(loops), GdLayer{.step = a});
  return 2 * gd_loss(law, 0, steps);
}

}  // namespace gramian::looped
