#include "gramian/studies/scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/runs/collection.h"
#include "gramian/runs/train_run.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

TEST(Scores, AreThoseOfACollectionThatHasMorePrompts) {
  const test::TemporaryFolder folder;
  const auto config = parse_config("", "test",
                                   {"task.d=1", "task.n=4", "task.noise=constant", "task.sigma=1",
                                    "model.layers=1", "model.kind=diag", "train.steps=5",
                                    "train.batch=64", "eval.tuning_prompts=200", "train.threads=1"})
                          .value();
  ASSERT_TRUE(train_run(config, folder / "run", {}));
  Scores scores{.prompts = 1000,
                .adjusted = {{"model", {5, 1}}, {"gd", {6, 1}}},
                .loss = {{"gd", {7, 1}}},
                .single_query = {8, 1},
                .profile = {{.sigma = 9}}};
  ASSERT_TRUE(take_collected(folder / "run", scores));  // nothing is there
  EXPECT_EQ(scores.prompts, 1000u);

  const auto directory = RunDirectory::open(folder / "run").value();
  const auto run = load_trained_run(directory).value();
  ThreadPool pool(2);
  auto collection = Collection::open(directory, run, pool, {}).value();
  ASSERT_TRUE(take_collected(folder / "run", scores));  // tuned, but no rows
  EXPECT_EQ(scores.prompts, 1000u);
  ASSERT_TRUE(collection.add_batch({}));
  ASSERT_TRUE(take_collected(folder / "run", scores));
  const EvalResult result = collection.sum({})->result;
  EXPECT_EQ(scores.prompts, Collection::kBatchPrompts);
  EXPECT_EQ(scores.adjusted.at("model").mean, result.model().adjusted.mean());
  EXPECT_EQ(scores.adjusted.at("model").se, result.model().adjusted.standard_error());
  EXPECT_TRUE(scores.adjusted.contains("bayes"));
  EXPECT_EQ(scores.blowup_threshold, result.blowups.threshold);
  // What a collection does not have, or has otherwise.
  EXPECT_EQ(scores.adjusted.at("gd").mean, 6);
  EXPECT_EQ(scores.loss.at("gd").mean, 7);
  EXPECT_EQ(scores.single_query.mean, 8);
  ASSERT_EQ(scores.profile.size(), 1u);
  EXPECT_EQ(scores.profile[0].sigma, 9);

  scores.prompts = 1'000'000;  // of an evaluation that has more
  scores.adjusted["model"].mean = 5;
  ASSERT_TRUE(take_collected(folder / "run", scores));
  EXPECT_EQ(scores.adjusted.at("model").mean, 5);
}

TEST(Scores, HaveCovariancesByName) {
  const test::TemporaryFolder folder;
  const auto load = [&](const std::string& covariance) {
    test::spill(folder / "scores.json",
                R"({"prompts": 2, "adjusted": {}, "loss": {}, "single_query": {"prompts": 2,
                    "adjusted": {"mean": 1, "se": 2})" +
                    covariance + "}}");
    return load_scores(folder / "scores.json");
  };
  const Scores old = load("").value();
  EXPECT_EQ(old.single_query.se, 2);
  EXPECT_FALSE(old.single_query_covariances.of("model", "model").has_value());
  const Scores scores =
      load(R"(, "covariance": {"of": ["bayes", "model"], "adjusted": [[4, 3], [3, null]]})")
          .value();
  const Covariances& known = scores.single_query_covariances;
  EXPECT_EQ(known.of("bayes", "bayes"), 4);
  EXPECT_EQ(known.of("model", "bayes"), 3);
  EXPECT_TRUE(std::isnan(known.of("model", "model").value()));
  EXPECT_FALSE(known.of("model", "constrr").has_value());
  for (const char* wrong : {R"(, "covariance": {"of": ["bayes"], "adjusted": [[4, 3]]})",
                            R"(, "covariance": {"of": ["bayes"]})", R"(, "covariance": 5)"}) {
    const auto failed = load(wrong);
    ASSERT_FALSE(failed) << wrong;
    EXPECT_EQ(failed.error().kind, ErrorKind::format);
  }
}

}  // namespace
}  // namespace gramian
