// Learned against hand-made: networks of L layers beside tuned iterations of L steps. Not in the
// paper.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "gramian/evaluation/hand_made.h"
#include "gramian/evaluation/table.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/runs/gram_family.h"

namespace gramian::versatile {

namespace {

constexpr std::uint64_t kTuningPrompts = 100'000;  // of the iterations

struct Method {
  std::string name;  // of the solver
  std::string title;
};

const std::vector<Method>& methods() {
  static const std::vector<Method> list = [] {
    std::vector<Method> all;
    for (const auto& solver : make_step_solvers(1))
      all.push_back({solver->name(), solver->title()});
    return all;
  }();
  return list;
}

std::vector<const Problem*> step_problems() {
  return {&main_problem(), &problem_named("categorical-13"), &problem_named("uniform-0")};
}

// The hand-made iterations on the prompts on which the networks were evaluated; kept in the
// directory of the study.
Expected<HandMadeScores> hand_made(const Problem& problem, const StudyOptions& options,
                                   ThreadPool& pool) {
  const Setting setting{.kind = Parametrisation::diag, .layers = kTableLayers, .problem = &problem};
  const auto experiment = GRAMIAN_TRY(gram_experiment(starts(setting, 0, options.effort).front()));
  EvalSpec spec{.prompts = examination(setting, options.effort).prompts, .seed = kJudgingSeed};
  spec.tuning_prompts = options.effort.quick ? 1'000 : kTuningPrompts;
  const std::string path = fmt::format("{}/hand-made-{}-{}-{}.json", options.directory, problem.id,
                                       spec.prompts, spec.tuning_prompts);
  if (std::filesystem::exists(path)) {
    if (auto scores = load_hand_made(path)) return scores;
  }
  Progress progress(fmt::format("hand-made, {}", problem.title),
                    static_cast<std::int64_t>(spec.prompts), "prompts");
  const auto report = [&](std::uint64_t done, std::uint64_t) {
    progress.update(static_cast<std::int64_t>(done));
    return options.goes_on();
  };
  const auto comparison = GRAMIAN_TRY(
      compare_with_hand_made(experiment.task, nullptr, kTableLayers, spec, pool, report));
  GRAMIAN_TRY(write_file_atomically(path, to_json(comparison)));
  return load_hand_made(path);
}

struct Best {
  std::string title = {};
  Estimate estimate = {INFINITY, 0};
};

Best best_of(const std::map<std::string, Estimate>& step) {
  Best best;
  for (const Method& method : methods()) {
    const Estimate& estimate = step.at(method.name);
    if (estimate.mean < best.estimate.mean) best = {method.title, estimate};
  }
  return best;
}

const Estimate* learned(const Archive& archive, Parametrisation kind, int layers,
                        const Problem& problem) {
  const Trained* trained = best(archive, {.kind = kind, .layers = layers, .problem = &problem});
  return trained == nullptr ? nullptr : &trained->scores.adjusted.at("model");
}

Panel panel_of(const Archive& archive, const Problem& problem, const HandMadeScores& scores) {
  Panel panel{.title = std::string(problem.title),
              .x = {.label = "layers or steps", .ticks = {1, 3, 5, 7}},
              .y = {.label = "adjusted loss", .log = true}};
  for (const Parametrisation kind : kKinds) {
    Series series{.name = std::string(title_of(kind)) + ", learned",
                  .role = role_of(kind),
                  .mark = Mark::line};
    for (int layers = 1; layers <= kTableLayers; ++layers) {
      const Estimate* estimate = learned(archive, kind, layers, problem);
      if (estimate != nullptr) series.points.push_back(point(layers, *estimate));
    }
    panel.series.push_back(std::move(series));
  }
  for (const Method& method : methods()) {
    Series series{.name = method.title, .role = Role::other, .mark = Mark::line};
    for (int k = 1; k <= kTableLayers; ++k) {
      series.points.push_back(
          point(k, scores.steps[static_cast<std::size_t>(k - 1)].at(method.name)));
    }
    panel.series.push_back(std::move(series));
  }
  if (problem.noiseless()) return panel;  // ridge is exact there
  for (const SolverLine& line : kSolverLines) {
    panel.series.push_back({.name = line.title,
                            .role = line.role,
                            .mark = Mark::rule,
                            .points = {{.y = scores.references.at(line.name).mean}}});
  }
  return panel;
}

Table table_of(const Archive& archive, const Problem& problem, const HandMadeScores& scores) {
  Table table{.id = fmt::format("steps-{}", problem.id),
              .title = fmt::format("Adjusted loss against layers or steps, {}", problem.title),
              .columns = {"steps"},
              .rows = {},
              .notes = {}};
  for (const Method& method : methods()) table.columns.push_back(method.title);
  for (const Parametrisation kind : kKinds)
    table.columns.push_back(std::string(title_of(kind)) + ", learned");
  for (int k = 1; k <= kTableLayers; ++k) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(static_cast<double>(k));
    for (const Method& method : methods()) {
      const Estimate& e = scores.steps[static_cast<std::size_t>(k - 1)].at(method.name);
      row.emplace_back(cell_of(e));
    }
    for (const Parametrisation kind : kKinds) {
      const Estimate* e = learned(archive, kind, k, problem);
      if (e == nullptr) {
        row.emplace_back(std::string("-"));
      } else {
        row.emplace_back(cell_of(*e));
      }
    }
  }
  std::string note = "Without steps:";
  for (const SolverLine& line : kSolverLines) {
    note += fmt::format(" {} {};", line.title, text(scores.references.at(line.name)));
  }
  note.back() = '.';
  table.notes.push_back(std::move(note));
  return table;
}

// Whether the network of each depth in [first, 7] is below the best hand-made iteration of as many
// steps, by two standard errors. Not judged if a network is missing.
Claim below_hand_made(std::string words, const Archive& archive, Parametrisation kind, int first,
                      const Problem& problem, const HandMadeScores& scores) {
  Claim claim{.text = std::move(words), .holds = true, .detail = {}};
  for (int k = first; k <= kTableLayers; ++k) {
    const Estimate* ours = learned(archive, kind, k, problem);
    if (ours == nullptr)
      return {.text = claim.text, .holds = {}, .detail = fmt::format("no network with L = {}", k)};
    const Best best = best_of(scores.steps[static_cast<std::size_t>(k - 1)]);
    const bool holds = ours->mean + 2 * std::hypot(ours->se, best.estimate.se) < best.estimate.mean;
    claim.holds = *claim.holds && holds;
    claim.detail +=
        fmt::format("{}L = {}: {:.3g} against {:.3g} ({}){}", claim.detail.empty() ? "" : "; ", k,
                    ours->mean, best.estimate.mean, best.title, holds ? "" : " (does not hold)");
  }
  return claim;
}

}  // namespace

