// looped-fig3: networks used for more loops than they were trained for, and on other covariances.
#include <fmt/format.h>

#include <cmath>

#include "gramian/evaluation/alignment.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/papers/looped/claims.h"
#include "gramian/papers/looped/published.h"
#include "gramian/papers/looped/restricted.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"
#include "gramian/theory/eigenvalue_law.h"
#include "gramian/theory/looped.h"

namespace gramian::looped {

namespace {

constexpr int kMostLoops = 50;
constexpr std::uint64_t kLoopsPrompts = 50'000, kQuickLoopsPrompts = 2'000;
constexpr std::uint64_t kLoopsSeed = 3;
constexpr double kScales[] = {0.5, 1, 1.25, 1.5, 2};  // of the covariance, for the restricted model

Setting full_setting(int loops) {
  return {.kind = Parametrisation::full, .layers = loops, .problem = {.d = 5, .n = 20}};
}

Setting restricted_setting(int n) {
  return {.kind = Parametrisation::preconditioned, .layers = 2, .problem = {.d = 10, .n = n}};
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

std::vector<double> at_loops(const std::vector<LayerLoss>& losses,
                             double (*at)(const std::vector<LayerLoss>&, int)) {
  std::vector<double> values;
  for (const int loops : kExtraLoops) values.push_back(at(losses, loops));
  return values;
}

// The losses of one network after each of 1..kMostLoops loops.
struct Full {
  int trained = 0;  // loops
  bool other_covariance = false;
  std::vector<LayerLoss> losses = {};
  ExtraLoopsNumbers numbers = {};

  std::string name() const { return fmt::format("trained for {}", trained); }
};
struct RestrictedLoops {
  int n = 0;
  std::vector<LayerLoss> losses = {};
  double a = 0;                        // a*
  std::vector<double> predicted = {};  // exact mean losses at a*, at kExtraLoops
  ContextMean diverging = {};
  double above = 0;  // expected eigenvalues above 2/a*

  std::string name() const { return fmt::format("(A, u), trained for 2, n = {}", n); }
};
struct Fig3Numbers {
  std::vector<Full> full = {};
  std::vector<RestrictedLoops> restricted = {};
  std::vector<ScaleNumbers> scales = {};
};

std::string inputs_of(bool other_covariance) {
  return other_covariance ? "S = diag(1, 1, 1/2, 1/4, 1)" : "S = I";
}

// The full model, in and out of distribution.
Status measure_full(const Archive& archive, const StudyOptions& options, ThreadPool& pool,
                    Fig3Numbers& numbers) {
  for (const bool other : {false, true}) {
    const RegressionTask task =
        task_of(5, 20, other ? diagonal({1, 1, 0.5, 0.25, 1}) : std::vector<double>{});
    for (const int loops : {2, 5, 10}) {
      const Trained* trained = archive.best(full_setting(loops).name());
      if (trained == nullptr) continue;
      Full& one = numbers.full.emplace_back(Full{.trained = loops, .other_covariance = other});
      one.losses = GRAMIAN_TRY(extra_loops(*trained, task, options, pool));
      one.numbers = {.trained = loops,
                     .other_covariance = other,
                     .mean = at_loops(one.losses, mean_at),
                     .median = at_loops(one.losses, median_at),
                     .mean_se = at_loops(one.losses, error_at),
                     .median_trained = median_at(one.losses, loops)};
      if (loops > 5) continue;
      const auto values = published_losses(loops, other);
      one.numbers.published = {values.begin(), values.end()};
    }
  }
  return {};
}

double eigenvalues_above(const EigenvalueLaw& law, double limit) {
  double above = 0;
  for (std::size_t k = 0; k < law.lambda.size(); ++k)
    if (law.lambda[k] > limit) above += law.count[k];
  return above;
}

// The restricted model, beside what theory says about more loops.
Status measure_restricted(const Archive& archive, const StudyOptions& options, ThreadPool& pool,
                          Fig3Numbers& numbers) {
  const std::size_t contexts = options.effort.quick ? 500 : 50'000;
  for (const int n : {100, 30}) {
    const Trained* trained = archive.best(restricted_setting(n).name());
    if (trained == nullptr) continue;
    const LoopedContexts theory(10, n, contexts, kLoopsSeed);
    RestrictedLoops& one = numbers.restricted.emplace_back(RestrictedLoops{.n = n});
    one.a = theory.optimum(2).step.mean;
    one.diverging = theory.diverging(one.a);
    one.losses = GRAMIAN_TRY(extra_loops(*trained, task_of(10, n, {}), options, pool));
    const EigenvalueLaw law = GRAMIAN_TRY(eigenvalue_law(task_of(10, n, {})));
    one.above = eigenvalues_above(law, 2 / one.a);
    for (const int loops : kExtraLoops) one.predicted.push_back(expected_loss(law, one.a, loops));
  }
  return {};
}

// Another covariance is another scale of the eigenvalues: loops converge where c a* l < 2.
Status measure_scales(const Archive& archive, const StudyOptions& options, ThreadPool& pool,
                      Fig3Numbers& numbers) {
  const Trained* trained = archive.best(restricted_setting(100).name());
  if (trained == nullptr) return {};
  const LoopedContexts theory(10, 100, options.effort.quick ? 500 : 20'000, kLoopsSeed);
  const double a = theory.optimum(2).step.mean;
  for (const double c : kScales) {
    const auto losses = GRAMIAN_TRY(extra_loops(
        *trained, task_of(10, 100, diagonal(std::vector<double>(10, c))), options, pool));
    numbers.scales.push_back(
        {c, theory.diverging(a * c).mean, median_at(losses, 2), median_at(losses, 50)});
  }
  return {};
}

Expected<Fig3Numbers> measure_fig3(const Archive& archive, const StudyOptions& options) {
  ThreadPool pool(options.threads);
  Fig3Numbers numbers;
  GRAMIAN_TRY(measure_full(archive, options, pool, numbers));
  GRAMIAN_TRY(measure_restricted(archive, options, pool, numbers));
  GRAMIAN_TRY(measure_scales(archive, options, pool, numbers));
  return numbers;
}

void add_row(Table& table, std::string network, std::string inputs, std::string what,
             const std::vector<double>& values) {
  auto& row = table.rows.emplace_back();
  row = {std::move(network), std::move(inputs), std::move(what)};
  for (const double value : values) row.emplace_back(value);
}

Table table_of(const Fig3Numbers& numbers) {
  Table table{
      .id = "looped-fig3",
      .title = "Loss after more and fewer loops than in training",
      .columns = {"network", "inputs", ""},
      .rows = {},
      .notes = {"Loss: E (prediction - y)^2. A mean over 50,000 prompts is carried by the few "
                "whose largest eigenvalue makes loops diverge; the median is what a typical prompt "
                "sees."}};
  for (const int loops : kExtraLoops) table.columns.push_back(fmt::format("{}", loops));
  for (const Full& one : numbers.full) {
    const std::string name = "full, " + one.name(), inputs = inputs_of(one.other_covariance);
    add_row(table, name, inputs, "mean", one.numbers.mean);
    add_row(table, name, inputs, "median", one.numbers.median);
    if (!one.numbers.published.empty())
      add_row(table, name, inputs, "published", one.numbers.published);
  }
  for (const RestrictedLoops& one : numbers.restricted) {
    add_row(table, one.name(), "S = I", "mean", at_loops(one.losses, mean_at));
    add_row(table, one.name(), "S = I", "median", at_loops(one.losses, median_at));
    add_row(table, one.name(), "S = I", fmt::format("exact mean at a* = {:.3f}", one.a),
            one.predicted);
  }
  return table;
}

Figure figure_of(const Fig3Numbers& numbers) {
  Figure figure{.id = "looped-fig3",
                .title = "Loops at test time",
                .caption = "The layer that was trained for L loops, used for 1 to 50.",
                .columns = 2,
                .panels = {}};
  for (const bool other : {false, true}) {
    Panel panel{.title = "Full model, d = 5, n = 20, " + inputs_of(other),
                .x = {.label = "loops", .log = true},
                .y = {.label = "loss (median, dashed: mean)", .log = true}};
    for (const Full& one : numbers.full) {
      if (one.other_covariance != other) continue;
      panel.series.push_back(curve(one.name(), Mark::line, one.losses, median_at));
      panel.series.push_back(curve(one.name() + ", mean", Mark::dashes, one.losses, mean_at));
    }
    figure.panels.push_back(std::move(panel));
  }
  for (const RestrictedLoops& one : numbers.restricted) {
    figure.panels.push_back({.title = one.name(),
                             .x = {.label = "loops", .log = true},
                             .y = {.label = "loss", .log = true},
                             .series = {curve("median", Mark::line, one.losses, median_at),
                                        curve("mean", Mark::dashes, one.losses, mean_at)}});
  }
  return figure;
}

std::vector<Claim> restricted_claims_of(const RestrictedLoops& one) {
  return restricted_loops_claims({.n = one.n,
                                  .mean_2 = mean_at(one.losses, 2),
                                  .mean_5 = mean_at(one.losses, 5),
                                  .mean_20 = mean_at(one.losses, 20),
                                  .median_20 = median_at(one.losses, 20),
                                  .a = one.a,
                                  .expected_5 = one.predicted.at(2),  // of kExtraLoops
                                  .expected_20 = one.predicted.at(4),
                                  .diverging = {one.diverging.mean, one.diverging.se},
                                  .above = one.above});
}

}  // namespace

std::vector<Cell> fig3_cells() {
  return {full_setting(2).cell(), full_setting(5).cell(), full_setting(10).cell(),
          restricted_setting(100).cell(), restricted_setting(30).cell()};
}

Status draw_fig3(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(measure_fig3(archive, options));
  std::vector<ExtraLoopsNumbers> full;
  for (const Full& one : numbers.full) full.push_back(one.numbers);
  result.tables = {published_loops(full), table_of(numbers)};
  result.figures.push_back(figure_of(numbers));
  result.claims = full_loops_claims(full);
  for (const RestrictedLoops& one : numbers.restricted)
    add_claims(restricted_claims_of(one), result);
  result.claims.push_back(scales_claim(numbers.scales));
  return {};
}

}  // namespace gramian::looped
