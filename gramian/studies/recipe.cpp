#include "gramian/studies/recipe.h"

#include <fmt/format.h>

#include <span>

#include "gramian/runs/gram_family.h"

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

double cost(const Config& config) { return make_experiment(config).value()->cost(); }

}  // namespace gramian
