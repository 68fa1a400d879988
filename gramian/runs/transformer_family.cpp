#include "gramian/runs/transformer_family.h"

#include <algorithm>
#include <array>

#include "gramian/base/assert.h"
#include "gramian/evaluation/keys.h"
#include "gramian/evaluation/position_scores.h"
#include "gramian/evaluation/token_alignment.h"
#include "gramian/models/keys.h"
#include "gramian/models/transformer/answer_loss.h"
#include "gramian/runs/transformer_file.h"
#include "gramian/tasks/keys.h"
#include "gramian/tasks/token_families.h"
#include "gramian/training/keys.h"
#include "gramian/training/transformer_trainer.h"

namespace gramian {

namespace {

constexpr std::array<std::string_view, 1> kTokenKinds = {"transformer"};

Expected<std::unique_ptr<Experiment>> make_tokens(const Config& config) {
  auto experiment = GRAMIAN_TRY(TransformerExperiment::make(config));
  return std::make_unique<TransformerExperiment>(std::move(experiment));
}

Expected<std::unique_ptr<Model>> load_tokens(const std::string& path) {
  auto transformer = GRAMIAN_TRY(load_transformer(path));
  return std::make_unique<TransformerModel>(std::move(transformer));
}

const Transformer& transformer_of(const Model& model) {
  const auto* mine = dynamic_cast<const TransformerModel*>(&model);
  GRAMIAN_ASSERT(mine != nullptr);
  return mine->transformer();
}

// A key of a family of token tasks must be at its default for all others, and so must those without
// a meaning for the one that is there.
Status refuse_keys_of_other_tasks(const Config& config) {
  const Config usual = Config::defaults(config.table());
  const std::string& name = config.text("task.family");
  for (const UnusedKey& unused : token_family(name).unused) {
    if (config.same(*config.table().find(unused.key), usual)) continue;
    return fail(ErrorKind::config, "[{}] has no meaning for [task.family] {}: {} ({})", unused.key,
                name, unused.instead, config.where(unused.key));
  }
  const auto shared = token_family(name).shares;
  for (const TokenFamily* family : token_families()) {
    if (family->name == name) continue;
    for (const Key& key : family->keys) {
      if (config.same(key, usual) || std::ranges::find(shared, key.name) != shared.end()) continue;
      return fail(ErrorKind::config, "[{}] is for [task.family] {}, not for {} ({})", key.name,
                  family->name, name, config.where(key.name));
    }
  }
  return {};
}

// A network that its file describes has no setting of its own.
Status refuse_keys_of_networks(const Config& config) {
  const Config usual = Config::defaults(config.table());
  for (const Key& key : model_keys()) {
    const bool free =
        key.name == "model.kind" || key.name == "model.layers" || key.name == "model.described";
    if (free || config.same(key, usual)) continue;
    return fail(ErrorKind::config,
                "[{}] has no meaning with [model.described], where the file of the model says what "
                "it is ({})",
                key.name, config.where(key.name));
  }
  return {};
}

// The network of a file, for prompts of this task.
Expected<Transformer> load_described(const std::string& path, const TokenTask& task) {
  auto loaded = GRAMIAN_TRY(load_transformer(path));
  const TransformerSpec& spec = loaded.spec();
  if (spec.stem.tokens != task.tokens() || spec.stem.width != task.width()) {
    return fail(ErrorKind::config,
                "{} is for {} tokens of {} numbers, but prompts of this task have {} of {}", path,
                spec.stem.tokens, spec.stem.width, task.tokens(), task.width());
  }
  if (spec.stem.vocabulary != task.source().vocabulary()) {
    return fail(ErrorKind::config,
                "{} is for a vocabulary of {} symbols, but that of this task has {} (0: numbers)",
                path, spec.stem.vocabulary, task.source().vocabulary());
  }
  if (const Status fits = check_output(loaded.recorded(), task.answers()); !fits)
    return fail(ErrorKind::config, "{}: {}", path, fits.error().message);
  return loaded;
}

// The model beside predicting zero: solvers work on Gram matrices.
Alignment beside_zero(const TransformerExperiment& experiment, const Model& model,
                      std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool) {
  const TokenTask& task = experiment.task;
  return align_tokens(task, predictor(task, transformer_of(model)), zero_predictor(task), prompts,
                      seed, pool, experiment.train.loss.prediction);
}

}  // namespace

const Family transformer_family{.name = "transformer",
                                .title = "a transformer on tokens",
                                .kinds = kTokenKinds,
                                .make = make_tokens,
                                .load = load_tokens};

Status TransformerModel::save(const std::string& path) const {
  return save_transformer(path, transformer_);
}

TransformerExperiment::TransformerExperiment(const Config& from, TokenTask prompts,
                                             TransformerSpec network)
    : Experiment(from),
      task(std::move(prompts)),
      transformer(std::move(network)),
      start(transformer_start(from)) {
  train = train_spec(from, Method::adam);
  train.loss.query = QueryMode::sampled;
  eval = eval_spec(from, static_cast<int>(transformer.blocks.size()));
}

Expected<TransformerExperiment> TransformerExperiment::make(const Config& config) {
  GRAMIAN_TRY(refuse_keys_of_other_tasks(config));
  auto task = GRAMIAN_TRY(token_task(config));
  const Initialisation begin = initialisation(config);
  if (begin == Initialisation::gdpp || begin == Initialisation::gdpp_optimum) {
    return fail(ErrorKind::config,
                "[model.init] {} is not for [model.kind] transformer, which begins at random ({})",
                config.text("model.init"), config.where("model.init"));
  }
  if (config.boolean("model.described")) {
    GRAMIAN_TRY(refuse_keys_of_networks(config));
    const TransformerSpec outside{.stem = {.tokens = task.tokens(), .width = task.width()}};
    auto experiment = GRAMIAN_TRY(make(config, std::move(task), outside));
    experiment.described = true;
    return experiment;
  }
  auto network = GRAMIAN_TRY(transformer_spec(config, task.source()));
  return make(config, std::move(task), std::move(network));
}

Expected<TransformerExperiment> TransformerExperiment::make(const Config& config, TokenTask prompts,
                                                            TransformerSpec network) {
  TransformerExperiment experiment(config, std::move(prompts), std::move(network));
  GRAMIAN_TRY(check(experiment.task, experiment.transformer, experiment.train));
  return experiment;
}

std::string TransformerExperiment::describe() const {
  if (task.answers().is_scalar()) {
    return fmt::format("{}, n = {}, {} tokens of {} numbers; {} prompts, loss {}\n\n",
                       task.describe(), task.n(), task.tokens(), task.width(), eval.prompts,
                       formula_of(train.loss.prediction));
  }
  return fmt::format("{}, {} tokens of {} numbers; {} prompts, loss {}\n\n", task.describe(),
                     task.tokens(), task.width(), eval.prompts, formula_of(task.answers()));
}

Expected<std::unique_ptr<TrainingLoop>> TransformerExperiment::begin(ThreadPool& pool,
                                                                     const TrainFirst&) const {
  if (described) {
    return fail(ErrorKind::config,
                "[model.described]: the network is what its file says, and there is nothing to "
                "train");
  }
  const auto initial =
      GRAMIAN_TRY(begin_with ? begin_with() : Transformer::initial(transformer, start, train.seed));
  auto loop = TransformerTrainer::create(task, initial, train, pool);
  loop->after_step(after_step);
  return loop;
}

Expected<std::unique_ptr<TrainingLoop>> TransformerExperiment::loop_from(
    std::vector<double> weights, const TrainSpec& how, ThreadPool& pool) const {
  GRAMIAN_TRY(check(task, transformer, how));
  const auto begin = GRAMIAN_TRY(Transformer::create(transformer, std::move(weights)));
  return TransformerTrainer::create(task, begin, how, pool);
}

std::unique_ptr<Model> TransformerExperiment::model(std::vector<double> weights) const {
  return std::make_unique<TransformerModel>(
      Transformer::create(transformer, std::move(weights)).value());
}

Expected<std::unique_ptr<Model>> TransformerExperiment::load(const std::string& path) const {
  auto loaded =
      GRAMIAN_TRY(described ? load_described(path, task) : load_transformer(path, transformer));
  return std::make_unique<TransformerModel>(std::move(loaded));
}

Expected<EvaluationReport> TransformerExperiment::evaluate(const Model& model, ThreadPool& pool,
                                                           const StageProgress& progress) const {
  if (!task.answers().is_scalar()) {
    const auto scores =
        GRAMIAN_TRY(position_scores(task, transformer_of(model), eval.prompts, eval.seed, pool,
                                    [&](std::uint64_t done, std::uint64_t total) {
                                      return progress("evaluate", done, total);
                                    }));
    return EvaluationReport{position_table(scores), position_json(scores)};
  }
  const Alignment both = beside_zero(*this, model, eval.prompts, eval.seed, pool);
  return EvaluationReport{fmt::format("{:<8} {:>10.3g} +- {:.1g}\n{:<8} {:>10.3g} +- {:.1g}\n",
                                      "model", both.loss.mean(), both.loss.standard_error(), "zero",
                                      both.other_loss.mean(), both.other_loss.standard_error()),
                          token_scores_json(eval.prompts, both.loss, both.other_loss)};
}

Expected<RunningMean> TransformerExperiment::mean_loss(const Model& model, std::uint64_t prompts,
                                                       std::uint64_t seed, ThreadPool& pool) const {
  if (!task.answers().is_scalar()) {
    const std::vector<NamedPredictor> one{{"model", predictor(task, transformer_of(model))}};
    const auto losses = GRAMIAN_TRY(position_losses(task, one, prompts, seed, pool));
    return losses.front().loss;
  }
  return token_loss(task, predictor(task, transformer_of(model)), prompts, seed, pool,
                    train.loss.prediction);
}

double TransformerExperiment::zero_loss(const Model& model, ThreadPool& pool) const {
  constexpr std::uint64_t kPrompts = 1000;
  if (!task.answers().is_scalar()) {
    const std::vector<NamedPredictor> zero{{"zero", zero_predictor(task)}};
    return position_losses(task, zero, kPrompts, eval.seed, pool).value().front().loss.mean();
  }
  return beside_zero(*this, model, kPrompts, eval.seed, pool).other_loss.mean();
}

Expected<std::string> TransformerExperiment::examine(const Model& model, const Examination& how,
                                                     Shared&, ThreadPool& pool,
                                                     const ProgressFunction& progress) const {
  if (!task.answers().is_scalar()) {
    return position_json(GRAMIAN_TRY(
        position_scores(task, transformer_of(model), how.prompts, how.seed, pool, progress)));
  }
  const Alignment both = beside_zero(*this, model, how.prompts, how.seed, pool);
  return token_scores_json(how.prompts, both.loss, both.other_loss);
}

double TransformerExperiment::cost() const {
  const Tape::Cost products = record(transformer)->tape.cost();
  return (products.forward + products.backward) * train.batch * static_cast<double>(train.steps);
}

Expected<double> TransformerExperiment::seconds_per_cost() const {
  TransformerExperiment typical = *this;
  typical.train.steps = 10;
  ThreadPool pool(1);
  const auto loop = GRAMIAN_TRY(typical.begin(pool, {}));
  const double seconds = GRAMIAN_TRY(time_training(*loop));
  return seconds / typical.cost();
}

Expected<std::unique_ptr<Experiment>> make_transformer_experiment(const Config& config,
                                                                  TokenTask prompts,
                                                                  TransformerSpec network) {
  auto experiment =
      GRAMIAN_TRY(TransformerExperiment::make(config, std::move(prompts), std::move(network)));
  return std::make_unique<TransformerExperiment>(std::move(experiment));
}

Expected<TransformerExperiment> transformer_experiment(const Config& config) {
  const auto experiment = GRAMIAN_TRY(make_experiment(config));
  const auto* mine = dynamic_cast<const TransformerExperiment*>(experiment.get());
  if (mine == nullptr) {
    return fail(ErrorKind::usage, "[model.kind] {} is not a transformer on tokens",
                config.text("model.kind"));
  }
  return *mine;
}

}  // namespace gramian
