// No command destroys what it did not make: files that the user names for an output.
#include "tests/cli/process.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::Arguments;
using test::fails;
using test::run_gramian;
using test::slurp;
using test::spill;
using test::succeeds;
using test::Workshop;

class Outputs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(succeeds(shop_.train("run", {"train.steps=2"})));
    spill(shop_ / "data.csv", "a,b,c,y\n1,2,3,4\n2,1,0,3\n0,1,1,2\n3,3,1,\n");
  }

  // The command is refused with this code, and the file stays as it was.
  void expect_kept(const Arguments& command, const std::string& file, int code = 2) {
    const std::string before = slurp(file);
    EXPECT_TRUE(fails(run_gramian(command), code, {file})) << command[0];
    EXPECT_EQ(slurp(file), before) << command[0];
  }
  Arguments predict(const std::string& output) const {
    return {"predict", shop_ / "run", shop_ / "data.csv", "--target", "y", "-o", output};
  }

  Workshop shop_;
};

TEST_F(Outputs, AreNotInputs) {
  expect_kept(predict(shop_ / "data.csv"), shop_ / "data.csv");
  fs::create_symlink(shop_ / "data.csv", shop_ / "link.csv");
  expect_kept(predict(shop_ / "link.csv"), shop_ / "link.csv");
  expect_kept({"solve", shop_.config(), "--json", shop_.config()}, shop_.config());
}

TEST_F(Outputs, AreNotFilesOfARun) {
  for (const char* name : {"run/model.safetensors", "run/checkpoint.safetensors",
                           "run/metrics.jsonl", "run/config.toml", "run/manifest.json"}) {
    expect_kept({"export", shop_ / "run", "--to", "onnx", "-o", shop_ / name}, shop_ / name);
    expect_kept({"explain", shop_ / "run", "--json", shop_ / name}, shop_ / name);
  }
  expect_kept(predict(shop_ / "run/metrics.jsonl"), shop_ / "run/metrics.jsonl");
}

TEST_F(Outputs, AreNotFilesOfOthers) {
  spill(shop_ / "mine", "a,b\n1,2\n");
  expect_kept(predict(shop_ / "mine"), shop_ / "mine");
  expect_kept({"export", shop_ / "run", "--to", "numpy", "-o", shop_ / "mine"}, shop_ / "mine");
  expect_kept({"explain", shop_ / "run", "--json", shop_ / "mine"}, shop_ / "mine");
  expect_kept({"bench", "--json", shop_ / "mine"}, shop_ / "mine");
  fs::create_directories(shop_ / "s/results");
  spill(shop_ / "s/results/fig4.json", R"({"study": "fig4", "title": "t"})");
  for (const char* name : {"mine", "s/results/fig4.json"})
    expect_kept({"report", shop_ / "s", "-o", shop_ / name}, shop_ / name);
  expect_kept({"explain", shop_ / "run", "--json", shop_ / "s/results/fig4.json"},
              shop_ / "s/results/fig4.json");
}

TEST_F(Outputs, AreWrittenOverIfTheyAreOurs) {
  for (int times = 0; times < 2; ++times) {
    EXPECT_TRUE(succeeds(run_gramian(predict(shop_ / "new.csv"))));
    EXPECT_TRUE(succeeds(run_gramian({"export", shop_ / "run", "--to", "numpy"})));
    EXPECT_TRUE(succeeds(run_gramian({"export", shop_ / "run", "--to", "c++"})));
    EXPECT_TRUE(succeeds(run_gramian({"export", shop_ / "run", "--to", "onnx"})));
    EXPECT_TRUE(succeeds(run_gramian(
        {"solve", shop_.config(), "--prompts", "500", "--json", shop_ / "solve.json"})));
  }
}

TEST_F(Outputs, AreCheckedBeforeTheWork) {
  const auto explained =
      run_gramian({"explain", shop_ / "run", "--prompts", "100000000", "--json", shop_ / "no/x"});
  EXPECT_TRUE(fails(explained, 3, {"cannot write", shop_ / "no/x", "No such file"}));
  EXPECT_TRUE(fails(run_gramian(predict(shop_.path())), 3, {"Is a directory"}));
}

TEST_F(Outputs, ADashIsTheStandardOutput) {
  const auto outcome = run_gramian(predict("-"));
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_TRUE(outcome.out.starts_with("line,y\n5,")) << outcome.out;
  EXPECT_FALSE(fs::exists("-"));
}

TEST_F(Outputs, HelpThatCannotBeWrittenIsAnError) {
  for (const char* command : {"--help", "--version", "train --help"}) {
    const auto words = fmt::format("{} {} >/dev/full", GRAMIAN_PROGRAM, command);
    EXPECT_TRUE(fails(test::Process({"/bin/sh", "-c", words}).wait(), 3,
                      {"cannot write to the standard output"}));
  }
}

}  // namespace
}  // namespace gramian
