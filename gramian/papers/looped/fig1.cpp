// looped-fig1: where the restricted model (A, u) ends, beside the optimum that is known.
#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <map>

#include "gramian/papers/looped/claims.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"
#include "gramian/theory/looped.h"

namespace gramian::looped {

namespace {

constexpr int kLoops[] = {1, 2, 5, 10};
constexpr double kKappas[] = {1, 10, 100};
constexpr std::uint64_t kTheorySeed = 3;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// A' = C^T A C and |u| of a trained cell.
struct Restricted {
  Eigen::VectorXd spectrum;  // of the symmetric part of A', ascending
  double turn = 0;           // k, if the antisymmetric part is k J with J^T J = I
  double u = 0;
};

Expected<Restricted> restricted(const Trained& trained, const LoopedProblem& problem,
                                const StudyOptions& options) {
  const auto network = GRAMIAN_TRY(load_network(trained, options));
  const LayerWeights weights = network.expanded(0);
  const int d = problem.d;
  const Eigen::Map<const Matrix> p(weights.p.data(), d + 1, d + 1),
      q(weights.q.data(), d + 1, d + 1);
  Matrix a = -p(d, d) * q.topLeftCorner(d, d);
  const RegressionTask task = task_of(d, problem.n, covariance_of(d, problem.kappa));
  if (!task.identity_covariance()) {
    const Eigen::Map<const Matrix> c(task.factor().data(), d, d);
    a = Matrix(c.transpose() * a * c);
  }
  const Matrix symmetric = (a + a.transpose()) / 2, rest = (a - a.transpose()) / 2;
  return Restricted{Eigen::SelfAdjointEigenSolver<Matrix>(symmetric).eigenvalues(),
                    rest.norm() / std::sqrt(d), (p.row(d).head(d) / p(d, d)).norm()};
}

Cell cell_of(int layers, const LoopedProblem& problem) {
  return {.kind = Parametrisation::preconditioned,
          .layers = layers,
          .problem = &problem.problem,
          .tied = true};
}

// What theory says of one (d, n, L).
struct Theory {
  LoopedOptimum symmetric;
  RotatedOptimum turning;
};

Panel flow_panel(bool quick) {
  Panel panel{.title = "Gradient flow from A = 0: d = 5, n = 40, S = I",
              .x = {.label = "time", .log = true},
              .y = {.label = "loss", .log = true}};
  const LoopedContexts contexts(5, 40, quick ? 50 : 500, kTheorySeed);
  std::vector<double> times;
  for (double t = 0.01; t <= 8.01; t *= std::sqrt(2)) times.push_back(t);
  for (const int loops : {2, 3, 5}) {
    Series series{.name = fmt::format("L = {}", loops), .role = Role::other, .mark = Mark::line};
    for (const FlowPoint& at : gradient_flow(contexts, loops, times))
      series.points.push_back({.x = at.time, .y = at.loss});
    panel.series.push_back(std::move(series));
  }
  return panel;
}

Claim dominance(bool quick) {
  const LoopedContexts contexts(10, 1'000'000, quick ? 50 : 500, kTheorySeed);
  std::vector<DominanceSlope> slopes;
  for (const int loops : kLoops)
    slopes.push_back({loops, gradient_dominance_slope(contexts, loops, 0, 0.9, 20)});
  return dominance_claim(slopes);
}

}  // namespace

std::vector<Cell> fig1_cells() {
  std::vector<Cell> cells;
  for (const double kappa : kKappas) {
    for (const int loops : kLoops) cells.push_back(cell_of(loops, problem_of(10, 100, kappa)));
  }
  for (const int n : {30, 5}) cells.push_back(cell_of(2, problem_of(10, n, 1)));
  return cells;
}

Status draw_fig1(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const bool quick = options.effort.quick;
  Table table{.id = "looped-fig1",
              .title = "The restricted model (A, u) after training, beside the best A",
              .columns = {"d, n", "kappa", "L", "loss", "best symmetric A", "best A that turns",
                          "|u|", "spectrum", "a*", "k", "k*"},
              .rows = {},
              .notes = {"Loss: E (prediction - y)^2. Spectrum: least, mean and largest eigenvalue "
                        "of the symmetric part "
                        "of A' = S^1/2 A S^1/2; a* S^-1 is the best symmetric A; k and k*: A' = a "
                        "I + k J, J^T J = I, J "
                        "antisymmetric, after training and at the optimum of that form."}};
  std::vector<RestrictedNumbers> numbers;
  Panel panel{.title = "Spectrum of S^1/2 A S^1/2, n = 100",
              .x = {.label = "loops L", .log = true, .ticks = {1, 2, 5, 10}},
              .y = {.label = "eigenvalues of the symmetric part"}};
  std::map<std::pair<int, int>, Theory> known;  // by n and L
  for (const Cell& cell : fig1_cells()) {
    const auto& problem = *std::ranges::find_if(
        problems(), [&](const auto& p) { return &p.problem == cell.problem; });
    auto [theory, fresh] = known.try_emplace({problem.n, cell.layers});
    if (fresh) {
      const LoopedContexts contexts(problem.d, problem.n, quick ? 500 : 20'000, kTheorySeed);
      const LoopedContexts fewer(problem.d, problem.n, quick ? 100 : 4'000, kTheorySeed);
      theory->second = {contexts.optimum(cell.layers), fewer.rotated_optimum(cell.layers)};
    }
    const auto& [best, turned] = theory->second;
    const Trained* trained = archive.best(cell);
    if (trained == nullptr) continue;
    const auto model = GRAMIAN_TRY(restricted(*trained, problem, options));
    const Estimate& ours = trained->scores.loss.at("model");
    const double value = 2 * ours.mean, se = 2 * ours.se, a = best.step.mean;
    const double low = model.spectrum.minCoeff(), high = model.spectrum.maxCoeff(),
                 mean = model.spectrum.mean();
    table.rows.push_back({fmt::format("{}, {}", problem.d, problem.n), problem.kappa,
                          static_cast<double>(cell.layers), TableCell{.value = value, .se = se},
                          TableCell{.value = best.loss.mean, .se = best.loss.se},
                          TableCell{.value = turned.loss.mean, .se = turned.loss.se}, model.u,
                          fmt::format("{:.3f} {:.3f} {:.3f}", low, mean, high),
                          fmt::format("{:.4f}", a), model.turn, turned.rotation});
    numbers.push_back({.place = fmt::format("{}, L = {}", problem.problem.title, cell.layers),
                       .d = problem.d,
                       .n = problem.n,
                       .loops = cell.layers,
                       .loss = {value, se},
                       .best = {best.loss.mean, best.loss.se},
                       .turned = {turned.loss.mean, turned.loss.se},
                       .low = low,
                       .mean = mean,
                       .high = high,
                       .a = a,
                       .turn = model.turn,
                       .best_turn = turned.rotation,
                       .u = model.u});
  }
  for (const double kappa : kKappas) {
    Series series{
        .name = fmt::format("kappa = {}", kappa), .role = Role::other, .mark = Mark::points};
    for (const int loops : kLoops) {
      const Trained* trained = archive.best(cell_of(loops, problem_of(10, 100, kappa)));
      if (trained == nullptr) continue;
      const auto model = GRAMIAN_TRY(restricted(*trained, problem_of(10, 100, kappa), options));
      series.points.push_back({.x = static_cast<double>(loops),
                               .y = model.spectrum.mean(),
                               .low = model.spectrum.minCoeff(),
                               .high = model.spectrum.maxCoeff()});
    }
    panel.series.push_back(std::move(series));
  }
  Series line{.name = "a*, the best symmetric A", .role = Role::bayes, .mark = Mark::dashes};
  Series turned{.name = "a of the best A that turns", .role = Role::paper, .mark = Mark::dashes};
  for (const int loops : kLoops) {
    const auto found = known.find({100, loops});
    if (found == known.end()) continue;
    line.points.push_back(
        {.x = static_cast<double>(loops), .y = found->second.symmetric.step.mean});
    turned.points.push_back({.x = static_cast<double>(loops), .y = found->second.turning.step});
  }
  panel.series.push_back(std::move(line));
  panel.series.push_back(std::move(turned));
  result.tables.push_back(std::move(table));
  result.figures.push_back(
      {.id = "looped-fig1",
       .title = "Weights of looped transformers and the flow that leads there",
       .caption = "Left: bars from the least to the largest eigenvalue after training. Right: "
                  "dA/dt = -grad loss on fixed contexts.",
       .columns = 2,
       .panels = {std::move(panel), flow_panel(quick)}});
  add_claims(restricted_claims(numbers), result);
  result.claims.push_back(dominance(quick));
  return {};
}

}  // namespace gramian::looped
