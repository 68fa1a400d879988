#include "gramian/runs/collection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "gramian/io/files.h"
#include "gramian/runs/train_run.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

constexpr std::uint64_t kBatch = Collection::kBatchPrompts;

// A run of a model with one input, so that a batch takes little.
class Collected {
 public:
  Collected() {
    const auto config =
        parse_config("", "test",
                     {"task.d=1", "task.n=4", "task.noise=uniform", "task.sigma=[0, 1]",
                      "model.layers=1", "model.kind=diag", "train.steps=20", "train.batch=256",
                      "eval.tuning_prompts=500", "train.threads=1"})
            .value();
    EXPECT_TRUE(train_run(config, folder_ / "run", {}));
  }
  Collection open(const std::vector<std::string>& overrides = {}) {
    const auto directory = RunDirectory::open(folder_ / "run").value();
    runs_.push_back(std::make_unique<TrainedRun>(load_trained_run(directory, overrides).value()));
    return Collection::open(directory, *runs_.back(), pool_, {}).value();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> list;
    for (const auto& entry : fs::directory_iterator(folder_ / "run/collect")) {
      if (entry.path().extension() == ".csv") list.push_back(entry.path());
    }
    return list;
  }

 private:
  TemporaryFolder folder_;
  ThreadPool pool_{2};
  std::vector<std::unique_ptr<TrainedRun>> runs_;
};

std::string text_of(const EvalResult& result) { return to_row(0, result); }

// Lines of the file after the header, in any order.
std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  const std::string text = slurp(path);
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

TEST(Collection, IsTheSameHoweverTheRowsCame) {
  Collected run;
  Collection collection = run.open();
  const Collection::Goal goal{.prompts = 3 * kBatch};
  EXPECT_EQ(collection.sum(goal)->result.prompts, 0u);
  for (int batch = 0; batch < 4; ++batch) {
    EXPECT_EQ(collection.sum(goal)->met, batch == 3);
    ASSERT_TRUE(collection.add_batch({}));
  }
  const auto sum = collection.sum(goal);
  ASSERT_TRUE(sum) << test::message_of(sum);
  EXPECT_TRUE(sum->met);
  EXPECT_EQ(sum->result.prompts, 3 * kBatch);  // the fourth is kept for another goal
  EXPECT_EQ(collection.sum({})->result.prompts, 4 * kBatch);

  // In another order, with the header in the middle, as of two files one after the other.
  auto lines = lines_of(run.files().at(0));
  ASSERT_EQ(lines.size(), 5u);
  std::ranges::reverse(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  spill(run.files().at(0), text);
  EXPECT_EQ(text_of(collection.sum(goal)->result), text_of(sum->result));

  // By an error: the first row at which it is met, and those after it do not change that.
  const double error =
      collection.sum({.prompts = 2 * kBatch})->result.model().adjusted.standard_error();
  const auto by_error = collection.sum({.standard_error = error});
  EXPECT_TRUE(by_error->met);
  EXPECT_EQ(by_error->result.prompts, 2 * kBatch);
  EXPECT_FALSE(collection.sum({.standard_error = error / 100})->met);
}

TEST(Collection, AGapIsFilledFirst) {
  Collected run;
  Collection collection = run.open();
  for (int batch = 0; batch < 3; ++batch) ASSERT_TRUE(collection.add_batch({}));
  const std::string before = text_of(collection.sum({})->result);
  const auto lines = lines_of(run.files().at(0));
  spill(run.files().at(0),
        lines[0] + "\n" + lines[1] + "\n" + lines[3] + "\n" + lines[2].substr(0, 40));
  EXPECT_EQ(collection.sum({})->result.prompts, kBatch);  // a torn line is none
  ASSERT_TRUE(collection.add_batch({}));
  EXPECT_EQ(text_of(collection.sum({})->result), before);
  EXPECT_EQ(lines_of(run.files().at(0)).size(), 4u);
}

TEST(Collection, OtherSettingsAreAnotherFile) {
  Collected run;
  for (const std::vector<std::string>& settings : {std::vector<std::string>{},
                                                   {"eval.seed=2"},
                                                   {"task.sigma=[0, 2]"},
                                                   {"eval.query=sampled"}}) {
    Collection collection = run.open(settings);
    EXPECT_EQ(collection.sum({})->result.prompts, 0u);
    ASSERT_TRUE(collection.add_batch({}));
  }
  EXPECT_EQ(run.files().size(), 4u);
  EXPECT_EQ(run.open({"eval.prompts=7"}).sum({})->result.prompts, kBatch);  // counts nothing here
}

TEST(Collection, WhatIsNoRowOfItIsRefused) {
  Collected run;
  Collection collection = run.open();
  for (int batch = 0; batch < 2; ++batch) ASSERT_TRUE(collection.add_batch({}));
  const std::string path = run.files().at(0);
  const auto lines = lines_of(path);
  const auto refused = [&](const std::string& third, std::initializer_list<std::string_view> why) {
    spill(path, lines[0] + "\n" + lines[1] + "\n" + third + "\n");
    EXPECT_TRUE(is_error(collection.sum({}), ErrorKind::format, why)) << third;
    EXPECT_TRUE(is_error(collection.add_batch({}), ErrorKind::format, why)) << third;
  };
  refused(lines[1], {path + ":3", "prompts from 0 on are in line 2 already"});
  refused("0" + lines[2], {path + ":3", "not a row of this evaluation"});
  refused(lines[2] + ",1", {path + ":3", "more than"});
  refused("", {path + ":3"});
  std::string moved = lines[2];
  moved.replace(moved.find(",65536,"), 7, ",65537,");
  refused(moved, {path + ":3", "must be a batch of 65536 prompts"});
}

TEST(Collection, AnInterruptionAppendsNothing) {
  Collected run;
  Collection collection = run.open();
  EXPECT_TRUE(is_error(collection.add_batch([](std::uint64_t, std::uint64_t) { return false; }),
                       ErrorKind::interrupted, {}));
  EXPECT_TRUE(run.files().empty());
}

}  // namespace
}  // namespace gramian
