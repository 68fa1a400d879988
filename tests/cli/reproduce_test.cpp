// gramian reproduce from outside: interruptions, two processes at once, what it says.
#include <chrono>
#include <memory>
#include <thread>

#include "tests/cli/process.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::fails;
using test::Process;
using test::run_gramian;
using test::slurp;
using test::succeeds;
using test::TemporaryFolder;

test::Arguments study(const std::string& out, const std::string& name = "fig6") {
  return {"reproduce", name, "--quick", "--steps", "100", "--out", out};
}

// Every file of the directory but for those that hold times: path inside -> bytes.
std::map<std::string, std::string> results(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), directory);
    const std::string file = entry.path().filename();
    if (file == "model.safetensors" || file == "config.toml" || file.starts_with("eval-") ||
        file == "fig6.csv") {
      files[name] = slurp(entry.path());
    }
  }
  return files;
}

TEST(Reproduce, KilledThreeTimesEndsInTheSameBits) {
  const TemporaryFolder folder;
  ASSERT_TRUE(succeeds(run_gramian(study(folder / "whole"))));
  int killed = 0;
  for (const int milliseconds : {300, 700, 1100}) {
    Process process(test::gramian_command(study(folder / "killed")));
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    process.send(SIGKILL);
    killed += process.wait().exit_code == -SIGKILL;
  }
  EXPECT_GE(killed, 1);  // on a machine of any speed
  ASSERT_TRUE(succeeds(run_gramian(study(folder / "killed"))));
  const auto whole = results(folder / "whole");
  EXPECT_EQ(whole.size(), 3u * 3 + 1);
  EXPECT_EQ(results(folder / "killed"), whole);
}

TEST(Reproduce, TwoProcessesShareADirectory) {
  const TemporaryFolder folder;
  Process one(test::gramian_command(study(folder / "shared")));
  Process two(test::gramian_command(study(folder / "shared")));
  EXPECT_TRUE(succeeds(one.wait()));
  EXPECT_TRUE(succeeds(two.wait()));
  // Each cell was trained once: its metrics have one line for each logged step.
  for (const auto& run : fs::directory_iterator(folder / "shared/runs")) {
    const std::string metrics = slurp(run.path() / "metrics.jsonl");
    EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 2) << run.path();
  }
  // Nothing is left to train, so that these write the results at the same moment.
  const std::string csv = slurp(folder / "shared/results/fig6.csv");
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 6; ++i)
    processes.push_back(std::make_unique<Process>(test::gramian_command(study(folder / "shared"))));
  for (const auto& process : processes) EXPECT_TRUE(succeeds(process->wait()));
  for (const auto& entry : fs::directory_iterator(folder / "shared/results"))
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  // One of three cells: the results are those of all that are done.
  auto only = study(folder / "shared");
  only.insert(only.end(), {"--only", "full"});
  ASSERT_TRUE(succeeds(run_gramian(only)));
  EXPECT_EQ(slurp(folder / "shared/results/fig6.csv"), csv);
  // And again: nothing is left to do.
  const auto outcome = run_gramian(study(folder / "shared"));
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_LT(outcome.cpu_seconds, 1.0);
  EXPECT_NE(outcome.out.find("REHEARSAL"), std::string::npos);
}

TEST(Reproduce, OnlyNamesCells) {
  const TemporaryFolder folder;
  for (const test::Arguments& more :
       {test::Arguments{"--only", "diag-l4"}, {"--only", "diag-l4", "--dry-run"}}) {
    test::Arguments command{"reproduce", "table1", "--out", folder / "s"};
    command.insert(command.end(), more.begin(), more.end());
    EXPECT_TRUE(
        fails(run_gramian(command), 2, {"--only diag-l4", "no cell of table1", "--dry-run"}));
  }
  EXPECT_FALSE(fs::exists(folder / "s"));
  const auto dry = run_gramian({"reproduce", "table1", "fig7", "--only", "diag-L4-uniform-5",
                                "--dry-run", "--out", folder / "s"});
  ASSERT_TRUE(succeeds(dry));
  EXPECT_NE(dry.out.find("1 cell (1 seed each), 0 done"), std::string::npos) << dry.out;
  EXPECT_NE(dry.out.find("  DIAG, L = 4, sigma ~ U(0, 5)\n"), std::string::npos) << dry.out;
  EXPECT_EQ(dry.out.find("  FULL, L"), std::string::npos) << dry.out;
}

TEST(Reproduce, ARehearsalDoesNotReplaceResults) {
  const TemporaryFolder folder;
  const std::string path = folder / "s/results/fig6.json";
  fs::create_directories(folder / "s/results");
  test::spill(path, R"({"quick": false, "runs": [{"steps": 4000, "seed": 0}]})");
  const std::string before = slurp(path);
  EXPECT_TRUE(fails(run_gramian(study(folder / "s")), 2, {path, "--quick", "another --out"}));
  EXPECT_EQ(slurp(path), before);
  EXPECT_FALSE(fs::exists(folder / "s/runs"));  // nothing was trained for it
}

TEST(Reproduce, CtrlCSavesAndExitsWith130) {
  const TemporaryFolder folder;
  Process process(
      test::gramian_command({"reproduce", "table1", "--only", "full-L7", "--out", folder / "s"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  process.send(SIGINT);
  EXPECT_TRUE(fails(process.wait(), 130, {"interrupted; all is saved, the same command goes on"}));
}

TEST(Reproduce, SigTermExitsWith75) {
  const TemporaryFolder folder;
  Process process(
      test::gramian_command({"reproduce", "table1", "--only", "full-L7", "--out", folder / "s"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  process.send(SIGTERM);
  EXPECT_TRUE(fails(process.wait(), 75, {"interrupted"}));
}

TEST(Reproduce, ADryRunTrainsNothing) {
  const TemporaryFolder folder;
  const auto outcome =
      run_gramian({"reproduce", "table1", "fig1", "fig7", "--dry-run", "--out", folder / "s"});
  ASSERT_TRUE(succeeds(outcome));
  for (const char* part :
       {"table1       210 cells, 210 of them not in the studies above",
        "fig1         168 cells, 0 of them", "fig7          21 cells, 3 of them",
        "FULL, L = 8, sigma ~ U(0, 5)", "213 cells (1 seed each), 0 done, about"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " in\n" << outcome.out;
  }
  EXPECT_FALSE(fs::exists(folder / "s"));
}

TEST(Reproduce, WrongUsageIsNamed) {
  EXPECT_TRUE(fails(run_gramian({"reproduce", "table9"}), 2,
                    {"'table9' is not a study; there are all, table1, fig1"}));
  EXPECT_TRUE(fails(run_gramian({"reproduce"}), 2, {"studies is required"}));
  EXPECT_TRUE(fails(run_gramian({"reproduce", "fig6", "--seeds", "0"}), 2, {"--seeds"}));
  const TemporaryFolder folder;
  test::spill(folder / "file", "");
  EXPECT_TRUE(fails(run_gramian(study(folder / "file")), 3, {"cannot create", folder / "file"}));
}

TEST(Reproduce, HelpNamesEveryStudy) {
  const std::string help = run_gramian({"reproduce", "--help"}).out;
  for (const char* word : {"table1", "fig1", "fig7", "blowups", "training", "--quick", "--dry-run",
                           "--seeds", "--only", "--steps", "The recipe for Vladymyrov et al. 2024",
                           "looped-fig1", "The recipe for Gatmiry et al. 2024"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace gramian
