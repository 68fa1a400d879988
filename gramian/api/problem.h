// A problem is a task, a network and how it is trained and evaluated: an experiment without a
// directory. It is made of the same keys as a configuration file (docs/reference.md), so that what
// has no meaning is refused with the same message.
//
//   const auto problem = GRAMIAN_TRY(api::configure({"task.d=5", "model.kind=full"}));
//   const auto network = GRAMIAN_TRY(api::train(problem));
//   const auto report = GRAMIAN_TRY(api::evaluate(problem, network));
//
// Numbers do not depend on the number of threads, which is problem.run.threads. Errors of all that
// takes long: interrupted, by a `stop` or a progress that says so.
//
// Letters: B prompts, d input dimension, D = d + 1.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/api/array.h"
#include "gramian/explain/explain.h"
#include "gramian/models/network.h"
#include "gramian/runs/gram_family.h"

namespace gramian::api {

using Problem = GramExperiment;

// Of settings "key=value", as on the command line, which win over those of `toml`, the text of a
// configuration file. Errors: config, naming the key, its rule and the value; usage for a
// transformer on tokens, which is trained into a run directory (train_run).
Expected<Problem> configure(const std::vector<std::string>& settings, std::string_view toml = "");

// The same with the keys of section [model] that describe this network, and its d: for networks
// that come from elsewhere. Errors: config, also where a setting contradicts the network.
Expected<Problem> configure_for(const NetworkSpec& network, std::vector<std::string> settings,
                                std::string_view toml = "");

struct Watch {
  // Called after each step, by the thread that called train().
  std::function<void(const StepReport& report)> on_step = {};
  // Asked between blocks of prompts, by any thread: true ends the training (interrupted).
  std::function<bool()> stop = {};
};

// Trains in memory. `start` replaces the initial weights if it is not null. Errors: config, for
// [model.init] gdpp, which trains another network first and needs a run directory, and for a start
// of another shape; numeric where training diverges.
Expected<Network> train(const Problem& problem, const Watch& watch = {},
                        const Network* start = nullptr);

// The network beside every solver, with the profile of [eval.profile]; null: solvers alone.
Expected<EvaluationReport> evaluate(const Problem& problem, const Network* network,
                                    const StageProgress& progress = {});

struct ExplanationReport {
  std::string text;  // what gramian explain prints
  std::string json;  // explain/page.h
};
Expected<ExplanationReport> explain(const Problem& problem, const Network& network,
                                    const ExplainOptions& options, const std::string& name,
                                    const ProgressFunction& progress = {});

// A classical solver by name: those of make_solvers and make_step_solvers (solvers/solver.h), and
// "ridge", whose one constant is the penalty.
struct SolverChoice {
  std::string name;
  int steps = 10;                      // of an iteration
  std::vector<double> constants = {};  // in the order of Solver::constants(); empty: untuned
};
std::vector<std::string> solver_names();

// The solution of each prompt: gram [B, D, D] of task.n() tokens and sigma [B], which only the
// oracle reads -> [B, d]. Errors: config, for an unknown name, a solver that is not defined for
// this n and d, or too few constants. Cost: d eigenproblems of size d a prompt.
Expected<Array> solve(const RegressionTask& task, const SolverChoice& choice, const Array& gram,
                      const Array& sigma, int threads = 0);

struct TunedSolver {
  std::string name;
  std::string undefined;                    // why it is not defined here; then no constants
  std::vector<Solver::Constant> constants;  // of least mean loss on the tuning prompts
};
// Tunes on problem.eval.tuning_prompts prompts of problem.eval.seed. Errors: config, for a name.
Expected<std::vector<TunedSolver>> tune(const Problem& problem,
                                        const std::vector<std::string>& names, int steps);

}  // namespace gramian::api
