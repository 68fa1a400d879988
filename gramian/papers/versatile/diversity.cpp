// diversity: networks trained on few weight vectors, on these and on new ones. Beyond the paper.
#include "gramian/papers/versatile/diversity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "gramian/evaluation/network_predictor.h"
#include "gramian/evaluation/pool_posterior.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/papers/versatile/evaluated_task.h"
#include "gramian/papers/versatile/setting.h"
#include "gramian/papers/versatile/studies.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/networks.h"
#include "gramian/theory/one_layer.h"

namespace gramian::versatile {

namespace {

// The task of Raventos et al. 2023: d = 8, n = 16, noise of variance 1/4.
constexpr int kPoolInputs = 8, kPoolExamples = 16;
constexpr double kPoolNoise = 0.5;
constexpr int kPoolSizes[] = {2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 0};  // 0: no pool
constexpr int kPools = 3;                                                          // of each size
constexpr int kDeepPoolLayers = 4;                                                 // beside one
constexpr std::uint64_t kPoolEvaluationSeed = 9;  // of prompts that no other study draws

struct PoolSetting {
  Parametrisation kind = Parametrisation::full;
  int layers = 1;
  int size = 0;
  int pool = 0;  // which one, its seed
};

// In the order of Diversity.
std::array<PoolSetting, 3> networks_of_pool(int size, int pool) {
  using enum Parametrisation;
  return {{{full, 1, size, pool},
           {full, kDeepPoolLayers, size, pool},
           {diag, kDeepPoolLayers, size, pool}}};
}

// Pool 0 alone where there is none: its seed is that of no vectors.
int pools_of(int size) { return size > 0 ? kPools : 1; }

Cell pool_cell(const PoolSetting& at) {
  Cell cell = Setting{.kind = at.kind, .layers = at.layers, .problem = &main_problem()}.cell();
  const std::string problem = at.size > 0 ? fmt::format("pool-{}-{}", at.size, at.pool) : "no-pool";
  const std::string title =
      at.size > 0 ? fmt::format("pool {} of {} tasks", at.pool, at.size) : std::string("new tasks");
  cell.name = cell_name(name_of(at.kind), at.layers, false, problem);
  cell.title = cell_title(title_of(at.kind), at.layers, false, title);
  cell.group = problem;
  cell.problem = title;
  cell.seeds = 1;
  cell.starts = [usual = cell.starts, at](int seed, const Effort& effort) {
    std::vector<Config> list = usual(seed, effort);
    for (Config& config : list) {
      config =
          config
              .with({fmt::format("task.d={}", kPoolInputs), fmt::format("task.n={}", kPoolExamples),
                     "task.noise=constant", fmt::format("task.sigma={}", kPoolNoise),
                     fmt::format("task.pool={}", at.size),
                     fmt::format("task.pool_seed={}", at.pool)})
              .value();
    }
    return list;
  };
  cell.examination = [](const Effort& effort) {
    Examination e;
    e.prompts = effort.quick ? 500 : 10'000;
    return e;
  };
  return cell;
}

RegressionTask pool_task(int size, int pool) {
  TaskSpec spec;
  spec.d = kPoolInputs;
  spec.n = kPoolExamples;
  spec.noise = NoisePrior::constant(kPoolNoise).value();
  spec.pool = size;
  spec.pool_seed = static_cast<std::uint64_t>(pool);
  return RegressionTask::create(std::move(spec)).value();
}

// Mean over pools; its error is that of the spread of the pools, or of the evaluation if larger.
class OverPools {
 public:
  void add(const Estimate& one) { list_.push_back(one); }
  Estimate mean() const { return list_.empty() ? Estimate{kUnknown, kUnknown} : over_seeds(list_); }

 private:
  std::vector<Estimate> list_;
};
// On one pool: without its blow-ups.
struct TameLoss {
  Estimate loss = {};
  std::uint64_t blowups = 0;
};

class LossesOverPools {
 public:
  void add(const TameLoss& own, const TameLoss& fresh) {
    own_.add(own.loss);
    fresh_.add(fresh.loss);
    own_blowups_ += own.blowups;
    fresh_blowups_ += fresh.blowups;
  }
  PoolLosses mean() const {
    return {.own = own_.mean(),
            .fresh = fresh_.mean(),
            .own_blowups = own_blowups_,
            .fresh_blowups = fresh_blowups_};
  }

