#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/cli/numbers.h"
#include "gramian/cli/outputs.h"
#include "gramian/explain/explain.h"
#include "gramian/explain/page.h"
#include "gramian/explain/text.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/lanes/target.h"
#include "gramian/runs/checkpoint.h"
#include "gramian/runs/manifest.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/trained_run.h"

namespace gramian::cli {

namespace {

struct ExplainArguments {
  std::string directory, json, name;
  ExplainOptions options;
};

std::string default_name(const std::string& directory) {
  std::error_code ignored;
  const auto path = std::filesystem::absolute(directory, ignored).lexically_normal();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

// The weights with which the run began, made again: training is deterministic. A network that was
// trained first lies in the directory of the run. Empty where that one is missing.
std::vector<double> start_of(const Experiment& experiment, const std::string& directory,
                             ThreadPool& pool) {
  const auto begun =
      experiment.begin(pool, [&](const Config&, const std::string& name) -> Expected<std::string> {
        return fmt::format("{}/{}/model.safetensors", directory, name);
      });
  return begun ? (*begun)->theta() : std::vector<double>();
}

// Empty, too, where the file holds other layers than those that were trained: whoever edits weights
// of kind diag makes them full.
std::vector<double> fitting_start(const GramExperiment& experiment, const Network& trained,
                                  const std::string& directory, ThreadPool& pool) {
  if (trained.spec.kind != experiment.network.kind) return {};
  auto start = start_of(experiment, directory, pool);
  if (start.size() != trained.theta.size()) start.clear();
  return start;
}

Status explain(const ExplainArguments& arguments, const std::string& command_line) {
  const auto directory = GRAMIAN_TRY(RunDirectory::open(arguments.directory));
  GRAMIAN_TRY(check_output({.option = "--json",
                            .path = arguments.json,
                            .inputs = {},
                            .beginning = "{",
                            .section = true}));
  const auto run = GRAMIAN_TRY(load_trained_run(directory));
  const GramExperiment& experiment = run.experiment;

  // A model is there from the first checkpoint on; it can be explained, but not unnoticed.
  if (const auto saved = load_checkpoint(directory.checkpoint(), experiment.network.parameters(),
                                         experiment.train.method);
      saved && saved->state.adam.step < experiment.train.steps) {
    fmt::print(
        "This run has stopped at step {} of {}: what follows is about a network that is not "
        "trained to the end.\n",
        saved->state.adam.step, experiment.train.steps);
  }

  catch_signals(AtSignal::leave);
  ThreadPool pool(experiment.run.threads);
  ExplainOptions options = arguments.options;
  options.start = fitting_start(experiment, run.network, arguments.directory, pool);
  const Manifest manifest = Manifest::begin(arguments.options.seed, command_line, simd_target());
  Progress progress("explain", kExplanationStages, "parts");
  const auto explanation = gramian::explain(experiment.task, run.network, experiment.train, options,
                                            pool, [&](std::uint64_t done, std::uint64_t) {
                                              progress.update(static_cast<std::int64_t>(done));
                                              return !interrupted();
                                            });
  if (!explanation) return std::unexpected(explanation.error());
  progress.finish();
  const std::string text = to_text(*explanation);
  fmt::print("{}", text);
  if (arguments.json.empty()) return require_numbers(text, "this explanation");

  const std::string name =
      arguments.name.empty() ? default_name(arguments.directory) : arguments.name;
  StudyResult section = to_study(*explanation, name);
  section.runs.push_back({.name = name,
                          .kind = name_of(experiment.network.kind),
                          .problem = "sigma " + experiment.task.spec().noise.describe(),
                          .layers = experiment.network.layers,
                          .seed = experiment.train.seed,
                          .steps = experiment.train.steps,
                          .directory = arguments.directory});
  section.provenance = {.command = manifest.command_line,
                        .version = manifest.version,
                        .commit = manifest.commit,
                        .cpu = manifest.cpu,
                        .simd = manifest.simd,
                        .compiler = manifest.compiler,
                        .finished = utc_now(),
                        .cores = manifest.cores};
  if (const auto settings = read_file(directory.config())) section.provenance.settings = *settings;
  GRAMIAN_TRY(write_file_atomically(arguments.json, to_json(*explanation, section)));
  fmt::print("-> {}\n", arguments.json);
  return require_numbers(text, "this explanation");
}

}  // namespace

void add_explain(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("explain", "Say which algorithm a trained model has learned.");
  auto arguments = std::make_shared<ExplainArguments>();
  ExplainOptions& options = arguments->options;
  command->add_option("run", arguments->directory, "run directory of gramian train")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--json", arguments->json,
                   "also write all numbers, as a section of the report, to this file")
      ->type_name("FILE");
  command->add_option("--name", arguments->name, "of the section; default: the last part of DIR")
      ->type_name("NAME");
  command->add_option("--seed", options.seed, "seed of all prompts")
      ->type_name("S")
      ->capture_default_str();
  command
      ->add_option("--sigma", options.sigmas,
                   "noise levels to read at; default: five over the prior")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 1e6))
      ->type_name("S,..");
  command->add_option("--prompts", options.eval_prompts, "of each loss")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{100}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  command
      ->add_option("--blowup-prompts", options.blowup_prompts,
                   "on which explosions are counted; 0: none")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000'000}))
      ->capture_default_str();
  command
      ->add_option("--retrain", options.retrain_steps,
                   "steps of retraining without a part; 0: none")
      ->type_name("STEPS")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}))
      ->capture_default_str();
  command
      ->add_option("--steps", options.algorithm_steps,
                   "of each known algorithm; 0: two more than layers")
      ->type_name("K")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->footer(
      "Layer by layer: the weights, step size, momentum and shrinkage at each noise level, the "
      "noise\n"
      "level that can be read from what a layer sees, the nearest known algorithm; then what each "
      "part\n"
      "is worth, and how the model behaves on rare prompts. docs/explain.md says how each is "
      "defined.\n"
      "Written into the results folder of a study, FILE is a section of its report:\n\n"
      "    gramian explain runs/diag4 --json studies/results/explain-diag4.json\n"
      "    gramian report studies\n");
  command->callback([&program, arguments] {
    read_dash(arguments->json);
    program.run = [arguments, &program] { return explain(*arguments, program.command_line); };
  });
}

}  // namespace gramian::cli
