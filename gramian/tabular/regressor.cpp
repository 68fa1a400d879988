#include "gramian/tabular/regressor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/decompositions.h"
#include "gramian/solvers/bayes.h"
#include "gramian/solvers/ridge.h"

namespace gramian {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
using ConstMatrix = Eigen::Map<const Matrix>;
using ConstVector = Eigen::Map<const Vector>;

ConstMatrix correlations(const Standardised& problem) {
  const auto d = static_cast<Eigen::Index>(problem.d);
  return {problem.s.data(), d, d};
}
ConstVector moments(const Standardised& problem) {
  return {problem.alpha.data(), static_cast<Eigen::Index>(problem.d)};
}

constexpr std::size_t kInnerFolds = 10;

// The penalties that are tried, divided by the number of rows.
std::vector<double> penalty_grid() {
  std::vector<double> grid;
  for (int k = -20; k <= 8; ++k) grid.push_back(std::pow(10.0, k / 4.0));
  return grid;
}

// Ridge for every penalty of the grid: columns of [d, grid].
Matrix ridge_path(const Standardised& problem, const std::vector<double>& grid) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(Matrix(correlations(problem)));
  const Vector b = eigen.eigenvectors().transpose() * moments(problem);
  Matrix path(b.size(), static_cast<Eigen::Index>(grid.size()));
  for (Eigen::Index k = 0; k < path.cols(); ++k) {
    path.col(k) =
        eigen.eigenvectors() *
        (b.array() / (eigen.eigenvalues().array().max(0.0) + grid[static_cast<std::size_t>(k)]))
            .matrix();
  }
  return path;
}

}  // namespace

Expected<Fit> MeanRegressor::fit(const TableRows& rows) const {
  double sum = 0;
  for (const double y : rows.y) sum += y;
  return Fit{{sum / static_cast<double>(rows.size()), std::vector<double>(rows.d)}};
}

Expected<Fit> SolverRegressor::fit(const TableRows& rows) const {
  const auto problem = GRAMIAN_TRY(standardise(rows, false));
  const int d = static_cast<int>(problem.d), freedom = static_cast<int>(problem.rows) - 1;
  GRAMIAN_TRY(solver_->applicable(freedom, d));

  // The spectrum of a prompt (solvers/spectrum.h), from sums over the rows.
  const auto n = static_cast<double>(problem.rows);
  const double gain = std::sqrt(correlations(problem).trace() + mean_square_noise_);
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(Matrix(correlations(problem)));
  Vector eigenvalues = n * eigen.eigenvalues();
  Vector b = n * gain * (eigen.eigenvectors().transpose() * moments(problem));
  const double smallest = 16 * d * std::numeric_limits<double>::epsilon() * eigenvalues(d - 1);
  double explained = 0;
  int rank = d;
  for (Eigen::Index i = 0; i < d; ++i) {
    if (i < d - freedom || eigenvalues(i) <= smallest) {
      eigenvalues(i) = b(i) = 0;
      --rank;
    } else {
      explained += b(i) * b(i) / eigenvalues(i);
    }
  }
  const double yy = n * gain * gain * problem.lambda;
  const auto size = static_cast<std::size_t>(d);
  const Spectrum spectrum{.n = freedom,
                          .d = d,
                          .rank = rank,
                          .sigma = 0,
                          .rss = freedom > rank ? std::max(0.0, yy - explained) : 0.0,
                          .yy = yy,
                          .eigenvalues = {eigenvalues.data(), size},
                          .moments = {b.data(), size},
                          .truth = {},
                          .query = {},
                          .metric = {}};
  Vector coordinates = Vector::Zero(d);
  if (rank > 0 && problem.y_deviation > 0) solver_->solve(spectrum, {coordinates.data(), size});
  const Vector w = eigen.eigenvectors() * coordinates / gain;
  return Fit{problem.model({w.data(), size})};
}

Expected<Fit> RidgeByCrossValidation::fit(const TableRows& rows) const {
  const std::vector<double> grid = penalty_grid();
  const std::size_t folds = std::min(kInnerFolds, rows.size());
  if (rows.size() < 3)
    return fail(ErrorKind::config, "{} rows, but a fold must leave 2 or more", rows.size());
  std::vector<double> errors(grid.size());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    TableRows rest{rows.d, {}, {}};
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (row % folds != fold) rest.add(rows.input(row), rows.y[row]);
    }
    const auto problem = GRAMIAN_TRY(standardise(rest, false));
    const Matrix path = ridge_path(problem, grid);
    for (std::size_t k = 0; k < grid.size(); ++k) {
      const Vector w = path.col(static_cast<Eigen::Index>(k));
      const LinearModel model = problem.model({w.data(), rows.d});
      for (std::size_t row = fold; row < rows.size(); row += folds) {
        const double error = model.predict(rows.input(row)) - rows.y[row];
        errors[k] += error * error;
      }
    }
  }
  const auto best = std::min_element(errors.begin(), errors.end()) - errors.begin();
  const auto problem = GRAMIAN_TRY(standardise(rows, false));
  const Vector w = ridge_path(problem, {grid[static_cast<std::size_t>(best)]}).col(0);
  return Fit{problem.model({w.data(), rows.d})};
}

std::vector<std::unique_ptr<Regressor>> make_baselines(const NoisePrior& prior, std::size_t rows) {
  const double noise = prior.mean_square();
  std::vector<std::unique_ptr<Regressor>> list;
  list.push_back(std::make_unique<SolverRegressor>(
      std::make_unique<Bayes>(prior, static_cast<int>(rows)), noise));
  list.push_back(std::make_unique<SolverRegressor>(std::make_unique<AdaptiveRidge>(), noise));
  list.push_back(std::make_unique<RidgeByCrossValidation>());
  list.push_back(
      std::make_unique<SolverRegressor>(std::make_unique<FixedRidge>("ols", 0.0), noise));
  list.push_back(std::make_unique<MeanRegressor>());
  return list;
}

}  // namespace gramian
