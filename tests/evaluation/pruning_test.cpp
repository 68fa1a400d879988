// Units of weights, their order, and what is left of them.
#include "gramian/evaluation/pruning.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gramian {
namespace {

// Two numbers, then a matrix [2, 3] whose columns have norms 5, 1 and 2.
const std::vector<double> kTheta{9, 9, 3, 1, 0, 4, 0, -2};

TEST(Pruning, TakesColumnsByTheirNorms) {
  const auto units = columns_as_units(2, 2, 3);
  EXPECT_EQ(units, (std::vector<PruningUnit>{{2, 5}, {3, 6}, {4, 7}}));
  EXPECT_EQ(unit_norms(kTheta, units), (std::vector<double>{5, 1, 2}));
  using Order = std::vector<std::size_t>;
  EXPECT_EQ(pruning_order(kTheta, units, PruningOrder::small_first), (Order{1, 2, 0}));
  EXPECT_EQ(pruning_order(kTheta, units, PruningOrder::large_first), (Order{0, 2, 1}));
}

TEST(Pruning, LeavesEverythingElse) {
  const auto units = columns_as_units(2, 2, 3);
  const auto order = pruning_order(kTheta, units, PruningOrder::small_first);
  EXPECT_EQ(pruned(kTheta, units, order, 0), kTheta);
  EXPECT_EQ(pruned(kTheta, units, order, 1.0 / 3), (std::vector<double>{9, 9, 3, 0, 0, 4, 0, -2}));
  EXPECT_EQ(pruned(kTheta, units, order, 0.6), (std::vector<double>{9, 9, 3, 0, 0, 4, 0, 0}));
  EXPECT_EQ(pruned(kTheta, units, order, 1), (std::vector<double>{9, 9, 0, 0, 0, 0, 0, 0}));
}

TEST(Pruning, ARandomOrderIsAPermutationOfItsSeed) {
  const auto units = columns_as_units(0, 1, 8);
  auto one = pruning_order(kTheta, units, PruningOrder::random, 1);
  EXPECT_EQ(one, pruning_order(kTheta, units, PruningOrder::random, 1));
  EXPECT_NE(one, pruning_order(kTheta, units, PruningOrder::random, 2));
  std::ranges::sort(one);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i], i);
}

}  // namespace
}  // namespace gramian
