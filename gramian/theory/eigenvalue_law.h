// The law of the eigenvalues of S_hat = 1/n sum x x^T with x ~ N(0, s_2 I), exactly and without
// sampling.
//
// n S_hat / s_2 is a Wishart matrix. With m = min(d, n), N = max(d, n) its m eigenvalues x (the
// others are zero) have the joint density prod_{i<j} |x_i - x_j| prod_i w(x_i), w(x) =
// x^{(N-m-1)/2} e^{-x/2}. By de Bruijn's formula the mean of prod f(x_i) is a ratio of Pfaffians,
// and its derivative by f is the number of eigenvalues per unit of x:
//
//     rho(x) = w(x) sum_ij (A^-1)_ji p_i(x) Phi_j(x),    Phi_j(x) = int sgn(y - x) p_j(y) w(y) dy,
//     A_ij = int p_i(x) Phi_j(x) w(x) dx
//
// for any polynomials p_i of degree i < m, and for odd m with one more row p_m = 0, Phi_m = 1. The
// integrals are sums on a grid in the root of x, in which the density is smooth and equally wide
// for every d and n.
//
// Letters: d input dimension, n context length, s_2 variance of an input.
#pragma once

#include <vector>

#include "gramian/base/error.h"
#include "gramian/tasks/task.h"

namespace gramian {

struct EigenvalueLaw {
  int d = 0, n = 0;
  double variance = 1;  // s_2
  // E sum_i f(lambda_i) = sum_k count_k f(lambda_k) over the d eigenvalues of a prompt.
  std::vector<double> lambda;  // nodes, ascending
  std::vector<double> count;   // expected eigenvalues of a prompt at each; d in all

  // The law without its largest eigenvalues, of which a prompt has `rare` on average: a mean over
  // fewer than 1 / rare prompts does not show them. 0 leaves nothing out.
  EigenvalueLaw without_largest(double rare) const;
};

// Errors: config, unless x is Gaussian with a covariance that is a multiple of I, d <= 64, and n
// differs from d (for n = d the smallest eigenvalue has an infinite density at zero). Cost: some
// ten milliseconds.
Expected<EigenvalueLaw> eigenvalue_law(const RegressionTask& task);
// The same errors, without the work.
Status check_eigenvalue_law(const RegressionTask& task);

}  // namespace gramian
