// SOAP (Vyas et al. 2024): Adam in the eigenbasis of Shampoo's preconditioners, for the dense
// matrices P and Q of FULL.
//
// For each matrix with gradient g [D, D], running means of g g^T and g^T g have the eigenvectors
// U and V. Adam's first moment m stays in the coordinates of theta; its second moments v are those
// of U^T g V, and a step is -rate U (U^T m V / (sqrt(v) + epsilon)) V^T. A step turns with the
// coordinates of x, as the task does. Adam's own steps do not, and what a network learns beyond
// DIAG lies along directions of x that are never an axis.
//
// Letters: D size of a token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gramian/training/optimiser.h"

namespace gramian {

struct SoapState {
  // [matrices, D, D] each, row-major: running means of g g^T and g^T g, and their eigenvectors in
  // columns, by ascending eigenvalue: a second moment stays with the rank of its direction.
  std::vector<double> left, right, left_basis, right_basis;
};

class Soap {
 public:
  // theta is a list of matrices [rows, rows].
  explicit Soap(std::size_t rows);
  ~Soap();

  // The state before the first step. Requires: `parameters` numbers are whole matrices (asserted).
  SoapState initial(std::size_t parameters) const;

  // One update of theta; advances adam.step. Requires: sizes as in the state (asserted). Cost: some
  // products of matrices, and two eigendecompositions of each in every tenth step; allocates
  // nothing.
  void step(const OptimiserSpec& spec, double rate, const std::vector<double>& gradient,
            AdamState& adam, SoapState& state, std::vector<double>& theta);

 private:
  struct Workspace;  // matrices of Eigen, which the header keeps out of its users
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace gramian
