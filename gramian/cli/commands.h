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
void add_construct(Program& program);
void add_collect(Program& program);
void add_graph(Program& program);

// Signals, in one place. Ctrl-C (SIGINT), a request of the system to end (SIGTERM) and a closed
// terminal (SIGHUP) make interrupted() true, and the command ends as soon as it can. A second
// SIGINT or SIGTERM kills at once. A signal that was ignored when the program began stays ignored.
enum class AtSignal {
  save,   // the command has state to save, however long that takes, and polls interrupted()
  leave,  // it has none: if it has not ended by itself in two seconds, the program exits
};
void catch_signals(AtSignal what);
void at_signal(AtSignal what);  // the same from now on; from any thread
bool interrupted();
int caught_signal();  // the first that this process has caught; 0: none
// Another process of this run has caught a signal: interrupted() is true, and the next signal of
// this process is its first.
void caught_elsewhere(int number);

// After an interruption 130 for SIGINT, and 75 ("try again later") for the others: a batch system
// that sends SIGTERM at its time limit can tell an unfinished job from a failure by it.
int exit_code(ErrorKind kind);

}  // namespace gramian::cli
