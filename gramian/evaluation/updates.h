// What training changed: the singular values of the change of each matrix, and the weights with
// these changes truncated to a low rank.
//
//     W = W_start + sum_k sigma_k u_k v_k^T,    sigma_1 >= sigma_2 >= ..
//
// Shapes: weights are lists [parameters], in which each matrix knows its place. Preconditions, both
// asserted: as many weights of the start as of the end, and matrices within them. Errors: none.
// Cost: one decomposition for each matrix (base/singular_values.h), once for all ranks.
#pragma once

#include <string>
#include <vector>

#include "gramian/base/singular_values.h"
#include "gramian/models/weight_matrix.h"

namespace gramian {

// The change of one matrix.
struct MatrixUpdate {
  std::string name;           // of the matrix
  std::vector<double> sigma;  // singular values, the largest first
  double size = 0;  // Frobenius norm of the change over that of the start; infinite from 0
  int rank_99 = 0;  // singular directions that hold 99% of the squares of the change
};

class Updates {
 public:
  Updates(std::vector<WeightMatrix> matrices, std::vector<double> start,
          std::vector<double> trained);

  std::vector<MatrixUpdate> list() const;
  // The least rank that holds the change of every matrix; 0 without matrices.
  int full_rank() const;
  // The trained weights, but of the change of each matrix only this rank. A matrix that has fewer
  // rows or columns keeps all of its change.
  std::vector<double> truncated(int rank) const;

 private:
  std::vector<WeightMatrix> matrices_;
  std::vector<double> start_, trained_;
  std::vector<SingularValues> changes_;  // of matrices_
};

}  // namespace gramian
