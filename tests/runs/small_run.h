// A small training run for tests, and what it leaves.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "gramian/io/safetensors.h"
#include "gramian/runs/train_run.h"
#include "tests/support/files.h"

namespace gramian::test {

namespace fs = std::filesystem;

using Overrides = std::vector<std::string>;

// Twelve steps of a small dense network; a batch of 100 prompts is two chunks for two threads.
inline Config small_run(const Overrides& overrides = {}) {
  constexpr const char* kText = R"(
    [task]
    d = 3
    n = 6
    [model]
    kind = "full"
    heads = 2
    layers = 2
    [train]
    steps = 12
    batch = 100
    threads = 2
    log_every = 2
    checkpoint_every = 5
  )";
  const Expected<Config> config = parse_config(kText, "small.toml", overrides);
  EXPECT_TRUE(config) << message_of(config);
  return *config;
}

class SmallRuns : public testing::Test {
 protected:
  Expected<TrainRunResult> train(const std::string& name, const Config& config = small_run(),
                                 bool resume = false,
                                 std::function<bool()> interrupted = {}) const {
    return train_run(config, folder_ / name, {resume, "the test", std::move(interrupted)});
  }
  // Stops after `count` steps of this call.
  Expected<TrainRunResult> train_some(const std::string& name, int count,
                                      const Config& config = small_run()) const {
    return train(name, config, true, [count]() mutable { return --count == 0; });
  }

  std::string bytes(const std::string& name, const std::string& file) const {
    return slurp(folder_ / (name + "/" + file));
  }

  // Everything in the run's folder, by name.
  std::map<std::string, std::string> files(const std::string& name) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_ / name)) {
      all[entry.path().filename()] = slurp(entry.path());
    }
    return all;
  }

  // The lines of metrics.jsonl without the one thing that is allowed to differ.
  std::vector<std::string> metrics(const std::string& name) const {
    std::istringstream text(bytes(name, "metrics.jsonl"));
    std::vector<std::string> rows;
    for (std::string line; std::getline(text, line);) {
      auto row = nlohmann::ordered_json::parse(line);
      EXPECT_EQ(row.erase("seconds"), 1u);
      rows.push_back(row.dump());
    }
    return rows;
  }

  // Both runs left the same: to the byte, but for the seconds that they took.
  void expect_same(const std::string& a, const std::string& b) const {
    EXPECT_EQ(bytes(a, "config.toml"), bytes(b, "config.toml"));
    EXPECT_EQ(bytes(a, "model.safetensors"), bytes(b, "model.safetensors"));
    EXPECT_EQ(metrics(a), metrics(b));
    auto one = read_safetensors(folder_ / (a + "/checkpoint.safetensors"));
    auto other = read_safetensors(folder_ / (b + "/checkpoint.safetensors"));
    ASSERT_TRUE(one && other);
    one->metadata.erase("seconds");
    other->metadata.erase("seconds");
    EXPECT_EQ(one->metadata, other->metadata);
    ASSERT_EQ(one->tensors.size(), other->tensors.size());
    for (std::size_t t = 0; t < one->tensors.size(); ++t) {
      EXPECT_EQ(one->tensors[t].name, other->tensors[t].name);
      EXPECT_EQ(one->tensors[t].values, other->tensors[t].values) << one->tensors[t].name;
    }
  }

  TemporaryFolder folder_;
};

}  // namespace gramian::test
