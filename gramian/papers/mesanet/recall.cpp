// mesanet-recall: right answers by mixer and question, by length, and by steps of conjugate
// gradients.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "gramian/evaluation/position_losses.h"
#include "gramian/io/progress.h"
#include "gramian/papers/mesanet/claims.h"
#include "gramian/papers/mesanet/studies.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/token_cells.h"

namespace gramian::mesanet {

namespace {

constexpr int kLengths[] = {64, 128, 256, 512, 1024};
constexpr int kSolverSteps[] = {1, 2, 4, 6, 10, 0};  // 0: exactly
constexpr std::uint64_t kPromptSeed = 91'000;        // of the prompts of lengths and solvers
constexpr double kLearned = 0.5;                     // nats, when a seed is said to have learned
constexpr std::size_t kWindow = 5;                   // rows of a training curve that are averaged

std::vector<Setting> settings() {
  std::vector<Setting> list;
  for (const RecallKind kind : kKinds) {
    for (const Mixing mixing : kMixings) list.push_back({kind, mixing});
  }
  return list;
}

// The share of right answers of these weights in a network of this description.
Expected<Estimate> right_of(const Setting& setting, const TransformerSpec& spec,
                            const std::vector<double>& theta, const StudyOptions& options) {
  const Transformer network = GRAMIAN_TRY(Transformer::create(spec, theta));
  const TokenTask task = setting.task(spec.stem.tokens);
  const std::vector<NamedPredictor> one{{"model", predictor(task, network)}};
  ThreadPool pool(1);
  const auto losses =
      GRAMIAN_TRY(position_losses(task, one, options.effort.quick ? 32 : 512, kPromptSeed, pool,
                                  [&](std::uint64_t, std::uint64_t) {
                                    return !options.interrupted || !options.interrupted();
                                  }));
  return estimate_of(losses.front().right);
}

// Of every seed, with the description that `change` makes of the trained one.
template <class Change>
Expected<std::vector<Estimate>> each_seed(const Archive& archive, const Setting& setting,
                                          const StudyOptions& options, Change change) {
  std::vector<Estimate> list;
  const auto seeds = GRAMIAN_TRY(load_token_seeds(archive, setting.name(), options));
  for (const TokenSeed& seed : seeds) {
    TransformerSpec spec = seed.run.transformer.spec();
    change(spec);
    list.push_back(GRAMIAN_TRY(right_of(setting, spec, seed.run.transformer.theta, options)));
  }
  return list;
}

std::vector<RecallNumbers> numbers_of(const Archive& archive) {
  std::vector<RecallNumbers> list;
  for (const Setting& setting : settings()) {
    RecallNumbers& numbers = list.emplace_back(RecallNumbers{setting.kind, setting.mixing, {}});
    for (const Trained* trained : archive.seeds(setting.name()))
      numbers.seeds.push_back(trained->scores.right.at("model"));
  }
  return list;
}

// The step at which the loss of the batch, averaged over some rows of the curve, is first below
// kLearned; nothing if it never is.
std::optional<double> learned_at(const std::vector<Point>& curve) {
  for (std::size_t i = kWindow; i <= curve.size(); ++i) {
    double sum = 0;
    for (std::size_t j = i - kWindow; j < i; ++j) sum += curve[j].y;
    if (sum < kLearned * static_cast<double>(kWindow)) return curve[i - 1].x;
  }
  return std::nullopt;
}

Expected<Table> right_table(const Archive& archive, const std::vector<RecallNumbers>& numbers,
                            const StudyOptions& options) {
  Table table{.id = "mesanet-recall",
              .title = "Right answers, and when they were learned",
              .columns = {"questions", "mixer", "right, mean of seeds", "least", "most",
                          "seeds that learn", "steps, median", "numbers of state a head"},
              .rows = {},
              .notes = {fmt::format("Learned: the loss of the batch is below {} nats, the mean of "
                                    "{} rows of the curve. Chance is 3% (of values) or less.",
                                    kLearned, kWindow)}};
  for (const RecallNumbers& of : numbers) {
    if (of.seeds.empty()) continue;
    std::vector<double> steps;
    const auto trained = archive.seeds(Setting{of.kind, of.mixing}.name());
    for (const Trained* one : trained) {
      const auto at = learned_at(GRAMIAN_TRY(training_curve(*one, options)));
      if (at) steps.push_back(*at);
    }
    std::ranges::sort(steps);
    const auto [least, most] = std::ranges::minmax(of.seeds, {}, &Estimate::mean);
    const Estimate mean = over_seeds(of.seeds);
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(title_of(of.kind)));
    row.emplace_back(std::string(title_of(of.mixing)));
    row.emplace_back(cell_of(mean));
    row.emplace_back(least.mean);
    row.emplace_back(most.mean);
    row.emplace_back(fmt::format("{} of {}", steps.size(), trained.size()));
    row.emplace_back(steps.empty() ? TableCell{.note = "never"}
                                   : TableCell{.value = steps[(steps.size() - 1) / 2]});
    row.emplace_back(static_cast<double>(state_size(of.mixing, kTokens)));
  }
  return table;
}

Role role_of(Mixing mixing) {
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::gdpp, Role::adarr, Role::bayes};
  return kRoles[static_cast<int>(mixing)];
}

