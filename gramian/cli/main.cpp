// gramian: train linear transformers on in-context regression and compare them with what a
// statistician would do. The program is a client of the library; see commands.h.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/lanes/target.h"

int main(int argc, char** argv) {
  using namespace gramian;
  if (const Status usable = check_processor(); !usable) {
    std::fputs(("gramian: " + usable.error().message + "\n").c_str(), stderr);
    return cli::exit_code(usable.error().kind);
  }
  cli::Program program;
  program.app.name("gramian");
  program.app.description("A laboratory for in-context learning in linear transformers.");
  program.app.set_version_flag("--version", "gramian " GRAMIAN_VERSION);
  program.app.require_subcommand(1);
  for (int i = 0; i < argc; ++i)
    program.command_line += fmt::format("{}{}", i > 0 ? " " : "", argv[i]);
  cli::add_train(program);
  cli::add_eval(program);
  cli::add_solve(program);
  cli::add_bench(program);
  cli::add_reproduce(program);
  cli::add_report(program);
  cli::add_export(program);
  cli::add_predict(program);
  cli::add_explain(program);

  std::vector<std::string> commands;
  for (const CLI::App* command : program.app.get_subcommands({}))
    commands.push_back(command->get_name());
  if (argc > 1 && argv[1][0] != '-' &&
      std::find(commands.begin(), commands.end(), argv[1]) == commands.end()) {
    const std::string message = fmt::format("gramian: '{}' is not a command; there are {}\n",
                                            argv[1], fmt::join(commands, ", "));
    std::fputs(message.c_str(), stderr);
    return cli::exit_code(ErrorKind::usage);
  }
  try {
    program.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.app.exit(error) == 0 ? 0 : cli::exit_code(ErrorKind::usage);
  }
  Status status;
  try {
    status = program.run();
  } catch (
      const std::exception& error) {  // what libraries throw: no memory, an output that is full
    status = fail(ErrorKind::io, "{}", error.what());
  }
  std::fflush(stdout);
  if (status && std::ferror(stdout) == 0) return 0;
  const Error error =
      status ? Error{ErrorKind::io, "cannot write to the standard output"} : status.error();
  std::fputs(fmt::format("gramian: {}\n", error.message).c_str(), stderr);
  return cli::exit_code(error.kind);
}
