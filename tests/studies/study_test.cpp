// The parts of studies: published numbers, the recipe, what is read back and written.
#include "gramian/studies/study.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "gramian/evaluation/table.h"
#include "gramian/studies/draw.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

TEST(Published, NumbersAndTheirRounding) {
  const Problem& five = problem_named("uniform-5");
  EXPECT_EQ(published(Parametrisation::full, 7, five).value, 0.047);
  EXPECT_NEAR(published(Parametrisation::full, 7, five).rounding, 0.0005, 1e-15);
  EXPECT_EQ(published(Parametrisation::diag, 2, five).value, 0.242);
  EXPECT_EQ(published(Parametrisation::gdpp, 4, problem_named("uniform-0")).value, 9.91e-5);
  EXPECT_NEAR(published(Parametrisation::gdpp, 4, problem_named("uniform-0")).rounding, 5e-8, 1e-20);
  EXPECT_EQ(published("tunedrr", problem_named("categorical-135")).value, 0.054);
  EXPECT_EQ(published("constrr", problem_named("uniform-0")).rounding, 0);
  // Deeper is never much worse in the paper: a slip of a row or a column would show.
  for (const Problem& problem : problems()) {
    for (const Parametrisation kind : kKinds) {
      for (int layers = 2; layers <= kTableLayers; ++layers) {
        EXPECT_LE(published(kind, layers, problem).value, 1.08 * published(kind, layers - 1, problem).value)
            << problem.id << layers;
      }
    }
  }
}

TEST(Recipe, EveryCellOfEveryStudyIsAValidExperiment) {
  std::set<std::string> names;
  for (const Study& study : all_studies()) {
    for (const Cell& cell : study.cells()) {
      names.insert(cell.name());
      for (const bool quick : {false, true}) {
        const auto all = starts(cell, 3, {.quick = quick});
        ASSERT_FALSE(all.empty());
        for (const Config& config : all) {
          EXPECT_EQ(config.integer("train.seed"), 3);
          EXPECT_EQ(config.integer("model.layers"), cell.layers);
          EXPECT_GT(cost(config), 0) << cell.name();  // aborts if it is no experiment
        }
      }
    }
  }
  // Table 1, eight layers in Fig. 7, without guards; gradient descent; looped transformers
  EXPECT_EQ(names.size(), 210u + 3 + 21 + 9 + 14 + 7);
  EXPECT_EQ(table1_cells().size(), 210u);
  EXPECT_EQ(starts(table1_cells().front(), 0, {.steps = 77}).front().integer("train.steps"), 77);
}

// Runs of days lie in directories of these names: what other papers add to a configuration must not move them.
TEST(Recipe, NamesOfOldRunsStay) {
  const Cell cell{.kind = Parametrisation::diag, .layers = 4, .problem = &problem_named("uniform-0")};
  EXPECT_EQ(unit_name(cell, 0, {}), "diag-L4-uniform-0-s0-708ccfccbcc6bcc7");
}

TEST(Recipe, IsToldInWords) {
  EXPECT_NE(versatile_recipe.text({}).find("2000 steps"), std::string::npos);
  EXPECT_NE(versatile_recipe.text({.steps = 55}).find("55 steps"), std::string::npos);
}

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
  EXPECT_TRUE(is_error(load_scores(folder / "bad.json"), ErrorKind::format, {folder / "bad.json", "adjusted"}));
  EXPECT_TRUE(is_error(load_scores(folder / "none.json"), ErrorKind::io, {folder / "none.json"}));
}

TEST(Archive, TheSeedWithTheLeastSelectionLossIsTheBest) {
  const Cell cell{.kind = Parametrisation::diag, .layers = 2, .problem = &problem_named("uniform-1")};
  Archive archive;
  for (const auto& [seed, loss] : {std::pair{0, 3.0}, {1, 1.0}, {2, 2.0}}) {
    archive.add({.cell = cell, .seed = seed, .selection = loss});
  }
  ASSERT_NE(archive.best(cell), nullptr);
  EXPECT_EQ(archive.best(cell)->seed, 1);
  EXPECT_EQ(archive.seeds(cell).size(), 3u);
  Cell other = cell;
  other.guards = false;
  EXPECT_EQ(archive.best(other), nullptr);
}

