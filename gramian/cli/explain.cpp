#include <fmt/core.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/cli/numbers.h"
#include "gramian/cli/outputs.h"
#include "gramian/cli/sources.h"
#include "gramian/evaluation/changes.h"
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
#include "gramian/runs/trained_system.h"

namespace gramian::cli {

namespace {

struct ExplainArguments {
  ModelSource model;
  std::string json, name;
  ExplainOptions options;
};

// The last part of the path, without an ending where it is a file.
std::string default_name(const ModelSource& source) {
  std::error_code ignored;
  const auto path = std::filesystem::absolute(source.path, ignored).lexically_normal();
  if (source.is_file()) return path.stem().string();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

// Empty, too, where the file holds other layers than those that were trained: whoever edits weights
// of kind diag makes them full.
std::vector<double> fitting_start(const LoadedRun& run, const std::string& directory,
                                  ThreadPool& pool) {
  const GramExperiment* gram = run.experiment->as_gram();
  if (gram != nullptr && run.model->gram()->spec.kind != gram->network.kind) return {};
  auto start = start_of(*run.experiment, directory, pool);
  if (start.size() != run.model->weights().size()) start.clear();
  return start;
}

// A bar that begins when it is told how much there is to do, and ends with the function.
ProgressFunction progress_bar(const char* unit) {
  return
      [unit, bar = std::shared_ptr<Progress>()](std::uint64_t done, std::uint64_t total) mutable {
        if (bar == nullptr)
          bar = std::make_shared<Progress>("explain", static_cast<std::int64_t>(total), unit);
        bar->update(static_cast<std::int64_t>(done));
        return !interrupted();
      };
}

// What is printed, and how it becomes a section of the report.
struct Explained {
  std::string text, kind, problem;
  int layers = 0;
  StudyResult section;
  std::function<std::string(const StudyResult& section)> to_json;
};

Expected<Explained> explain_gram(const LoadedRun& run, const GramExperiment& experiment,
                                 const ExplainOptions& options, const std::string& name,
                                 ThreadPool& pool) {
  auto explanation = GRAMIAN_TRY(gramian::explain(
      experiment.task, *run.model->gram(), experiment.train, options, pool, progress_bar("parts")));
  return Explained{.text = to_text(explanation),
                   .kind = name_of(experiment.network.kind),
                   .problem = "sigma " + experiment.task.spec().noise.describe(),
                   .layers = experiment.network.layers,
                   .section = to_study(explanation, name),
                   .to_json = [explanation](const StudyResult& section) {
                     return to_json(explanation, section);
                   }};
}

// Of a system of any family: what training changed, and what pruning costs.
Expected<Explained> explain_changes(const LoadedRun& run, const ExplainOptions& options,
                                    const std::string& name, ThreadPool& pool) {
  const LossPrompts prompts{.prompts = options.eval_prompts, .seed = options.seed};
  const auto system = system_of(*run.experiment, *run.model, options.start, prompts, pool);
  auto changes = GRAMIAN_TRY(
      examine_changes(system, {.retrain_steps = options.retrain_steps}, progress_bar("networks")));
  const std::string description =
      fmt::format("{}: {}", run.experiment->family().title, run.experiment->describe());
  return Explained{
      .text = description + to_text(changes),
      .kind = std::string(run.experiment->family().kinds.front()),
      .problem = {},
      .section = to_study(changes, name, description),
      .to_json = [changes](const StudyResult& section) { return to_json(changes, section); }};
}

Status write_section(const ExplainArguments& arguments, const LoadedRun& run,
                     const Manifest& manifest, const std::string& name, Explained& explained) {
  const TrainSpec& train = run.experiment->train;
  StudyResult& section = explained.section;
  section.runs.push_back({.name = name,
                          .kind = explained.kind,
                          .problem = explained.problem,
                          .layers = explained.layers,
                          .seed = train.seed,
                          .steps = train.steps,
                          .directory = arguments.model.path});
  const ModelSource& source = arguments.model;
  const auto settings = read_file(source.is_file() ? source.task : source.path + "/config.toml");
  section.provenance = provenance_of(manifest, settings.value_or(""));
  GRAMIAN_TRY(write_file_atomically(arguments.json, explained.to_json(section)));
  fmt::print("-> {}\n", arguments.json);
  return {};
}

// A model is there from the first checkpoint on; it can be explained, but not unnoticed.
void tell_if_unfinished(const RunDirectory& directory, const LoadedRun& run) {
  const TrainSpec& train = run.experiment->train;
  const auto saved =
      load_checkpoint(directory.checkpoint(), run.model->weights().size(), train.method);
  if (!saved || saved->state.adam.step >= train.steps) return;
  fmt::print(
      "This run has stopped at step {} of {}: what follows is about a network that is not trained "
      "to the end.\n",
      saved->state.adam.step, train.steps);
}

Status explain(const ExplainArguments& arguments, const std::string& command_line) {
  const ModelSource& source = arguments.model;
  GRAMIAN_TRY(check_output({.option = "--json",
                            .path = arguments.json,
                            .inputs = {source.path, source.task},
                            .beginning = "{",
                            .section = true}));
  const auto run = GRAMIAN_TRY(
      load_source(source, {fmt::format("eval.prompts={}", arguments.options.eval_prompts)}));

  catch_signals(AtSignal::leave);
  ThreadPool pool(run.experiment->run.threads);
  ExplainOptions options = arguments.options;
  if (!source.is_file()) {
    tell_if_unfinished(GRAMIAN_TRY(RunDirectory::open(source.path)), run);
    options.start = fitting_start(run, source.path, pool);
  }
  const Manifest manifest = Manifest::begin(arguments.options.seed, command_line, simd_target());
  const std::string name = arguments.name.empty() ? default_name(source) : arguments.name;
  const GramExperiment* gram = run.experiment->as_gram();
  Explained explained = GRAMIAN_TRY(gram != nullptr ? explain_gram(run, *gram, options, name, pool)
                                                    : explain_changes(run, options, name, pool));
  fmt::print("{}", explained.text);
  if (!arguments.json.empty()) {
    GRAMIAN_TRY(write_section(arguments, run, manifest, name, explained));
  }
  return require_numbers(explained.text, "this explanation");
}

// How what is left without a part is trained.
void add_training_options(CLI::App& command, ExplainOptions& options) {
  command
      .add_option("--retrain", options.retrain_steps,
                  "steps of each training of what is left without a part; 0: none")
      ->type_name("STEPS")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}))
      ->capture_default_str();
  command
      .add_option("--starts", options.retrain_starts,
                  "of these trainings: from the network that was cut, the others near gradient "
                  "descent")
      ->type_name("K")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
}

}  // namespace

