// The parts of studies: what is read back and written.
#include "gramian/studies/study.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/evaluation/table.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::spill;
using test::TemporaryFolder;

TEST(Hash, IsFnv1a) {  // test vectors of the authors of FNV
  EXPECT_EQ(short_hash(""), "cbf29ce484222325");
  EXPECT_EQ(short_hash("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(short_hash("foobar"), "85944171f73967e8");
}

EvalResult example() {
  EvalResult result;
  result.prompts = 10;
  Score oracle, adarr, layer;
  oracle.name = "oracle";
  adarr.name = "adarr";
  adarr.undefined = "n <= d";
  layer.name = "model";
  for (const double v : {1.0, 2.0, 4.0}) {
    oracle.loss.add(v);
    oracle.adjusted.add(0);
    layer.loss.add(3 * v);
    layer.adjusted.add(2 * v);
    result.model_minus_bayes.add(v);
  }
  result.solvers = {oracle, adarr};
  result.layers = {layer, layer};
  result.layers.back().adjusted.add(std::numeric_limits<double>::infinity());
  result.blowups.count = 4;
  result.blowups.threshold = 100;
  return result;
}

TEST(Scores, AreWhatTheEvaluationWrote) {
  const TemporaryFolder folder;
  const EvalResult result = example();
  const ProfilePoint points[] = {{0.5, example()}, {1.5, example()}};
  spill(folder / "eval.json", to_json(result, points));
  const auto scores = load_scores(folder / "eval.json");
  ASSERT_TRUE(scores) << test::message_of(scores);
  EXPECT_EQ(scores->prompts, 10u);
  EXPECT_EQ(scores->loss.at("oracle").mean, result.solvers[0].loss.mean());
  EXPECT_EQ(scores->loss.at("oracle").se, result.solvers[0].loss.standard_error());
  EXPECT_TRUE(std::isnan(scores->adjusted.at("adarr").mean));
  ASSERT_EQ(scores->layers.size(), 2u);
  EXPECT_EQ(scores->layers[0].mean, result.layers[0].adjusted.mean());
  EXPECT_TRUE(std::isinf(scores->adjusted.at("model").mean));  // the last layer's
  EXPECT_EQ(scores->blowups, 4u);
  ASSERT_EQ(scores->profile.size(), 2u);
  EXPECT_EQ(scores->profile[1].sigma, 1.5);
  EXPECT_EQ(scores->profile[1].layers.size(), 2u);

  spill(folder / "bad.json", "{\"prompts\": 3}");
  EXPECT_TRUE(is_error(load_scores(folder / "bad.json"), ErrorKind::format,
                       {folder / "bad.json", "adjusted"}));
  EXPECT_TRUE(is_error(load_scores(folder / "none.json"), ErrorKind::io, {folder / "none.json"}));
}

TEST(Archive, TheSeedWithTheLeastSelectionLossIsTheBest) {
  const Cell cell{.name = "a"};
  Archive archive;
  for (const auto& [seed, loss] : {std::pair{0, 3.0}, {1, 1.0}, {2, 2.0}})
    archive.add({.cell = cell, .seed = seed, .selection = loss});
  ASSERT_NE(archive.best("a"), nullptr);
  EXPECT_EQ(archive.best("a")->seed, 1);
  EXPECT_EQ(archive.seeds("a").size(), 3u);
  EXPECT_EQ(archive.best("b"), nullptr);
  EXPECT_TRUE(archive.seeds("b").empty());
}

}  // namespace
}  // namespace gramian
