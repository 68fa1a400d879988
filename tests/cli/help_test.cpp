#include <sstream>

#include "gramian/runs/keys.h"
#include "tests/cli/process.h"

namespace gramian {
namespace {

using test::fails;
using test::run_gramian;
using test::succeeds;

// Words with one space between them, however they are broken into lines.
std::string unbroken(const std::string& text) {
  std::istringstream words(text);
  std::string all;
  for (std::string word; words >> word;) all += (all.empty() ? "" : " ") + word;
  return all;
}

TEST(Help, LinesAreNoWiderThanATerminal) {
  for (const char* command : {"", "train", "eval", "solve", "bench", "reproduce", "report",
                              "export", "predict", "explain", "construct"}) {
    const auto outcome =
        *command == '\0' ? run_gramian({"--help"}) : run_gramian({command, "--help"});
    ASSERT_TRUE(succeeds(outcome));
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(line.size(), 100u) << command << " --help: " << line;
  }
  // A description goes on in its own column.
  const std::string train = run_gramian({"train", "--help"}).out;
  const std::size_t resume = train.find("  --resume");
  const std::size_t below = train.find('\n', resume) + 1;
  EXPECT_EQ(train.find_first_not_of(' ', below) - below, train.find("go on", resume) - resume);
}

TEST(Help, OfEveryCommandNamesEveryKey) {
  for (const char* command : {"train", "eval", "solve"}) {
    auto outcome = run_gramian({command, "--help"});
    ASSERT_TRUE(succeeds(outcome));
    outcome.out = unbroken(outcome.out);
    for (const Key& key : key_table().keys()) {
      for (const auto& part : {std::string(key.name), std::string(key.help), key.rule()}) {
        EXPECT_NE(outcome.out.find(unbroken(part)), std::string::npos)
            << command << " --help: " << part;
      }
    }
  }
}

TEST(Help, NamesCommandsOptionsAndExitCodes) {
  const std::string top = run_gramian({"--help"}).out;
  for (const char* word : {"train", "eval", "solve", "reproduce", "report", "export", "predict",
                           "explain", "collect", "--version"}) {
    EXPECT_NE(top.find(word), std::string::npos) << word;
  }
  const std::string train = run_gramian({"train", "--help"}).out;
  for (const char* word :
       {"CONFIG.toml", "key=value", "--out DIR", "--resume", "130", "model.safetensors"}) {
    EXPECT_NE(train.find(word), std::string::npos) << word;
  }
  const std::string eval = run_gramian({"eval", "--help"}).out;
  for (const char* word : {"DIR", "--prompts N", "--seed S", "eval.json"}) {
    EXPECT_NE(eval.find(word), std::string::npos) << word;
  }
  const std::string solve = run_gramian({"solve", "--help"}).out;
  for (const char* word : {"CONFIG.toml", "--prompts N", "--json FILE"}) {
    EXPECT_NE(solve.find(word), std::string::npos) << word;
  }
  const std::string report = run_gramian({"report", "--help"}).out;
  for (const char* word : {"DIR", "--output FILE", "DIR/results/*.json", "DIR/report.html"}) {
    EXPECT_NE(report.find(word), std::string::npos) << word;
  }
  const std::string exporting = run_gramian({"export", "--help"}).out;
  for (const char* word : {"DIR", "--to FORMAT", "numpy, c++, onnx, torch or jax", "--output FILE",
                           "predict(x_context [n, d]"}) {
    EXPECT_NE(exporting.find(word), std::string::npos) << word;
  }
  const std::string predict = run_gramian({"predict", "--help"}).out;
  for (const char* word :
       {"DIR", "DATA.csv", "--target COLUMN", "--features A,B,..", "--whiten", "--output FILE",
        "--cross-validate K", "--repeats R", "--seed S", "--context N", "--json FILE"}) {
    EXPECT_NE(predict.find(word), std::string::npos) << word;
  }
}

TEST(Help, VersionIsPrinted) {
  const auto outcome = run_gramian({"--version"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.out.substr(0, 8), "gramian ");
}

TEST(Help, WrongUsageExitsWithTwo) {
  EXPECT_TRUE(fails(run_gramian({}), 2, {"A subcommand is required"}));
  EXPECT_TRUE(fails(run_gramian({"tarin"}), 2,
                    {"'tarin' is not a command; there are train, eval, solve, bench"}));
  EXPECT_TRUE(fails(run_gramian({"train"}), 2, {"config is required"}));
  EXPECT_TRUE(fails(run_gramian({"train", "a.toml"}), 2, {"--out"}));
  EXPECT_TRUE(fails(run_gramian({"eval"}), 2, {"run is required"}));
  EXPECT_TRUE(fails(run_gramian({"solve", "a.toml", "--jsn", "b"}), 2, {"--jsn"}));
}

}  // namespace
}  // namespace gramian