Expected<Panel> length_panel(const Archive& archive, const StudyOptions& options,
                             const std::function<void()>& count) {
  Panel panel{.title = "Associative recall, trained on 64 tokens",
              .x = {.label = "tokens", .log = true, .ticks = {64, 128, 256, 512, 1024}},
              .y = {.label = "right answers", .domain = {0, 1}}};
  for (const Mixing mixing : kMixings) {
    Series series{.name = std::string(title_of(mixing)), .role = role_of(mixing)};
    for (const int tokens : kLengths) {
      const auto seeds =
          GRAMIAN_TRY(each_seed(archive, {.mixing = mixing}, options,
                                [&](TransformerSpec& spec) { spec.stem.tokens = tokens; }));
      if (!seeds.empty()) series.points.push_back(point(tokens, over_seeds(seeds)));
      count();
    }
    if (!series.points.empty()) panel.series.push_back(std::move(series));
  }
  return panel;
}

Expected<std::vector<SolverNumbers>> solver_numbers(const Archive& archive,
                                                    const StudyOptions& options,
                                                    const std::function<void()>& count) {
  std::vector<SolverNumbers> list;
  for (const int steps : kSolverSteps) {
    auto seeds = GRAMIAN_TRY(each_seed(archive, {}, options, [&](TransformerSpec& spec) {
      for (Block& block : spec.blocks) {
        if (steps == 0) continue;
        block.mixer.mesa.solver = MesaSolver::conjugate_gradients;
        block.mixer.mesa.steps = steps;
        block.mixer.mesa.tolerance = 0;
      }
    }));
    if (!seeds.empty()) list.push_back({steps, std::move(seeds)});
    count();
  }
  return list;
}

Panel solver_panel(const std::vector<SolverNumbers>& solvers) {
  Panel panel{.title = "Associative recall, the mesa layer",
              .x = {.label = "steps of conjugate gradients"},
              .y = {.label = "right answers", .domain = {0, 1}}};
  Series steps{.name = "conjugate gradients", .role = Role::full};
  Series exact{.name = "solved exactly", .role = Role::bayes, .mark = Mark::rule};
  for (const SolverNumbers& at : solvers) {
    Series& series = at.steps > 0 ? steps : exact;
    series.points.push_back(point(at.steps, over_seeds(at.seeds)));
  }
  panel.series = {std::move(steps), std::move(exact)};
  return panel;
}

Expected<Figure> curves_figure(const Archive& archive, const StudyOptions& options) {
  Figure figure{.id = "mesanet-recall-training",
                .title = "Loss of the batch while training",
                .caption = "The seed with the least loss of each mixer.",
                .columns = 3,
                .panels = {}};
  for (const RecallKind kind : kKinds) {
    Panel panel{.title = std::string(title_of(kind)),
                .x = {.label = "step"},
                .y = {.label = "nats", .log = true, .domain = {1e-3, 5}}};
    for (const Mixing mixing : kMixings) {
      const Trained* best = archive.best(Setting{kind, mixing}.name());
      if (best == nullptr) continue;
      panel.series.push_back({.name = std::string(title_of(mixing)),
                              .role = role_of(mixing),
                              .points = GRAMIAN_TRY(training_curve(*best, options))});
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

std::vector<Cell> recall_cells() { return cells_of(settings()); }

Status draw_recall(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const std::vector<RecallNumbers> numbers = numbers_of(archive);
  const std::size_t measured = std::size(kMixings) * std::size(kLengths) + std::size(kSolverSteps);
  Progress bar("measure", static_cast<std::int64_t>(measured), "networks");
  std::int64_t done = 0;
  const auto count = [&] { bar.update(++done); };
  const auto solvers = GRAMIAN_TRY(solver_numbers(archive, options, count));
  Panel lengths = GRAMIAN_TRY(length_panel(archive, options, count));
  result.claims = recall_claims(numbers, solvers);
  result.tables.push_back(GRAMIAN_TRY(right_table(archive, numbers, options)));
  result.figures.push_back({.id = "mesanet-recall",
                            .title = "Right answers by length and by steps of the solver",
                            .caption = "Means over seeds; bars are two standard errors.",
                            .columns = 2,
                            .panels = {std::move(lengths), solver_panel(solvers)}});
  result.figures.push_back(GRAMIAN_TRY(curves_figure(archive, options)));
  return {};
}

}  // namespace gramian::mesanet