 private:
  OverPools own_, fresh_;
  std::uint64_t own_blowups_ = 0, fresh_blowups_ = 0;
};

std::uint64_t pool_prompts(const StudyOptions& options) {
  return options.effort.quick ? 500 : 20'000;
}

EvaluatedTask evaluated_pool(RegressionTask task, const StudyOptions& options, ThreadPool& pool) {
  return {std::move(task),
          {.prompts = pool_prompts(options), .seed = kPoolEvaluationSeed, .tuning_prompts = 500},
          pool};
}

TameLoss tame_loss(const EvalResult& result) {
  if (result.blowups.count == 0) return {.loss = estimate_of(result.model().loss)};
  const Estimate ridge = estimate_of(result.solvers[kOracle].loss);
  const Estimate adjusted = estimate_of(result.blowups.adjusted_without);
  return {.loss = {ridge.mean + adjusted.mean, std::hypot(ridge.se, adjusted.se)},
          .blowups = result.blowups.count};
}

TameLoss ridge_loss(const EvalResult& result) {
  return {.loss = estimate_of(result.solvers[kOracle].loss)};
}

// A network of one layer with one head: its prediction is - c p^T G Q x.
OneLayer one_layer_of(const Network& network, int n) {
  const LayerWeights weights = network.expanded(0);
  const std::size_t rows = network.spec.rows(), d = rows - 1;
  OneLayer layer{.p = {weights.p.end() - static_cast<std::ptrdiff_t>(rows), weights.p.end()},
                 .a = {}};
  for (double& p : layer.p) p *= -network.spec.context_factor(n);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < d; ++j) layer.a.push_back(weights.q[i * rows + j]);
  }
  return layer;
}

// All that is measured of pools of one size, pool by pool.
struct PoolSums {
  LossesOverPools ridge, posterior, networks[3];  // of networks_of_pool
  OverPools optimum;
  double one_to_optimum = 0;
};

Status measure_pool(int size, int pool, const Archive& archive, const StudyOptions& options,
                    ThreadPool& threads, PoolSums& sums) {
  const RegressionTask own = pool_task(size, pool);
  EvaluatedTask on_own = evaluated_pool(own, options, threads),
                on_fresh = evaluated_pool(own.without_pool(), options, threads);
  const auto measure = [&](Predictor* model, TameLoss (*loss)(const EvalResult&),
                           LossesOverPools& to) -> Status {
    const EvalResult of_own = GRAMIAN_TRY(on_own.with(model));
    to.add(loss(of_own), loss(GRAMIAN_TRY(on_fresh.with(model))));
    return {};
  };
  GRAMIAN_TRY(measure(nullptr, ridge_loss, sums.ridge));
  std::optional<OneLayerOptimum> best;
  if (size > 0) {
    PoolPosterior posterior(own, threads.threads());
    GRAMIAN_TRY(measure(&posterior, tame_loss, sums.posterior));
    best = best_one_layer(own);
    sums.optimum.add({best->loss, 0});
  }
  const auto settings = networks_of_pool(size, pool);
  for (std::size_t k = 0; k < settings.size(); ++k) {
    const PoolSetting& at = settings[k];
    const Trained* trained = archive.best(pool_cell(at).name);
    if (trained == nullptr) continue;
    const Network network = GRAMIAN_TRY(load_network(*trained, options));
    NetworkPredictor predictor(network, kPoolExamples, threads.threads());
    GRAMIAN_TRY(measure(&predictor, tame_loss, sums.networks[k]));
    if (best && at.layers == 1) {
      const double loss = one_layer_loss(own, one_layer_of(network, kPoolExamples));
      sums.one_to_optimum = std::max(sums.one_to_optimum, loss / best->loss);
    }
  }
  return {};
}

Expected<std::vector<Diversity>> measure_diversity(const Archive& archive,
                                                   const StudyOptions& options) {
  ThreadPool threads(options.threads);
  std::vector<Diversity> list;
  for (const int size : kPoolSizes) {
    PoolSums sums;
    for (int pool = 0; pool < pools_of(size); ++pool)
      GRAMIAN_TRY(measure_pool(size, pool, archive, options, threads, sums));
    list.push_back({.pool = size,
                    .ridge = sums.ridge.mean(),
                    .posterior = sums.posterior.mean(),
                    .one = sums.networks[0].mean(),
                    .full = sums.networks[1].mean(),
                    .diag = sums.networks[2].mean(),
                    .one_to_optimum = sums.one_to_optimum > 0 ? sums.one_to_optimum : kUnknown,
                    .optimum = sums.optimum.mean()});
  }
  return list;
}

// Networks trained on new tasks stand at the right end, one step beyond the largest pool.
double place_of(int size) { return size > 0 ? size : 2 * *std::ranges::max_element(kPoolSizes); }

