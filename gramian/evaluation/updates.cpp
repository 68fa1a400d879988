#include "gramian/evaluation/updates.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

double norm_at(const std::vector<double>& theta, const WeightMatrix& matrix) {
  double squares = 0;
  for (std::size_t i = matrix.first; i < matrix.first + matrix.size(); ++i)
    squares += theta[i] * theta[i];
  return std::sqrt(squares);
}

}  // namespace

Updates::Updates(std::vector<WeightMatrix> matrices, std::vector<double> start,
                 std::vector<double> trained)
    : matrices_(std::move(matrices)), start_(std::move(start)), trained_(std::move(trained)) {
  GRAMIAN_ASSERT(start_.size() == trained_.size());
  for (const WeightMatrix& matrix : matrices_) {
    GRAMIAN_ASSERT(matrix.first + matrix.size() <= trained_.size());
    std::vector<double> change;
    for (std::size_t i = matrix.first; i < matrix.first + matrix.size(); ++i)
      change.push_back(trained_[i] - start_[i]);
    changes_.push_back(singular_values(change, matrix.rows, matrix.columns));
  }
}

std::vector<MatrixUpdate> Updates::list() const {
  std::vector<MatrixUpdate> updates;
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    const SingularValues& change = changes_[m];
    double squares = 0;
    for (const double s : change.sigma) squares += s * s;
    const double before = norm_at(start_, matrices_[m]);
    int rank = 0;
    while (rank < change.size() && change.energy(rank) < 0.99) ++rank;
    updates.push_back(
        {.name = matrices_[m].name,
         .sigma = change.sigma,
         .size = before > 0 ? std::sqrt(squares) / before : std::numeric_limits<double>::infinity(),
         .rank_99 = rank});
  }
  return updates;
}

int Updates::full_rank() const {
  int rank = 0;
  for (const SingularValues& change : changes_) rank = std::max(rank, change.size());
  return rank;
}

std::vector<double> Updates::truncated(int rank) const {
  GRAMIAN_ASSERT(rank >= 0);
  std::vector<double> theta = trained_;
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    const std::vector<double> part = changes_[m].truncated(std::min(rank, changes_[m].size()));
    const std::size_t first = matrices_[m].first;
    for (std::size_t i = 0; i < part.size(); ++i) theta[first + i] = start_[first + i] + part[i];
  }
  return theta;
}

}  // namespace gramian
