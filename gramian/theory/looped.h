// Looped transformers and gradient descent in many steps (Gatmiry et al. 2024): losses and optima
// that need no training.
//
// Tasks: x ~ N(0, S), w ~ N(0, S^-1), y = <w, x>, no noise. L loops of one preconditioned layer (A,
// u), on G/n:
//
//     w^{l+1} - w = M (w^l - w) + A^T S_hat u,    M = I - A^T S_hat,    w^0 = 0
//     w^L - w = -M^L w + (I - M^L) u,             S_hat = 1/n sum x x^T
//
// The loss is the mean squared error of the prediction (without the 1/2 of the rest of this
// library, as in the paper):
//
//     loss(A, u) = loss(A, 0) + E u^T (I - M^L)^T S (I - M^L) u
//     loss(A, 0) = E tr[S M^L S^-1 M^{L T}]
//
// With A' = C^T A C, S = C C^T, everything is as for S = I: loss(A, 0) = E |(I - A'^T S_g)^L|^2
// with S_g the S_hat of standard normal inputs. The best symmetric A is a* S^-1, with a* the
// minimiser of E sum_i (1 - a l_i)^2L over the eigenvalues l of S_g; for L = 1 it is n / (n + d +
// 1), with loss d (d + 1) / (n + d + 1).
//
// From L = 3 on, with many examples from L = 2 on, this A is a saddle of the loss: A' = a I + k J,
// J a rotation by ninety degrees, is better, by less than a percent for L = 2 and by a factor of
// nine for L = 10, d = 10, n = 100.
// The reason: M is (1 - a) I - a E + k J (1 + E) with a small E = S_g - I. In a plane in which E
// has the eigenvalues e and -e those of a E - k J are +-sqrt(a^2 e^2 - k^2), so that a rotation
// shrinks what loops amplify. For two loops and many examples (n -> infinity, A' = I + k J) the
// loss is
//
//     E |M^2|^2 = (2 d^3 + 5 d^2 + 5 d) / n^2 - d k^2 (2 / n - k^2),
//
// least at k^2 = 1 / n; for one loop it is E |M|^2 = d (d + 1) / n + d k^2, least at k = 0. Trained
// networks find the rotation. docs/rotated_optimum.md has the derivation and numbers.
//
// Letters: d input dimension, n context length, L loops, a step size, S covariance of x.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gramian/theory/gd_family.h"

namespace gramian {

struct LoopedOptimum {
  ContextMean step;  // a*, with the error of a finite number of contexts
  ContextMean loss;  // at a*
};

struct RotatedOptimum {
  double step = 0, rotation = 0;  // a and k
  ContextMean loss;
};

// a I + k J [d, d], J with blocks (0 1; -1 0) on its diagonal; for odd d its last entry is zero.
std::vector<double> rotated_step(int d, double a, double k);

// On a fixed sample of contexts of n standard normal inputs. Means carry their standard errors.
class LoopedContexts {
 public:
  LoopedContexts(int d, int n, std::size_t contexts, std::uint64_t seed);

  int d() const { return d_; }
  int n() const { return n_; }

  // E |(I - a S_g)^L|^2, the loss of A = a S^-1, u = 0, and its derivative by a.
  ContextMean loss(double a, int loops) const;
  double slope(double a, int loops) const;
  LoopedOptimum optimum(int loops) const;
  // The best A' = a I + k J (rotated_step). Deterministic; costs some fifty evaluations of the loss
  // below.
  RotatedOptimum rotated_optimum(int loops) const;
  // The share of contexts with an eigenvalue above 2/a. On these the loss grows with every loop, so
  // that with enough loops they carry the mean.
  ContextMean diverging(double a) const;

  // A [d, d] row-major, for S = I and u = 0. The gradient is -2 E sum_k S_g M^{L-1-k} M^{L T} M^k.
  ContextMean loss(std::span<const double> a, int loops) const;
  // |(I - A^T S_g)^L|^2 of every context: to compare two A on the same ones.
  std::vector<double> losses(std::span<const double> a, int loops) const;    // [contexts]
  std::vector<double> gradient(std::span<const double> a, int loops) const;  // [d, d]

 private:
  int d_, n_;
  std::vector<double> matrices_;  // S_g [contexts, d, d]
  ContextSpectra spectra_;
};

// d log |grad loss|^2 / d log loss along A = a I, fitted by least squares to `points` values of a
// that are evenly spaced in log(1 - a) from `first` to `last`. It tends to (2L - 1) / L for
// n -> infinity, the exponent of the lower bound in Theorem 3.4.
double gradient_dominance_slope(const LoopedContexts& contexts, int loops, double first,
                                double last, int points);

struct FlowPoint {
  double time = 0;
  double loss = 0;
  std::vector<double> a;  // [d, d]
};

// Gradient flow dA/dt = -grad loss(A, 0) from A = 0 for S = I, on these contexts, by fourth-order
// Runge-Kutta. Returns one point for each of `times`, which ascend.
std::vector<FlowPoint> gradient_flow(const LoopedContexts& contexts, int loops,
                                     std::span<const double> times);

}  // namespace gramian
