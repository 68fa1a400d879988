#include <fmt/core.h>

#include <memory>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/runs/constructed_run.h"

namespace gramian::cli {

namespace {

struct ConstructArguments {
  std::string name;
  std::vector<std::string> settings;
  std::string out;
  bool list = false;
};

Status list_constructions(const std::string& name) {
  for (const NamedConstruction& construction : all_constructions()) {
    if (!name.empty() && construction.name != name) continue;
    fmt::print("{:<25}{}\n", construction.name, construction.title);
    for (const Key& key : construction.keys) {
      fmt::print("    {:<14}{} (default {}; {})\n", key.last_name(), key.help, key.fallback,
                 key.rule());
    }
  }
  return {};
}

std::unexpected<Error> unknown_construction(const std::string& name) {
  std::string names;
  for (const NamedConstruction& construction : all_constructions())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", construction.name);
  return fail(ErrorKind::usage, "there is no construction '{}'; there are {}", name, names);
}

Status construct(const ConstructArguments& arguments, const std::string& command_line) {
  const NamedConstruction* construction = find_construction(arguments.name);
  if (!arguments.name.empty() && construction == nullptr)
    return unknown_construction(arguments.name);
  if (arguments.list) return list_constructions(arguments.name);
  if (construction == nullptr)
    return fail(ErrorKind::usage, "construct needs the name of a construction, or --list");
  if (arguments.out.empty()) return fail(ErrorKind::usage, "construct needs --out DIR");
  const auto run = GRAMIAN_TRY(
      write_construction(*construction, arguments.settings, arguments.out, command_line));
  fmt::print("{}: {}\n{}\n{}\n-> {}\n", construction->name, run.size, run.algorithm, run.bound,
             run.model);
  if (!run.has_configuration) {
    fmt::print(
        "No task has prompts that it reads, so gramian eval does not take it; the metadata "
        "of the file say how to run it.\n");
  }
  return {};
}

}  // namespace

void add_construct(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "construct", "Write a network whose weights are set by formula, as a model directory.");
  auto arguments = std::make_shared<ConstructArguments>();
  command->add_option("name", arguments->name, "what to construct; --list lists them")
      ->type_name("NAME");
  command->add_option("settings", arguments->settings, "sizes and constants; --list lists them")
      ->type_name("key=value");
  command->add_option("--out", arguments->out, "the directory, made if missing; must be empty")
      ->type_name("DIR");
  command->add_flag("--list", arguments->list,
                    "list the constructions, or the one of this name, with their settings");
  command->footer(
      "Writes model.safetensors, whose metadata say in words and equations how to run it token by\n"
      "token (convention), what is where in the tokens (state), what it computes (algorithm) and\n"
      "how exactly (bound); manifest.json; and, where a task has prompts that the network reads,\n"
      "config.toml, so that gramian eval takes the directory. explain and export take those on\n"
      "Gram matrices.\n");
  command->callback([&program, arguments] {
    program.run = [&program, arguments] { return construct(*arguments, program.command_line); };
  });
}

}  // namespace gramian::cli
