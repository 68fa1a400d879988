// Linear regression from a context of real rows: the trained network, and what it is compared with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/solvers/solver.h"
#include "gramian/tabular/dataset.h"
#include "gramian/tabular/standardised.h"
#include "gramian/tasks/noise.h"

namespace gramian {

struct Fit {
  LinearModel model;
  // The network left the finite numbers or fits worse than the mean; `model` is the mean then.
  bool exploded = false;
};

class Regressor {
 public:
  virtual ~Regressor() = default;
  virtual std::string name() const = 0;  // its key in results
  // An error, with the reason, where the regressor is not defined for these rows.
  virtual Expected<Fit> fit(const TableRows& rows) const = 0;
};

// The mean of the target.
class MeanRegressor final : public Regressor {
 public:
  std::string name() const override { return "mean"; }
  Expected<Fit> fit(const TableRows& rows) const override;
};

// A solver on standardised inputs, with the target scaled to the variance that w ~ N(0, I) and the
// noise prior give it, d + E sigma^2: as far as a solver can see, the problem that the network was
// trained for. One degree of freedom goes to the intercept.
class SolverRegressor final : public Regressor {
 public:
  SolverRegressor(std::unique_ptr<Solver> solver, double mean_square_noise)
      : solver_(std::move(solver)), mean_square_noise_(mean_square_noise) {}
  std::string name() const override { return solver_->name(); }
  Expected<Fit> fit(const TableRows& rows) const override;

 private:
  std::unique_ptr<Solver> solver_;
  double mean_square_noise_;
};

// Ridge on standardised inputs, its penalty chosen by cross-validation within the rows: ten folds
// (row i in fold i mod 10), 29 penalties from 1e-5 n to 1e2 n.
class RidgeByCrossValidation final : public Regressor {
 public:
  std::string name() const override { return "ridge_cv"; }
  Expected<Fit> fit(const TableRows& rows) const override;
};

// mean, ols, ridge_cv, adarr, and the Bayes posterior mean under the noise prior of training.
std::vector<std::unique_ptr<Regressor>> make_baselines(const NoisePrior& prior, std::size_t rows);

}  // namespace gramian
