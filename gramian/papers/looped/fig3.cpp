// looped-fig3: networks used for more loops than they were trained for, and on other covariances.
#include <fmt/format.h>

#include <cmath>

#include "gramian/evaluation/alignment.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/papers/looped/claims.h"
#include "gramian/papers/looped/published.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"
#include "gramian/theory/looped.h"

namespace gramian::looped {

namespace {

constexpr int kMostLoops = 50;
constexpr std::uint64_t kLoopsPrompts = 50'000, kQuickLoopsPrompts = 2'000;
constexpr std::uint64_t kLoopsSeed = 3;
constexpr double kScales[] = {0.5, 1, 1.25, 1.5, 2};  // of the covariance, for the restricted model

Cell full_cell(int loops) {
  return {.kind = Parametrisation::full,
          .layers = loops,
          .problem = &problem_of(5, 20, 1).problem,
          .tied = true};
}

Cell restricted_cell(int n) {
  return {.kind = Parametrisation::preconditioned,
          .layers = 2,
          .problem = &problem_of(10, n, 1).problem,
          .tied = true};
}

std::vector<double> diagonal(const std::vector<double>& values) {
  std::vector<double> matrix(values.size() * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) matrix[i * values.size() + i] = values[i];
  return matrix;
}

// After each of 1..kMostLoops loops.
Expected<std::vector<LayerLoss>> extra_loops(const Trained& trained, const RegressionTask& task,
                                             const StudyOptions& options, ThreadPool& pool) {
  const auto network = GRAMIAN_TRY(load_network(trained, options));
  const Network more = repeated_layer(network, kMostLoops);
  NetworkPredictor predictor(more, task.n(), pool.threads());
  return layer_losses(task, predictor, options.effort.quick ? kQuickLoopsPrompts : kLoopsPrompts,
                      kLoopsSeed, pool);
}

double mean_at(const std::vector<LayerLoss>& losses, int loops) {
  return 2 * losses[static_cast<std::size_t>(loops - 1)].loss.mean();
}
double error_at(const std::vector<LayerLoss>& losses, int loops) {
  return 2 * losses[static_cast<std::size_t>(loops - 1)].loss.standard_error();
}
double median_at(const std::vector<LayerLoss>& losses, int loops) {
  return 2 * losses[static_cast<std::size_t>(loops - 1)].median;
}

Series curve(std::string name, Mark mark, const std::vector<LayerLoss>& losses,
             double (*at)(const std::vector<LayerLoss>&, int)) {
  Series series{.name = std::move(name), .role = Role::other, .mark = mark};
  for (int loops = 1; loops <= kMostLoops; ++loops)
    series.points.push_back({.x = static_cast<double>(loops), .y = at(losses, loops)});
  return series;
}

void add_row(Table& table, std::string network, std::string inputs, std::string what,
             const std::vector<double>& values) {
  auto& row = table.rows.emplace_back();
  row = {std::move(network), std::move(inputs), std::move(what)};
  for (const double value : values) row.emplace_back(value);
}

std::vector<double> at_loops(const std::vector<LayerLoss>& losses,
                             double (*at)(const std::vector<LayerLoss>&, int)) {
  std::vector<double> values;
  for (const int loops : kExtraLoops) values.push_back(at(losses, loops));
  return values;
}

// The full model: published numbers, in and out of distribution.
Status draw_full(const Archive& archive, const StudyOptions& options, ThreadPool& pool,
                 Table& table, Figure& figure, StudyResult& result) {
  std::vector<ExtraLoopsNumbers> numbers;
  for (const bool other : {false, true}) {
    const RegressionTask task =
        task_of(5, 20, other ? diagonal({1, 1, 0.5, 0.25, 1}) : std::vector<double>{});
    const std::string inputs = other ? "S = diag(1, 1, 1/2, 1/4, 1)" : "S = I";
    Panel panel{.title = "Full model, d = 5, n = 20, " + inputs,
                .x = {.label = "loops", .log = true},
                .y = {.label = "loss (median, dashed: mean)", .log = true}};
    for (const int loops : {2, 5, 10}) {
      const Trained* trained = archive.best(full_cell(loops));
      if (trained == nullptr) continue;
      const auto losses = GRAMIAN_TRY(extra_loops(*trained, task, options, pool));
      const std::string name = fmt::format("trained for {}", loops);
      add_row(table, "full, " + name, inputs, "mean", at_loops(losses, mean_at));
      add_row(table, "full, " + name, inputs, "median", at_loops(losses, median_at));
      panel.series.push_back(curve(name, Mark::line, losses, median_at));
      panel.series.push_back(curve(name + ", mean", Mark::dashes, losses, mean_at));
      ExtraLoopsNumbers& network = numbers.emplace_back();
      network = {.trained = loops,
                 .other_covariance = other,
                 .mean = at_loops(losses, mean_at),
                 .median = at_loops(losses, median_at),
                 .mean_se = at_loops(losses, error_at),
                 .median_trained = median_at(losses, loops)};
      if (loops > 5) continue;
      const auto values = published_losses(loops, other);
      network.published = {values.begin(), values.end()};
      add_row(table, "full, " + name, inputs, "published", network.published);
    }
    figure.panels.push_back(std::move(panel));
  }
  add_claims(full_loops_claims(numbers), result);
  result.tables.push_back(published_loops(numbers));
  return {};
}

// The restricted model: what theory says about more loops.
Status draw_restricted(const Archive& archive, const StudyOptions& options, ThreadPool& pool,
                       Table& table, Figure& figure, StudyResult& result) {
  const std::size_t contexts = options.effort.quick ? 500 : 50'000;
  for (const int n : {100, 30}) {
    const Trained* trained = archive.best(restricted_cell(n));
    if (trained == nullptr) continue;
    const std::string name = fmt::format("(A, u), trained for 2, n = {}", n);
    const LoopedContexts theory(10, n, contexts, kLoopsSeed);
    const double a = theory.optimum(2).step.mean;
    const ContextMean share = theory.diverging(a);
    const auto losses = GRAMIAN_TRY(extra_loops(*trained, task_of(10, n, {}), options, pool));
    add_row(table, name, "S = I", "mean", at_loops(losses, mean_at));
    add_row(table, name, "S = I", "median", at_loops(losses, median_at));
    std::vector<double> predicted;
    for (const int loops : kExtraLoops) predicted.push_back(theory.loss(a, loops).mean);
    add_row(table, name, "S = I", fmt::format("mean at a* = {:.3f}", a), predicted);
    Panel panel{
        .title = name, .x = {.label = "loops", .log = true}, .y = {.label = "loss", .log = true}};
    panel.series.push_back(curve("median", Mark::line, losses, median_at));
    panel.series.push_back(curve("mean", Mark::dashes, losses, mean_at));
    figure.panels.push_back(std::move(panel));
    add_claims(restricted_loops_claims({.n = n,
                                        .mean_2 = mean_at(losses, 2),
                                        .mean_5 = mean_at(losses, 5),
                                        .mean_20 = mean_at(losses, 20),
                                        .median_20 = median_at(losses, 20),
                                        .a = a,
                                        .diverging = {share.mean, share.se}}),
               result);
  }
  // Another covariance is another scale of the eigenvalues: loops converge where c a* l < 2.
  std::vector<ScaleNumbers> scales;
  if (const Trained* trained = archive.best(restricted_cell(100))) {
    const LoopedContexts theory(10, 100, options.effort.quick ? 500 : 20'000, kLoopsSeed);
    const double a = theory.optimum(2).step.mean;
    for (const double c : kScales) {
      const auto losses = GRAMIAN_TRY(extra_loops(
          *trained, task_of(10, 100, diagonal(std::vector<double>(10, c))), options, pool));
      scales.push_back(
          {c, theory.diverging(a * c).mean, median_at(losses, 2), median_at(losses, 50)});
    }
  }
  result.claims.push_back(scales_claim(scales));
  return {};
}

}  // namespace

std::vector<Cell> fig3_cells() {
  return {full_cell(2), full_cell(5), full_cell(10), restricted_cell(100), restricted_cell(30)};
}

Status draw_fig3(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  ThreadPool pool(options.threads);
  Table table{
      .id = "looped-fig3",
      .title = "Loss after more and fewer loops than in training",
      .columns = {"network", "inputs", ""},
      .rows = {},
      .notes = {"Loss: E (prediction - y)^2. A mean over 50,000 prompts is carried by the few "
                "whose largest "
                "eigenvalue makes loops diverge; the median is what a typical prompt sees."}};
  for (const int loops : kExtraLoops) table.columns.push_back(fmt::format("{}", loops));
  Figure figure{.id = "looped-fig3",
                .title = "Loops at test time",
                .caption = "The layer that was trained for L loops, used for 1 to 50.",
                .columns = 2,
                .panels = {}};
  GRAMIAN_TRY(draw_full(archive, options, pool, table, figure, result));
  GRAMIAN_TRY(draw_restricted(archive, options, pool, table, figure, result));
  result.tables.push_back(std::move(table));
  result.figures.push_back(std::move(figure));
  return {};
}

}  // namespace gramian::looped
