// Classical solvers on arrays of prompts.
#include <algorithm>
#include <memory>

#include "gramian/api/problem.h"
#include "gramian/evaluation/baselines.h"
#include "gramian/lanes/view.h"
#include "gramian/parallel/pool.h"
#include "gramian/solvers/ridge.h"

namespace gramian::api {

namespace {

using Solvers = std::vector<std::unique_ptr<Solver>>;

// All that have a name, each once: make_solvers comes first.
Solvers all_solvers(const RegressionTask& task, int steps) {
  Solvers solvers = make_solvers(task.spec().noise, task.n(), steps);
  for (auto& solver : make_step_solvers(steps)) {
    const auto known = [&](const auto& other) { return other->name() == solver->name(); };
    if (std::ranges::none_of(solvers, known)) solvers.push_back(std::move(solver));
  }
  return solvers;
}

std::unexpected<Error> unknown_solver(const std::string& name) {
  return fail(ErrorKind::config, "'{}' is not a solver; there are {}", name,
              fmt::join(solver_names(), ", "));
}

Status require_steps(int steps) {
  if (steps >= 1 && steps <= 10'000) return {};
  return fail(ErrorKind::config, "steps must be in [1, 10000], got {}", steps);
}

Expected<std::unique_ptr<Solver>> solver_of(const RegressionTask& task,
                                            const SolverChoice& choice) {
  GRAMIAN_TRY(require_steps(choice.steps));
  if (choice.name == "ridge") {
    if (choice.constants.size() != 1 || !(choice.constants[0] >= 0))
      return fail(ErrorKind::config, "ridge has one constant, a penalty >= 0");
    return std::make_unique<FixedRidge>("ridge", choice.constants[0]);
  }
  Solvers solvers = all_solvers(task, choice.steps);
  const auto found = std::ranges::find_if(
      solvers, [&](const auto& solver) { return solver->name() == choice.name; });
  if (found == solvers.end()) return unknown_solver(choice.name);
  GRAMIAN_TRY((*found)->applicable(task.n(), task.d()));
  const auto constants = (*found)->constants();
  if (choice.constants.size() != constants.size()) {
    return fail(ErrorKind::config, "{} has {} constants, which tune() chooses; got {}", choice.name,
                constants.size(), choice.constants.size());
  }
  if (!constants.empty()) (*found)->set_constants(choice.constants);
  return std::move(*found);
}

// The prompts of a solver as a batch of one prompt and d queries: with the unit vectors for
// queries, V^T x_t are the rows of V, which turn the coordinates of a solution into weights.
void solve_prompt(const RegressionTask& task, const Solver& solver, const double* gram,
                  double sigma, double* weights) {
  const auto d = static_cast<std::size_t>(task.d());
  SpectrumBatch spectra(task, d);
  PromptBlock<double> block(task.d());
  const LaneView g(block.gram.data(), d + 1, d + 1), query(block.query.data(), d);
  for (std::size_t first = 0; first < d; first += kLanes) {
    const auto used = static_cast<std::size_t>(lanes_in_use(first, d));
    for (std::size_t lane = 0; lane < used; ++lane) {
      g.copy_in(lane, gram);
      for (std::size_t j = 0; j < d; ++j) query.at(j, 0, lane) = j == first + lane ? 1.0 : 0.0;
      block.sigma[lane] = sigma;
    }
    spectra.fill(block, static_cast<int>(used), first);
  }
  std::vector<double> solution(d);
  solver.solve(spectra[0], solution);
  for (std::size_t k = 0; k < d; ++k) {
    weights[k] = 0;
    for (std::size_t i = 0; i < d; ++i) weights[k] += solution[i] * spectra[k].query[i];
  }
}

}  // namespace

std::vector<std::string> solver_names() {
  std::vector<std::string> names{"ridge"};
  const auto task = RegressionTask::create({});
  for (const auto& solver : all_solvers(*task, 1)) names.push_back(solver->name());
  return names;
}

Expected<Array> solve(const RegressionTask& task, const SolverChoice& choice, const Array& gram,
                      const Array& sigma, int threads) {
  const auto d = static_cast<std::size_t>(task.d());
  GRAMIAN_TRY(require_shape(gram, "gram", "[B, d + 1, d + 1]", {kAny, d + 1, d + 1}));
  GRAMIAN_TRY(require_shape(sigma, "sigma", "[B]", {gram.shape[0]}));
  GRAMIAN_TRY(require_finite(gram, "gram"));
  const auto solver = GRAMIAN_TRY(solver_of(task, choice));
  Array weights = Array::zeros({gram.shape[0], d});
  ThreadPool pool(threads);
  pool.run(static_cast<int>(gram.shape[0]), [&](int prompt, int) {
    const auto p = static_cast<std::size_t>(prompt);
    solve_prompt(task, *solver, gram.entry(p), sigma.values[p], weights.entry(p));
  });
  return weights;
}

Expected<std::vector<TunedSolver>> tune(const Problem& problem,
                                        const std::vector<std::string>& names, int steps) {
  GRAMIAN_TRY(require_steps(steps));
  const std::size_t fixed = make_solvers(problem.task.spec().noise, problem.task.n(), 1).size();
  Solvers all = all_solvers(problem.task, steps), solvers;
  for (const std::string& name : names) {
    if (std::ranges::none_of(all, [&](const auto& solver) { return solver->name() == name; }))
      return unknown_solver(name);
  }
  for (std::size_t k = 0; k < all.size(); ++k) {  // the table begins with those of make_solvers
    if (k < fixed || std::ranges::count(names, all[k]->name()) > 0)
      solvers.push_back(std::move(all[k]));
  }
  ThreadPool pool(problem.run.threads);
  const Baselines baselines = tune_baselines(problem.task, std::move(solvers), problem.eval, pool);
  std::vector<TunedSolver> tuned;
  for (const std::string& name : names) {
    const auto found = std::ranges::find_if(
        baselines.list, [&](const auto& baseline) { return baseline.solver->name() == name; });
    tuned.push_back(
        {name, found->undefined,
         found->undefined.empty() ? found->solver->constants() : std::vector<Solver::Constant>{}});
  }
  return tuned;
}

}  // namespace gramian::api
