// Training that does not end as planned: Ctrl-C, a full disk, divergence.
#include <chrono>
#include <thread>

#include "tests/cli/process.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::fails;
using test::Process;
using test::run_gramian;
using test::slurp;
using test::succeeds;
using test::Workshop;

// Waits for the first row of metrics, which says that training is under way.
bool wait_for_metrics(const std::string& run) {
  for (int tenths = 0; tenths < 600; ++tenths) {
    if (slurp(run + "/metrics.jsonl").find('\n') != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

TEST(Interruption, ASignalSavesAndResumeEndsInTheSameModel) {
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 75}, {SIGHUP, 75}}) {
    SCOPED_TRACE(signal);
    const Workshop shop;
    // Steps enough that the signal always comes in time, few enough to end in a moment.
    const test::Arguments settings{"train.steps=3000", "train.batch=512", "train.log_every=1"};
    Process training(test::gramian_command(
        {"train", shop.config(), "--out", shop / "run", settings[0], settings[1], settings[2]}));
    ASSERT_TRUE(wait_for_metrics(shop / "run"));
    training.send(signal);
    const auto outcome = training.wait();
    EXPECT_TRUE(fails(outcome, code, {"interrupted at step", "of 3000", shop / "run", "--resume"}));
    EXPECT_TRUE(fs::exists(shop / "run/checkpoint.safetensors"));
    EXPECT_TRUE(fs::exists(shop / "run/model.safetensors"));

    ASSERT_TRUE(succeeds(shop.train("run", {"--resume", settings[0], settings[1], settings[2]})));
    ASSERT_TRUE(succeeds(shop.train("whole", settings)));
    EXPECT_EQ(slurp(shop / "run/model.safetensors"), slurp(shop / "whole/model.safetensors"));
    EXPECT_EQ(slurp(shop / "run/config.toml"), slurp(shop / "whole/config.toml"));
  }
}

TEST(Interruption, ASecondSignalEndsAtOnce) {
  for (const auto& [first, second] : {std::pair{SIGTERM, SIGINT}, {SIGINT, SIGTERM}}) {
    const Workshop shop;
    // Steps of several seconds: only a kill ends sooner than the step.
    Process training(test::gramian_command({"train", shop.config(), "--out", shop / "run",
                                            "train.batch=1000000", "task.d=40", "model.kind=full",
                                            "train.threads=1", "train.steps=5"}));
    for (int tenths = 0; tenths < 100 && !fs::exists(shop / "run/manifest.json"); ++tenths)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    training.send(SIGSTOP);  // so that both signals arrive before it can end by itself
    training.send(first);
    training.send(second);
    training.send(SIGCONT);
    const auto outcome = training.wait();
    EXPECT_LT(outcome.exit_code, 0) << outcome.err;
  }
}

// A closed terminal is told by the shell and by the kernel: two signals for one event.
TEST(Interruption, ASecondHangUpIsTheFirst) {
  const Workshop shop;
  Process training(test::gramian_command(
      {"train", shop.config(), "--out", shop / "run", "train.steps=1000000", "train.log_every=1"}));
  ASSERT_TRUE(wait_for_metrics(shop / "run"));
  training.send(SIGHUP);
  training.send(SIGHUP);
  EXPECT_TRUE(fails(training.wait(), 75, {"all is saved"}));
}

TEST(Interruption, AnIgnoredSignalStaysIgnored) {
  const Workshop shop;
  const auto words = fmt::format(
      "trap '' INT HUP; exec {} train {} --out {} train.steps=400 train.batch=512 "
      "train.log_every=1",
      GRAMIAN_PROGRAM, shop.config(), shop / "run");
  Process training({"/bin/sh", "-c", words});
  ASSERT_TRUE(wait_for_metrics(shop / "run"));
  training.send(SIGINT);
  training.send(SIGHUP);
  EXPECT_TRUE(succeeds(training.wait()));
}

// Each stage of each command: here those that ask nobody for minutes.
TEST(Interruption, CommandsWithoutStateEndWithinTwoSeconds) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  struct Case {
    test::Arguments command;
    int signal;
    int code;
  };
  for (const Case& what :
       {Case{{"explain", shop / "run", "--prompts", "1000000000"}, SIGTERM, 75},
        {{"bench", "--seconds", "60"}, SIGINT, 130},
        {{"solve", shop.config(), "eval.tuning_prompts=10000000"}, SIGHUP, 75}}) {
    Process process(test::gramian_command(what.command));
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    const auto start = std::chrono::steady_clock::now();
    process.send(what.signal);
    EXPECT_TRUE(fails(process.wait(), what.code, {"gramian: "})) << what.command[0];
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(3500));
  }
}

TEST(Interruption, ALongStepIsGivenUp) {
  const Workshop shop;
  const test::Arguments settings{"train.batch=1000000", "task.d=40",       "model.kind=full",
                                 "train.threads=1",     "train.steps=100", "model.layers=7"};
  test::Arguments command{"train", shop.config(), "--out", shop / "run"};
  command.insert(command.end(), settings.begin(), settings.end());
  Process training(test::gramian_command(command));
  for (int tenths = 0; tenths < 100 && !fs::exists(shop / "run/manifest.json"); ++tenths)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto start = std::chrono::steady_clock::now();
  training.send(SIGTERM);
  EXPECT_TRUE(fails(training.wait(), 75, {"interrupted at step 0 of 100", "--resume"}));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  EXPECT_TRUE(fs::exists(shop / "run/checkpoint.safetensors"));
}

