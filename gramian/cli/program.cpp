#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gramian/base/exceptions.h"
#include "gramian/cli/commands.h"
#include "gramian/cli/help.h"
#include "gramian/cli/program.h"
#include "gramian/lanes/target.h"

namespace gramian::cli {

namespace {

std::unexpected<Error> unwritable_output() {
  return fail(ErrorKind::io, "cannot write to the standard output");
}

// What libraries throw: no memory, no threads, an output that is full.
Status run(const Program& program) {
  try {
    return program.run();
  } catch (const std::system_error& error) {
    if (std::string_view(error.what()).starts_with("cannot write to file"))  // of fmt::print
      return unwritable_output();
    return fail(ErrorKind::io, "{}", error.what());
  } catch (const std::exception& error) {
    return fail(ErrorKind::io, "{}", reason_of(error));
  }
}

int end(Status status) {
  if (std::fflush(stdout) != 0 && status) status = unwritable_output();
  if (std::ferror(stdout) != 0 && status) status = unwritable_output();
  if (status) return 0;
  std::fputs(fmt::format("gramian: {}\n", status.error().message).c_str(), stderr);
  return exit_code(status.error().kind);
}

}  // namespace

int run_program(int argc, char** argv) {
  if (const Status usable = check_processor(); !usable) return end(usable);
  Program program;
  program.app.name("gramian");
  program.app.formatter(std::make_shared<HelpFormatter>());
  program.app.description("A laboratory for in-context learning in linear transformers.");
  program.app.set_version_flag("--version", "gramian " GRAMIAN_VERSION);
  program.app.require_subcommand(1);
  program.app.failure_message([](const CLI::App* app, const CLI::Error& error) {
    return "gramian: " + CLI::FailureMessage::simple(app, error);
  });
  for (int i = 0; i < argc; ++i)
    program.command_line += fmt::format("{}{}", i > 0 ? " " : "", argv[i]);
  add_train(program);
  add_eval(program);
  add_solve(program);
  add_bench(program);
  add_reproduce(program);
  add_report(program);
  add_export(program);
  add_predict(program);
  add_explain(program);
  add_construct(program);
  add_collect(program);
  add_graph(program);

  std::vector<std::string> commands;
  for (const CLI::App* command : program.app.get_subcommands({}))
    commands.push_back(command->get_name());
  if (argc > 1 && argv[1][0] != '-' &&
      std::find(commands.begin(), commands.end(), argv[1]) == commands.end()) {
    const std::string message = fmt::format("gramian: '{}' is not a command; there are {}\n",
                                            argv[1], fmt::join(commands, ", "));
    std::fputs(message.c_str(), stderr);
    return exit_code(ErrorKind::usage);
  }
  try {
    program.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // or a wish for help, which is no error
    if (program.app.exit(error) != 0) return exit_code(ErrorKind::usage);
    return end(std::cout.flush() ? Status() : unwritable_output());
  }
  return end(run(program));
}

}  // namespace gramian::cli
