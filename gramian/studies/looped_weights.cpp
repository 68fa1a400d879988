// looped-fig1: where the restricted model (A, u) ends, beside the optimum that is known.
#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <map>

#include "gramian/studies/looped.h"
#include "gramian/theory/looped.h"

namespace gramian {

namespace {

constexpr int kLoops[] = {1, 2, 5, 10};
constexpr double kKappas[] = {1, 10, 100};
constexpr std::uint64_t kSeed = 3;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// A' = C^T A C and |u| of a trained cell.
struct Restricted {
  Eigen::VectorXd spectrum;  // of the symmetric part of A', ascending
  double turn = 0;           // k, if the antisymmetric part is k J with J^T J = I
  double u = 0;
};

Expected<Restricted> restricted(const Trained& trained, const LoopedProblem& problem, const StudyOptions& options) {
  const auto network = load_network(trained, options);
  if (!network) return std::unexpected(network.error());
  const LayerWeights weights = network->expanded(0);
  const int d = problem.d;
  const Eigen::Map<const Matrix> p(weights.p.data(), d + 1, d + 1), q(weights.q.data(), d + 1, d + 1);
  Matrix a = -p(d, d) * q.topLeftCorner(d, d);
  const RegressionTask task = looped_task(d, problem.n, looped_covariance(d, problem.kappa));
  if (!task.identity_covariance()) {
    const Eigen::Map<const Matrix> c(task.factor().data(), d, d);
    a = Matrix(c.transpose() * a * c);
  }
  const Matrix symmetric = (a + a.transpose()) / 2, rest = (a - a.transpose()) / 2;
  return Restricted{Eigen::SelfAdjointEigenSolver<Matrix>(symmetric).eigenvalues(), rest.norm() / std::sqrt(d),
                    (p.row(d).head(d) / p(d, d)).norm()};
}

Cell cell_of(int layers, const LoopedProblem& problem) {
  return {.kind = Parametrisation::preconditioned, .layers = layers, .problem = &problem.problem, .tied = true};
}

// What theory says of one (d, n, L).
struct Theory {
  LoopedOptimum symmetric;
  RotatedOptimum turning;
};

// A claim over many cells: all must hold, and the worst is told.
struct Tally {
  std::string text = {};
  double worst = 0;
  std::string where = {};
  bool holds = true;
  bool any = false;

