#include "gramian/studies/recipe.h"

#include <fmt/format.h>

#include "gramian/bench/operations.h"
#include "gramian/runs/experiment.h"

namespace gramian {

std::string_view title_of(Parametrisation kind) {
  switch (kind) {
    case Parametrisation::full:
      return "FULL";
    case Parametrisation::diag:
      return "DIAG";
    case Parametrisation::gdpp:
      return "GD++";
    case Parametrisation::preconditioned:
      return "(A, u)";
  }
  return "";
}

std::string Cell::name() const {
  return fmt::format("{}-L{}-{}{}{}", network.empty() ? name_of(kind) : network, layers,
                     tied ? "looped-" : "", problem->id, guards ? "" : "-unguarded");
}

std::string Cell::title() const {
  return fmt::format("{}, L = {}{}, {}{}", network.empty() ? title_of(kind) : network, layers,
                     tied ? ", looped" : "", problem->title, guards ? "" : ", no guards");
}

std::vector<Config> starts(const Cell& cell, int seed, const Effort& effort) {
  return cell.problem->recipe->starts(cell, seed, effort);
}

Examination examination(const Cell& cell, const Effort& effort) {
  return cell.problem->recipe->examination(cell, effort);
}

double cost(const Config& config) {
  const auto experiment = make_experiment(config);
  const TrainSpec& train = experiment->train;
  if (experiment->tokens) {
    const Tape::Cost products = record(experiment->tokens->transformer)->tape.cost();
    return (products.forward + products.backward) * train.batch * static_cast<double>(train.steps);
  }
  // A Gauss-Newton step has a second backward pass; double takes twice as long.
  const Operations operations = count_operations(experiment->network);
  double work =
      operations.total() + (train.method == Method::gauss_newton ? operations.backward : 0);
  work += 20.0 * experiment->task.d() * experiment->task.d();  // sampling, roughly
  constexpr double kSearch = 1e9;                              // for the best GD++ network
  return work * train.batch * static_cast<double>(train.steps) *
             (train.precision == Precision::twice ? 2 : 1) +
         (experiment->initialisation == Initialisation::gdpp_optimum ? kSearch : 0);
}

}  // namespace gramian
