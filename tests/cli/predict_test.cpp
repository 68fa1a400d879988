// gramian predict on CSV files, good and bad.
#include <cmath>
#include <cstdio>

#include "gramian/runs/trained_run.h"
#include "gramian/tabular/network_regressor.h"
#include "tests/cli/process.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::Arguments;
using test::fails;
using test::Outcome;
using test::run_gramian;
using test::slurp;
using test::spill;
using test::succeeds;
using test::Workshop;

class Predict : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(succeeds(shop_.train("run"))); }

  // Predicts `target` of a file with these bytes.
  Outcome predict(std::string_view csv, Arguments more = {}) const {
    spill(data(), csv);
    more.insert(more.begin(), {"predict", shop_ / "run", data(), "--target", "y"});
    return run_gramian(more);
  }
  std::string data() const { return shop_ / "data.csv"; }

  // 30 rows of three inputs and a target; every tenth is a query.
  static std::string table() {
    std::string text = "a,b,c,y\r\n";
    for (int i = 0; i < 30; ++i) {
      const double a = std::sin(1.0 + i), b = 10 * std::cos(2.3 * i), c = std::sin(0.7 * i * i);
      const double y = 5 + 2 * a - 0.1 * b + 0.5 * c + 0.3 * std::sin(5.1 * i);
      text += fmt::format("{},{},{},{}\r\n", a, b, c, i % 10 == 9 ? "" : fmt::format("{}", y));
    }
    return text;
  }

  Workshop shop_;
};

TEST_F(Predict, PrintsAPredictionForEveryQuery) {
  const auto outcome = predict(table());
  ASSERT_TRUE(succeeds(outcome));
  // By the library.
  const auto run = load_trained_run(RunDirectory::open(shop_ / "run").value()).value();
  const auto dataset = make_dataset(parse_csv(table(), "").value(), "y").value();
  const auto fit = NetworkRegressor::create(run.network, run.experiment.task, false)
                       ->fit(dataset.context)
                       .value();
  EXPECT_FALSE(fit.exploded);
  std::string want = "line,y\n";
  for (std::size_t k = 0; k < 3; ++k) {
    want += fmt::format("{},{}\n", 11 + 10 * k,
                        fit.model.predict(std::span(dataset.queries).subspan(3 * k, 3)));
  }
  EXPECT_EQ(outcome.out, want);

  ASSERT_TRUE(succeeds(predict(table(), {"-o", shop_ / "predictions.csv"})));
  EXPECT_EQ(slurp(shop_ / "predictions.csv"), want);
  EXPECT_NE(predict(table(), {"--whiten"}).out, want);
}

