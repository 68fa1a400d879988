// gramian graph: answers beside exact ones, its JSON, trained networks, and what it refuses.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/process.h"

namespace gramian {
namespace {

using test::fails;
using test::run_gramian;
using test::spill;
using test::succeeds;
using test::TemporaryFolder;

// A ring of `nodes` resistors of 1.
std::string ring(int nodes) {
  std::string text;
  for (int i = 0; i < nodes; ++i) text += fmt::format("{} {}\n", i, (i + 1) % nodes);
  return text;
}

nlohmann::json json_of(const std::string& path) { return nlohmann::json::parse(test::slurp(path)); }

TEST(GraphCommand, AnswersWhatIsKnownOfARing) {
  const TemporaryFolder folder;
  const std::string file = folder / "ring.txt", out = folder / "out.json";
  spill(file, ring(12));
  const auto asked = run_gramian({"graph", file, "--ask", "resistance", "--from", "0,0", "--to",
                                  "1,6", "--layers", "200", "--json", out});
  ASSERT_TRUE(succeeds(asked));
  const auto json = json_of(out);
  EXPECT_EQ(json["ask"], "resistance");
  EXPECT_EQ(json["nodes"], 12);
  EXPECT_EQ(json["edges"], 12);
  EXPECT_EQ(json["layers"], 200);
  ASSERT_EQ(json["answer"].size(), 2u);
  EXPECT_NEAR(json["answer"][0].get<double>(), 11.0 / 12, 1e-9);  // 1 beside 11
  EXPECT_NEAR(json["answer"][1].get<double>(), 3, 1e-9);          // 6 beside 6
  EXPECT_NEAR(json["exact"][1].get<double>(), 3, 1e-12);
  EXPECT_LT(json["relative_error"].get<double>(), 1e-9);
}

TEST(GraphCommand, EveryQuestionHasAnAnswer) {
  const TemporaryFolder folder;
  const std::string file = folder / "g.txt", out = folder / "out.json", demand = folder / "d.txt";
  spill(file, "0 1 2\n1 2\n2 3 0.5\n3 0\n0 2 1.5\n3 4\n");
  spill(demand, "0 1\n4 -0.5\n2 -0.5\n");
  const auto error = [&](const test::Arguments& more) {
    test::Arguments arguments{"graph", file, "--json", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_TRUE(succeeds(run_gramian(arguments)));
    return json_of(out)["relative_error"].get<double>();
  };
  EXPECT_LT(error({"--ask", "potential", "--demand", demand}), 1e-8);
  EXPECT_LT(
      error({"--ask", "potential", "--demand", demand, "--method", "polar", "--layers", "20"}),
      1e-9);
  EXPECT_LT(error({"--ask", "potential", "--from", "0", "--to", "4", "--method", "descent",
                   "--layers", "2000"}),
            1e-9);
  EXPECT_LT(error({"--ask", "embedding", "--demand", demand, "--layers", "500"}), 1e-6);
  EXPECT_LT(error({"--ask", "embedding", "--demand", demand, "--method", "polar", "--layers", "9"}),
            1e-6);
  EXPECT_LT(error({"--ask", "heat", "--demand", demand, "--time", "1"}), 1e-9);
  EXPECT_LT(error({"--ask", "heat", "--demand", demand, "--method", "euler", "--layers", "2000"}),
            5e-3);
  EXPECT_LT(error({"--ask", "eigenvectors", "--vectors", "2", "--layers", "2000"}), 1e-6);
  EXPECT_LT(error({"--ask", "eigenvectors", "--vectors", "2", "--layers", "4000", "--eigenvalues",
                   "least"}),
            1e-3);
}

// Above 4,000 nodes the exact answer is that of conjugate gradients.
TEST(GraphCommand, LargeGraphsHaveTheAnswerOfConjugateGradients) {
  const TemporaryFolder folder;
  const std::string file = folder / "g.txt", out = folder / "out.json";
  std::string text = ring(5000);
  for (int i = 0; i < 5000; ++i) text += fmt::format("{} {}\n", i, (i * 37 + 1234) % 5000);
  std::string edges;
  for (std::size_t at = 0; at < text.size();) {  // without loops
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    const std::size_t blank = line.find(' ');
    if (line.substr(0, blank) != line.substr(blank + 1)) edges += line + "\n";
    at = end + 1;
  }
  spill(file, edges);
  ASSERT_TRUE(succeeds(run_gramian({"graph", file, "--ask", "potential", "--from", "0", "--to",
                                    "2500", "--layers", "120", "--json", out})));
  const auto json = json_of(out);
  EXPECT_EQ(json["exact_method"], "conjugate gradients");
  EXPECT_LE(json["exact_residual"].get<double>(), 2e-10);
  EXPECT_LT(json["relative_error"].get<double>(), 1e-3);
}

TEST(GraphCommand, ATrainedNetworkAnswersUpToAScaleThatFits) {
  const TemporaryFolder folder;
  const std::string run = folder / "run", file = folder / "g.txt", out = folder / "out.json";
  ASSERT_TRUE(
      succeeds(run_gramian({"train", GRAMIAN_SOURCE_DIR "/configs/graph.toml", "--out", run,
                            "model.layers=3", "model.init_noise=0.3", "train.steps=150",
                            "train.batch=64", "train.robust=0", "train.learning_rate=0.02"})));
  ASSERT_TRUE(succeeds(run_gramian({"eval", run, "eval.prompts=200"})));
  spill(file, ring(10) + "0 2\n1 3\n2 4\n3 5\n4 6\n5 7\n6 8\n7 9\n8 0\n9 1\n");
  ASSERT_TRUE(succeeds(run_gramian({"graph", file, "--ask", "potential", "--from", "0", "--to", "5",
                                    "--run", run, "--json", out})));
  EXPECT_LT(json_of(out)["relative_error"].get<double>(), 0.5);
  EXPECT_EQ(json_of(out)["layers"], 3);
}

TEST(GraphCommand, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string file = folder / "g.txt", loops = folder / "loops.txt";
  spill(file, ring(6));
  spill(loops, "0 1\n1 1\n");
  const auto ask = [&](const test::Arguments& more) {
    test::Arguments arguments{"graph", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_gramian(arguments);
  };
  EXPECT_TRUE(
      fails(run_gramian({"graph", loops, "--ask", "potential"}), 3, {"loops.txt:2", "loops"}));
  EXPECT_TRUE(fails(run_gramian({"graph", folder / "none", "--ask", "heat"}), 3, {"none"}));
  EXPECT_TRUE(fails(ask({"--ask", "potential"}), 2, {"--from", "--demand"}));
  EXPECT_TRUE(fails(ask({"--ask", "resistance"}), 2, {"pairs"}));
  EXPECT_TRUE(fails(ask({"--ask", "flow"}), 2, {"flow"}));
  EXPECT_TRUE(fails(ask({"--ask", "potential", "--from", "0", "--to", "9"}), 2, {"no node 9"}));
  EXPECT_TRUE(fails(ask({"--ask", "potential", "--from", "1", "--to", "1"}), 2, {"must differ"}));
  EXPECT_TRUE(fails(ask({"--ask", "heat", "--from", "0", "--to", "3", "--method", "polar"}), 2,
                    {"polar does not answer heat"}));
  EXPECT_TRUE(fails(ask({"--ask", "heat", "--from", "0", "--to", "3", "--json", file}), 2, {file}));
  EXPECT_TRUE(fails(ask({"--ask", "eigenvectors", "--vectors", "6"}), 2, {"[1, 5]"}));
}

}  // namespace
}  // namespace gramian
