#include <fmt/core.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/train_run.h"

namespace gramian::cli {

namespace {

struct TrainArguments {
  std::string config;
  std::vector<std::string> overrides;
  std::string out;
  bool resume = false;
};

Status train(const TrainArguments& arguments, const std::string& command_line) {
  const auto config = GRAMIAN_TRY(load_config(arguments.config, arguments.overrides));
  catch_signals();
  const auto result =
      GRAMIAN_TRY(train_run(config, arguments.out, {arguments.resume, command_line, interrupted}));
  if (result.already_done) {
    fmt::print("{} is trained already ({} steps, {:.1f} s)\n", arguments.out, result.steps,
               result.seconds);
    return {};
  }
  fmt::print("trained {} layers ({}) for {} steps in {:.1f} s -> {}\n",
             config.integer("model.layers"), config.text("model.kind"), result.steps,
             result.seconds, result.directory.model());
  if (result.dropped > 0) {
    fmt::print("left out of the loss: {} prompts of {} on which the network exploded\n",
               result.dropped, result.steps * config.integer("train.batch"));
  }
  return {};
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
      "and manifest.json. The same seed gives the same weights on any number of threads. Ctrl-C\n"
      "saves and exits with 130. Exit codes: 2 bad usage or configuration, 3 files, 4 training\n"
      "diverged.\n\n"
      "Keys of CONFIG.toml, all optional; \"(transformer only)\" and \"(gram only)\" name the "
      "family\n"
      "of models that has a key, see model.kind:\n\n" +
      key_table().help_text());
  command->callback([&program, arguments] {
    program.run = [&program, arguments] { return train(*arguments, program.command_line); };
  });
}

}  // namespace gramian::cli
