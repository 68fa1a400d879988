// What the study of MesaNet trains, measures and draws.
#include "gramian/papers/mesanet/measure.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "gramian/papers/mesanet/paper.h"
#include "tests/support/files.h"
#include "tests/support/results.h"

namespace gramian::mesanet {
namespace {

TEST(MesanetSetting, CellsDifferInTheirMixerAlone) {
  EXPECT_EQ(test::count_cells(paper), 15u);
  for (const Mixing mixing : kMixings) {
    const Cell cell = Setting{.kind = RecallKind::noisy, .mixing = mixing}.cell();
    const Config config = cell.starts(1, {}).front();
    EXPECT_TRUE(cell.make(config).has_value()) << cell.name;
    EXPECT_EQ(config.text("task.recall"), "noisy");
    EXPECT_EQ(config.integer("train.seed"), 1);
    EXPECT_EQ(config.integer("task.tokens"), kMainSize.tokens);
    EXPECT_EQ(config.integer("model.key_size"), kKeySize);
  }
}

TEST(MesanetSetting, KindsHaveSizesOfTheirOwn) {
  for (const Setting& setting : settings()) {
    const Config config = setting.cell().starts(0, {}).front();
    EXPECT_EQ(config.integer("task.items"), setting.size.items);
    EXPECT_EQ(setting.size == kCopyingSize, setting.kind == RecallKind::copying);
  }
}

TEST(MesanetSetting, StateIsWhatIsCarriedFromTokenToToken) {
  EXPECT_EQ(state_size(Mixing::linear, 64), kKeySize * kKeySize);
  EXPECT_EQ(state_size(Mixing::delta, 1024), state_size(Mixing::delta, 64));
  EXPECT_EQ(state_size(Mixing::mesa, 64), 2 * kKeySize * kKeySize);
  EXPECT_EQ(state_size(Mixing::softmax, 64), 64 * 2 * kKeySize);
}

TEST(MesanetMeasure, ASeedHasLearnedBelowHalfOfWhatGuessingCosts) {
  const double guessing = guessing_loss(RecallKind::associative);
  EXPECT_NEAR(std::exp(guessing), task_of(RecallKind::associative, {}).answers().outputs / 2, 1e-9);
  std::vector<Point> curve;
  for (int i = 1; i <= 10; ++i)
    curve.push_back({.x = 50.0 * i, .y = i < 4 ? guessing : 0.1 * guessing});
  // The first window of five rows with three low ones has a mean of (2 + 0.3) / 5.
  EXPECT_EQ(learned_at(curve, guessing), 300.0);
  curve.resize(4);
  EXPECT_FALSE(learned_at(curve, guessing).has_value());  // no window is full
  for (Point& point : curve) point.y = NAN;
  curve.resize(10, {.y = NAN});
  EXPECT_FALSE(learned_at(curve, guessing).has_value());
}

// Two steps of one seed: no number means anything, but all are there.
TEST(MesanetMeasure, TheStudyIsCarriedOutAndDrawn) {
  const test::TemporaryFolder folder;
  const auto studies = studies_of(std::array{&paper});
  const auto result =
      reproduce(studies.front(), {.directory = folder.path(),
                                  .seeds = 1,
                                  .effort = {.steps = 2, .quick = true, .only = "*-associative-*"},
                                  .threads = 1});
  ASSERT_TRUE(result) << result.error().message;
  test::expect_finite(*result);
  EXPECT_EQ(result->runs.size(), std::size(kMixings));
  const std::vector<Table>& tables = result->tables;
  ASSERT_EQ(tables.size(), 6u);
  for (const std::size_t table : {0u, 1u, 2u, 3u, 5u}) test::expect_shape(tables[table], 5);
  EXPECT_EQ(tables[1].columns.back(), "32 items");
  EXPECT_EQ(tables[2].columns,
            (std::vector<std::string>{"mixer", "64 tokens", "128 tokens", "256 tokens",
                                      "512 tokens", "1024 tokens"}));
  EXPECT_EQ(tables[3].columns, tables[2].columns);
  // With as many steps as a key has numbers the solution is exact.
  EXPECT_NEAR(*test::cell(tables[4], 6).value, *test::cell(tables[4], 7).value, 1e-9);
  EXPECT_EQ(std::get<std::string>(tables[4].rows[7][0]), "solved exactly");
  ASSERT_EQ(result->figures.size(), 3u);
  EXPECT_EQ(result->figures[0].panels.size(), 4u);
}

}  // namespace
}  // namespace gramian::mesanet
