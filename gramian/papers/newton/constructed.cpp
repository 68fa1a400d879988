// newton-constructed: networks set by formula, run layer by layer beside what they should be.
#include <fmt/format.h>

#include <algorithm>

#include "gramian/papers/newton/draw.h"
#include "gramian/papers/newton/studies.h"

namespace gramian::newton {

namespace {

constexpr double kConstructedKappas[] = {2, 5, 10, 50, 100, 500, 1000};
constexpr int kKnots[] = {16, 32, 64};

Table regression_table(const std::vector<ConstructedNumbers>& networks) {
  Table table{.id = "newton-constructed",
              .title = "The regression network, d = 5, n = 20, in double precision",
              .columns = {"kappa(R)", "layers", "deviation from the iteration",
                          "residual at the end", "steps to 1e-8", "gradient descent"},
              .rows = {},
              .notes = {"Deviation: the largest over layers of |X_t of the network - X_t of the "
                        "iteration in plain matrices| over |X_t|. Residual: |I - R X|. The last "
                        "two: how many steps, and how many layers of gradient descent with its "
                        "best step, leave 1e-8 in the worst direction."}};
  for (const ConstructedNumbers& at : networks) {
    table.rows.push_back({at.kappa, static_cast<double>(at.residual.size()) + 2,
                          *std::ranges::max_element(at.deviation), at.residual.back(),
                          static_cast<double>(at.steps_to_1e8),
                          static_cast<double>(at.descent_to_1e8)});
  }
  return table;
}

Table logistic_network_table(const std::vector<LogisticNumbers>& list) {
  Table table{.id = "newton-constructed-logistic",
              .title = "The logistic network, d = 5, n = 25, mu = 0.1, inputs of unit length",
              .columns = {"knots", "deviation of a step"},
              .rows = {},
              .notes = {"Deviation: root of the mean of |w' - exact step from w|^2. After t steps: "
                        "the largest (f(w) - f*) / (f(0) - f*) over prompts."}};
  for (int t = 1; t <= 8; ++t) table.columns.push_back(fmt::format("after {}", t));
  for (const LogisticNumbers& at : list) {
    auto& row = table.rows.emplace_back();
    row = {static_cast<double>(at.knots), at.deviation};
    for (std::size_t t = 1; t < at.left.size(); ++t) row.emplace_back(at.left[t]);
  }
  return table;
}

Figure constructed_figure(const std::vector<ConstructedNumbers>& networks,
                          const std::vector<LogisticNumbers>& logistic) {
  constexpr Role kRoles[] = {Role::full,  Role::diag,    Role::gdpp, Role::constrr,
                             Role::adarr, Role::tunedrr, Role::bayes};
  Panel residuals{.title = "Residual of the regression network",
                  .x = {.label = "step"},
                  .y = {.label = "|I - R X|", .log = true}};
  Series newton{.name = "Newton-Schulz", .role = Role::full},
      descent{.name = "gradient descent", .role = Role::constrr};
  for (std::size_t k = 0; k < networks.size(); ++k) {
    const ConstructedNumbers& at = networks[k];
    Series series{.name = fmt::format("kappa = {}", at.kappa), .role = kRoles[k]};
    for (std::size_t t = 0; t < at.residual.size(); ++t)
      series.points.push_back({.x = static_cast<double>(t), .y = at.residual[t]});
    residuals.series.push_back(std::move(series));
    newton.points.push_back({.x = at.kappa, .y = static_cast<double>(at.steps_to_1e8)});
    descent.points.push_back({.x = at.kappa, .y = static_cast<double>(at.descent_to_1e8)});
  }
  Panel layers{.title = "Layers for a residual of 1e-8",
               .x = {.label = "condition number", .log = true},
               .y = {.label = "layers", .log = true},
               .series = {std::move(newton), std::move(descent)}};
  Panel steps{.title = "The logistic network",
              .x = {.label = "step"},
              .y = {.label = "largest (f - f*) / (f(0) - f*)", .log = true}};
  for (std::size_t k = 0; k < logistic.size(); ++k) {
    Series series{.name = fmt::format("{} knots", logistic[k].knots), .role = kRoles[k]};
    for (std::size_t t = 0; t < logistic[k].left.size(); ++t)
      series.points.push_back({.x = static_cast<double>(t), .y = logistic[k].left[t]});
    steps.series.push_back(std::move(series));
  }
  return {.id = "newton-constructed",
          .title = "Networks that are Newton's method",
          .caption = "In double precision.",
          .columns = 3,
          .panels = {std::move(residuals), std::move(layers), std::move(steps)}};
}

}  // namespace

std::vector<Cell> constructed_cells() { return {}; }

Status draw_constructed(const Archive&, const StudyOptions& options, StudyResult& result) {
  std::vector<ConstructedNumbers> networks;
  for (const double kappa : kConstructedKappas)
    networks.push_back(GRAMIAN_TRY(measure_constructed(kappa)));
  std::vector<LogisticNumbers> logistic;
  for (const int knots : kKnots)
    logistic.push_back(GRAMIAN_TRY(measure_logistic(knots, options.effort.quick ? 16 : 64)));
  result.claims = constructed_claims(networks, logistic);
  result.tables = {regression_table(networks), logistic_network_table(logistic)};
  result.figures.push_back(constructed_figure(networks, logistic));
  return {};
}

}  // namespace gramian::newton