TEST_F(Predict, FeaturesChooseColumns) {
  const std::string csv =
      "name,c,y,a,b\nx,1,10,3,1\nz,2,12,1,5\nu,4,13,2,2\nv,3,14,7,1\nw,5,,1,1\n";
  const auto all = predict(csv);
  EXPECT_TRUE(fails(all, 3, {"data.csv:2: column 'name' must be a number, got 'x'"}));
  const auto outcome = predict(csv, {"--features", "a,b,c"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.out.find("line,y\n6,"), 0u) << outcome.out;
  EXPECT_TRUE(
      fails(predict(csv, {"--features", "a,b"}), 2,
            {"2 input columns (a, b), but the model of", "has d = 3", "--features", "task.d=2"}));
  EXPECT_TRUE(fails(predict(csv, {"--features", "a,b,d"}), 2,
                    {"no column 'd'; there are name, c, y, a, b"}));
}

TEST_F(Predict, CrossValidationComparesOnTheSameSplits) {
  const Arguments arguments{"--cross-validate", "5", "--repeats", "4",
                            "--seed",           "3", "--json",    shop_ / "cv.json"};
  const auto outcome = predict(table(), arguments);
  ASSERT_TRUE(succeeds(outcome));
  const auto json = shop_.json("cv.json");
  EXPECT_EQ(json["rows"], 27);
  EXPECT_EQ(json["d"], 3);
  for (const char* name : {"model", "bayes", "adarr", "ridge_cv", "ols", "mean"}) {
    EXPECT_NE(outcome.out.find(std::string("\n") + name), std::string::npos) << name;
    EXPECT_GT(json["squared_error"][name]["mean"], 0) << name;
  }
  // The signal is most of this target: whoever regresses must see it.
  const double variance = json["target_variance"];
  EXPECT_GT(json["squared_error"]["mean"]["mean"], 0.9 * variance);
  EXPECT_LT(json["squared_error"]["ols"]["mean"], 0.2 * variance);
  EXPECT_LT(json["squared_error"]["model"]["mean"], 0.5 * variance);
  EXPECT_EQ(predict(table(), arguments).out, outcome.out);
  EXPECT_NE(predict(table(), {"--cross-validate", "5", "--seed", "4"}).out, outcome.out);

  const auto few = predict(table(), {"--cross-validate", "5", "--context", "4"});
  ASSERT_TRUE(succeeds(few));
  EXPECT_NE(few.out.find("contexts of 4 rows"), std::string::npos);
  EXPECT_NE(few.out.find("n - d = 0 residual degrees of freedom"), std::string::npos) << few.out;
}

TEST_F(Predict, BadTablesAreRefusedByLineAndColumn) {
  const std::string head = "a,b,c,y\n1,2,3,4\n2,1,5,6\n";
  EXPECT_TRUE(fails(predict(""), 3, {"data.csv: empty"}));
  EXPECT_TRUE(fails(predict("a,b,c,y\n"), 3, {"no row with a target in column 'y'"}));
  EXPECT_TRUE(
      fails(predict("a,b,c,y\n1,2,3,4\n1,2,3,\n"), 3, {"one row with a target", "2 or more"}));
  EXPECT_TRUE(fails(predict(head), 3, {"no row to predict", "'y'", "--cross-validate"}));
  EXPECT_TRUE(fails(predict(head + "1,,3,\n"), 3, {"data.csv:4: column 'b' is empty"}));
  EXPECT_TRUE(fails(predict(head + "1,two,3,\n"), 3,
                    {"data.csv:4: column 'b' must be a number, got 'two'"}));
  EXPECT_TRUE(
      fails(predict(head + "1,2,1e300,\n"), 3, {"data.csv:4: column 'c' must be at most 1e+100"}));
  EXPECT_TRUE(fails(predict(head + "1,2,3\n"), 3, {"data.csv:4: 3 cells"}));
  EXPECT_TRUE(fails(predict("a,b,a,y\n1,2,3,4\n"), 3, {"columns 1 and 3 have the same name 'a'"}));
  EXPECT_TRUE(fails(predict("a,b,c,z\n1,2,3,4\n"), 2, {"no column 'y'"}));
  EXPECT_TRUE(fails(predict("a,b,c,y\n1,2,3,4\n2,1,5,4\n1,1,1,\n"), 3,
                    {"column 'y' is constant over all 2 rows"}));
  EXPECT_TRUE(fails(predict(head + "1,2,3,\n", {"--whiten"}), 4, {"smallest eigenvalue"}));
  EXPECT_TRUE(fails(run_gramian({"predict", shop_ / "run", shop_ / "missing.csv", "--target", "y"}),
                    3, {"missing.csv"}));
  EXPECT_TRUE(fails(run_gramian({"predict", shop_ / "no", data(), "--target", "y"}), 3,
                    {"does not exist"}));
}

TEST_F(Predict, AConstantInputIsLeftOutWithAWarning) {
  const auto outcome = predict("a,b,c,y\n1,7,3,4\n2,7,5,6\n3,7,1,5\n2,7,2,5.5\n1,9,1,\n");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("warning: "), std::string::npos);
  EXPECT_NE(outcome.err.find("column 'b' is constant over the rows with a target, and left out"),
            std::string::npos);
  EXPECT_EQ(outcome.out, predict("a,b,c,y\n1,7,3,4\n2,7,5,6\n3,7,1,5\n2,7,2,5.5\n1,7,1,\n").out);
}

