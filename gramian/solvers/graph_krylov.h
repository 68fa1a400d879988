// Answers to what is asked of a large sparse graph (tasks/graph_question.h), from products with its
// Laplacian L alone:
//
//   solve_laplacian     L x = psi by conjugate gradients, preconditioned by the degrees
//   lanczos_function    f(L) psi, f the inverse square root or the heat kernel, as |psi| V f(T) e_1
//                       with V, T of Lanczos; two passes, so that V is never kept
//   sparse_eigenvectors eigenvectors of the largest or least eigenvalues but 0 (Spectra's restarted
//                       Lanczos; the least as the largest of bound I - L)
//
// The constant direction is taken out of every vector. `report` is told which share of the digits
// that the tolerance asks for is there. Shapes: psi [n], centred. Errors: none: what does not
// converge within its steps is nothing. Cost: O(d) a step, memory O(n), of eigenvectors O(n k).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "gramian/models/sparse_laplacian.h"
#include "gramian/tasks/graph_question.h"

namespace gramian {

struct KrylovAnswer {
  std::vector<double> x = {};  // [n]
  double residual = 0;         // |L x - psi| / |psi|; of a function, what the last steps changed
  int steps = 0;
};

using ShareReport = std::function<void(double share)>;  // in [0, 1]

std::optional<KrylovAnswer> solve_laplacian(const SparseLaplacian& laplacian,
                                            std::span<const double> psi, double tolerance = 1e-10,
                                            int most_steps = 20'000,
                                            const ShareReport& report = {});

// Requires: embedding or heat (asserted).
std::optional<KrylovAnswer> lanczos_function(const SparseLaplacian& laplacian,
                                             GraphQuestion question, double heat_time,
                                             std::span<const double> psi, double tolerance = 1e-10,
                                             int most_steps = 1'000,
                                             const ShareReport& report = {});

// Row-major [n, k]; the residual is the largest |L u - lambda u| over the bound of L.
std::optional<KrylovAnswer> sparse_eigenvectors(const SparseLaplacian& laplacian, int k,
                                                bool largest_first, double tolerance = 1e-10,
                                                int most_steps = 300);

// The least eigenvalue of T after `steps` steps of Lanczos: above lambda_2, and near it where the
// graph is not large.
double least_ritz_value(const SparseLaplacian& laplacian, int steps);

}  // namespace gramian
