#include <fmt/core.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/cli/numbers.h"
#include "gramian/cli/outputs.h"
#include "gramian/cli/sources.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/runs/gram_family.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/trained_run.h"

namespace gramian::cli {

namespace {

struct EvalArguments {
  ModelSource model;   // eval
  std::string config;  // solve
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

// A progress bar for each stage; Ctrl-C stops at the next report.
StageProgress progress_bars() {
  struct Bar {
    std::string stage;
    std::unique_ptr<Progress> progress;
  };
  return [bar = std::make_shared<Bar>()](std::string_view stage, std::uint64_t done,
                                         std::uint64_t total) {
    if (bar->stage != stage) {
      bar->progress.reset();
      bar->stage = stage;
      bar->progress =
          std::make_unique<Progress>(bar->stage, static_cast<std::int64_t>(total), "prompts");
    }
    bar->progress->update(static_cast<std::int64_t>(done));
    return !interrupted();
  };
}

Status print(const EvaluationReport& report, const std::string& json) {
  fmt::print("{}", report.table);
  if (!json.empty()) {
    GRAMIAN_TRY(write_file_atomically(json, report.json));
    fmt::print("-> {}\n", json);
  }
  return require_numbers(report.table, "this evaluation");
}

Status eval(const EvalArguments& arguments) {
  const ModelSource& source = arguments.model;
  GRAMIAN_TRY(check_output({.option = "--json",
                            .path = arguments.json,
                            .inputs = {source.path, source.task},
                            .beginning = "{"}));
  GRAMIAN_TRY(refuse_settings_of_training(arguments.overrides, source.path));
  const auto [experiment, model] = GRAMIAN_TRY(load_source(source, arguments.all_overrides()));
  fmt::print("{}", experiment->describe());
  catch_signals(AtSignal::leave);
  ThreadPool pool(experiment->run.threads);
  const auto report = GRAMIAN_TRY(experiment->evaluate(*model, pool, progress_bars()));
  if (source.is_file()) return print(report, arguments.json);
  const auto directory = GRAMIAN_TRY(RunDirectory::open(source.path));
  if (arguments.json.empty()) return print(report, directory.eval());
  GRAMIAN_TRY(write_file_atomically(directory.eval(), report.json));
  return print(report, arguments.json);
}

Status solve(const EvalArguments& arguments) {
  GRAMIAN_TRY(check_output({.option = "--json",
                            .path = arguments.json,
                            .inputs = {arguments.config},
                            .beginning = "{"}));
  const auto config = GRAMIAN_TRY(load_config(arguments.config, arguments.all_overrides()));
  const auto experiment = GRAMIAN_TRY(gram_experiment(config, arguments.config));
  fmt::print("{}", experiment.describe());
  catch_signals(AtSignal::leave);
  ThreadPool pool(experiment.run.threads);
  const auto report = GRAMIAN_TRY(experiment.compare(nullptr, pool, progress_bars()));
  return print(report, arguments.json);
}

// Behind what is evaluated: positional arguments are read in the order in which they are added.
void add_settings(CLI::App* command, const std::shared_ptr<EvalArguments>& arguments) {
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
  command->add_option("--json", arguments->json, "also write the results to this file")
      ->type_name("FILE");
}

constexpr const char* kMeaning =
    "Losses are 1/2 squared error of the prediction against the noise-free target. Adjusted:\n"
    "minus the loss of the oracle (ridge with the true sigma) on the same prompts. Solvers:\n"
    "oracle; constrr (ridge, one tuned constant); adarr (ridge, sigma estimated from\n"
    "residuals, n > d); tunedrr (the same, scaled and capped by tuned constants); bayes\n"
    "(posterior mean over sigma: no predictor is better on average); ols; gd (tuned step);\n"
    "zero. Constants are tuned on prompts of their own. Blow-ups are prompts with a loss over\n"
    "1000 times the oracle's mean: deep models have rare ones that a mean over few prompts\n"
    "does not show.\n";

}  // namespace

void add_eval(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "eval", "Compare a trained model with every solver on fresh prompts.");
  auto arguments = std::make_shared<EvalArguments>();
  add_source(command, arguments->model);
  add_settings(command, arguments);
  command->footer(
      std::string("Prints a table and writes DIR/eval.json. Of the settings, task.* and eval.* may "
                  "change:\n"
                  "the model stays as it was trained, the prompts need not.\n\n") +
      kMeaning + "\nKeys, as DIR/config.toml sets them (defaults of gramian train are shown):\n\n" +
      key_table().help_text());
  command->callback([&program, arguments] {
    read_dash(arguments->json);
    program.run = [arguments] { return eval(*arguments); };
  });
}

void add_solve(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("solve", "Compare the solvers alone, without a model.");
  auto arguments = std::make_shared<EvalArguments>();
  command->add_option("config", arguments->config, "configuration, a TOML file")
      ->required()
      ->type_name("CONFIG.toml");
  add_settings(command, arguments);
  command->footer(std::string(kMeaning) + "\nKeys of CONFIG.toml, all optional:\n\n" +
                  key_table().help_text());
  command->callback([&program, arguments] {
    read_dash(arguments->json);
    program.run = [arguments] { return solve(*arguments); };
  });
}

}  // namespace gramian::cli
