#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string_view>

#include "gramian/cli/commands.h"

namespace gramian::cli {

namespace {

constexpr unsigned kPatience = 2;  // seconds, of AtSignal::leave
constexpr int kInterrupted = 130;  // as shells report Ctrl-C
constexpr int kTryAgain = 75;      // EX_TEMPFAIL of sysexits.h

std::atomic<int> caught = 0;     // the first signal
std::atomic<int> elsewhere = 0;  // a signal of another process of this run
std::atomic<bool> leaving = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

int interruption_code() {
  return (caught != 0 ? caught : elsewhere) == SIGINT ? kInterrupted : kTryAgain;
}

void on_signal(int number) {
  int none = 0;
  if (caught.compare_exchange_strong(none, number)) {
    if (leaving) alarm(kPatience);
    return;
  }
  // A closed terminal is told by the kernel and by the shell: that is one event, not two.
  if (number == SIGHUP) return;
  // The user, or the system, cannot wait for the end of the step. The default action kills as soon
  // as this handler returns.
  std::signal(number, SIG_DFL);
  raise(number);
}

void on_alarm(int) {
  constexpr std::string_view kMessage = "gramian: interrupted\n";
  [[maybe_unused]] const auto ignored = write(STDERR_FILENO, kMessage.data(), kMessage.size());
  _exit(interruption_code());
}

// Ignored by whoever started the program: nohup, or a shell that puts it into the background.
bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void at_signal(AtSignal what) {
  leaving = what == AtSignal::leave;
  alarm(leaving && caught != 0 ? kPatience : 0);
}

void catch_signals(AtSignal what) {
  at_signal(what);
  install(SIGALRM, on_alarm);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (!is_ignored(signal)) install(signal, on_signal);
  }
}

bool interrupted() { return caught != 0 || elsewhere != 0; }

int caught_signal() { return caught; }

void caught_elsewhere(int number) { elsewhere = number; }

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
      return interruption_code();
  }
  return 1;
}

}  // namespace gramian::cli
