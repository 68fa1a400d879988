#include "gramian/papers/electric/setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/runs/run_directory.h"
#include "gramian/studies/draw.h"

namespace gramian::electric {

namespace {

constexpr std::int64_t kEfficientSteps = 500, kFullSteps = 600, kQuickSteps = 40;
constexpr int kBatch = 256;

std::int64_t steps_of(const Effort& effort, GraphForm form) {
  if (effort.steps > 0) return effort.steps;
  return effort.quick ? kQuickSteps : form == GraphForm::full ? kFullSteps : kEfficientSteps;
}

// Deeper full networks need shorter steps.
double rate_of(const Setting& setting) {
  return setting.form == GraphForm::full ? 0.04 / (setting.layers + 1) : 0.02;
}

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort) {
  const bool eigenvectors = setting.question == GraphQuestion::eigenvectors;
  const bool full = setting.form == GraphForm::full;
  std::vector<std::string> settings = {
      "model.kind=graph",
      fmt::format("model.form={}", kGraphForms.word(setting.form)),
      fmt::format("model.layers={}", setting.layers),
      fmt::format("model.norm={}", eigenvectors ? "columns" : "frobenius"),
      fmt::format("model.init_noise={}", full ? 0.63 : 0.3),
      fmt::format("task.graph={}", kGraphKinds.word(setting.graph)),
      fmt::format("task.nodes={}", kNodes),
      fmt::format("task.question={}", kGraphQuestions.word(setting.question)),
      fmt::format("task.demands={}", eigenvectors ? kVectors : kDemands),
      fmt::format("task.centred={}", setting.centred),
      fmt::format("train.seed={}", seed),
      fmt::format("train.steps={}", steps_of(effort, setting.form)),
      fmt::format("train.batch={}", kBatch),
      fmt::format("train.learning_rate={}", rate_of(setting)),
      "train.clip_norm=1",
      "train.robust=0",
      "train.threads=1"};
  if (eigenvectors && !full)
    settings.insert(settings.end(), {"model.couples=true", "model.per_column=true"});
  return {parse_config("", "recipe", settings).value()};
}

Examination examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 200 : 10'000;
  return e;
}

}  // namespace

std::string Setting::problem() const {
  return fmt::format("{}, {}{}", kGraphQuestions.word(question), kGraphKinds.word(graph),
                     centred ? "" : ", not centred");
}

std::string Setting::name() const {
  return cell_name(kGraphForms.word(form), layers, false,
                   fmt::format("{}-{}{}", kGraphQuestions.word(question), kGraphKinds.word(graph),
                               centred ? "" : "-raw"));
}

GraphTaskSpec Setting::task() const {
  return {.graph = {.kind = graph, .nodes = kNodes},
          .question = question,
          .demands = question == GraphQuestion::eigenvectors ? kVectors : kDemands,
          .centred = centred};
}

Cell Setting::cell() const {
  return {
      .name = name(),
      .title = cell_title(fmt::format("{} form", kGraphForms.word(form)), layers, false, problem()),
      .group = problem(),
      .kind = std::string(kGraphForms.word(form)),
      .layers = layers,
      .problem = problem(),
      .starts = [*this](int seed, const Effort& e) { return electric::starts(*this, seed, e); },
      .examination = examination,
      .make = make_experiment};
}

Expected<GraphRun> load_graph_run(const Trained& trained, const StudyOptions& options) {
  const auto directory =
      GRAMIAN_TRY(RunDirectory::open(fmt::format("{}/{}", options.directory, trained.directory)));
  const auto config = GRAMIAN_TRY(load_config(directory.config()));
  auto experiment = GRAMIAN_TRY(GraphExperiment::make(config));
  auto network = load_graph_network(directory.model());
  if (!network) return std::unexpected(network.error());
  return GraphRun{std::move(experiment), std::move(*network)};
}

SettingErrors errors_of(const Archive& archive, const Setting& setting) {
  SettingErrors errors{.setting = setting};
  for (const Trained* trained : archive.seeds(setting.name()))
    errors.seeds.push_back(trained->scores.loss.at("model"));
  return errors;
}

const SettingErrors* with_layers(const std::vector<SettingErrors>& networks, Setting setting,
                                 int layers) {
  setting.layers = layers;
  const auto found = std::ranges::find(networks, setting, &SettingErrors::setting);
  return found == networks.end() || found->seeds.empty() ? nullptr : &*found;
}

double SettingErrors::mean_log() const {
  double sum = 0;
  for (const Estimate& seed : seeds) sum += std::log(seed.mean);
  return seeds.empty() ? std::numeric_limits<double>::quiet_NaN()
                       : sum / static_cast<double>(seeds.size());
}

double SettingErrors::worst_log() const {
  double worst = -std::numeric_limits<double>::infinity();
  for (const Estimate& seed : seeds) worst = std::max(worst, std::log(seed.mean));
  return worst;
}

double SettingErrors::error_of_log() const {
  std::vector<double> logs;
  double of_prompts = 0;
  for (const Estimate& seed : seeds) {
    logs.push_back(std::log(seed.mean));
    of_prompts = std::max(of_prompts, seed.se / seed.mean);
  }
  if (logs.size() < 2) return of_prompts;
  return std::max(of_prompts, spread(logs).deviation / std::sqrt(static_cast<double>(logs.size())));
}

std::string recipe(const Effort& effort) {
  return fmt::format(
      "Graphs of {} nodes, weights exp(2 (2u - 1)), {} normal demands, a fresh graph a prompt. "
      "Efficient form: scores times n, B rewritten, {} steps of Adam on {} prompts, rate 0.02. "
      "Full "
      "weights: {} steps, rate 0.04 / (L + 1). For eigenvectors {} columns from a random start, "
      "coupled, with numbers of their own. Loss |Phi / |Phi| - Y / |Y||^2, or the sum over "
      "eigenvectors of min |+- phi / |phi| - u|^2.\n",
      kNodes, kDemands, steps_of(effort, GraphForm::efficient), kBatch,
      steps_of(effort, GraphForm::full), kVectors);
}

}  // namespace gramian::electric
