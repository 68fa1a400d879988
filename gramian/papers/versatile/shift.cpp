// shift: networks of four layers on prompts that are not those of training. Beyond the paper.
#include "gramian/papers/versatile/shift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/papers/versatile/evaluated_task.h"
#include "gramian/runs/gram_family.h"
#include "gramian/studies/networks.h"
#include "gramian/theory/equivalent_context.h"

namespace gramian::versatile {

namespace {

constexpr int kShiftLayers = 4, kShiftInputs = 10, kShiftExamples = 20;
constexpr int kMixedFrom = 10, kMixedTo = 80;
constexpr std::uint64_t kShiftSeed = 8;  // of prompts that no other study draws
constexpr int kLengths[] = {10, 12, 15, 20, 30, 40, 60, 80, 160};
constexpr double kNoises[] = {0, 1, 2, 3, 4, 5, 6, 8, 10};
constexpr double kKappas[] = {1, 2, 4, 8, 16, 32};
constexpr int kSizes[] = {5, 7, 10, 14, 20, 30};
constexpr Parametrisation kShiftKinds[] = {Parametrisation::diag, Parametrisation::full};

Setting shift_setting(Parametrisation kind) {
  return {.kind = kind, .layers = kShiftLayers, .problem = &main_problem()};
}

// The same network, trained on contexts of kMixedFrom to kMixedTo examples.
Cell mixed_cell(Parametrisation kind) {
  const Setting setting = shift_setting(kind);
  Cell cell = setting.cell();
  cell.name += "-mixed";
  cell.title += fmt::format(", n = {} to {}", kMixedFrom, kMixedTo);
  cell.group += "-mixed";
  cell.starts = [setting](int seed, const Effort& effort) {
    std::vector<Config> list = starts(setting, seed, effort);
    for (Config& config : list) {
      config = config
                   .with({fmt::format("task.n={}", kMixedTo),
                          fmt::format("train.shortest_context={}", kMixedFrom)})
                   .value();
    }
    return list;
  };
  cell.examination = [](const Effort& effort) {
    Examination e;
    e.prompts = effort.quick ? 2'000 : 50'000;
    return e;
  };
  return cell;
}

// A network that is shown, in place of a context of n examples, one of `as` examples that says as
// much about w (theory/equivalent_context.h): the rule of gramian predict. Requires: n > d, as > d.
class MomentRule final : public Predictor {
 public:
  MomentRule(const Network& network, int n, int as, int threads)
      : inner_(network, as, threads), n_(n), as_(as) {
    for (int t = 0; t < threads; ++t) blocks_.emplace_back(network.spec.d);
  }
  int layers() const override { return inner_.layers(); }

  void predict(const PromptBlock<double>& prompts, double* weights, int thread) override {
    PromptBlock<double>& block = blocks_[static_cast<std::size_t>(thread)];
    std::ranges::copy(std::span(prompts.gram.data(), prompts.gram.size()), block.gram.data());
    const auto rows = static_cast<Eigen::Index>(block.truth.size()) / kLanes + 1;
    const auto size = static_cast<std::size_t>(rows);
    const LaneView<double> gram(block.gram.data(), size, size);
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> g(rows, rows);
    for (std::size_t p = 0; p < kLanes; ++p) {
      gram.copy_out(p, g.data());
      const Eigen::Index d = rows - 1;
      const Eigen::VectorXd alpha = g.col(d).head(d);
      const double explained = alpha.dot(g.topLeftCorner(d, d).ldlt().solve(alpha));
      if (std::isfinite(explained)) {  // an empty prompt stays empty
        g(d, d) = equivalent_square(g(d, d), explained, static_cast<double>(as_ - d),
                                    static_cast<double>(n_ - d));
      }
      g *= static_cast<double>(as_) / n_;
      gram.copy_in(p, g.data());
    }
    inner_.predict(block, weights, thread);
  }