// Before the first step there is no state: a search for the start is no reason to wait.
TEST(Interruption, ASearchForTheStartEnds) {
  const Workshop shop;
  Process training(test::gramian_command({"train", shop.config(), "--out", shop / "run",
                                          "task.d=20", "task.n=40", "model.layers=16",
                                          "model.init=gdpp_optimum", "train.steps=1000000"}));
  for (int tenths = 0; tenths < 100 && !fs::exists(shop / "run/config.toml"); ++tenths)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto start = std::chrono::steady_clock::now();
  training.send(SIGTERM);
  const auto outcome = training.wait();
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(3500));
}

TEST(Interruption, CtrlCEndsAnEvaluationWithoutAFile) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  Process evaluation(test::gramian_command({"eval", shop / "run", "--prompts", "4e9"}));
  std::this_thread::sleep_for(std::chrono::seconds(1));
  evaluation.send(SIGINT);
  const auto outcome = evaluation.wait();
  EXPECT_TRUE(fails(outcome, 130, {"evaluation stopped after"}));
  EXPECT_FALSE(fs::exists(shop / "run/eval.json"));
}

TEST(Interruption, AFullDiskIsNamedAndTheRunGoesOnLater) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("whole")));
  // Room for config.toml, but not for a dense model of this size.
  const test::Arguments full{"train",      shop.config(),     "--out",
                             shop / "run", "model.kind=full", "task.d=10"};
  EXPECT_TRUE(fails(run_gramian(full, 3000), 3,
                    {"cannot write", shop / "run/checkpoint.safetensors", "File too large"}));
  for (const auto& entry : fs::directory_iterator(shop / "run")) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
  // Room for nothing: not even the folder's first file, and then the same command can begin anew.
  const auto nothing = run_gramian({"train", shop.config(), "--out", shop / "empty"}, 500);
  EXPECT_TRUE(fails(nothing, 3, {"cannot write", shop / "empty/config.toml", "File too large"}));
  EXPECT_TRUE(fs::is_empty(shop / "empty"));
  ASSERT_TRUE(succeeds(shop.train("empty")));
  EXPECT_EQ(slurp(shop / "empty/model.safetensors"), slurp(shop / "whole/model.safetensors"));
  // Not even room for the message: the exit code still tells.
  EXPECT_TRUE(fails(run_gramian({"train", shop.config(), "--out", shop / "mute"}, 0), 3, {}));
}

TEST(Interruption, FewerThreadsThanAskedForAreEnough) {
#ifdef GRAMIAN_SANITIZED
  GTEST_SKIP() << "sanitizers need the address space";
#endif
  const Workshop shop;
  const auto words =
      fmt::format("ulimit -v 400000; exec timeout 20 {} train {} --out {} {}", GRAMIAN_PROGRAM,
                  shop.config(), shop / "run", "train.threads=1000");
  ASSERT_TRUE(succeeds(Process({"/bin/sh", "-c", words}).wait()));
  ASSERT_TRUE(succeeds(shop.train("whole")));
  EXPECT_EQ(slurp(shop / "run/model.safetensors"), slurp(shop / "whole/model.safetensors"));
}

// The loss is finite in every step, and means nothing.
TEST(Interruption, DivergenceThatIsFiniteExitsWithFourToo) {
  const Workshop shop;
  test::Arguments settings{"task.d=1",
                           "task.n=1",
                           "task.noise=categorical",
                           "task.sigma=[1, 3]",
                           "model.layers=3",
                           "train.batch=2048",
                           "train.steps=20",
                           "train.learning_rate=1",
                           "train.warmup=0",
                           "train.schedule=constant"};
  EXPECT_TRUE(fails(shop.train("run", settings), 4,
                    {"training has diverged", "predicting 0 has 0.5", shop / "run"}));
  EXPECT_TRUE(fs::exists(shop / "run/model.safetensors"));
  settings.push_back("--resume");
  EXPECT_TRUE(fails(shop.train("run", settings), 4, {"training has diverged"}));
}

TEST(Interruption, NumbersThatWouldUnderflowAreRefused) {
  const Workshop shop;
  EXPECT_TRUE(fails(shop.train("run", {"task.covariance=[1e-300,1e-300,1e-300]"}), 2,
                    {"[task.covariance]: the largest eigenvalue is 1e-300"}));
}

TEST(Interruption, DivergenceExitsWithFour) {
  const Workshop shop;
  const auto outcome = shop.train("run", {"train.learning_rate=10", "train.warmup=0",
                                          "train.checkpoint_every=1", "model.layers=4"});
  EXPECT_TRUE(
      fails(outcome, 4,
            {"training diverged at step", "[train.learning_rate]", "is kept in", shop / "run"}));
  EXPECT_TRUE(fs::exists(shop / "run/checkpoint.safetensors"));
}

}  // namespace
}  // namespace gramian