std::vector<Cell> steps_cells() {
  std::vector<Setting> settings;
  for (const Problem* problem : step_problems())
    std::ranges::copy(settings_of(*problem, 1, kTableLayers), std::back_inserter(settings));
  return cells_of(settings);
}

Status draw_steps(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  ThreadPool pool(options.threads);
  Figure figure{
      .id = "steps",
      .title = "Learned and hand-made algorithms, loss against layers or steps",
      .caption =
          "Each point of a network is trained at that depth; each point of an iteration has "
          "constants tuned "
          "for that number of steps. All on the same prompts. Error bars: two standard errors.",
      .columns = 3,
      .panels = {}};
  for (const Problem* problem : step_problems()) {
    const auto scores = GRAMIAN_TRY(hand_made(*problem, options, pool));
    figure.panels.push_back(panel_of(archive, *problem, scores));
    result.tables.push_back(table_of(archive, *problem, scores));
    if (problem->noiseless()) {
      result.claims.push_back(
          below_hand_made("Without noise learned GD++ with L layers is below every tuned hand-made "
                          "method with L steps, for L >= 2",
                          archive, Parametrisation::gdpp, 2, *problem, scores));
    } else {
      result.claims.push_back(
          below_hand_made(fmt::format("{}: learned DIAG with L layers is below every tuned "
                                      "hand-made method with L steps, for L >= 2",
                                      problem->title),
                          archive, Parametrisation::diag, 2, *problem, scores));
    }
  }
  result.figures.push_back(std::move(figure));
  return {};
}

}  // namespace gramian::versatile
