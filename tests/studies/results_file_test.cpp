#include "gramian/studies/results_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

class ResultsFile : public testing::Test {
 protected:
  ResultsFile() {
    std::filesystem::create_directories(folder_ / "results");
    options_ = {.directory = folder_.path()};
  }

  static StudyResult result(bool quick, std::int64_t steps, int seeds, int cells = 1) {
    StudyResult made{.study = "fig0"};
    made.quick = quick;
    for (int cell = 0; cell < cells; ++cell) {
      for (int seed = 0; seed < seeds; ++seed)
        made.runs.push_back({.seed = static_cast<std::uint64_t>(seed), .steps = steps});
    }
    return made;
  }
  Status check(const Effort& effort, int seeds) {
    options_.effort = effort;
    options_.seeds = seeds;
    return check_replacement("fig0", options_);
  }
  Status write(const StudyResult& what, const Effort& effort, int seeds = 1) {
    options_.effort = effort;
    options_.seeds = seeds;
    return write_results(what, "csv\n", options_);
  }
  std::string path() const { return folder_ / "results/fig0.json"; }

  TemporaryFolder folder_;
  StudyOptions options_;
};

TEST_F(ResultsFile, MoreWorkReplacesLess) {
  EXPECT_TRUE(check({}, 1));
  ASSERT_TRUE(write(result(true, 100, 1), {.steps = 100, .quick = true}));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "results/fig0.csv"));
  EXPECT_TRUE(check({.steps = 200, .quick = true}, 1));
  EXPECT_TRUE(check({.quick = true}, 2));
  EXPECT_TRUE(check({.steps = 20}, 1));
  ASSERT_TRUE(write(result(false, 20, 1), {.steps = 20}));
  EXPECT_TRUE(check({.steps = 20}, 1));
  EXPECT_TRUE(check({}, 1));
}

TEST_F(ResultsFile, LessWorkDoesNotReplaceMore) {
  ASSERT_TRUE(write(result(false, 4000, 2), {}, 2));
  const std::string before = slurp(path());
  EXPECT_TRUE(is_error(check({.quick = true}, 2), ErrorKind::usage,
                       {path(), "full results", "--quick", "choose another --out"}));
  EXPECT_TRUE(is_error(check({.steps = 3999}, 2), ErrorKind::usage,
                       {"results of 4000 steps", "--steps asks for 3999"}));
  EXPECT_TRUE(is_error(check({}, 1), ErrorKind::usage, {"2 seeds", "--seeds asks for 1"}));
  EXPECT_TRUE(is_error(write(result(true, 10, 2), {.quick = true}, 2), ErrorKind::usage, {path()}));
  EXPECT_EQ(slurp(path()), before);
}

// With --only, the results have all cells that are done, which may be fewer than before.
TEST_F(ResultsFile, FewerCellsDoNotReplaceMore) {
  ASSERT_TRUE(write(result(false, 100, 1, 3), {}));
  const std::string before = slurp(path());
  EXPECT_TRUE(is_error(write(result(false, 100, 1, 2), {.only = "diag"}), ErrorKind::usage,
                       {path(), "has 3 runs", "there are 2", "stays as it is"}));
  EXPECT_EQ(slurp(path()), before);
  EXPECT_TRUE(write(result(false, 100, 1, 3), {.only = "diag"}));
}

TEST_F(ResultsFile, WhatIsNoResultsIsNotWrittenOver) {
  for (const char* text : {"mine", "{}", R"({"quick": false, "runs": [7]})"}) {
    spill(path(), text);
    EXPECT_TRUE(is_error(check({}, 1), ErrorKind::format, {path()})) << text;
    EXPECT_EQ(slurp(path()), text);
  }
}

}  // namespace
}  // namespace gramian
