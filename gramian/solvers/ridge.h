// Ridge regression, w = (Sigma + s K)^-1 alpha, and the ways to choose s.
//
// For w ~ N(0, K^-1) it is the posterior mean when s = sigma^2 (eq. 5 of
// Vladymyrov et al. 2024; there is no factor n). The names are those of the paper.
#pragma once

#include <limits>
#include <utility>

#include "gramian/solvers/solver.h"

namespace gramian {

class Ridge : public Solver {
 public:
  void solve(const Spectrum& prompt, std::span<double> coordinates) const override;

 protected:
  virtual double penalty(const Spectrum& prompt) const = 0;  // s >= 0
};

// ORACLE: s = sigma^2 of the prompt, which no real predictor is told.
class OracleRidge final : public Ridge {
 public:
  std::string name() const override { return "oracle"; }

 protected:
  double penalty(const Spectrum& prompt) const override { return prompt.sigma * prompt.sigma; }
};

// s given in advance: 0 is ordinary least squares (of minimum K-norm where it is not
// unique), infinity predicts zero.
class FixedRidge final : public Ridge {
 public:
  FixedRidge(std::string name, double penalty) : name_(std::move(name)), penalty_(penalty) {}
  std::string name() const override { return name_; }

 protected:
  double penalty(const Spectrum&) const override { return penalty_; }

 private:
  std::string name_;
  double penalty_;
};

// CONSTRR: one tuned s for all prompts.
class ConstantRidge final : public Ridge {
 public:
  std::string name() const override { return "constrr"; }
  void tune(const SpectrumBatch& prompts) override;
  std::vector<Constant> constants() const override { return {{"sigma2", sigma2_}}; }
  void set_constants(std::span<const double> values) override;

 protected:
  double penalty(const Spectrum&) const override { return sigma2_; }

 private:
  double sigma2_ = 0;
};

// ADARR: s = rss / (n - d), the unbiased estimate of sigma^2 from the residuals of OLS.
class AdaptiveRidge final : public Ridge {
 public:
  std::string name() const override { return "adarr"; }
  Status applicable(int n, int d) const override;

 protected:
  double penalty(const Spectrum& prompt) const override;
};

// TUNEDRR: s = min(c rss / (n - d), T) with c and T tuned.
class TunedRidge final : public Ridge {
 public:
  std::string name() const override { return "tunedrr"; }
  Status applicable(int n, int d) const override;
  void tune(const SpectrumBatch& prompts) override;
  std::vector<Constant> constants() const override { return {{"c", factor_}, {"T", ceiling_}}; }
  void set_constants(std::span<const double> values) override;

 protected:
  double penalty(const Spectrum& prompt) const override;

 private:
  double factor_ = 1;
  double ceiling_ = std::numeric_limits<double>::infinity();
};

}  // namespace gramian
