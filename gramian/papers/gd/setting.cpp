#include "gramian/papers/gd/setting.h"

#include <fmt/format.h>

#include "gramian/base/assert.h"
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

Schedule schedule(const Setting& setting) {
  // What one layer does not read (the column of y in Q, since the query has y = 0) stays as it
  // begins; a roll-out reads it.
  if (setting.layers == 1) return {2000, 0.02, 0.01};
  if (setting.layers == 2) return {4000, 0.02};
  if (!setting.tied) return {8000, 0.05};
  return setting.layers <= 5 ? Schedule{6000, 0.01} : Schedule{8000, 0.03};
}

std::vector<double> variance(double scale) {
  std::vector<double> s(kDimension * kDimension);
  for (std::size_t i = 0; i < kDimension; ++i) s[i * kDimension + i] = scale * scale / 12;
  return s;
}

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort) {
  const Schedule how = schedule(setting);
  const std::int64_t steps = effort.steps > 0 ? effort.steps
                             : effort.quick   ? kQuickSteps
                                              : how.steps;
  const std::vector<double> diagonal(kDimension, 1.0 / 12);
  return {parse_config("", "recipe",
                       {fmt::format("task.d={}", kDimension), fmt::format("task.n={}", setting.n),
                        "task.noise=constant", "task.sigma=0", "task.inputs=uniform",
                        fmt::format("task.covariance=[{}]", fmt::join(diagonal, ", ")),
                        "model.kind=full", fmt::format("model.layers={}", setting.layers),
                        fmt::format("model.tied={}", setting.tied), "model.init=random",
                        fmt::format("model.init_noise={}", how.noise),
                        fmt::format("train.seed={}", seed), fmt::format("train.steps={}", steps),
                        "train.batch=1024", fmt::format("train.learning_rate={}", how.rate),
                        "train.final_learning_rate=0", "train.threads=1", "train.snapshots=40"})
              .value()};
}

Examination examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 5'000 : 100'000;
  e.tuning_prompts = 10'000;
  return e;
}

}  // namespace

std::string recipe(const Effort& effort) {
  if (effort.steps > 0 || effort.quick) {
    return fmt::format(
        "Every cell: FULL from random weights, {} steps of Adam on fresh batches of 1,024 "
        "prompts.\n",
        effort.steps > 0 ? effort.steps : kQuickSteps);
  }
  return "Every cell: FULL from random weights of deviation 0.1 (one layer: 0.01), no noise, x ~ "
         "U(-1/2, 1/2), by tokens; Adam on fresh batches of 1,024 prompts, loss integrated over "
         "the query, robust weights. 2,000 steps for one layer, 4,000 for two loops, 6,000 to "
         "8,000 for more.\n";
}

std::string Setting::name() const {
  return cell_name("full", layers, tied, fmt::format("uniform-inputs-n{}", n));
}

std::string Setting::model() const {
  return fmt::format("{} {}", layers, tied ? "loops" : "layers");
}

Cell Setting::cell() const {
  GRAMIAN_ASSERT(layers >= 1 && n >= 1);
  const std::string problem = fmt::format("x ~ U(-1/2, 1/2), n = {}", n);
  return {.name = name(),
          .title = cell_title("FULL", layers, tied, problem),
          .group = fmt::format("n = {}", n),
          .kind = "FULL",
          .layers = layers,
          .problem = problem,
          .starts = [*this](int seed, const Effort& e) { return gd::starts(*this, seed, e); },
          .examination = examination};
}

RegressionTask task_of(int n, double scale) {
  GRAMIAN_ASSERT(n >= 1 && scale > 0);
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

Expected<std::vector<Along>> along_training(const Trained& trained, const Network& other, int n,
                                            const StudyOptions& options) {
  const auto snapshots = GRAMIAN_TRY(load_snapshots(trained, options));
  ThreadPool pool(0);
  const RegressionTask task = task_of(n);
  const std::uint64_t prompts = options.effort.quick ? 200 : kQuickComparePrompts;
  NetworkPredictor two(other, n, pool.threads());
  std::vector<Along> along;
  for (const NetworkSnapshot& snapshot : snapshots) {
    NetworkPredictor one(snapshot.network, n, pool.threads());
    along.push_back({static_cast<double>(snapshot.step),
                     align(task, one, two, 1, prompts, kCompareSeed, pool)});
  }
  return along;
}

std::vector<Series> along_series(const std::vector<Along>& along, const AlongNames& names) {
  Series cosine{.name = names.cosine, .role = Role::full};
  Series sensitivity{.name = names.sensitivity, .role = Role::gdpp};
  Series prediction{.name = names.prediction, .role = Role::diag};
  for (const auto& [step, alignment] : along) {
    cosine.points.push_back({.x = step, .y = alignment.cosine.mean()});
    sensitivity.points.push_back({.x = step, .y = alignment.sensitivity.mean()});
    prediction.points.push_back({.x = step, .y = alignment.prediction.mean()});
  }
  return {std::move(cosine), std::move(sensitivity), std::move(prediction)};
}

AlongNames names_beside(const std::string& other) {
  return {"cosine to " + other, "sensitivities, difference to " + other,
          "predictions, difference to " + other};
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
  GRAMIAN_ASSERT(rows * rows == size && rows >= 2);
  GdLayer layer{.step = -normalised.p[size - 1]};
  for (std::size_t i = 0; i + 1 < rows; ++i) {
    layer.curvature -= normalised.p[i * rows + i] / static_cast<double>(rows - 1);
  }
  return layer;
}

}  // namespace gramian::gd
