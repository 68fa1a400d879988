// GD++ by hand: gradient descent whose inputs are corrected for curvature on the way (von Oswald et
// al. 2023).
#pragma once

#include "gramian/solvers/solver.h"

namespace gramian {

// `steps` steps  w += eta M^T M (alpha - Sigma w),  M <- (I - gamma M Sigma M^T) M,  with one step
// size and one correction for all of them, both tuned. It is the GD++ network of eq. 11 with tied
// layers, as a filter. K enters as in gradient descent: inputs are K^-1/2 x.
class CorrectedDescent final : public Solver {
 public:
  explicit CorrectedDescent(int steps) : steps_(steps) {}
  std::string name() const override { return "gdpp"; }
  std::string title() const override { return "GD++ by hand"; }
  void tune(const SpectrumBatch& prompts) override;
  std::vector<Constant> constants() const override;
  void set_constants(std::span<const double> values) override;
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

 private:
  int steps_;
  double step_size_ = 0;   // eta
  double correction_ = 0;  // gamma
};

}  // namespace gramian
