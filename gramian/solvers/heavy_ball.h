// Gradient descent with momentum (Polyak's heavy ball) on the least squares of the context, from
// w = 0.
#pragma once

#include "gramian/solvers/solver.h"

namespace gramian {

// `steps` steps  v = beta v + K^-1 (alpha - Sigma w),  w += eta v  with one tuned step size and one
// tuned momentum: a filter, which regularises by stopping early. With one step it is gradient
// descent. On noisy prompts the best momentum is negative: it damps the overshoot of large steps.
class HeavyBall final : public Solver {
 public:
  explicit HeavyBall(int steps) : steps_(steps) {}
  std::string name() const override { return "momentum"; }
  std::string title() const override { return "heavy ball"; }
  void tune(const SpectrumBatch& prompts) override;
  std::vector<Constant> constants() const override;
  void set_constants(std::span<const double> values) override;
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

 private:
  int steps_;
  double step_size_ = 0;  // eta
  double momentum_ = 0;   // beta
};

}  // namespace gramian
