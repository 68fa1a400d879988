// The loop of every evaluation: each prompt once, sums in the order of chunks, interruption.
#include "gramian/evaluation/measure.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gramian::test {
namespace {

// Counts visits of each prompt, and adds numbers whose sum depends on the order of addition.
struct CountingMeasure {
  struct Sums {
    double value = 0;
    std::uint64_t prompts = 0;
    void merge(const Sums& more) {
      value += more.value;
      prompts += more.prompts;
    }
  };
  std::vector<int>* visits;

  void add(const SeriesBlock& block, Sums& sums) {
    for (int p = 0; p < block.count; ++p) {
      const std::uint64_t number = block.first + static_cast<std::uint64_t>(p);
      ++(*visits)[number];
      sums.value += std::exp(10 * std::sin(static_cast<double>(number)));
      ++sums.prompts;
    }
  }
};

TEST(Measure, VisitsEachPromptOnceAndItsBitsDoNotDependOnThreads) {
  for (const std::uint64_t prompts : {0u, 1u, 15u, 16u, 17u, 1000u}) {
    std::vector<double> values;
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      std::vector<int> visits(prompts);
      std::vector<CountingMeasure> measures(static_cast<std::size_t>(threads), {&visits});
      const MeasurePlan plan{.prompts = {.count = prompts}, .chunk = 32, .wave = 5};
      const auto sums = run_measures(plan, measures, {}, pool);
      EXPECT_EQ(sums.prompts, prompts);
      EXPECT_EQ(visits, std::vector<int>(prompts, 1));
      values.push_back(sums.value);
    }
    EXPECT_EQ(values[0], values[1]);
  }
}

TEST(Measure, ReportsAfterEachWaveAndStopsWhenTold) {
  ThreadPool pool(2);
  std::vector<int> visits(1000);
  std::vector<CountingMeasure> measures(2, {&visits});
  const MeasurePlan plan{
      .prompts = {.count = 1000}, .chunk = 32, .wave = 5, .name = "the examination"};
  std::vector<std::uint64_t> reports;
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 1000u);
    reports.push_back(done);
    return reports.size() < 3;
  };
  const auto stopped = run_measures(plan, measures, {}, pool, progress);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(stopped.error().message, "the examination stopped after 480 of 1000 prompts");
  EXPECT_EQ(reports, (std::vector<std::uint64_t>{160, 320, 480}));
}

}  // namespace
}  // namespace gramian::test
