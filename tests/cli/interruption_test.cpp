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

TEST(Interruption, CtrlCSavesAndResumeEndsInTheSameModel) {
  for (int signal : {SIGINT, SIGTERM}) {
    SCOPED_TRACE(signal);
    const Workshop shop;
    // Steps enough that the signal always comes in time, few enough to end in a moment.
    const test::Arguments settings{"train.steps=3000", "train.batch=512", "train.log_every=1"};
    Process training(test::gramian_command(
        {"train", shop.config(), "--out", shop / "run", settings[0], settings[1], settings[2]}));
    ASSERT_TRUE(wait_for_metrics(shop / "run"));
    training.send(signal);
    const auto outcome = training.wait();
    EXPECT_TRUE(fails(outcome, 130, {"interrupted at step", "of 3000", shop / "run", "--resume"}));
    EXPECT_TRUE(fs::exists(shop / "run/checkpoint.safetensors"));
    EXPECT_TRUE(fs::exists(shop / "run/model.safetensors"));

    ASSERT_TRUE(succeeds(shop.train("run", {"--resume", settings[0], settings[1], settings[2]})));
    ASSERT_TRUE(succeeds(shop.train("whole", settings)));
    EXPECT_EQ(slurp(shop / "run/model.safetensors"), slurp(shop / "whole/model.safetensors"));
    EXPECT_EQ(slurp(shop / "run/config.toml"), slurp(shop / "whole/config.toml"));
  }
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
                    {"cannot write", shop / "run/model.safetensors", "File too large"}));
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
