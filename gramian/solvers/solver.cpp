#include "gramian/solvers/solver.h"

#include <limits>

#include "gramian/solvers/bayes.h"
#include "gramian/solvers/gradient_descent.h"
#include "gramian/solvers/ridge.h"

namespace gramian {

std::vector<std::unique_ptr<Solver>> make_solvers(const NoisePrior& prior, int n, int gd_steps) {
  std::vector<std::unique_ptr<Solver>> solvers;
  solvers.push_back(std::make_unique<OracleRidge>());
  solvers.push_back(std::make_unique<ConstantRidge>());
  solvers.push_back(std::make_unique<AdaptiveRidge>());
  solvers.push_back(std::make_unique<TunedRidge>());
  solvers.push_back(std::make_unique<Bayes>(prior, n));
  solvers.push_back(std::make_unique<FixedRidge>("ols", 0.0));
  solvers.push_back(std::make_unique<GradientDescent>(gd_steps));
  solvers.push_back(std::make_unique<FixedRidge>("zero", std::numeric_limits<double>::infinity()));
  return solvers;
}

}  // namespace gramian
