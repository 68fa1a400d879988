// The interface of every classical solver: a predictor that is not learned.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/solvers/spectrum.h"

namespace gramian {

class Solver {
 public:
  struct Constant {
    std::string name;
    double value;
  };

  virtual ~Solver() = default;

  virtual std::string name() const = 0;                 // its key in results, e.g. "adarr"
  virtual std::string title() const { return name(); }  // in tables, e.g. "gradient descent"

  // An error, with the reason, where the solver is not defined.
  virtual Status applicable(int /*n*/, int /*d*/) const { return {}; }

  // Chooses the constants that minimise the mean integrated loss of these prompts.
  virtual void tune(const SpectrumBatch& /*prompts*/) {}
  virtual std::vector<Constant> constants() const { return {}; }
  // In place of tune: the values of constants(), in their order, that another solver of this name
  // and of as many steps was tuned to. It then solves to the same bits. Requires: as many values.
  virtual void set_constants(std::span<const double> /*values*/) {}

  // Writes the solution c [d], d that of the prompt; the weights are V c. Safe to call from several
  // threads.
  virtual void solve(const Spectrum& prompt, std::span<double> coordinates) const = 0;
};

// Places in the list of make_solvers.
inline constexpr std::size_t kOracle = 0;
inline constexpr std::size_t kBayes = 4;
inline constexpr std::size_t kOls = 5;

// All solvers in the order of every table: oracle, constrr, adarr, tunedrr, bayes, ols, gd, zero.
// `prior` is the prior of sigma that Bayes uses, `n` sets the fineness of its quadrature, and
// `gd_steps` >= 1 is the number of steps of gd.
std::vector<std::unique_ptr<Solver>> make_solvers(const NoisePrior& prior, int n, int gd_steps);

// Hand-made iterations with as many steps as a network has layers, each with constants of its own
// to tune: gd, gdpp (curvature correction), momentum (heavy ball), cg, cg_ridge. steps >= 1.
std::vector<std::unique_ptr<Solver>> make_step_solvers(int steps);

}  // namespace gramian
