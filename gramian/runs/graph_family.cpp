#include "gramian/runs/graph_family.h"

#include <array>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/memory.h"
#include "gramian/evaluation/graph_errors.h"
#include "gramian/evaluation/keys.h"
#include "gramian/evaluation/token_alignment.h"
#include "gramian/models/graph_transformer.h"
#include "gramian/models/initial.h"
#include "gramian/tasks/keys.h"
#include "gramian/theory/token_construction.h"
#include "gramian/training/graph_objective.h"
#include "gramian/training/keys.h"
#include "gramian/training/tape_objective.h"

namespace gramian {

namespace {

// A prompt is drawn in the time of about this many times n^3 multiply-adds of a network: ten nodes
// in 12 microseconds, where five layers of the efficient form take 9. Most of it are eigenvectors.
constexpr double kDrawCost = 100;

constexpr std::array<std::string_view, 1> kFamilyKinds = {"graph"};

Expected<std::unique_ptr<Experiment>> make_graphs(const Config& config) {
  auto experiment = GRAMIAN_TRY(GraphExperiment::make(config));
  return std::make_unique<GraphExperiment>(std::move(experiment));
}

Expected<std::unique_ptr<Model>> load_graphs(const std::string& path) {
  auto network = load_graph_network(path);
  if (!network) return std::unexpected(network.error());
  return std::make_unique<GraphModel>(std::move(*network));
}

// Keys that all families share, but that say nothing about graphs.
Status refuse_keys_of_regression(const Config& config) {
  for (const char* key : {"task.d", "task.n", "task.noise", "task.sigma", "task.covariance",
                          "task.inputs", "task.weights", "task.sampler", "model.heads",
                          "model.tied", "model.query_in_keys", "train.query"}) {
    if (config.same(*std::ranges::find(config.table().keys(), key, &Key::name),
                    Config::defaults(config.table()))) {
      continue;
    }
    return fail(ErrorKind::config, "[{}] has no meaning for [model.kind] graph ({})", key,
                config.where(key));
  }
  return {};
}

RecordedGraphNetwork as_recorded(RecordedTransformer recorded) {
  return {.tape = std::move(recorded.tape),
          .tokens = recorded.tokens,
          .output = recorded.output,
          .target = recorded.target};
}

TransformerSpec full_spec(const Config& config, const GraphTaskSpec& task) {
  return graph_transformer(
      {.layers = static_cast<int>(config.integer("model.layers")),
       .nodes = task.graph.nodes,
       .columns = task.columns(),
       .demands = task.demands,
       .norm = kGraphNorms.value(config.text("model.norm")),
       .mean = kContextScales.value(config.text("model.context_scale")) == ContextScale::mean});
}

// query_key is the multiple of the identity on the columns of B alone.
TransformerStart graph_start(const Config& config) {
  const double scores = config.number("model.init_scores");
  return {.noise = config.number("model.init_noise"),
          .query_key = scores,
          .value = scores > 0 ? 1.0 : 0.0};
}

// At random, and where start.query_key is not 0 with scores near its square times B B^T.
std::vector<double> initial_full_weights(const TransformerSpec& spec, int columns,
                                         const TransformerStart& start, std::uint64_t seed) {
  TransformerStart random = start;
  random.query_key = 0;
  Transformer network = Transformer::initial(spec, random, seed).value();
  for (std::size_t l = 0; l < spec.blocks.size(); ++l) {
    for (const char* factor : {"Q", "K"}) {
      add_identity(network, fmt::format("layers.{}.heads.0.{}", l, factor), {0, columns},
                   {0, columns}, start.query_key);
    }
  }
  return std::move(network.theta);
}

// A loop that owns its weights.
class GraphTrainer final : public TrainingLoop {
 public:
  static std::unique_ptr<TrainingLoop> create(std::unique_ptr<const Objective> objective,
                                              std::vector<double> weights, const TrainSpec& spec,
                                              ThreadPool& pool) {
    return std::unique_ptr<TrainingLoop>(
        new GraphTrainer(std::move(objective),
                         std::make_unique<std::vector<double>>(std::move(weights)), spec, pool));
  }

