#include "gramian/evaluation/table.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/evaluation/predictors.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

using Json = nlohmann::ordered_json;

struct Fixture {
  RegressionTask task;
  ThreadPool pool{2};
  EvalSpec spec;
  Baselines baselines;

  explicit Fixture(int n) : task(make_task(n, 10, kUniform5)) {
    spec.prompts = 500;
    spec.tuning_prompts = 500;
    baselines = tune_baselines(task, kUniform5, spec, pool);
  }
  EvalResult run(Predictor* model) { return evaluate(task, baselines, model, spec, pool).value(); }
};

std::vector<std::string> keys(const Json& json) {
  std::vector<std::string> names;
  for (const auto& [name, value] : json.items()) names.push_back(name);
  return names;
}

TEST(Table, JsonHasTheKeysOfTheContract) {
  Fixture fixture(20);
  FunctionPredictor model = one_step(0.02, 3);
  const EvalResult result = fixture.run(&model);
  const auto points =
      profile(fixture.task, fixture.baselines, &model, {1, 2}, fixture.spec, fixture.pool).value();
  const Json json = Json::parse(to_json(result, points));
  EXPECT_EQ(json["prompts"], 500);
  const std::vector<std::string> names = {"model", "oracle", "constrr", "adarr", "tunedrr",
                                          "bayes", "ols",    "gd",      "zero"};
  for (const char* table : {"adjusted", "loss"}) {
    EXPECT_EQ(keys(json[table]), names);
    for (const auto& [name, entry] : json[table].items()) {
      EXPECT_EQ(keys(entry), (std::vector<std::string>{"mean", "se"}));
      EXPECT_TRUE(entry["mean"].is_number() && entry["se"].is_number());
    }
  }
  EXPECT_EQ(json["adjusted"]["model"]["mean"], result.model().adjusted.mean());
  EXPECT_EQ(json["loss"]["bayes"]["se"], result.solvers[kBayes].loss.standard_error());
  EXPECT_EQ(json["query"], "integrated");
  EXPECT_EQ(json["constants"]["constrr"].size(), 1u);
  EXPECT_EQ(json["layers"].size(), 3u);
  EXPECT_EQ(json["layers"][2]["adjusted"], json["adjusted"]["model"]);
  EXPECT_EQ(json["blowups"]["count"], 0);
  EXPECT_NEAR(json["blowups"]["interval"][1], 3.6889 / 500 * 1e6, 0.1);
  EXPECT_EQ(json["profile"].size(), 2u);
  EXPECT_EQ(json["profile"][1]["sigma"], 2.0);
  EXPECT_TRUE(json["undefined"].empty());
}

TEST(Table, JsonWithoutAModel) {
  Fixture fixture(10);
  const Json json = Json::parse(to_json(fixture.run(nullptr)));
  EXPECT_FALSE(json["adjusted"].contains("model"));
  EXPECT_FALSE(json.contains("layers") || json.contains("blowups") || json.contains("profile"));
  EXPECT_TRUE(json["adjusted"]["adarr"]["mean"].is_null());
  EXPECT_EQ(json["undefined"]["adarr"].get<std::string>().find("n - d = 0"), 0u);
}

TEST(Table, InfinityIsNullWithANote) {
  Fixture fixture(20);
  FunctionPredictor model(1, [](const PromptBlock<double>&, int, int, std::vector<double>& w) {
    std::fill(w.begin(), w.end(), std::numeric_limits<double>::infinity());
  });
  const EvalResult result = fixture.run(&model);
  const Json json = Json::parse(to_json(result));
  EXPECT_TRUE(json["loss"]["model"]["mean"].is_null());
  EXPECT_FALSE(json["loss"]["model"]["note"].get<std::string>().empty());
  EXPECT_EQ(json["blowups"]["per_million"], 1e6);
  EXPECT_NE(to_table(result).find("inf"), std::string::npos);
}

TEST(Table, TextIsAligned) {
  Fixture fixture(20);
  FunctionPredictor model = one_step(0.02, 2);
  const auto points =
      profile(fixture.task, fixture.baselines, &model, {1}, fixture.spec, fixture.pool).value();
  const std::string text = to_table(fixture.run(&model), points);
  std::size_t position = 0;
  for (const char* name : {"\nmodel ", "\noracle ", "\nconstrr ", "\nadarr ", "\ntunedrr ",
                           "\nbayes ", "\nols ", "\ngd ", "\nzero "}) {
    const std::size_t found = text.find(name, position);
    ASSERT_NE(found, std::string::npos) << name;
    EXPECT_EQ(text.find("±", found) - found,
              text.find("±", text.find("\nmodel ")) - text.find("\nmodel "));
    position = found + 1;
  }
  EXPECT_NE(text.find("sigma2 = "), std::string::npos);
  EXPECT_EQ(text.find(" \n"), std::string::npos);
}

}  // namespace
}  // namespace gramian::test
