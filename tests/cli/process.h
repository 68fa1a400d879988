// The program as its user runs it: a child process, its output and its exit code.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/files.h"

namespace gramian::test {

using Arguments = std::vector<std::string>;

struct Outcome {
  int exit_code = -1;  // -signal if one killed it
  std::string out;
  std::string err;
  double cpu_seconds = 0;
  double peak_megabytes = 0;
};

class Process {
 public:
  // No file may grow beyond `file_limit` bytes: a disk that fills up.
  explicit Process(const Arguments& command, rlim_t file_limit = RLIM_INFINITY) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const std::string out = folder_ / "out", err = folder_ / "err";
    id_ = fork();
    if (id_ != 0) return;
    // A child that should have been refused must not outlive a test that is given up on.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit time{kMostCpuSeconds, kMostCpuSeconds};
    setrlimit(RLIMIT_CPU, &time);
    if (file_limit != RLIM_INFINITY) {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{file_limit, file_limit};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (id_ > 0) {
      kill(id_, SIGKILL);
      wait();
    }
  }

  void send(int signal) const { kill(id_, signal); }

  Outcome wait() {
    int status = 0;
    rusage usage{};
    if (wait4(std::exchange(id_, -1), &status, 0, &usage) < 0) return {};
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            .out = slurp(folder_ / "out"),
            .err = slurp(folder_ / "err"),
            .cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime),
            .peak_megabytes = static_cast<double>(usage.ru_maxrss) / 1024};
  }

 private:
  static constexpr rlim_t kMostCpuSeconds = 600;

  TemporaryFolder folder_;
  pid_t id_ = -1;
};

inline Arguments gramian_command(Arguments arguments) {
  arguments.insert(arguments.begin(), GRAMIAN_PROGRAM);
  return arguments;
}

inline Outcome run_gramian(const Arguments& arguments, rlim_t file_limit = RLIM_INFINITY) {
  return Process(gramian_command(arguments), file_limit).wait();
}

// Passes if the program ended with this code and said all these parts on its standard error.
inline testing::AssertionResult fails(const Outcome& outcome, int exit_code,
                                      std::initializer_list<std::string_view> parts) {
  if (outcome.exit_code != exit_code) {
    return testing::AssertionFailure() << "exit code " << outcome.exit_code << ": " << outcome.err;
  }
  for (const std::string_view part : parts) {
    if (outcome.err.find(part) == std::string::npos) {
      return testing::AssertionFailure() << "'" << part << "' is not in: " << outcome.err;
    }
  }
  return testing::AssertionSuccess();
}

inline testing::AssertionResult succeeds(const Outcome& outcome) {
  if (outcome.exit_code == 0 && outcome.err.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "exit code " << outcome.exit_code << ": " << outcome.err << outcome.out;
}

// A folder with a configuration that trains in a moment.
class Workshop {
 public:
  Workshop() {
    spill(config(),
          "[task]\nd = 3\nn = 10\nsigma = [0, 1]\n"
          "[model]\nlayers = 2\n"
          "[train]\nsteps = 40\nbatch = 128\nlog_every = 10\ncheckpoint_every = 1000\nthreads = 2\n"
          "[eval]\nprompts = 3000\ntuning_prompts = 3000\n");
  }
  std::string config() const { return folder_ / "config.toml"; }
  std::string operator/(std::string_view name) const { return folder_ / name; }
  const std::string& path() const { return folder_.path(); }

  Outcome train(const std::string& run, Arguments more = {}) const {
    more.insert(more.begin(), {"train", config(), "--out", folder_ / run});
    return run_gramian(more);
  }
  nlohmann::json json(const std::string& name) const {
    return nlohmann::json::parse(slurp(folder_ / name), nullptr, /*allow_exceptions=*/false);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace gramian::test