  void add(bool good, double badness, std::string place) {
    holds = holds && good;
    if (!any || badness > worst) {
      worst = badness;
      where = std::move(place);
    }
    any = true;
  }
  Claim claim() const {
    Claim claim{.text = text, .holds = {}, .detail = any ? "worst: " + where : ""};
    if (any) claim.holds = holds;
    return claim;
  }
};

Panel flow_panel(bool quick) {
  Panel panel{.title = "Gradient flow from A = 0: d = 5, n = 40, S = I",
              .x = {.label = "time", .log = true},
              .y = {.label = "loss", .log = true}};
  const LoopedContexts contexts(5, 40, quick ? 50 : 500, kSeed);
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
  Claim claim{.text =
                  "Gradient dominance: along A = a I, n large, the slope of log |grad|^2 against log loss is "
                  "(2L - 1) / L within 0.1",
              .holds = true,
              .detail = {}};
  const LoopedContexts contexts(10, 1'000'000, quick ? 50 : 500, kSeed);
  for (const int loops : kLoops) {
    const double slope = gradient_dominance_slope(contexts, loops, 0, 0.9, 20), expected = (2.0 * loops - 1) / loops;
    claim.holds = *claim.holds && std::abs(slope - expected) <= 0.1;
    claim.detail += fmt::format("{}L = {}: {:.3f} ({:.3f})", claim.detail.empty() ? "" : "; ", loops, slope, expected);
  }
  return claim;
}

}  // namespace

std::vector<Cell> looped_fig1_cells() {
  std::vector<Cell> cells;
  for (const double kappa : kKappas) {
    for (const int loops : kLoops) cells.push_back(cell_of(loops, looped_problem(10, 100, kappa)));
  }
  for (const int n : {30, 5}) cells.push_back(cell_of(2, looped_problem(10, n, 1)));
  return cells;
}

Status draw_looped_fig1(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const bool quick = options.effort.quick;
  Table table{
      .id = "looped-fig1",
      .title = "The restricted model (A, u) after training, beside the best A",
      .columns = {"d, n", "kappa", "L", "loss", "best symmetric A", "best A that turns", "|u|", "spectrum", "a*", "k",
                  "k*"},
      .rows = {},
      .notes = {"Loss: E (prediction - y)^2. Spectrum: least, mean and largest eigenvalue of the symmetric part "
                "of A' = S^1/2 A S^1/2; a* S^-1 is the best symmetric A; k and k*: A' = a I + k J, J^T J = I, J "
                "antisymmetric, after training and at the optimum of that form."}};
  Tally loss{.text =
                 "The loss is that of the best symmetric A (a* S^-1) or better, within 5% and three standard errors"};
  Tally turning{.text = "It is that of the best A' = a I + k J, within 10% and three standard errors (n = 100)"};
  Tally u{.text = "u vanishes: |u| <= 0.02"};
  Tally spectrum{.text =
                     "The spectrum of the symmetric part of S^1/2 A S^1/2 is within 0.05 of a* (L <= 2), within 0.1 "
                     "(L = 5, 10), at n = 100, kappa up to 100"};
  Tally symmetric{.text = "A tends to a multiple of S^-1: no antisymmetric part beyond 10% (k <= 0.1 a*), for every L"};
  Tally below{.text = "For n < d too A tends to a multiple of I: eigenvalues within 10% of their mean (n = 5, d = 10)"};
  Panel panel{.title = "Spectrum of S^1/2 A S^1/2, n = 100",
              .x = {.label = "loops L", .log = true, .ticks = {1, 2, 5, 10}},
              .y = {.label = "eigenvalues of the symmetric part"}};
  std::map<std::pair<int, int>, Theory> known;  // by n and L
  for (const Cell& cell : looped_fig1_cells()) {
    const auto& problem =
        *std::ranges::find_if(looped_problems(), [&](const auto& p) { return &p.problem == cell.problem; });
    auto [theory, fresh] = known.try_emplace({problem.n, cell.layers});
    if (fresh) {
      const LoopedContexts contexts(problem.d, problem.n, quick ? 500 : 20'000, kSeed);
      const LoopedContexts fewer(problem.d, problem.n, quick ? 100 : 4'000, kSeed);
      theory->second = {contexts.optimum(cell.layers), fewer.rotated_optimum(cell.layers)};
    }
    const auto& [best, turned] = theory->second;
    const Trained* trained = archive.best(cell);
    if (trained == nullptr) continue;
    const auto model = restricted(*trained, problem, options);
    if (!model) return std::unexpected(model.error());
    const Estimate& ours = trained->scores.loss.at("model");
    const double value = 2 * ours.mean, se = 2 * ours.se, a = best.step.mean;
    const double low = model->spectrum.minCoeff(), high = model->spectrum.maxCoeff(), mean = model->spectrum.mean();
    const std::string place = fmt::format("{}, L = {}", problem.problem.title, cell.layers);
    table.rows.push_back({fmt::format("{}, {}", problem.d, problem.n), problem.kappa, static_cast<double>(cell.layers),
                          TableCell{.value = value, .se = se}, TableCell{.value = best.loss.mean, .se = best.loss.se},
                          TableCell{.value = turned.loss.mean, .se = turned.loss.se}, model->u,
                          fmt::format("{:.3f} {:.3f} {:.3f}", low, mean, high), fmt::format("{:.4f}", a), model->turn,
                          turned.rotation});
    loss.add(value <= 1.05 * best.loss.mean + 3 * std::hypot(se, best.loss.se), value / best.loss.mean,
             fmt::format("{}: {:.3g} against {:.3g}", place, value, best.loss.mean));
    u.add(model->u <= 0.02, model->u, fmt::format("{}: {:.3g}", place, model->u));
    if (problem.n == 100) {
      const double error = std::hypot(se, turned.loss.se), off = std::max(a - low, high - a);
      turning.add(std::abs(value - turned.loss.mean) <= 0.1 * turned.loss.mean + 3 * error,
                  std::abs(std::log(value / turned.loss.mean)),
                  fmt::format("{}: {:.3g} against {:.3g}", place, value, turned.loss.mean));
      spectrum.add(off <= (cell.layers <= 2 ? 0.05 : 0.1), off * (cell.layers <= 2 ? 2 : 1),
                   fmt::format("{}: {:.3f} to {:.3f}, a* = {:.3f}", place, low, high, a));
      symmetric.add(model->turn <= 0.1 * a, model->turn,
                    fmt::format("{}: k = {:.3f}, k* = {:.3f}", place, model->turn, turned.rotation));
    }
    if (problem.n < problem.d) {
      below.add(high - mean <= 0.1 * mean && mean - low <= 0.1 * mean, (high - low) / mean,
                fmt::format("{}: {:.3f} to {:.3f}, a* = {:.3f}", place, low, high, a));
    }
  }
  for (const double kappa : kKappas) {
    Series series{.name = fmt::format("kappa = {}", kappa), .role = Role::other, .mark = Mark::points};
    for (const int loops : kLoops) {
      const Trained* trained = archive.best(cell_of(loops, looped_problem(10, 100, kappa)));
      if (trained == nullptr) continue;
      const auto model = restricted(*trained, looped_problem(10, 100, kappa), options);
      if (!model) return std::unexpected(model.error());
      series.points.push_back({.x = static_cast<double>(loops),
                               .y = model->spectrum.mean(),
                               .low = model->spectrum.minCoeff(),
                               .high = model->spectrum.maxCoeff()});
    }
    panel.series.push_back(std::move(series));
  }
  Series line{.name = "a*, the best symmetric A", .role = Role::bayes, .mark = Mark::dashes};
  Series turned{.name = "a of the best A that turns", .role = Role::paper, .mark = Mark::dashes};
  for (const int loops : kLoops) {
    const auto found = known.find({100, loops});
    if (found == known.end()) continue;
    line.points.push_back({.x = static_cast<double>(loops), .y = found->second.symmetric.step.mean});
    turned.points.push_back({.x = static_cast<double>(loops), .y = found->second.turning.step});
  }
  panel.series.push_back(std::move(line));
  panel.series.push_back(std::move(turned));
  result.tables.push_back(std::move(table));
  result.figures.push_back({.id = "looped-fig1",
                            .title = "Weights of looped transformers and the flow that leads there",
                            .caption = "Left: bars from the least to the largest eigenvalue after training. Right: "
                                       "dA/dt = -grad loss on fixed contexts.",
                            .columns = 2,
                            .panels = {std::move(panel), flow_panel(quick)}});
  for (const Tally* tally : {&loss, &turning, &u, &spectrum, &symmetric, &below})
    result.claims.push_back(tally->claim());
  result.claims.push_back(dominance(quick));
  return {};
}

}  // namespace gramian
