// A run directory after kills, in use, and when it is finished: nothing is lost, and
// nothing of others is written over.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "gramian/io/safetensors.h"
#include "gramian/runs/train_run.h"
#include "tests/runs/small_run.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::is_error;
using test::slurp;
using test::small_run;
using test::spill;

class WholeRun : public test::SmallRuns {};

// A kill in the first milliseconds leaves a folder with a part of its first file.
TEST_F(WholeRun, AFolderWithOnlyOurTemporaryFilesIsEmpty) {
  ASSERT_TRUE(train("whole"));
  for (const bool resume : {false, true}) {
    const std::string name = resume ? "resumed" : "begun";
    fs::create_directory(folder_ / name);
    spill(folder_ / (name + "/config.toml.tmp"), "[tas");
    spill(folder_ / (name + "/config.toml.00112233445566ff.tmp"), "");
    const auto result = train(name, small_run(), resume);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(files(name).size(), 5u);  // and no temporary file
    expect_same(name, "whole");
  }
}

TEST_F(WholeRun, AModelWithoutItsCheckpointIsNotWrittenOver) {
  ASSERT_TRUE(train("run"));
  fs::remove(folder_ / "run/checkpoint.safetensors");
  const auto before = files("run");
  EXPECT_TRUE(is_error(train("run", small_run(), true), ErrorKind::io,
                       {folder_ / "run/model.safetensors", "is there without", "checkpoint"}));
  EXPECT_EQ(files("run"), before);
}

TEST_F(WholeRun, ADirectoryIsOneProcessesAtATime) {
  ASSERT_TRUE(train("whole"));
  int step = 0;
  std::optional<Expected<TrainRunResult>> second;
  ASSERT_TRUE(train("run", small_run(), false, [&] {
    if (++step == 6) second = train("run", small_run(), true);
    return false;
  }));
  ASSERT_TRUE(second);
  EXPECT_TRUE(is_error(*second, ErrorKind::io, {folder_ / "run", "is in use"}));
  expect_same("run", "whole");
}

TEST_F(WholeRun, WaitsForAnotherProcessIfItIsAskedTo) {
  std::jthread waiting;
  std::optional<Expected<TrainRunResult>> second;
  int step = 0;
  ASSERT_TRUE(train("run", small_run(), false, [&] {
    if (++step == 6) {
      waiting = std::jthread([&] {
        second = train_run(small_run(), folder_ / "run", {.resume = true, .wait = true});
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }));
  waiting.join();
  ASSERT_TRUE(second && *second) << second->error().message;
  EXPECT_TRUE((*second)->already_done);
}

// Finished means that everything is there and agrees. What can be made from the checkpoint is made.
TEST_F(WholeRun, AFinishedRunIsMadeWhole) {
  const Config config = small_run({"train.snapshots=3"});
  ASSERT_TRUE(train("run", config));
  const std::string model = bytes("run", "model.safetensors");
  const auto finished = [&] {
    return nlohmann::json::parse(bytes("run", "manifest.json"))["finished"].is_string();
  };
  fs::remove(folder_ / "run/model.safetensors");
  auto result = train("run", config, true);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->already_done);
  EXPECT_EQ(result->restored, std::vector<std::string>{"model.safetensors"});
  EXPECT_EQ(bytes("run", "model.safetensors"), model);

  // Killed between the checkpoint and the model, or between the model and the manifest.
  auto manifest = nlohmann::json::parse(bytes("run", "manifest.json"));
  manifest["finished"] = nullptr;
  for (const std::string& there :
       {model, slurp(folder_ / "run/snapshots/step-00000003.safetensors"), std::string("half")}) {
    spill(folder_ / "run/manifest.json", manifest.dump());
    spill(folder_ / "run/manifest.json.tmp", "{");
    spill(folder_ / "run/model.safetensors", there);
    result = train("run", config, true);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->restored.size(), there == model ? 1u : 2u);
    EXPECT_TRUE(finished());
    EXPECT_EQ(bytes("run", "model.safetensors"), model);
    EXPECT_FALSE(fs::exists(folder_ / "run/manifest.json.tmp"));
  }
}

// What cannot be made, or is not ours, is named.
TEST_F(WholeRun, AFinishedRunThatDoesNotAgreeIsRefused) {
  const Config config = small_run({"train.snapshots=3"});
  ASSERT_TRUE(train("run", config));
  const std::string model = folder_ / "run/model.safetensors", whole = slurp(model);
  const std::string snapshot = folder_ / "run/snapshots/step-00000003.safetensors";
  spill(model, slurp(snapshot));
  EXPECT_TRUE(is_error(train("run", config, true), ErrorKind::format,
                       {model, "is not the model of", "checkpoint.safetensors"}));
  EXPECT_EQ(slurp(model), slurp(snapshot));
  spill(model, whole);

  const std::string rows = bytes("run", "metrics.jsonl");
  spill(folder_ / "run/metrics.jsonl", rows.substr(0, rows.rfind('{')));
  EXPECT_TRUE(is_error(train("run", config, true), ErrorKind::io, {"metrics.jsonl", "is missing"}));
  spill(folder_ / "run/metrics.jsonl", rows);
  fs::remove(snapshot);
  EXPECT_TRUE(is_error(train("run", config, true), ErrorKind::io, {snapshot, "is missing"}));
}

TEST_F(WholeRun, ACheckpointBeyondTheLastStepIsRefused) {
  ASSERT_TRUE(train("run"));
  const std::string path = folder_ / "run/checkpoint.safetensors";
  for (const char* step : {"13", "9223372036854775807"}) {
    auto file = read_safetensors(path).value();
    file.metadata["step"] = step;
    ASSERT_TRUE(write_safetensors(path, file));
    EXPECT_TRUE(is_error(train("run", small_run(), true), ErrorKind::format,
                         {path, "of one of the 12 steps", step}));
  }
}

// A step is given up in its middle, and taken again by the run that goes on.
TEST_F(WholeRun, AnAbandonedStepDoesNotShow) {
  const Config config = small_run({"train.batch=200"});  // 13 blocks a step, in two chunks
  ASSERT_TRUE(train("whole", config));
  std::atomic<int> blocks = 0;
  TrainRunOptions options{.resume = true, .abandon = [&] { return ++blocks > 7 * 13 + 4; }};
  const auto part = train_run(config, folder_ / "run", options);
  EXPECT_TRUE(is_error(part, ErrorKind::interrupted, {"interrupted at step 7 of 12"}));
  ASSERT_TRUE(train("run", config, true));
  expect_same("run", "whole");
}

}  // namespace
}  // namespace gramian
