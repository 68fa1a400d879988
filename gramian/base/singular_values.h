// The singular value decomposition of a small matrix, and what is read off it: how much of a matrix
// a low rank holds, what is left at that rank, and the angle between two spans.
//
//     A = sum_k sigma_k u_k v_k^T,    sigma_1 >= sigma_2 >= .. >= 0
//
// by Eigen's two-sided Jacobi rotations, which find small singular values: those of A^T A would be
// lost below 1e-8 of the largest.
//
// Shapes: matrices are row-major [rows, columns]; spans are lists of vectors. Preconditions: sizes
// that fit, and ranks between 0 and min(rows, columns) (asserted). Errors: none; of a matrix with
// numbers that are not finite everything is NaN. Cost: some tens of rows * columns * min(rows,
// columns).
#pragma once

#include <span>
#include <vector>

namespace gramian {

struct SingularValues {
  int rows = 0, columns = 0;
  std::vector<double> sigma = {};               // [min(rows, columns)], the largest first
  std::vector<std::vector<double>> left = {};   // u_k [rows], orthonormal
  std::vector<std::vector<double>> right = {};  // v_k [columns]

  int size() const { return static_cast<int>(sigma.size()); }

  // sum_{i <= k} sigma_i^2 / sum_i sigma_i^2: 1 for a matrix of rank k, and for zero.
  double energy(int rank) const;
  // sigma_k / sigma_(k+1) for k >= 1; infinity where the next one is zero or there is none.
  double gap(int rank) const;
  // The number of singular values above this share of the largest; 0 for the zero matrix.
  int rank_above(double share) const;
  // The nearest matrix of this rank, [rows, columns].
  std::vector<double> truncated(int rank) const;
};

SingularValues singular_values(std::span<const double> matrix, int rows, int columns);

// The largest principal angle between the span of `vectors` and a space that holds it or not: the
// angle, in radians, of the unit vector in the span that is farthest from the space. Requires: both
// lists are orthonormal, of vectors of one size (the size is asserted).
double largest_angle(std::span<const std::vector<double>> vectors,
                     std::span<const std::vector<double>> space);

}  // namespace gramian
