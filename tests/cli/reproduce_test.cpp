// gramian reproduce from outside: interruptions, two processes at once, what it says.
#include <chrono>
#include <memory>
#include <sstream>
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
  return {"reproduce", name, "--quick", "--steps", "100", "--seeds", "1", "--out", out};
}

// One unit of JSON a line.
std::vector<nlohmann::json> listed(const test::Arguments& more) {
  test::Arguments command{"reproduce"};
  command.insert(command.end(), more.begin(), more.end());
  command.push_back("--list");
  const auto outcome = run_gramian(command);
  EXPECT_TRUE(succeeds(outcome));
  std::vector<nlohmann::json> units;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) units.push_back(nlohmann::json::parse(line));
  return units;
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

// Each of two cells was trained once: its metrics have one line for each logged step. The third,
// GD++, is computed and has none.
void expect_trained_once(const std::string& runs) {
  int trained = 0;
  for (const auto& run : fs::directory_iterator(runs)) {
    const std::string metrics = slurp(run.path() / "metrics.jsonl");
    const bool computed =
        slurp(run.path() / "config.toml").find("\nsteps = 0\n") != std::string::npos;
    EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), computed ? 0 : 2) << run.path();
    EXPECT_FALSE(fs::exists(run.path() / ".lock"));
    trained += computed ? 0 : 1;
  }
  EXPECT_EQ(trained, 2);
}