void add_explain(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("explain", "Say which algorithm a trained model has learned.");
  auto arguments = std::make_shared<ExplainArguments>();
  ExplainOptions& options = arguments->options;
  add_source(command, arguments->model);
  command
      ->add_option("--json", arguments->json,
                   "also write all numbers, as a section of the report, to this file")
      ->type_name("FILE");
  command
      ->add_option("--name", arguments->name, "of the section; default: the last part of the path")
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
  add_training_options(*command, options);
  command
      ->add_option("--steps", options.algorithm_steps,
                   "of each known algorithm; 0: two more than layers")
      ->type_name("K")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->footer(
      "Layer by layer: the weights, step size, momentum and shrinkage at each noise level,\n"
      "the noise level that can be read from what a layer sees, the nearest known algorithm;\n"
      "then what each part is worth, what training changed, what pruning costs, and how the\n"
      "model behaves on rare prompts. Of a transformer on tokens: what training changed, and\n"
      "what pruning costs. docs/explain.md says how each is defined.\n\n"
      "Written into the results folder of a study, FILE is a section of its report:\n\n"
      "    gramian explain runs/diag4 --json studies/results/explain-diag4.json\n");
  command->callback([&program, arguments] {
    read_dash(arguments->json);
    program.run = [arguments, &program] { return explain(*arguments, program.command_line); };
  });
}

}  // namespace gramian::cli
