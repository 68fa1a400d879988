// The Chebyshev semi-iteration on the least squares of the context, from w = 0.
#pragma once

#include "gramian/solvers/solver.h"

namespace gramian {

// `steps` steps with two numbers a step, a step size and a momentum, so that the residual is the
// Chebyshev polynomial of this degree that is least on [a, b], the interval from the least to the
// largest eigenvalue of the prompt (those of value zero left out):
//
//     1 - l x_T(l) = C_T((b + a - 2 l) / (b - a)) / C_T((b + a) / (b - a)),  |C_T| <= 1 on [-1, 1]
//
// No polynomial of degree T is smaller in the worst direction; conjugate gradients are better where
// the eigenvalues are few. With one step it is gradient descent with the step 2 / (a + b) (Saad
// 2003, algorithm 12.1). Nothing is tuned. Cost: 6 d steps.
class Chebyshev final : public Solver {
 public:
  explicit Chebyshev(int steps);  // steps >= 0 (asserted)
  std::string name() const override { return "chebyshev"; }
  std::string title() const override { return "Chebyshev"; }
  std::vector<Constant> constants() const override {
    return {{"steps", static_cast<double>(steps_)}};
  }
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

 private:
  int steps_;
};

}  // namespace gramian
