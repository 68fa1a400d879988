// looped-fig1: where the restricted model (A, u) ends, beside the optimum that is known.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "gramian/papers/looped/claims.h"
#include "gramian/papers/looped/restricted.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"
#include "gramian/theory/looped.h"

namespace gramian::looped {

namespace {

constexpr int kLoops[] = {1, 2, 5, 10};
constexpr double kKappas[] = {1, 10, 100};
constexpr std::uint64_t kTheorySeed = 3;

constexpr int kMain = 100;  // n of the spectra in the figure

std::vector<Setting> settings() {
  std::vector<Setting> list;
  const auto add = [&](int loops, const Problem& problem) {
    list.push_back({.kind = Parametrisation::preconditioned, .layers = loops, .problem = problem});
  };
  for (const double kappa : kKappas) {
    for (const int loops : kLoops) add(loops, {.d = 10, .n = kMain, .kappa = kappa});
  }
  for (const int n : {30, 5}) add(2, {.d = 10, .n = n});
  return list;
}

// What theory says of one (d, n, L).
struct Theory {
  LoopedOptimum symmetric;
  RotatedOptimum turning;
};

struct Fig1Numbers {
  std::map<std::pair<int, int>, Theory> theory = {};  // by n and L
  std::vector<Problem> problems = {};                 // of each of
  std::vector<RestrictedNumbers> cells = {};
  std::vector<Series> flows = {};
  std::vector<DominanceSlope> slopes = {};
};

std::vector<Series> measure_flows(bool quick) {
  const LoopedContexts contexts(5, 40, quick ? 50 : 500, kTheorySeed);
  std::vector<double> times;
  for (double t = 0.01; t <= 8.01; t *= std::sqrt(2)) times.push_back(t);
  std::vector<Series> flows;
  for (const int loops : {2, 3, 5}) {
    Series series{.name = fmt::format("L = {}", loops), .role = Role::other, .mark = Mark::line};
    for (const FlowPoint& at : gradient_flow(contexts, loops, times))
      series.points.push_back({.x = at.time, .y = at.loss});
    flows.push_back(std::move(series));
  }
  return flows;
}

std::vector<DominanceSlope> measure_dominance(bool quick) {
  const LoopedContexts contexts(10, 1'000'000, quick ? 50 : 500, kTheorySeed);
  std::vector<DominanceSlope> slopes;
  for (const int loops : kLoops)
    slopes.push_back({loops, gradient_dominance_slope(contexts, loops, 0, 0.9, 20)});
  return slopes;
}

Theory theory_of(const Setting& setting, bool quick) {
  const auto& [d, n, kappa] = setting.problem;
  const LoopedContexts contexts(d, n, quick ? 500 : 20'000, kTheorySeed);
  const LoopedContexts fewer(d, n, quick ? 100 : 4'000, kTheorySeed);
  return {contexts.optimum(setting.layers), fewer.rotated_optimum(setting.layers)};
}

Expected<Fig1Numbers> measure_fig1(const Archive& archive, const StudyOptions& options) {
  const bool quick = options.effort.quick;
  Fig1Numbers numbers{.flows = measure_flows(quick), .slopes = measure_dominance(quick)};
  for (const Setting& setting : settings()) {
    const Problem& problem = setting.problem;
    auto [theory, fresh] = numbers.theory.try_emplace({problem.n, setting.layers});
    if (fresh) theory->second = theory_of(setting, quick);
    const auto& [best, turned] = theory->second;
    const Trained* trained = archive.best(setting.name());
    if (trained == nullptr) continue;
    const auto model = GRAMIAN_TRY(load_restricted(*trained, problem, options));
    const Estimate& ours = trained->scores.loss.at("model");
    numbers.problems.push_back(problem);
    numbers.cells.push_back({.place = fmt::format("{}, L = {}", problem.title(), setting.layers),
                             .d = problem.d,
                             .n = problem.n,
                             .loops = setting.layers,
                             .loss = {2 * ours.mean, 2 * ours.se},
                             .best = {best.loss.mean, best.loss.se},
                             .turned = {turned.loss.mean, turned.loss.se},
                             .low = model.spectrum.minCoeff(),
                             .mean = model.spectrum.mean(),
                             .high = model.spectrum.maxCoeff(),
                             .a = best.step.mean,
                             .turn = model.turn,
                             .best_turn = turned.rotation,
                             .u = model.u});
  }
  return numbers;
}

Table table_of(const Fig1Numbers& numbers) {
  Table table{.id = "looped-fig1",
              .title = "The restricted model (A, u) after training, beside the best A",
              .columns = {"d, n", "kappa", "L", "loss", "best symmetric A", "best A that turns",
                          "|u|", "spectrum", "a*", "k", "k*"},
              .rows = {},
              .notes = {"Loss: E (prediction - y)^2. Spectrum: least, mean and largest eigenvalue "
                        "of the symmetric part of A' = S^1/2 A S^1/2; a* S^-1 is the best "
                        "symmetric A; k and k*: A' = a I + k J, J^T J = I, J antisymmetric, after "
                        "training and at the optimum of that form."}};
  for (std::size_t k = 0; k < numbers.cells.size(); ++k) {
    const RestrictedNumbers& c = numbers.cells[k];
    table.rows.push_back({fmt::format("{}, {}", c.d, c.n), numbers.problems[k].kappa,
                          static_cast<double>(c.loops), cell_of(c.loss), cell_of(c.best),
                          cell_of(c.turned), c.u,
                          fmt::format("{:.3f} {:.3f} {:.3f}", c.low, c.mean, c.high),
                          fmt::format("{:.4f}", c.a), c.turn, c.best_turn});
  }
  return table;
}

Panel spectrum_panel(const Fig1Numbers& numbers) {
  Panel panel{.title = "Spectrum of S^1/2 A S^1/2, n = 100",
              .x = {.label = "loops L", .log = true, .ticks = {1, 2, 5, 10}},
              .y = {.label = "eigenvalues of the symmetric part"}};
  for (const double kappa : kKappas) {
    Series series{
        .name = fmt::format("kappa = {}", kappa), .role = Role::other, .mark = Mark::points};
    for (std::size_t k = 0; k < numbers.cells.size(); ++k) {
      const RestrictedNumbers& c = numbers.cells[k];
      if (c.n != kMain || numbers.problems[k].kappa != kappa) continue;
      series.points.push_back(
          {.x = static_cast<double>(c.loops), .y = c.mean, .low = c.low, .high = c.high});
    }
    panel.series.push_back(std::move(series));
  }
  Series line{.name = "a*, the best symmetric A", .role = Role::bayes, .mark = Mark::dashes};
  Series turned{.name = "a of the best A that turns", .role = Role::paper, .mark = Mark::dashes};
  for (const int loops : kLoops) {
    const auto found = numbers.theory.find({kMain, loops});
    if (found == numbers.theory.end()) continue;
    const auto& [symmetric, turning] = found->second;
    line.points.push_back({.x = static_cast<double>(loops), .y = symmetric.step.mean});
    turned.points.push_back({.x = static_cast<double>(loops), .y = turning.step});
  }
  panel.series.push_back(std::move(line));
  panel.series.push_back(std::move(turned));
  return panel;
}

Figure figure_of(const Fig1Numbers& numbers) {
  Panel flow{.title = "Gradient flow from A = 0: d = 5, n = 40, S = I",
             .x = {.label = "time", .log = true},
             .y = {.label = "loss", .log = true},
             .series = numbers.flows};
  return {.id = "looped-fig1",
          .title = "Weights of looped transformers and the flow that leads there",
          .caption =
              "Left: bars from the least to the largest eigenvalue after training. Right: "
              "dA/dt = -grad loss on fixed contexts.",
          .columns = 2,
          .panels = {spectrum_panel(numbers), std::move(flow)}};
}

}  // namespace

std::vector<Cell> fig1_cells() { return cells_of(settings()); }

Status draw_fig1(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(measure_fig1(archive, options));
  result.tables.push_back(table_of(numbers));
  result.figures.push_back(figure_of(numbers));
  result.claims = restricted_claims(numbers.cells);
  result.claims.push_back(dominance_claim(numbers.slopes));
  return {};
}

}  // namespace gramian::looped