TEST_F(Predict, WrongUsageExitsWithTwo) {
  EXPECT_TRUE(fails(run_gramian({"predict", shop_ / "run", data()}), 2, {"--target is required"}));
  EXPECT_TRUE(
      fails(predict(table(), {"--repeats", "3"}), 2, {"--repeats requires --cross-validate"}));
  EXPECT_TRUE(fails(predict(table(), {"--cross-validate", "1"}), 2, {"--cross-validate"}));
  EXPECT_TRUE(fails(predict(table(), {"--cross-validate", "5", "-o", "x"}), 2,
                    {"--output excludes --cross-validate"}));
  EXPECT_TRUE(fails(predict(table(), {"--cross-validate", "28"}), 2,
                    {"at most the 27 rows with a target, got 28"}));
}

TEST_F(Predict, ExportWritesWhereItIsTold) {
  ASSERT_TRUE(
      succeeds(run_gramian({"export", shop_ / "run", "--to", "numpy", "-o", shop_ / "mine.py"})));
  EXPECT_NE(slurp(shop_ / "mine.py").find("DIAG, 2 layers, d = 3 inputs"), std::string::npos);
  const auto printed = run_gramian({"export", shop_ / "run", "--to", "c++", "-o", "/dev/stdout"});
  ASSERT_TRUE(succeeds(printed));
  EXPECT_EQ(printed.out.find("// A linear transformer as an algorithm"), 0u);
  EXPECT_FALSE(fs::exists(shop_ / "run/learned.h"));
  EXPECT_TRUE(fails(run_gramian({"export", shop_ / "run", "--to", "tensorflow"}), 2,
                    {"numpy, c++, onnx, torch, jax, got 'tensorflow'"}));
  EXPECT_TRUE(fails(run_gramian({"export", shop_ / "run"}), 2, {"--to is required"}));
}

TEST(PredictExamples, AreFittedFromContextsOfTwentyRows) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(
      shop.train("run", {"task.d=10", "task.n=20", "task.sigma=[0, 5]", "train.steps=300"})));
  for (const auto& [file, target] : {std::pair{"diabetes", "progression"},
                                     std::pair{"schools", "testscr"}, std::pair{"cars", "mpg"}}) {
    SCOPED_TRACE(file);
    const std::string data = fmt::format("{}/examples/data/{}.csv", GRAMIAN_SOURCE_DIR, file);
    ASSERT_TRUE(
        succeeds(run_gramian({"predict", shop / "run", data, "--target", target, "--cross-validate",
                              "5", "--context", "20", "--json", shop / "cv.json"})));
    const auto error = shop.json("cv.json")["squared_error"];
    EXPECT_LT(error["model"]["mean"], error["mean"]["mean"]);
    EXPECT_LT(error["model"]["mean"], error["ols"]["mean"]);
  }
}

// The rule that makes tokens of rows, written twice. With one row a fold all splits are the same.
TEST(PredictExamples, ContextRulesInPythonAgree) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(
      shop.train("run", {"task.d=10", "task.n=20", "task.sigma=[0, 5]", "train.steps=300"})));
  const std::string data = GRAMIAN_SOURCE_DIR "/examples/data/cars.csv";
  ASSERT_TRUE(succeeds(run_gramian({"predict", shop / "run", data, "--target", "mpg",
                                    "--cross-validate", "32", "--json", shop / "cv.json"})));
  ASSERT_TRUE(succeeds(run_gramian({"export", shop / "run", "--to", "numpy"})));
  const auto outcome =
      test::Process({GRAMIAN_PYTHON, "-B", GRAMIAN_SOURCE_DIR "/examples/context_rules.py",
                     shop / "run/learned.py", data, "--tokens", "20", "--folds", "32", "--repeats",
                     "1"})
          .wait();
  ASSERT_TRUE(succeeds(outcome));
  const auto json = shop.json("cv.json");
  EXPECT_EQ(json["squared_error"]["model"]["exploded"], 0);
  const double want =
      double(json["squared_error"]["model"]["mean"]) / double(json["target_variance"]);
  double got = 0;
  ASSERT_EQ(std::sscanf(outcome.out.c_str(), "tokens %lf", &got), 1) << outcome.out;
  EXPECT_NEAR(got, want, 1e-7);
}

}  // namespace
}  // namespace gramian