 private:
  NetworkPredictor inner_;
  int n_, as_;
  std::vector<PromptBlock<double>> blocks_;
};

EvaluatedTask evaluated(RegressionTask task, const StudyOptions& options, ThreadPool& pool) {
  return {std::move(task),
          {.prompts = options.effort.quick ? 500u : 50'000u,
           .seed = kShiftSeed,
           .tuning_prompts = options.effort.quick ? 500u : 5'000u},
          pool};
}

Estimate bayes_of(const EvalResult& result) { return estimate_of(result.solvers[kBayes].adjusted); }

RegressionTask shifted(int d, int n, double sigma_max, std::vector<double> covariance = {}) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.covariance = std::move(covariance);
  spec.noise =
      sigma_max > 0 ? NoisePrior::uniform(0, sigma_max).value() : NoisePrior::constant(0).value();
  return RegressionTask::create(std::move(spec)).value();
}

// Diagonal, eigenvalues in equal ratios with this condition number and mean 1.
std::vector<double> spread_covariance(double kappa) {
  std::vector<double> matrix(kShiftInputs * kShiftInputs);
  double sum = 0;
  for (int i = 0; i < kShiftInputs; ++i)
    sum += std::pow(kappa, static_cast<double>(i) / (kShiftInputs - 1));
  for (std::size_t i = 0; i < kShiftInputs; ++i) {
    matrix[i * kShiftInputs + i] =
        std::pow(kappa, static_cast<double>(i) / (kShiftInputs - 1)) * kShiftInputs / sum;
  }
  return kappa == 1 ? std::vector<double>() : matrix;
}

// A trained network of the study, and the one that was trained on mixed lengths; null: not there.
struct ShiftNetworks {
  Parametrisation kind;
  std::unique_ptr<Network> trained = {}, mixed = {};
};

Expected<std::vector<ShiftNetworks>> load_shift_networks(const Archive& archive,
                                                         const StudyOptions& options) {
  std::vector<ShiftNetworks> list;
  for (const Parametrisation kind : kShiftKinds) {
    ShiftNetworks& one = list.emplace_back(ShiftNetworks{.kind = kind});
    const Trained* trained = best(archive, shift_setting(kind));
    if (trained != nullptr)
      one.trained = std::make_unique<Network>(GRAMIAN_TRY(load_network(*trained, options)));
    const Trained* mixed = archive.best(mixed_cell(kind).name);
    if (mixed != nullptr)
      one.mixed = std::make_unique<Network>(GRAMIAN_TRY(load_network(*mixed, options)));
  }
  return list;
}

Status add_point(ShiftCurve& curve, double x, Predictor& model, EvaluatedTask& task) {
  const EvalResult result = GRAMIAN_TRY(task.with(&model));
  curve.points.push_back({x, estimate_of(result.model().adjusted)});
  return {};
}

Expected<std::vector<ContextShift>> measure_contexts(const std::vector<ShiftNetworks>& networks,
                                                     const StudyOptions& options,
                                                     ThreadPool& pool) {
  std::vector<ContextShift> list;
  for (const ShiftNetworks& one : networks)
    list.push_back({.kind = std::string(title_of(one.kind))});
  for (const int n : kLengths) {
    EvaluatedTask task = evaluated(shifted(kShiftInputs, n, main_problem().max), options, pool);
    const Estimate bayes = bayes_of(GRAMIAN_TRY(task.with(nullptr)));
    for (std::size_t k = 0; k < networks.size(); ++k) {
      list[k].bayes.points.push_back({static_cast<double>(n), bayes});
      if (networks[k].mixed) {
        NetworkPredictor mixed(*networks[k].mixed, n, pool.threads());
        GRAMIAN_TRY(add_point(list[k].mixed, n, mixed, task));
      }
      if (!networks[k].trained) continue;
      NetworkPredictor trained(*networks[k].trained, n, pool.threads());
      GRAMIAN_TRY(add_point(list[k].trained, n, trained, task));
      NetworkPredictor fixed(*networks[k].trained, kShiftExamples, pool.threads());
      GRAMIAN_TRY(add_point(list[k].fixed, n, fixed, task));
      if (n <= kShiftInputs) continue;
      MomentRule moments(*networks[k].trained, n, kShiftExamples, pool.threads());
      GRAMIAN_TRY(add_point(list[k].moments, n, moments, task));
    }
  }
  return list;
}

// Along one axis, the same for every network. `belief`: also Bayes with the prior of training.
Status measure_axis(const std::vector<ShiftNetworks>& networks, double x, RegressionTask at,
                    bool belief, OtherShift& shift, const StudyOptions& options, ThreadPool& pool) {
  EvaluatedTask task = evaluated(std::move(at), options, pool);
  shift.networks.resize(networks.size());
  for (std::size_t k = 0; k < networks.size(); ++k) {
    shift.networks[k].name = title_of(networks[k].kind);
    if (!networks[k].trained) continue;
    // The omegas of DIAG are a network for any number of inputs.
    Network network = *networks[k].trained;
    if (network.spec.d != task.task().d()) {
      if (network.spec.is_dense()) continue;
      network.spec.d = task.task().d();
    }
    NetworkPredictor model(network, task.task().n(), pool.threads());
    GRAMIAN_TRY(add_point(shift.networks[k], x, model, task));
  }
  shift.bayes.points.push_back({x, bayes_of(GRAMIAN_TRY(task.with(nullptr)))});
  if (!belief) return {};
  const NoisePrior prior = NoisePrior::uniform(0, main_problem().max).value();
  shift.trained.points.push_back({x, bayes_of(GRAMIAN_TRY(task.believing(prior)))});
  return {};
}

Series series_of(const ShiftCurve& curve, std::string name, Role role, Mark mark = Mark::line) {
  Series series{.name = std::move(name), .role = role, .mark = mark};
  for (const ShiftPoint& at : curve.points) series.points.push_back(point(at.x, at.loss));
  return series;
}

Panel context_panel(const ContextShift& shift) {
  Panel panel{.title = fmt::format("{}: examples in the context", shift.kind),
              .x = {.label = "n", .log = true, .ticks = {10, 20, 40, 80, 160}},
              .y = {.label = "adjusted loss", .log = true, .domain = {1e-4, 2}}};
  panel.series = {
      series_of(shift.trained, "trained at n = 20, means", Role::full),
      series_of(shift.fixed, "the same, sums / 20", Role::other, Mark::dashes),
      series_of(shift.moments, "the same, as if 20 examples", Role::diag),
      series_of(shift.mixed, fmt::format("trained on n = {} to {}", kMixedFrom, kMixedTo),
                Role::gdpp),
      series_of(shift.bayes, "Bayes", Role::bayes)};
  return panel;
}

Panel other_panel(std::string title, std::string label, bool log, const OtherShift& shift) {
  Panel panel{.title = std::move(title),
              .x = {.label = std::move(label), .log = log},
              .y = {.label = "adjusted loss", .log = true, .domain = {1e-3, 2}}};
  for (const ShiftCurve& curve : shift.networks) {
    if (!curve.points.empty())
      panel.series.push_back(
          series_of(curve, curve.name, curve.name == "FULL" ? Role::full : Role::diag));
  }
  panel.series.push_back(series_of(shift.bayes, "Bayes", Role::bayes));
  if (!shift.trained.points.empty()) {
    panel.series.push_back(
        series_of(shift.trained, "Bayes with the prior of training", Role::tunedrr, Mark::dashes));
  }
  return panel;
}

struct Shifts {
  std::vector<ContextShift> contexts = {};
  OtherShift noise = {}, covariance = {}, size = {};
};

Expected<Shifts> measure_shifts(const Archive& archive, const StudyOptions& options) {
  ThreadPool pool(options.threads);
  const auto networks = GRAMIAN_TRY(load_shift_networks(archive, options));
  Shifts shifts{.contexts = GRAMIAN_TRY(measure_contexts(networks, options, pool))};
  const double usual = main_problem().max;
  for (const double sigma : kNoises) {
    GRAMIAN_TRY(measure_axis(networks, sigma, shifted(kShiftInputs, kShiftExamples, sigma), true,
                             shifts.noise, options, pool));
  }
  for (const double kappa : kKappas) {
    GRAMIAN_TRY(measure_axis(networks, kappa,
                             shifted(kShiftInputs, kShiftExamples, usual, spread_covariance(kappa)),
                             false, shifts.covariance, options, pool));
  }
  for (const int d : kSizes) {
    GRAMIAN_TRY(
        measure_axis(networks, d, shifted(d, 2 * d, usual), false, shifts.size, options, pool));
  }
  return shifts;
}

}  // namespace

std::vector<Cell> shift_cells() {
  std::vector<Cell> cells;
  for (const Parametrisation kind : kShiftKinds) {
    cells.push_back(shift_setting(kind).cell());
    cells.push_back(mixed_cell(kind));
  }
  return cells;
}

Status draw_shift(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const Shifts shifts = GRAMIAN_TRY(measure_shifts(archive, options));
  Figure figure{.id = "shift",
                .title = "Four layers, trained on n = 20, d = 10, sigma ~ U(0, 5), elsewhere",
                .caption =
                    "Adjusted loss on prompts that are not those of training; error bars: two "
                    "standard errors. Bayes knows the distribution of the prompts.",
                .columns = 3,
                .panels = {}};
  for (const ContextShift& shift : shifts.contexts) figure.panels.push_back(context_panel(shift));
  figure.panels.push_back(other_panel("Noise", "sigma ~ U(0, x)", false, shifts.noise));
  figure.panels.push_back(
      other_panel("Covariance of x", "condition number, trace d", true, shifts.covariance));
  figure.panels.push_back(other_panel("DIAG with other d, n = 2 d", "d", false, shifts.size));
  result.figures.push_back(std::move(figure));
  add_claims(context_claims(shifts.contexts), result);
  add_claims(noise_shift_claims(shifts.noise), result);
  add_claims(covariance_shift_claims(shifts.covariance), result);
  add_claims(size_shift_claims(shifts.size), result);
  return {};
}

}  // namespace gramian::versatile
