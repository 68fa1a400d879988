#include <csignal>

#include "gramian/cli/commands.h"

namespace gramian::cli {

namespace {

volatile std::sig_atomic_t caught = 0;

}  // namespace

void catch_signals() {
  for (int signal : {SIGINT, SIGTERM}) {
    // A second Ctrl-C kills at once, for a user who cannot wait for the end of the step.
    std::signal(signal, [](int number) {
      caught = 1;
      std::signal(number, SIG_DFL);
    });
  }
}

bool interrupted() { return caught != 0; }

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::config:
      return 2;
    case ErrorKind::io:
    case ErrorKind::format:
      return 3;
    case ErrorKind::numeric:
      return 4;
    case ErrorKind::interrupted:
      return 130;
  }
  return 1;
}

}  // namespace gramian::cli
