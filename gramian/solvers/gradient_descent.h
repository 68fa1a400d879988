// Gradient descent on the least squares of the context, from w = 0.
#pragma once

#include "gramian/solvers/solver.h"

namespace gramian {

// `steps` steps  w += eta K^-1 (alpha - Sigma w)  with one tuned step size eta: a
// filter  c_i = b_i (1 - (1 - eta l_i)^steps) / l_i, which regularises by stopping early.
class GradientDescent final : public Solver {
 public:
  explicit GradientDescent(int steps) : steps_(steps) {}
  std::string name() const override { return "gd"; }
  std::string title() const override { return "gradient descent"; }
  void tune(const SpectrumBatch& prompts) override;
  std::vector<Constant> constants() const override;
  void set_constants(std::span<const double> values) override;
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

 private:
  int steps_;
  double step_size_ = 0;  // eta
};

}  // namespace gramian
