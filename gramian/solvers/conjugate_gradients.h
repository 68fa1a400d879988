// Conjugate gradients on the normal equations of the context, from w = 0.
#pragma once

#include "gramian/solvers/solver.h"

namespace gramian {

// `steps` steps of conjugate gradients, preconditioned with K, on  (Sigma + s K) w = alpha. They
// are the best polynomial of their degree for each prompt, so that no step size has to be tuned,
// and exact after as many steps as there are different eigenvalues.
//
// On noisy prompts they fit the noise within few steps, and stopping early does not regularise
// finely enough. So there are two versions: s = 0, and s tuned ("cg_ridge"), which tends to
// CONSTRR.
class ConjugateGradients final : public Solver {
 public:
  enum class Penalty { none, tuned };
  ConjugateGradients(int steps, Penalty penalty)
      : steps_(steps), tuned_(penalty == Penalty::tuned) {}
  std::string name() const override { return tuned_ ? "cg_ridge" : "cg"; }
  std::string title() const override {
    return tuned_ ? "conjugate gradients on ridge" : "conjugate gradients";
  }
  void tune(const SpectrumBatch& prompts) override;
  std::vector<Constant> constants() const override;
  void set_constants(std::span<const double> values) override;
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

 private:
  int steps_;
  bool tuned_;
  double sigma2_ = 0;  // s
};

}  // namespace gramian
