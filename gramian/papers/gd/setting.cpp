#include "gramian/papers/gd/setting.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "gramian/evaluation/network_predictor.h"

namespace gramian::gd {

namespace {

constexpr std::int64_t kQuickSteps = 150;
constexpr std::uint64_t kCompareSeed = 4;
constexpr std::uint64_t kComparePrompts = 20'000, kQuickComparePrompts = 1'000;

// From random weights: where one step of gradient descent is the answer, a start near it would
// prove nothing.
struct Schedule {
  std::int64_t steps;
  double rate;
  double noise = 0.1;
};

Schedule schedule(const Cell& cell) {
  // What one layer does not read (the column of y in Q, since the query has y = 0) stays as it
  // begins; a roll-out reads it.
  if (cell.layers == 1) return {2000, 0.02, 0.01};
  if (cell.layers == 2) return {4000, 0.02};
  if (!cell.tied) return {8000, 0.05};
  return cell.layers <= 5 ? Schedule{6000, 0.01} : Schedule{8000, 0.03};
}

struct Texts {
  std::string id, title, label;
};

const std::vector<Problem>& problem_list() {
  static const std::vector<Texts> texts = [] {
    std::vector<Texts> list;
    for (const int n : kContexts) {
      list.push_back({fmt::format("uniform-inputs-n{}", n),
                      fmt::format("x ~ U(-1/2, 1/2), n = {}", n), fmt::format("n = {}", n)});
    }
    return list;
  }();
  static const std::vector<Problem> list = [] {
    std::vector<Problem> problems;
    for (const Texts& t : texts) {
      problems.push_back({.id = t.id,
                          .title = t.title,
                          .label = t.label,
                          .noise = "constant",
                          .sigma = "0",
                          .max = 0,
                          .recipe = &recipe});
    }
    return problems;
  }();
  return list;
}

int context_of(const Cell& cell) {
  for (const int n : kContexts) {
    if (&problem_of(n) == cell.problem) return n;
  }
  std::abort();
}

std::vector<double> variance(double scale) {
  std::vector<double> s(kDimension * kDimension);
  for (std::size_t i = 0; i < kDimension; ++i) s[i * kDimension + i] = scale * scale / 12;
  return s;
}

std::vector<Config> starts_of(const Cell& cell, int seed, const Effort& effort) {
  const Schedule how = schedule(cell);
  const std::int64_t steps = effort.steps > 0 ? effort.steps
                             : effort.quick   ? kQuickSteps
                                              : how.steps;
  const std::vector<double> diagonal(kDimension, 1.0 / 12);
  return {parse_config(
              "", "recipe",
              {fmt::format("task.d={}", kDimension), fmt::format("task.n={}", context_of(cell)),
               "task.noise=constant", "task.sigma=0", "task.inputs=uniform",
               fmt::format("task.covariance=[{}]", fmt::join(diagonal, ", ")), "model.kind=full",
               fmt::format("model.layers={}", cell.layers), fmt::format("model.tied={}", cell.tied),
               "model.init=random", fmt::format("model.init_noise={}", how.noise),
               fmt::format("train.seed={}", seed), fmt::format("train.steps={}", steps),
               "train.batch=1024", fmt::format("train.learning_rate={}", how.rate),
               "train.final_learning_rate=0", "train.threads=1", "train.snapshots=40"})
              .value()};
}

Examination examination_of(const Cell&, const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 5'000 : 100'000;
  e.tuning_prompts = 10'000;
  return e;
}

std::string text_of(const Effort& effort) {
  if (effort.steps > 0 || effort.quick) {
    return fmt::format(
        "Every cell: FULL from random weights, {} steps of Adam on fresh batches of 1,024 "
        "prompts.\n",
        effort.steps > 0 ? effort.steps : kQuickSteps);
  }
  return "Every cell: FULL from random weights of deviation 0.1 (one layer: 0.01), no noise, x ~ "
         "U(-1/2, 1/2), by "
         "tokens; Adam on fresh "
         "batches of 1,024 prompts, loss integrated over the query, robust weights. 2,000 steps "
         "for one layer, 4,000 "
         "for "
         "two loops, 6,000 to 8,000 for more.\n";
}

}  // namespace

const Recipe recipe{starts_of, examination_of, text_of};

const Problem& problem_of(int n) {
  const auto found = std::ranges::find(kContexts, n);
  if (found == std::end(kContexts)) std::abort();
  return problem_list()[static_cast<std::size_t>(found - std::begin(kContexts))];
}

Cell cell_of(int layers, int n, bool tied) {
  return {.kind = Parametrisation::full, .layers = layers, .problem = &problem_of(n), .tied = tied};
}

RegressionTask task_of(int n, double scale) {
  TaskSpec spec;
  spec.d = kDimension;
  spec.n = n;
  spec.inputs = InputLaw::uniform;
  spec.covariance = variance(scale);
  return RegressionTask::create(spec).value();
}

Network descent_network(const std::vector<GdLayer>& layers) {
  Network network{
      {.kind = Parametrisation::gdpp, .d = kDimension, .layers = static_cast<int>(layers.size())},
      {}};
  for (const GdLayer& layer : layers)
    network.theta.insert(network.theta.end(), {-layer.curvature, -layer.step});
  return network;
}

Alignment compare(const Network& network, const Network& other, int n, double input_scale,
                  double target_scale, bool quick) {
  ThreadPool pool(0);
  NetworkPredictor one(network, n, pool.threads()), two(other, n, pool.threads());
  return align(task_of(n, input_scale), one, two, target_scale,
               quick ? kQuickComparePrompts : kComparePrompts, kCompareSeed, pool);
}

Expected<Panel> alignment_panel(const Trained& trained, const std::vector<NamedNetwork>& others,
                                int n, const StudyOptions& options) {
  const auto snapshots = GRAMIAN_TRY(load_snapshots(trained, options));
  ThreadPool pool(0);
  const RegressionTask task = task_of(n);
  const std::uint64_t prompts = options.effort.quick ? 200 : kQuickComparePrompts;
  Panel panel{.title = "Alignment", .x = {.label = "step"}, .y = {.label = "difference or cosine"}};
  for (const auto& [name, other] : others) {
    Series cosine{.name = "cosine to " + name, .role = Role::full, .mark = Mark::line};
    Series sensitivity{
        .name = "sensitivities, difference to " + name, .role = Role::gdpp, .mark = Mark::line};
    Series prediction{
        .name = "predictions, difference to " + name, .role = Role::diag, .mark = Mark::line};
    NetworkPredictor two(other, n, pool.threads());
    for (const NetworkSnapshot& snapshot : snapshots) {
      NetworkPredictor one(snapshot.network, n, pool.threads());
      const Alignment a = align(task, one, two, 1, prompts, kCompareSeed, pool);
      const auto x = static_cast<double>(snapshot.step);
      cosine.points.push_back({.x = x, .y = a.cosine.mean()});
      sensitivity.points.push_back({.x = x, .y = a.sensitivity.mean()});
      prediction.points.push_back({.x = x, .y = a.prediction.mean()});
    }
    for (Series* series : {&cosine, &sensitivity, &prediction})
      panel.series.push_back(std::move(*series));
  }
  return panel;
}

LayerWeights normalised(const Network& network) {
  LayerWeights weights = network.expanded(0);
  const std::size_t rows = network.spec.rows();
  double beta = 0;
  for (std::size_t i = 0; i + 1 < rows; ++i)
    beta += weights.q[i * rows + i] / static_cast<double>(rows - 1);
  for (double& p : weights.p) p *= beta;
  for (double& q : weights.q) q /= beta;
  return weights;
}

GdLayer as_gd_layer(const LayerWeights& normalised) {
  const auto size = normalised.p.size();
  std::size_t rows = 1;
  while (rows * rows < size) ++rows;
  GdLayer layer{.step = -normalised.p[size - 1]};
  for (std::size_t i = 0; i + 1 < rows; ++i) {
    layer.curvature -= normalised.p[i * rows + i] / static_cast<double>(rows - 1);
  }
  return layer;
}

}  // namespace gramian::gd
