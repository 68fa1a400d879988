// What holds of every paper.
#include "gramian/papers/papers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

namespace gramian {
namespace {

TEST(Papers, SayWhatTheyAre) {
  std::set<std::string_view> names, studies;
  for (const Paper* paper : all_papers()) {
    EXPECT_TRUE(names.insert(paper->name).second) << paper->name;
    for (const std::string_view text :
         {paper->authors, paper->title, paper->venue, paper->arxiv, paper->losses})
      EXPECT_FALSE(text.empty()) << paper->name;
    EXPECT_FALSE(paper->studies.empty()) << paper->name;
  }
  int order = 0;
  for (const Study& study : all_studies()) {
    EXPECT_TRUE(studies.insert(study.name).second) << study.name;
    EXPECT_EQ(study.order, order++) << study.name;
    ASSERT_NE(study.paper, nullptr) << study.name;
    EXPECT_FALSE(study.recipe({}).empty()) << study.name;
    EXPECT_EQ(find_study(study.name), &study);
  }
  EXPECT_EQ(find_study("no such study"), nullptr);
}

TEST(Papers, EveryCellOfEveryStudyIsAValidExperiment) {
  std::set<std::string> seen;
  for (const Study& study : all_studies()) {
    for (const Cell& cell : study.cells()) {
      if (!seen.insert(cell.name).second) continue;
      EXPECT_FALSE(cell.title.empty() || cell.group.empty() || cell.kind.empty()) << cell.name;
      EXPECT_GT(cell.examination({}).prompts, 0u) << cell.name;
      for (const bool quick : {false, true}) {
        const auto all = cell.starts(3, {.quick = quick});
        ASSERT_FALSE(all.empty());
        for (const Config& config : all) {
          EXPECT_EQ(config.integer("train.seed") % 1000, 3);  // random starts have their own
          EXPECT_EQ(config.integer("model.layers"), cell.layers);
          const auto experiment = cell.make(config);
          ASSERT_TRUE(experiment) << cell.name << ": " << experiment.error().message;
          const double work = (*experiment)->cost();
          EXPECT_TRUE(std::isfinite(work) && work > 0) << cell.name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace gramian
