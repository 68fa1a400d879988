#include <fmt/core.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/cli/ranks.h"
#include "gramian/runs/checkpoint.h"
#include "gramian/runs/family.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/metrics.h"
#include "gramian/runs/train_run.h"

namespace gramian::cli {

namespace {

struct TrainArguments {
  std::string config;
  std::vector<std::string> overrides;
  std::string out;
  bool resume = false;
};

// A run that came to its end with numbers that are finite but mean nothing. Errors: numeric. There
// are always rare prompts on which a deep network explodes: a last loss that is large by a few of
// them alone is told, and is no error. Which it is, the loss that was trained says, which bounds
// the weight of one prompt (training/loss.h).
Status judge(const Config& config, const RunDirectory& directory) {
  constexpr double kFar = 100;  // times the loss of predicting 0
  const auto loss = GRAMIAN_TRY(latest_loss(directory.metrics()));
  if (!loss) return {};
  const auto experiment = GRAMIAN_TRY(make_experiment(config));
  const auto model = GRAMIAN_TRY(experiment->load(directory.model()));
  ThreadPool pool(1);
  const double zero = experiment->zero_loss(*model, pool);
  // A hinge loss is 0 where all labels are right.
  if (*loss == 0 && experiment->train.loss.prediction == PredictionLoss::squared) {
    return fail(ErrorKind::numeric,
                "the loss is 0: squared errors on this task are below the smallest number of "
                "[train.precision] {}; the network has learned nothing from them (the run is kept "
                "in {})",
                config.text("train.precision"), directory.path());
  }
  if (*loss <= kFar * zero) return {};
  const auto checkpoint = GRAMIAN_TRY(
      load_checkpoint(directory.checkpoint(), model->weights().size(), experiment->train.method));
  if (checkpoint.state.error / 2 > kFar * zero) {
    return fail(ErrorKind::numeric,
                "training has diverged: it ended with a loss of {:.3g}, where predicting 0 has "
                "{:.3g}; the start may be too large for this task ([model.init_step], "
                "[model.init_noise]) or the steps ([train.learning_rate], [train.newton_rate]) "
                "(the run is kept in {})",
                *loss, zero, directory.path());
  }
  fmt::print(
      "the last loss is {:.3g}, where predicting 0 has {:.3g}: by a few prompts on which the "
      "network "
      "explodes; without them it is about {:.3g}\n",
      *loss, zero, checkpoint.state.error / 2);
  return {};
}

Status train(const TrainArguments& arguments, const std::string& command_line,
             TrainRunOptions& options) {
  const auto config = GRAMIAN_TRY(load_config(arguments.config, arguments.overrides));
  catch_signals(AtSignal::leave);  // until there is state: a start may be searched for
  options.resume = arguments.resume;
  options.command_line = command_line;
  options.begun = [] { at_signal(AtSignal::save); };
  const auto result = GRAMIAN_TRY(train_run(config, arguments.out, options));
  if (result.already_done) {
    fmt::print("{} is trained already ({} steps, {:.1f} s)\n", arguments.out, result.steps,
               result.seconds);
    for (const std::string& name : result.restored)
      fmt::print("{} was missing or not finished, and is written from the checkpoint\n", name);
    return judge(config, result.directory);
  }
  const std::int64_t layers = config.integer("model.layers");
  fmt::print("trained {} layer{} ({}) for {} steps in {:.1f} s -> {}\n", layers,
             layers == 1 ? "" : "s", config.text("model.kind"), result.steps, result.seconds,
             result.directory.model());
  if (result.dropped > 0) {
    fmt::print("left out of the loss: {} prompts of {} on which the network exploded\n",
               result.dropped, result.steps * config.integer("train.batch"));
  }
  return judge(config, result.directory);
}

}  // namespace

void add_train(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("train", "Train a linear transformer into a run directory.");
  auto arguments = std::make_shared<TrainArguments>();
  command->add_option("config", arguments->config, "configuration, a TOML file")
      ->required()
      ->type_name("CONFIG.toml");
  command->add_option("overrides", arguments->overrides, "settings that replace those of the file")
      ->type_name("key=value");
  command
      ->add_option("--out", arguments->out,
                   "run directory, made if missing; must be empty without --resume")
      ->required()
      ->type_name("DIR");
  command->add_flag(
      "--resume", arguments->resume,
      "go on from the last checkpoint of DIR, to the same bits as an uninterrupted run");
  command->footer(
      "Writes config.toml (every key), model.safetensors, checkpoint.safetensors, metrics.jsonl\n"
      "and manifest.json. The same seed gives the same weights on any number of threads, and of\n"
      "processes that mpirun starts (docs/cluster.md). Ctrl-C saves and exits with 130, SIGTERM\n"
      "and SIGHUP save and exit with 75; a second signal ends at once. Exit codes: 2 bad usage or\n"
      "configuration, 3 files, 4 training diverged.\n\n"
      "Keys of CONFIG.toml, all optional; \"(transformer only)\" and \"(gram only)\" name the "
      "family\n"
      "of models that has a key, see model.kind:\n\n" +
      key_table().help_text());
  command->callback([&program, arguments] {
    program.run = [&program, arguments] {
      return on_all_ranks(program.command_line, [&](TrainRunOptions& options) {
        return train(*arguments, program.command_line, options);
      });
    };
  });
}

}  // namespace gramian::cli
