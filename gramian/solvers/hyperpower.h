// Newton-Schulz and the hyperpower family: iterations that invert a matrix by products alone.
//
//     X_0 = alpha A^T,    X_{t+1} = X_t sum_{m < o} (I - A X_t)^m
//
// Each step raises the residual I - A X_t to its o-th power, the order of the iteration. Order 2 is
// Newton-Schulz, X (2 I - A X). With alpha in (0, 2 / s^2), s the largest singular value of A, the
// residual is below 1 in norm and X_t tends to the inverse of A; the norm is least for alpha = 2 /
// (s^2 + r^2), r the least singular value, and then (k^2 - 1) / (k^2 + 1), k = s / r. So a fixed
// precision costs about 2 log_o k steps, where gradient descent needs about k^2 (Li and Li 2010;
// Giannou et al. 2024, section 4).
//
// Letters: A [d, d] row-major, o the order, T steps. Products are plain loops in double.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/solvers/solver.h"

namespace gramian {

inline constexpr int kMaxHyperpowerOrder = 64;

// The best alpha for singular values in [least, largest]. Requires: 0 < least <= largest
// (asserted).
double hyperpower_start(double least, double largest);

// The same for a matrix. Errors: config for sizes that do not fit; numeric for a matrix that is not
// finite, or singular: its least singular value is below d 2^-52 of the largest.
Expected<double> hyperpower_start(std::span<const double> a, std::size_t d);

// X_0 .. X_T, each [d, d]. Errors: config for sizes that do not fit, an order outside of [2, 64],
// a negative number of steps and an alpha that is not positive and finite; numeric where the
// iteration leaves the finite numbers. Cost: order d^3 products a step.
struct HyperpowerSpec {
  int order = 2;
  double alpha = 0;
  int steps = 0;
};
Expected<std::vector<std::vector<double>>> hyperpower_inverses(std::span<const double> a,
                                                               std::size_t d,
                                                               const HyperpowerSpec& spec);

// The solver w = X_T alpha of the normal equations of the context, X_t the iterates for
// A = K^-1 Sigma in the coordinates of a Spectrum: the filter c_i = b_i x_T(l_i) with
//
//     x_0(l) = a l,    x_{t+1} = x_t sum_{m < o} (1 - l x_t)^m
//
// One start a serves all prompts and is tuned; or each prompt has `share` of the best one for its
// own largest and least eigenvalue, 2 / (l_max^2 + l_min^2).
class Hyperpower final : public Solver {
 public:
  enum class Start { tuned, of_prompt };
  // Requires: steps >= 0, an order in [2, 64] and a share in (0, 1] (asserted).
  Hyperpower(int steps, int order, Start start = Start::tuned, double share = 1);
  std::string name() const override;
  std::string title() const override;
  void tune(const SpectrumBatch& prompts) override;
  std::vector<Constant> constants() const override;
  void set_constants(std::span<const double> values) override;
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

 private:
  int steps_, order_;
  Start start_;
  double share_;
  double alpha_ = 0;
};

}  // namespace gramian
