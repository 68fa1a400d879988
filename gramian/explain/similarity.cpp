#include "gramian/explain/similarity.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "gramian/base/assert.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/explain/prompts.h"
#include "gramian/solvers/bayes.h"
#include "gramian/solvers/gradient_descent.h"
#include "gramian/solvers/ridge.h"
#include "gramian/solvers/tune.h"
#include "gramian/theory/implicit.h"

namespace gramian {

namespace {

// A column of a family: makes a solver of its own, to be tuned towards one layer.
struct Candidate {
  std::size_t family = 0;
  std::string column;
  std::function<std::unique_ptr<Solver>()> make;
};

constexpr int kMostNewtonSteps = 12;

std::vector<Candidate> candidates(const RegressionTask& task, int steps,
                                  std::vector<AlgorithmFamily>& families) {
  std::vector<Candidate> list;
  const auto first = make_step_solvers(1);
  for (std::size_t f = 0; f < first.size(); ++f) {
    families.push_back({.name = first[f]->name(), .title = first[f]->title(), .column = "steps"});
    for (int k = 1; k <= steps; ++k) {
      list.push_back(
          {f, fmt::format("{}", k), [f, k] { return std::move(make_step_solvers(k)[f]); }});
    }
  }
  families.push_back(
      {.name = "newton", .title = "Newton's iteration for the inverse", .column = "steps"});
  for (int k = 1; k <= std::min(steps, kMostNewtonSteps); ++k) {
    list.push_back({families.size() - 1, fmt::format("{}", k),
                    [k] { return std::make_unique<GradientDescent>(1 << k); }});
  }
  // Penalties in units of the mean square of the noise, which is what a tuned constant is near to.
  const double unit = task.spec().noise.mean_square();
  families.push_back({.name = "ridge", .title = "ridge regression", .column = "penalty"});
  for (const double multiple : {0.0, 1.0 / 16, 1.0 / 4, 1.0 / 2, 1.0, 2.0, 4.0, 8.0, 16.0}) {
    if (multiple > 0 && unit == 0) break;
    list.push_back({families.size() - 1, fmt::format("{:.3g}", multiple * unit),
                    [s = multiple * unit] { return std::make_unique<FixedRidge>("ridge", s); }});
  }
  families.push_back(
      {.name = "adaptive", .title = "ridge with a penalty for each prompt", .column = ""});
  const auto add = [&](const char* name, auto make) {
    if (make()->applicable(task.n(), task.d())) list.push_back({families.size() - 1, name, make});
  };
  add("adarr", []() -> std::unique_ptr<Solver> { return std::make_unique<AdaptiveRidge>(); });
  add("tunedrr", []() -> std::unique_ptr<Solver> { return std::make_unique<TunedRidge>(); });
  add("bayes", [&task]() -> std::unique_ptr<Solver> {
    return std::make_unique<Bayes>(task.spec().noise, task.n());
  });
  add("oracle", []() -> std::unique_ptr<Solver> { return std::make_unique<OracleRidge>(); });
  return list;
}

AlgorithmFamily& family_named(std::string_view name, std::vector<AlgorithmFamily>& families) {
  const auto found = std::ranges::find(families, name, &AlgorithmFamily::name);
  GRAMIAN_ASSERT(found != families.end());
  return *found;
}

Match best_match(const std::vector<AlgorithmFamily>& families, std::size_t layer) {
  double least = INFINITY;
  for (const AlgorithmFamily& family : families) {
    if (!family.columns.empty())
      least = std::min(least, family.distance[layer][family.best(layer)]);
  }
  for (std::size_t f = 0; f < families.size(); ++f) {
    if (families[f].columns.empty()) continue;
    const std::size_t column = families[f].best(layer);
    const double distance = families[f].distance[layer][column];
    if (distance <= std::max(kTie * least, kSame))
      return {f, column, distance, families[f].error[layer][column]};
  }
  return {0, 0, families.front().distance[layer].front(), families.front().error[layer].front()};
}

// Prompts on which the network does not explode, and the weights of each layer on them: [L][kept].
struct Kept {
  std::vector<Prompt> prompts;
  std::vector<std::vector<std::vector<double>>> weights;
};

// Only the last layer says what is an explosion: those before it are no estimates, and may be
// large.
Kept without_explosions(const RegressionTask& task, const Network& network,
                        std::vector<Prompt> prompts, double threshold) {
  const auto layers = static_cast<std::size_t>(network.spec.layers);
  Kept kept{{}, std::vector<std::vector<std::vector<double>>>(layers)};
  for (Prompt& prompt : prompts) {
    const auto states =
        implicit_states(network, prompt.gram, network.spec.context_factor(task.n()));
    std::vector<double> error = states.back().w;
    for (std::size_t i = 0; i < error.size(); ++i) error[i] -= prompt.truth[i];
    if (!(0.5 * squared_norm(task, error) <= threshold)) continue;
    for (std::size_t l = 0; l < layers; ++l) kept.weights[l].push_back(states[l + 1].w);
    kept.prompts.push_back(std::move(prompt));
  }
  return kept;
}

}  // namespace

std::size_t AlgorithmFamily::best(std::size_t layer) const {
  GRAMIAN_ASSERT(layer < distance.size() && !columns.empty());
  const auto& row = distance[layer];
  const double least = *std::ranges::min_element(row);
  const auto found = std::ranges::find_if(
      row, [&](double value) { return value <= std::max(kTie * least, kSame); });
  return found == row.end() ? 0 : static_cast<std::size_t>(found - row.begin());
}

Similarity compare_layers(const RegressionTask& task, const Network& network, int steps,
                          std::size_t prompts, double threshold, std::uint64_t seed,
                          ThreadPool& pool) {
  GRAMIAN_ASSERT(network.spec.d == task.d() && steps >= 1);
  const auto layers = static_cast<std::size_t>(network.spec.layers);
  Similarity result{.prompts = prompts, .left_out = 0, .families = {}, .matches = {}};
  const std::vector<Candidate> list = candidates(task, steps, result.families);
  for (const Candidate& c : list) result.families[c.family].columns.push_back(c.column);
  for (AlgorithmFamily& family : result.families) {
    family.distance.assign(layers, std::vector<double>(family.columns.size()));
    family.error = family.distance;
    family.constants.assign(layers,
                            std::vector<std::vector<Solver::Constant>>(family.columns.size()));
  }

  const Kept kept = without_explosions(
      task, network, draw_prompts(task, seed, PromptSet::similarity, prompts), threshold);
  result.left_out = prompts - kept.prompts.size();

  for (std::size_t l = 0; l < layers; ++l) {
    const SpectrumBatch towards = spectra_towards(task, kept.prompts, kept.weights[l]);
    const std::vector<double> sizes = losses(FixedRidge("zero", INFINITY), towards);
    std::vector<Ratio> distance(list.size());  // to halves of |w^l|_S^2
    std::vector<std::vector<Solver::Constant>> constants(list.size());
    pool.run(static_cast<int>(list.size()), [&](int c, int) {
      const auto at = static_cast<std::size_t>(c);
      const auto solver = list[at].make();
      solver->tune(towards);
      distance[at] = ratio_of_means(losses(*solver, towards), sizes);
      constants[at] = solver->constants();
    });
    std::vector<std::size_t> filled(result.families.size());
    for (std::size_t c = 0; c < list.size(); ++c) {
      AlgorithmFamily& family = result.families[list[c].family];
      const std::size_t column = filled[list[c].family]++;
      family.distance[l][column] = distance[c].value;
      family.error[l][column] = distance[c].error;
      family.constants[l][column] = std::move(constants[c]);
    }
    // One step of GD++ and one of heavy ball are one of gradient descent, which has the narrowest
    // range to look for its constant in.
    AlgorithmFamily& descent = family_named("gd", result.families);
    for (const char* name : {"gdpp", "momentum"}) {
      const AlgorithmFamily& other = family_named(name, result.families);
      if (other.distance[l].front() < descent.distance[l].front()) {
        descent.distance[l].front() = other.distance[l].front();
        descent.error[l].front() = other.error[l].front();
        descent.constants[l].front() = other.constants[l].front();
      }
    }
    result.matches.push_back(best_match(result.families, l));
  }
  return result;
}

}  // namespace gramian
