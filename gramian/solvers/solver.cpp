#include "gramian/solvers/solver.h"

#include <limits>

#include "gramian/base/assert.h"
#include "gramian/solvers/bayes.h"
#include "gramian/solvers/conjugate_gradients.h"
#include "gramian/solvers/corrected_descent.h"
#include "gramian/solvers/gradient_descent.h"
#include "gramian/solvers/heavy_ball.h"
#include "gramian/solvers/ridge.h"

namespace gramian {

std::vector<std::unique_ptr<Solver>> make_solvers(const NoisePrior& prior, int n, int gd_steps) {
  GRAMIAN_ASSERT(n >= 1 && gd_steps >= 1);
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

std::vector<std::unique_ptr<Solver>> make_step_solvers(int steps) {
  GRAMIAN_ASSERT(steps >= 1);
  std::vector<std::unique_ptr<Solver>> solvers;
  solvers.push_back(std::make_unique<GradientDescent>(steps));
  solvers.push_back(std::make_unique<CorrectedDescent>(steps));
  solvers.push_back(std::make_unique<HeavyBall>(steps));
  solvers.push_back(std::make_unique<ConjugateGradients>(steps, ConjugateGradients::Penalty::none));
  solvers.push_back(
      std::make_unique<ConjugateGradients>(steps, ConjugateGradients::Penalty::tuned));
  return solvers;
}

}  // namespace gramian