 private:
  GraphTrainer(std::unique_ptr<const Objective> objective,
               std::unique_ptr<std::vector<double>> weights, const TrainSpec& spec,
               ThreadPool& pool)
      : TrainingLoop(std::move(objective), *weights, spec, pool), weights_(std::move(weights)) {}

  std::unique_ptr<std::vector<double>> weights_;
};

const std::vector<double>& theta_of(const Model& model) {
  const auto* mine = dynamic_cast<const GraphModel*>(&model);
  GRAMIAN_ASSERT(mine != nullptr);
  return mine->network().theta();
}

}  // namespace

const Family graph_family{.name = "graph",
                          .title = "a linear transformer on graphs",
                          .kinds = kFamilyKinds,
                          .make = make_graphs,
                          .load = load_graphs};

std::vector<WeightMatrix> GraphModel::matrices() const {
  return network_.full ? network_.full->matrices() : std::vector<WeightMatrix>{};
}

Expected<GraphExperiment> GraphExperiment::make(const Config& config) {
  GRAMIAN_TRY(refuse_keys_of_regression(config));
  GraphExperiment experiment(config);
  experiment.task = GRAMIAN_TRY(graph_task_spec(config));
  experiment.form = kGraphForms.value(config.text("model.form"));
  experiment.efficient = graph_network_spec(config, experiment.task.demands);
  experiment.full = full_spec(config, experiment.task);
  experiment.start = graph_start(config);
  experiment.train = train_spec(config, Method::adam);
  experiment.train.loss.query = QueryMode::sampled;
  experiment.eval = eval_spec(config, experiment.efficient.layers);
  if (experiment.train.method != Method::adam && experiment.train.method != Method::sgd) {
    return fail(ErrorKind::config,
                "[train.optimiser] must be adam or sgd for [model.kind] graph ({})",
                config.where("train.optimiser"));
  }
  GRAMIAN_TRY(check_sizes(experiment.train));
  auto recorded = GRAMIAN_TRY(experiment.recorded_for(experiment.task));
  GRAMIAN_TRY(check_memory(
      fmt::format("{} parameters and B = {}", recorded.tape.parameters(), experiment.train.batch),
      tape_bytes(recorded.tape, experiment.train), kMostThreadBytes));
  experiment.recorded_ = std::make_shared<const RecordedGraphNetwork>(std::move(recorded));
  return experiment;
}

Expected<RecordedGraphNetwork> GraphExperiment::recorded_for(const GraphTaskSpec& prompts) const {
  GRAMIAN_TRY(prompts.check());
  const GraphLoss loss = loss_of_question(prompts.question);
  if (form == GraphForm::efficient) {
    return record_graph_network(efficient, prompts.graph.nodes, prompts.columns(), prompts.demands,
                                loss);
  }
  if (prompts.width() != task.width()) {
    return fail(ErrorKind::config,
                "full weights are for graphs of {} edges and {} demands, and these have {} and {}",
                task.columns(), task.demands, prompts.columns(), prompts.demands);
  }
  TransformerSpec network = full;
  network.stem.tokens = prompts.graph.nodes;
  auto recorded = GRAMIAN_TRY(
      record_loss(network, [loss](Recorder& r, Value output, std::optional<Value>& target) {
        return record_graph_loss(r, output, loss, target);
      }));
  return as_recorded(std::move(recorded));
}

std::string GraphExperiment::describe() const {
  return fmt::format("{}; {} network of {} layers, {} numbers; {} prompts\n\n", task.describe(),
                     kGraphForms.word(form), efficient.layers, recorded_->tape.parameters(),
                     eval.prompts);
}

std::vector<double> GraphExperiment::initial_weights() const {
  if (form == GraphForm::full) return initial_full_weights(full, task.columns(), start, train.seed);
  std::vector<double> theta(efficient.numbers());
  for (std::size_t i = 0; i < theta.size(); ++i)
    theta[i] = start.noise * initial_normal(train.seed, i);
  return theta;
}

Expected<std::unique_ptr<TrainingLoop>> GraphExperiment::begin(ThreadPool& pool,
                                                               const TrainFirst&) const {
  return loop_from(initial_weights(), train, pool);
}

Expected<std::unique_ptr<TrainingLoop>> GraphExperiment::loop_from(std::vector<double> weights,
                                                                   const TrainSpec& how,
                                                                   ThreadPool& pool) const {
  GRAMIAN_TRY(check_sizes(how));
  return GraphTrainer::create(graph_objective(task, recorded_, how.precision), std::move(weights),
                              how, pool);
}

std::unique_ptr<Model> GraphExperiment::model(std::vector<double> weights) const {
  if (form == GraphForm::efficient)
    return std::make_unique<GraphModel>(
        AnyGraphNetwork{.efficient = GraphNetwork{efficient, std::move(weights)}});
  return std::make_unique<GraphModel>(
      AnyGraphNetwork{.full = std::make_shared<const Transformer>(
                          Transformer::create(full, std::move(weights)).value())});
}

Expected<std::unique_ptr<Model>> GraphExperiment::load(const std::string& path) const {
  auto network = load_graph_network(path);
  if (!network) return std::unexpected(network.error());
  const bool same = form == GraphForm::efficient
                        ? !network->full && network->efficient.spec == efficient
                        : network->full && network->full->spec() == full;
  if (!same) return fail(ErrorKind::format, "{}: not the network of this configuration", path);
  return std::make_unique<GraphModel>(std::move(*network));
}

Expected<EvaluationReport> GraphExperiment::evaluate(const Model& model, ThreadPool& pool,
                                                     const StageProgress&) const {
  const auto loss = GRAMIAN_TRY(mean_loss(model, eval.prompts, eval.seed, pool));
  RunningMean zero;
  zero.add(zero_loss(model, pool));
  return EvaluationReport{
      fmt::format("{:<8} {:>10.4g} +- {:.1g}, log {:.3f}\n{:<8} {:>10.4g}\n", "model", loss.mean(),
                  loss.standard_error(), std::log(loss.mean()), "zero", zero.mean()),
      token_scores_json(eval.prompts, loss, zero)};
}

Expected<RunningMean> GraphExperiment::mean_loss(const Model& model, std::uint64_t prompts,
                                                 std::uint64_t seed, ThreadPool& pool) const {
  return graph_error(task, *recorded_, theta_of(model), prompts, seed, pool);
}

double GraphExperiment::zero_loss(const Model&, ThreadPool&) const {
  return task.question == GraphQuestion::eigenvectors ? task.demands : 1;
}

Expected<std::string> GraphExperiment::examine(const Model& model, const Examination& how, Shared&,
                                               ThreadPool& pool, const ProgressFunction&) const {
  const auto loss = GRAMIAN_TRY(mean_loss(model, how.prompts, how.seed, pool));
  RunningMean zero;
  zero.add(zero_loss(model, pool));
  return token_scores_json(how.prompts, loss, zero);
}

double GraphExperiment::cost() const {
  const Tape::Cost products = recorded_->tape.cost();
  const double draw = kDrawCost * std::pow(task.graph.nodes, 3);
  return (products.forward + products.backward + draw) * train.batch *
         static_cast<double>(train.steps);
}

Expected<double> GraphExperiment::seconds_per_cost() const {
  GraphExperiment typical = *this;
  typical.train.steps = 10;
  ThreadPool pool(1);
  const auto loop = GRAMIAN_TRY(typical.begin(pool, {}));
  const double seconds = GRAMIAN_TRY(time_training(*loop));
  return seconds / typical.cost();
}

}  // namespace gramian