TEST(Reproduce, TwoProcessesShareADirectory) {
  const TemporaryFolder folder;
  Process one(test::gramian_command(study(folder / "shared")));
  Process two(test::gramian_command(study(folder / "shared")));
  EXPECT_TRUE(succeeds(one.wait()));
  EXPECT_TRUE(succeeds(two.wait()));
  expect_trained_once(folder / "shared/runs");
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

// Each unit by another process, none of which draws: by name, by share and by the environment.
TEST(Reproduce, UnitsOfManyProcessesAreTheBytesOfOne) {
  const TemporaryFolder folder;
  ASSERT_TRUE(succeeds(run_gramian(study(folder / "whole"))));
  auto list = study(folder / "shared");
  list.erase(list.begin());
  const auto units = listed(list);
  ASSERT_EQ(units.size(), 3u);
  for (const auto& unit : units) {
    EXPECT_EQ(unit["done"], false);
    EXPECT_EQ(unit["study"], "fig6");
    EXPECT_GT(unit["cost"], 5e10);
  }
  EXPECT_FALSE(fs::exists(folder / "shared"));
  const auto with = [&](test::Arguments more) {
    auto command = study(folder / "shared");
    command.insert(command.end(), more.begin(), more.end());
    return test::gramian_command(command);
  };
  auto in_array = with({"--shard"});
  in_array.insert(in_array.begin(),
                  {"/usr/bin/env", "SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_TASK_COUNT=3",
                   "SLURM_ARRAY_TASK_MIN=5", "SLURM_ARRAY_TASK_MAX=7"});
  Process one(with({"--shard", "0/3"})), two(with({"--shard=1/3", "--no-draw"})), three(in_array);
  for (Process* process : {&one, &two, &three}) {
    const auto outcome = process->wait();
    ASSERT_TRUE(succeeds(outcome));
    EXPECT_EQ(outcome.out.find("1 unit is done"), 0u) << outcome.out;
  }
  EXPECT_TRUE(fs::is_empty(folder / "shared/results"));
  for (const auto& unit : listed(list)) {
    EXPECT_EQ(unit["done"], true);
    EXPECT_TRUE(fs::exists(unit["directory"].get<std::string>() + "/model.safetensors"));
  }
  // One of them again, from nothing.
  const std::string directory = listed(list).at(1)["directory"];
  fs::remove_all(directory);
  EXPECT_EQ(listed(list).at(1)["done"], false);
  ASSERT_TRUE(succeeds(Process(with({"--unit", units[1]["unit"]})).wait()));
  EXPECT_TRUE(fs::exists(directory + "/model.safetensors"));
  ASSERT_TRUE(succeeds(run_gramian(study(folder / "shared"))));
  EXPECT_EQ(results(folder / "shared"), results(folder / "whole"));
  // The results, but for when and how long.
  const auto drawn = [&](const std::string& name) {
    auto json = nlohmann::json::parse(slurp(folder / name));
    json.erase("provenance");
    for (auto& run : json["runs"]) run.erase("seconds");
    return json;
  };
  EXPECT_EQ(drawn("shared/results/fig6.json"), drawn("whole/results/fig6.json"));
}

TEST(Reproduce, UnitsAreNamedOrRefused) {
  const TemporaryFolder folder;
  const auto refused = [&](test::Arguments more, std::initializer_list<std::string_view> parts) {
    auto command = study(folder / "s");
    command.insert(command.end(), more.begin(), more.end());
    EXPECT_TRUE(fails(run_gramian(command), 2, parts));
  };
  refused({"--unit", "full-L4"}, {"--unit full-L4: there is no such unit", "--list"});
  refused({"--shard", "3/3"}, {"--shard", "0 <= i < N"});
  refused({"--shard", "x"}, {"--shard x", "must be i/N"});
  refused({"--shard"}, {"none of SLURM_ARRAY_TASK_ID"});
  refused({"--shard", "0/2", "--unit", "x"}, {"--shard", "--unit"});
  refused({"--list", "--dry-run"}, {"--list", "--dry-run"});
  EXPECT_FALSE(fs::exists(folder / "s"));
  // Studies that share cells list them once, and --only with a pattern names whole names.
  EXPECT_EQ(listed({"table1", "fig1", "--only", "diag-L[12]-uniform-5"}).size(), 10u);
  EXPECT_EQ(listed({"table1", "--only", "diag-L4-uniform-5", "--seeds", "3"}).size(), 3u);
}

// A file system whose flock says ENOSYS: locks are files.
TEST(Reproduce, TwoProcessesShareADirectoryWithoutFlock) {
#ifdef GRAMIAN_SANITIZED
  GTEST_SKIP() << "sanitizers must be the first library";
#endif
  const TemporaryFolder folder;
  const auto without = [&](const test::Arguments& arguments) {
    auto command = test::gramian_command(arguments);
    command.insert(command.begin(), {"/usr/bin/env", "LD_PRELOAD=" GRAMIAN_WITHOUT_FLOCK});
    return command;
  };
  {  // a process that is killed leaves its locks, which others take
    Process killed(without(study(folder / "shared")));
    while (!fs::exists(folder / "shared/cells"))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    killed.send(SIGKILL);
    killed.wait();
  }
  Process one(without(study(folder / "shared"))), two(without(study(folder / "shared")));
  EXPECT_TRUE(succeeds(one.wait()));
  EXPECT_TRUE(succeeds(two.wait()));
  expect_trained_once(folder / "shared/runs");
  ASSERT_TRUE(succeeds(run_gramian(study(folder / "whole"))));
  EXPECT_EQ(results(folder / "shared"), results(folder / "whole"));
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
  EXPECT_TRUE(fails(
      run_gramian({"reproduce", "table1", "--only", "diag-L4-uniform-5-*", "--out", folder / "s"}),
      2, {"--only diag-L4-uniform-5-*", "for the whole name", "--unit"}));
  EXPECT_FALSE(fs::exists(folder / "s"));
  const auto dry = run_gramian({"reproduce", "table1", "fig7", "--only", "diag-L4-uniform-5",
                                "--dry-run", "--out", folder / "s"});
  ASSERT_TRUE(succeeds(dry));
  EXPECT_NE(dry.out.find("1 cell (10 runs, one for each seed), 0 done"), std::string::npos)
      << dry.out;
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
  for (const char* part : {"table1       210 cells, 210 of them not in the studies above",
                           "fig1         168 cells, 0 of them", "fig7          21 cells, 3 of them",
                           "FULL, L = 8, sigma ~ U(0, 5)",
                           "213 cells (1092 runs, one for each seed), 0 done, about"}) {
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
                           "--seeds", "--networks", "--only", "--steps", "--list", "--unit",
                           "--shard", "--no-draw", "The recipe for Vladymyrov et al. 2024",
                           "looped-fig1", "The recipe for Gatmiry et al. 2024"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace gramian
