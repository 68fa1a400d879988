// The commands of the program. Each adds itself to the parser; its action is left in `run`
// and called after parsing.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

#include "gramian/base/error.h"

namespace gramian::cli {

struct Program {
  CLI::App app;
  std::string command_line;     // as typed, for the manifest
  std::function<Status()> run;  // of the chosen command
};

void add_train(Program& program);
void add_eval(Program& program);
void add_solve(Program& program);
void add_bench(Program& program);
void add_reproduce(Program& program);
void add_report(Program& program);
void add_export(Program& program);
void add_predict(Program& program);
void add_explain(Program& program);

// True once the user has pressed Ctrl-C (SIGINT) or the system asked to stop (SIGTERM).
// catch_signals() makes the first of them set this instead of killing the program.
void catch_signals();
bool interrupted();

int exit_code(ErrorKind kind);

}  // namespace gramian::cli