Panel diversity_panel(std::string title, const std::vector<Diversity>& pools,
                      Estimate PoolLosses::*which, bool with_optimum) {
  Panel panel{.title = std::move(title),
              .x = {.label = "tasks in training (at the right end: all new)", .log = true},
              .y = {.label = "loss", .log = true}};
  const auto add = [&](std::string name, Role role, Mark mark, const auto& of) {
    Series series{.name = std::move(name), .role = role, .mark = mark};
    for (const Diversity& at : pools) {
      const Estimate loss = of(at);
      if (!std::isnan(loss.mean)) series.points.push_back(point(place_of(at.pool), loss));
    }
    panel.series.push_back(std::move(series));
  };
  const auto part = [which](PoolLosses Diversity::*predictor) {
    return [which, predictor](const Diversity& at) { return (at.*predictor).*which; };
  };
  add("ridge", Role::tunedrr, Mark::dashes, part(&Diversity::ridge));
  add("posterior mean of the pool", Role::bayes, Mark::line, part(&Diversity::posterior));
  add("FULL, L = 1", Role::constrr, Mark::line, part(&Diversity::one));
  if (with_optimum) {
    add("its exact optimum", Role::paper, Mark::dashes,
        [](const Diversity& at) { return at.optimum; });
  }
  add(fmt::format("FULL, L = {}", kDeepPoolLayers), Role::full, Mark::line, part(&Diversity::full));
  add(fmt::format("DIAG, L = {}", kDeepPoolLayers), Role::diag, Mark::line, part(&Diversity::diag));
  return panel;
}

Table diversity_table(const std::vector<Diversity>& pools, const StudyOptions& options) {
  Table table{.id = "diversity",
              .title = "Loss of networks trained on K tasks, on these / on new ones",
              .columns = {"K", "ridge", "posterior of the pool", "FULL, L = 1", "its optimum",
                          fmt::format("FULL, L = {}", kDeepPoolLayers),
                          fmt::format("DIAG, L = {}", kDeepPoolLayers)},
              .rows = {},
              .notes = {fmt::format("d = {}, n = {}, sigma = {}; means over {} pools. Two numbers "
                                    "of a predictor: on prompts of its pool, on new tasks, each "
                                    "without blow-ups, whose number of {} is in brackets. The "
                                    "optimum is exact, on its pool.",
                                    kPoolInputs, kPoolExamples, kPoolNoise, kPools,
                                    kPools * pool_prompts(options))}};
  const auto one = [](const Estimate& loss, std::uint64_t blowups) {
    return blowups > 0 ? fmt::format("{:.4g} ({})", loss.mean, blowups)
                       : fmt::format("{:.4g}", loss.mean);
  };
  const auto both_losses = [&](const PoolLosses& losses) {
    return std::isnan(losses.own.mean) ? std::string("-")
                                       : one(losses.own, losses.own_blowups) + " / " +
                                             one(losses.fresh, losses.fresh_blowups);
  };
  for (const Diversity& at : pools) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(at.pool > 0 ? fmt::format("{}", at.pool) : std::string("all new"));
    for (const PoolLosses* losses : {&at.ridge, &at.posterior, &at.one})
      row.emplace_back(both_losses(*losses));
    row.emplace_back(std::isnan(at.optimum.mean) ? std::string("-")
                                                 : fmt::format("{:.4g}", at.optimum.mean));
    for (const PoolLosses* losses : {&at.full, &at.diag}) row.emplace_back(both_losses(*losses));
  }
  return table;
}

}  // namespace

std::vector<Cell> diversity_cells() {
  std::vector<Cell> cells;
  for (const int size : kPoolSizes) {
    for (int pool = 0; pool < pools_of(size); ++pool) {
      for (const PoolSetting& at : networks_of_pool(size, pool)) cells.push_back(pool_cell(at));
    }
  }
  return cells;
}

std::string diversity_recipe(const Effort& effort) {
  return fmt::format(
      "Networks are trained as Table 1 trains its kind and depth ({} steps of DIAG), seed 0, on "
      "d = {}, n = {}, sigma = {} and a pool of K weight vectors, or on new ones; {} pools of each "
      "size, seeds 0 to {} of task.pool_seed. They are judged on {} prompts of seed {} of their "
      "own pool, and on as many with new weight vectors. Losses are not adjusted.\n",
      starts({.kind = Parametrisation::diag, .layers = kDeepPoolLayers, .problem = &main_problem()},
             0, effort)
          .front()
          .integer("train.steps"),
      kPoolInputs, kPoolExamples, kPoolNoise, kPools, kPools - 1, pool_prompts({.effort = effort}),
      kPoolEvaluationSeed);
}

Status draw_diversity(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto pools = GRAMIAN_TRY(measure_diversity(archive, options));
  result.tables.push_back(diversity_table(pools, options));
  result.figures.push_back(
      {.id = "diversity",
       .title = "Few tasks: on those of training, and on new ones",
       .caption = fmt::format("Half the squared error; d = {}, n = {}, sigma = {}, the task of "
                              "Raventos et al. (2023). Means over {} pools without blow-ups, "
                              "which the table counts; bars of two standard errors.",
                              kPoolInputs, kPoolExamples, kPoolNoise, kPools),
       .columns = 2,
       .panels = {
           diversity_panel("Prompts of the tasks of training", pools, &PoolLosses::own, true),
           diversity_panel("Prompts of new tasks", pools, &PoolLosses::fresh, false)}});
  add_claims(diversity_claims(pools), result);
  return {};
}

}  // namespace gramian::versatile
