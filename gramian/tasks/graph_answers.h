// Exact answers to what is asked of a graph (graph_question.h), from all eigenvalues and
// eigenvectors of its Laplacian (Eigen, dense and in double).
//
// The dense solver is right up to a few thousand nodes, where it costs 10 n^3 and has all of the
// above to rounding; solvers/graph_krylov.h goes on from there.
//
// Shapes: L [n, n]; Psi and the answers [n, k]. Preconditions: a connected graph, shapes that agree
// (asserted). Errors: none. Cost: 10 n^3, then 2 n^2 k.
#pragma once

#include <span>

#include "gramian/base/decompositions.h"
#include "gramian/tasks/graph_question.h"

namespace gramian {

class LaplacianSpectrum {
 public:
  LaplacianSpectrum() = default;
  // laplacian: row-major [n, n].
  explicit LaplacianSpectrum(std::span<const double> laplacian, int nodes) {
    compute(laplacian, nodes);
  }
  // Again, for another graph, in the memory that there is.
  void compute(std::span<const double> laplacian, int nodes);

  const Eigen::VectorXd& values() const { return solver_.eigenvalues(); }  // increasing
  const Eigen::MatrixXd& vectors() const { return solver_.eigenvectors(); }
  int nodes() const { return static_cast<int>(values().size()); }
  double largest() const { return values()[nodes() - 1]; }
  double least() const { return values()[1]; }  // lambda_2
  double condition() const { return largest() / least(); }

  // Of potential, embedding or heat (asserted).
  Eigen::MatrixXd answer(GraphQuestion question, double heat_time,
                         const Eigen::MatrixXd& demands) const;
  // k <= n - 1 eigenvectors as columns: of the largest eigenvalues, the largest first, or of the
  // least that are not 0, the least first.
  Eigen::MatrixXd eigenvectors(int k, bool largest_first) const;
  double resistance(int u, int v) const;

 private:
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver_;
};

}  // namespace gramian
