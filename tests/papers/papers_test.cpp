// What holds of every paper.
#include "gramian/papers/papers.h"

#include <gtest/gtest.h>

#include <set>

#include "gramian/papers/versatile/studies.h"

namespace gramian {
namespace {

TEST(Recipe, EveryCellOfEveryStudyIsAValidExperiment) {
  std::set<std::string> names;
  for (const Study& study : all_studies()) {
    for (const Cell& cell : study.cells()) {
      names.insert(cell.name());
      for (const bool quick : {false, true}) {
        const auto all = starts(cell, 3, {.quick = quick});
        ASSERT_FALSE(all.empty());
        for (const Config& config : all) {
          EXPECT_EQ(config.integer("train.seed") % 1000,
                    3);  // random starts have seeds of their own
          EXPECT_EQ(config.integer("model.layers"), cell.layers);
          EXPECT_GT(cost(config), 0) << cell.name();  // aborts if it is no experiment
        }
      }
    }
  }
  // Table 1, eight layers in Fig. 7, without guards; gradient descent; looped transformers; on
  // tokens
  EXPECT_EQ(names.size(), 210u + 3 + 21 + 9 + 14 + 7 + 7);
  EXPECT_EQ(versatile::table1_cells().size(), 210u);
  EXPECT_EQ(
      starts(versatile::table1_cells().front(), 0, {.steps = 77}).front().integer("train.steps"),
      77);
}

}  // namespace
}  // namespace gramian
