#include <fmt/core.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/evaluation/table.h"
#include "gramian/evaluation/token_alignment.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/runs/experiment.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/trained_run.h"
#include "gramian/runs/transformer_file.h"

namespace gramian::cli {

namespace {

struct EvalArguments {
  std::string source;  // a run directory (eval) or a configuration (solve)
  std::vector<std::string> overrides;
  std::optional<std::string> prompts, seed;
  std::string json;

  // The flags are short for keys, and win over key=value.
  std::vector<std::string> all_overrides() const {
    std::vector<std::string> all = overrides;
    if (prompts) all.push_back("eval.prompts=" + *prompts);
    if (seed) all.push_back("eval.seed=" + *seed);
    return all;
  }
};

// Tunes the solvers, evaluates all, prints the table and writes the JSON.
Status compare(const Experiment& experiment, const Network* network, const std::string& json) {
  catch_signals();
  ThreadPool pool(experiment.run.threads);
  std::unique_ptr<NetworkPredictor> model;
  if (network != nullptr)
    model = std::make_unique<NetworkPredictor>(*network, experiment.task.n(), pool.threads());

  const Baselines baselines =
      tune_baselines(experiment.task, experiment.task.spec().noise, experiment.eval, pool);
  const auto bar = [](const char* label, std::uint64_t total) {
    return [progress = std::make_shared<Progress>(label, static_cast<std::int64_t>(total),
                                                  "prompts")](std::uint64_t done, std::uint64_t) {
      progress->update(static_cast<std::int64_t>(done));
      return !interrupted();
    };
  };
  const std::uint64_t prompts = experiment.eval.prompts;
  const auto result = GRAMIAN_TRY(evaluate(experiment.task, baselines, model.get(), experiment.eval,
                                           pool, bar("evaluate", prompts)));
  const auto points = GRAMIAN_TRY(profile(experiment.task, baselines, model.get(),
                                          experiment.profile, experiment.eval, pool,
                                          bar("profile", prompts * experiment.profile.size())));

  fmt::print("{}", to_table(result, points));
  if (json.empty()) return {};
  GRAMIAN_TRY(write_file_atomically(json, to_json(result, points)));
  fmt::print("-> {}\n", json);
  return {};
}

void print_task(const Experiment& experiment) {
  fmt::print("in-context regression, d = {}, n = {}, sigma ~ {}\n", experiment.task.d(),
             experiment.task.n(), experiment.task.spec().noise.describe());
}

// A transformer on tokens, beside predicting zero: solvers work on Gram matrices.
Status eval_tokens(const Experiment& experiment, const RunDirectory& directory) {
  const auto transformer =
      GRAMIAN_TRY(load_transformer(directory.model(), experiment.tokens->transformer));
  const TokenTask& task = experiment.tokens->task;
  ThreadPool pool(experiment.run.threads);
  const EvalSpec& spec = experiment.eval;
  const Alignment both = align_tokens(task, predictor(task, transformer), zero_predictor(task),
                                      spec.prompts, spec.seed, pool);
  fmt::print(
      "{}, n = {}, {} tokens of {} numbers; {} prompts, loss 1/2 (prediction - target)^2\n\n",
      task.family() == TaskFamily::sine ? "sines"
                                        : fmt::format("linear regression, d = {}", task.d()),
      task.n(), task.tokens(), task.width(), spec.prompts);
  fmt::print("{:<8} {:>10.3g} +- {:.1g}\n{:<8} {:>10.3g} +- {:.1g}\n", "model", both.loss.mean(),
             both.loss.standard_error(), "zero", both.other_loss.mean(),
             both.other_loss.standard_error());
  if (Status ok = write_file_atomically(
          directory.eval(), token_scores_json(spec.prompts, both.loss, both.other_loss));
      !ok)
    return ok;
  fmt::print("-> {}\n", directory.eval());
  return {};
}

Status eval(const EvalArguments& arguments) {
  const auto directory = GRAMIAN_TRY(RunDirectory::open(arguments.source));
  for (const std::string& setting : arguments.overrides) {
    const Key* key = key_table().find(std::string_view(setting).substr(0, setting.find('=')));
    const bool fixed = key != nullptr && key->affects == Affects::weights;
    if (fixed) {
      return fail(ErrorKind::usage,
                  "'{}': the model of {} is trained already; only task.*, eval.* and train.threads "
                  "can be changed",
                  setting, arguments.source);
    }
  }
  const auto config = GRAMIAN_TRY(load_config(directory.config(), arguments.all_overrides()));
  const auto experiment = GRAMIAN_TRY(make_experiment(config));
  if (experiment.tokens) return eval_tokens(experiment, directory);
  const auto run = GRAMIAN_TRY(load_trained_run(directory, arguments.all_overrides()));
  print_task(run.experiment);
  return compare(run.experiment, &run.network, directory.eval());
}

Status solve(const EvalArguments& arguments) {
  const auto config = GRAMIAN_TRY(load_config(arguments.source, arguments.all_overrides()));
  const auto experiment = GRAMIAN_TRY(make_experiment(config));
  if (experiment.tokens) {
    return fail(
        ErrorKind::usage,
        "{}: the solvers work on the Gram matrices of linear regression; [model.kind] transformer "
        "is for train and eval",
        arguments.source);
  }
  print_task(experiment);
  return compare(experiment, nullptr, arguments.json);
}

// Positional arguments are read in the order in which they are added.
std::shared_ptr<EvalArguments> add_arguments(CLI::App* command, const char* source,
                                             const char* type, const char* help) {
  auto arguments = std::make_shared<EvalArguments>();
  command->add_option(source, arguments->source, help)->required()->type_name(type);
  command
      ->add_option("overrides", arguments->overrides,
                   "settings that replace those of the configuration")
      ->type_name("key=value");
  command
      ->add_option("--prompts", arguments->prompts,
                   "fresh prompts to evaluate on; short for eval.prompts=N")
      ->type_name("N");
  command->add_option("--seed", arguments->seed, "seed of these prompts; short for eval.seed=S")
      ->type_name("S");
  return arguments;
}

constexpr const char* kMeaning =
    "Losses are 1/2 squared error of the prediction against the noise-free target. Adjusted: "
    "minus\n"
    "the loss of the oracle (ridge with the true sigma) on the same prompts. Solvers: oracle; "
    "constrr\n"
    "(ridge, one tuned constant); adarr (ridge, sigma estimated from residuals, n > d); tunedrr "
    "(the\n"
    "same, scaled and capped by tuned constants); bayes (posterior mean over sigma: no predictor "
    "is\n"
    "better on average); ols; gd (tuned step); zero. Constants are tuned on prompts of their own.\n"
    "Blow-ups are prompts with a loss over 1000 times the oracle's mean: deep models have rare "
    "ones\n"
    "that a mean over few prompts does not show.\n";

}  // namespace

void add_eval(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "eval", "Compare a trained model with every solver on fresh prompts.");
  auto arguments = add_arguments(command, "run", "DIR", "run directory of gramian train");
  command->footer(
      std::string("Prints a table and writes DIR/eval.json. Of the settings, task.* and eval.* may "
                  "change:\n"
                  "the model stays as it was trained, the prompts need not.\n\n") +
      kMeaning + "\nKeys, as DIR/config.toml sets them (defaults of gramian train are shown):\n\n" +
      key_table().help_text());
  command->callback(
      [&program, arguments] { program.run = [arguments] { return eval(*arguments); }; });
}

void add_solve(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("solve", "Compare the solvers alone, without a model.");
  auto arguments = add_arguments(command, "config", "CONFIG.toml", "configuration, a TOML file");
  command->add_option("--json", arguments->json, "also write the results to this file")
      ->type_name("FILE");
  command->footer(std::string(kMeaning) + "\nKeys of CONFIG.toml, all optional:\n\n" +
                  key_table().help_text());
  command->callback(
      [&program, arguments] { program.run = [arguments] { return solve(*arguments); }; });
}

}  // namespace gramian::cli