// Claims are judged by numbers: an archive of the published values passes, one of twice as much fails.
TEST(Table1, ClaimsFollowTheNumbers) {
  for (const double factor : {1.0, 2.0}) {
    Archive archive;
    for (const Cell& cell : table1_cells()) {
      const double value = factor * published(cell.kind, cell.layers, *cell.problem).value;
      Trained trained{.cell = cell, .directory = "x"};
      trained.scores.adjusted = {{"model", {value, 1e-9}}, {"bayes", {0.8 * value, 1e-9}}};
      for (const char* solver : {"constrr", "adarr", "tunedrr"}) {
        trained.scores.adjusted[solver] = {published(solver, *cell.problem).value, 1e-6};
      }
      trained.scores.model_minus_bayes = {0.2 * value, 1e-9};
      if (cell.layers == 3 && cell.kind == Parametrisation::gdpp && cell.problem->id == "uniform-4") {
        trained.scores.model_minus_bayes.mean = -1e-8;
      }
      archive.add(std::move(trained));
    }
    StudyResult result;
    ASSERT_TRUE(draw_table1(archive, {}, result));
    ASSERT_EQ(result.claims.size(), 4u);
    EXPECT_EQ(result.claims[0].holds, factor == 1.0) << result.claims[0].detail;
    EXPECT_EQ(result.claims[1].holds, false);  // the one below Bayes is named
    EXPECT_NE(result.claims[1].detail.find("GD++, L = 3, sigma ~ U(0, 4)"), std::string::npos);
    EXPECT_EQ(result.claims[3].holds, true) << result.claims[3].detail;
    ASSERT_EQ(result.tables.size(), 1u);
    EXPECT_EQ(result.tables[0].rows.size(), 21u + 4);
    EXPECT_EQ(result.tables[0].rows[0].size(), 12u);
  }
}

// A mean that one exploded prompt carries has an error as large as itself: no excuse.
TEST(Table1, AnExplodedCellIsWorse) {
  const Cell cell{.kind = Parametrisation::diag, .layers = 4, .problem = &problem_named("uniform-5")};
  for (const auto& [mean, se, status] :
       {std::tuple{9e19, 9e19, "worse"}, {0.06, 0.001, "equal"}, {0.05, 0.001, "better"}}) {
    Archive archive;
    Trained trained{.cell = cell, .directory = "x"};
    trained.scores.adjusted = {{"model", {mean, se}}, {"bayes", {0.04, 0.001}}};
    trained.scores.model_minus_bayes = {mean - 0.04, se};
    archive.add(std::move(trained));
    StudyResult result;
    ASSERT_TRUE(draw_table1(archive, {}, result));
    const auto& row = result.tables[0].rows[10];  // L = 4, DIAG
    EXPECT_EQ(std::get<TableCell>(row[2 + 5]).status, status);
  }
}

TEST(Result, IsJsonWithoutInfinities) {
  StudyResult result{.study = "x"};
  result.claims = {{"holds", true, ""}, {"unknown", std::nullopt, ""}};
  result.figures.push_back(
      {.id = "f",
       .title = "F",
       .panels = {{.series = {{.name = "s", .points = {{.x = 1, .y = INFINITY}, {.x = 2, .y = 3}}}}}}});
  const auto json = nlohmann::json::parse(to_json(result));
  EXPECT_EQ(json["claims"][0]["holds"], true);
  EXPECT_TRUE(json["claims"][1]["holds"].is_null());
  const auto& points = json["figures"][0]["panels"][0]["series"][0]["points"];
  EXPECT_TRUE(points[0]["y"].is_null());
  EXPECT_EQ(points[1]["y"], 3);
  EXPECT_FALSE(points[1].contains("low"));
}

}  // namespace
}  // namespace gramian
