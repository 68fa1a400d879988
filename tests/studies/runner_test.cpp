// Cells trained side by side into one directory (the thread sanitizer runs this; tests/cli kills
// it).
#include "gramian/studies/runner.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>

#include "gramian/studies/draw.h"
#include "gramian/studies/shard.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

#ifdef GRAMIAN_SANITIZED
constexpr std::uint64_t kPrompts = 500;
#else
constexpr std::uint64_t kPrompts = 5'000;
#endif

// One layer of each kind on one problem.
std::vector<Cell> small_cells() {
  std::vector<Cell> cells;
  for (const std::string kind : {"gdpp", "diag", "full"}) {
    cells.push_back(
        {.name = cell_name(kind, 1, false, "small"),
         .title = cell_title(kind, 1, false, "a small problem"),
         .group = "small",
         .kind = kind,
         .layers = 1,
         .problem = "a small problem",
         .starts =
             [kind](int seed, const Effort& effort) {
               return std::vector{
                   parse_config("", "test",
                                {"task.noise=uniform", "task.sigma=[0, 1]", "model.layers=1",
                                 "model.kind=" + kind, fmt::format("train.seed={}", seed),
                                 fmt::format("train.steps={}", effort.steps), "train.batch=256",
                                 "train.threads=1"})
                       .value()};
             },
         .examination =
             [](const Effort&) {
               return Examination{.prompts = kPrompts,
                                  .single_query_prompts = kPrompts / 5,
                                  .profile_prompts = 100,
                                  .sigmas = {0, 1},
                                  .tuning_prompts = 1'000};
             }});
  }
  return cells;
}

StudyOptions options_for(const std::string& directory) {
  return {.directory = directory, .effort = {.steps = 20, .quick = true}, .threads = 2};
}

TEST(Runner, TrainsEveryCellOnceAndFindsItAgain) {
  const TemporaryFolder folder;
  const StudyOptions options = options_for(folder / "s");
  const auto archive = carry_out(small_cells(), options);
  ASSERT_TRUE(archive) << test::message_of(archive);
  for (const Cell& cell : small_cells()) {
    const Trained* trained = archive->best(cell.name);
    ASSERT_NE(trained, nullptr);
    EXPECT_EQ(trained->steps, 20);
    EXPECT_EQ(trained->scores.prompts, kPrompts);
    // The standard error with single queries is the root of the variance of the mean.
    const double variance =
        trained->scores.single_query_covariances.of("model", "model").value_or(0);
    EXPECT_NEAR(trained->scores.single_query.se, std::sqrt(variance / (kPrompts / 5)),
                1e-9 * trained->scores.single_query.se);
    EXPECT_GT(trained->scores.adjusted.at("model").mean, trained->scores.adjusted.at("bayes").mean);
    EXPECT_TRUE(
        fs::exists(fmt::format("{}/{}/model.safetensors", options.directory, trained->directory)));
  }
  // Again: nothing is written.
  std::map<std::string, fs::file_time_type> before;
  for (const auto& entry : fs::recursive_directory_iterator(options.directory)) {
    if (entry.is_regular_file()) before[entry.path()] = entry.last_write_time();
  }
  ASSERT_TRUE(carry_out(small_cells(), options));
  for (const auto& [path, time] : before) EXPECT_EQ(fs::last_write_time(path), time) << path;

  const auto outlook = look_ahead(small_cells(), options);
  ASSERT_TRUE(outlook);
  EXPECT_EQ(outlook->runs, 3);
  EXPECT_EQ(outlook->done, 3);
  EXPECT_EQ(outlook->seconds_left, 0);

  // Other settings are other runs.
  StudyOptions more = options;
  more.effort.steps = 21;
  EXPECT_EQ(look_ahead(small_cells(), more)->done, 0);
  // A record whose evaluation is gone is not done.
  for (const auto& run : fs::directory_iterator(options.directory + "/runs")) {
    for (const auto& file : fs::directory_iterator(run)) {
      if (file.path().filename().string().starts_with("eval-")) fs::remove(file.path());
    }
  }
  EXPECT_EQ(look_ahead(small_cells(), options)->done, 0);
  ASSERT_TRUE(carry_out(small_cells(), options));
  EXPECT_EQ(look_ahead(small_cells(), options)->done, 3);
}

// Another directory, another day: what is kept is evaluated to the same numbers and not trained
// again, and what is not kept is trained and added.
TEST(Runner, GoesOnFromKeptNetworks) {
  const TemporaryFolder folder;
  StudyOptions first = options_for(folder / "first"), second = options_for(folder / "second");
  first.networks = second.networks = folder / "networks";
  first.effort.only = "diag";
  ASSERT_TRUE(carry_out(small_cells(), first));
  const auto archive = carry_out(small_cells(), second);
  ASSERT_TRUE(archive) << test::message_of(archive);
  const Unit diag = units_of(small_cells(), second)->at(1);
  const std::string own = fmt::format("{}/{}", second.networks, diag.name);
  EXPECT_TRUE(fs::exists(own + "/model.safetensors"));
  EXPECT_TRUE(fs::exists(own + "/config.toml"));
  EXPECT_EQ(fs::exists(diag.directories[0] + "/metrics.jsonl"), false);  // it was not trained here
  EXPECT_EQ(nlohmann::json::parse(slurp(diag.record)),
            nlohmann::json::parse(slurp(units_of(small_cells(), first)->at(1).record)));
  EXPECT_EQ(slurp(diag.directories[0] + "/" + diag.eval_name),
            slurp(units_of(small_cells(), first)->at(1).directories[0] + "/" + diag.eval_name));
  EXPECT_TRUE(training_curve(*archive->best(diag.cell.name), second)->empty());
  const std::vector<Unit> all = units_of(small_cells(), second).value();
  for (const Unit& unit : all) {
    EXPECT_TRUE(fs::exists(fmt::format("{}/{}/model.safetensors", second.networks, unit.name)));
    EXPECT_NE(slurp(second.networks + "/index.json").find(unit.name), std::string::npos);
  }
  // Trained otherwise: it is another network.
  StudyOptions longer = second;
  longer.directory = folder / "third";
  longer.effort.steps = 21;
  longer.effort.only = "diag";
  ASSERT_TRUE(carry_out(small_cells(), longer));
  EXPECT_TRUE(fs::exists(units_of(small_cells(), longer)->at(1).directories[0] + "/metrics.jsonl"));

  spill(second.networks + "/index.json", "{}");
  longer.directory = folder / "fourth";
  EXPECT_TRUE(
      is_error(carry_out(small_cells(), longer), ErrorKind::format, {"index of kept networks"}));
}

// The number of seeds is what is asked for, and else what the cell says.
TEST(Runner, ACellSaysHowManySeedsItHas) {
  std::vector<Cell> cells = small_cells();
  cells[0].seeds = 3;
  StudyOptions options = options_for("s");
  EXPECT_EQ(units_of(cells, options)->size(), 5u);
  options.seeds = 2;
  EXPECT_EQ(units_of(cells, options)->size(), 6u);
}

TEST(Runner, OnlyWhatIsAskedFor) {
  const TemporaryFolder folder;
  StudyOptions options = options_for(folder / "s");
  options.effort.only = "diag";
  const auto archive = carry_out(small_cells(), options);
  ASSERT_TRUE(archive) << test::message_of(archive);
  EXPECT_EQ(archive->best(small_cells()[0].name), nullptr);
  EXPECT_NE(archive->best(small_cells()[1].name), nullptr);
}

// What a kill in the first milliseconds leaves of a run: a folder with a part of its first file.
TEST(Runner, ARunThatWasKilledBeforeItBeganIsBegun) {
  const TemporaryFolder folder;
  const StudyOptions whole = options_for(folder / "whole"), killed = options_for(folder / "killed");
  ASSERT_TRUE(carry_out(small_cells(), whole));
  for (const auto& run : fs::directory_iterator(whole.directory + "/runs")) {
    const auto begun = fs::path(killed.directory) / "runs" / run.path().filename();
    fs::create_directories(begun);
    spill(begun / "config.toml.tmp", "[ta");
    spill(begun / "config.toml.0123456789abcdef.tmp", "");
  }
  const auto archive = carry_out(small_cells(), killed);
  ASSERT_TRUE(archive) << test::message_of(archive);
  for (const auto& run : fs::directory_iterator(whole.directory + "/runs")) {
    const auto other = fs::path(killed.directory) / "runs" / run.path().filename();
    EXPECT_EQ(slurp(other / "model.safetensors"), slurp(run.path() / "model.safetensors"));
  }
}

TEST(Runner, ADoneCellWithoutItsModelIsDoneAgain) {
  const TemporaryFolder folder;
  const StudyOptions options = options_for(folder / "s");
  ASSERT_TRUE(carry_out(small_cells(), options));
  std::map<std::string, std::string> models;
  for (const auto& run : fs::directory_iterator(options.directory + "/runs")) {
    const std::string path = run.path() / "model.safetensors";
    models[path] = slurp(path);
    fs::remove(path);
  }
  EXPECT_EQ(look_ahead(small_cells(), options)->done, 0);
  ASSERT_TRUE(carry_out(small_cells(), options));
  for (const auto& [path, bytes] : models) EXPECT_EQ(slurp(path), bytes);
}

// Shares of three processes, one after the other here, and one process alone.
TEST(Runner, SharesTogetherAreTheWhole) {
  const TemporaryFolder folder;
  const StudyOptions whole = options_for(folder / "whole"), shared = options_for(folder / "shared");
  ASSERT_TRUE(carry_out(small_cells(), whole));
  const auto units = units_of(small_cells(), shared).value();
  std::vector<double> costs;
  for (const Unit& unit : units) costs.push_back(unit.cost());
  for (int index = 0; index < 4; ++index) {  // the fourth has nothing to do
    std::vector<Unit> mine;
    for (const std::size_t place : share_of(costs, {index, 4})) mine.push_back(units[place]);
    EXPECT_EQ(mine.size(), index < 3 ? 1u : 0u);
    ASSERT_TRUE(carry_out(std::move(mine), shared));
    EXPECT_EQ(look_ahead(small_cells(), shared)->done, std::min(index + 1, 3));
  }
  // Solvers were tuned once, and are not tuned for those that come later.
  int tuned = 0;
  for (const auto& file : fs::directory_iterator(shared.directory + "/tuned"))
    tuned += file.path().extension() == ".json";
  EXPECT_EQ(tuned, 1);
  for (const auto& run : fs::directory_iterator(whole.directory + "/runs")) {
    const auto other = fs::path(shared.directory) / "runs" / run.path().filename();
    for (const auto& file : fs::directory_iterator(run)) {
      const std::string name = file.path().filename();
      const bool has_times = name != "model.safetensors" && name != "config.toml";
      if (has_times && !name.starts_with("eval-")) continue;
      EXPECT_EQ(slurp(other / name), slurp(file.path())) << name;
    }
  }
}

TEST(Runner, AUnitIsTheSameInTwoStudies) {
  const StudyOptions options = options_for("s");
  auto cells = small_cells();
  const auto other = small_cells();
  cells.insert(cells.end(), other.begin(), other.end());
  EXPECT_EQ(without_repetitions(units_of(cells, options).value()).size(), 3u);
  // One that is examined in another way has another evaluation.
  cells.back().examination = [](const Effort&) { return Examination{.prompts = 1}; };
  EXPECT_EQ(without_repetitions(units_of(cells, options).value()).size(), 4u);
}

TEST(Runner, OnlyIsATextOrAPattern) {
  const auto names = [](const std::string& only) {
    std::string list;
    for (const Cell& cell : selected_cells(small_cells(), only)) list += cell.name + " ";
    return list;
  };
  const std::string gdpp = "gdpp-L1-small ", diag = "diag-L1-small ", full = "full-L1-small ";
  EXPECT_EQ(names(""), gdpp + diag + full);
  EXPECT_EQ(names("g"), gdpp + diag);
  EXPECT_EQ(names("diag*"), diag);
  EXPECT_EQ(names("*g*"), gdpp + diag);
  EXPECT_EQ(names("?*?-L?-small"), gdpp + diag + full);
  EXPECT_EQ(names("[df]*"), diag + full);
  EXPECT_EQ(names("g*L1"), "");  // a pattern is of the whole name
  EXPECT_EQ(names("["), "");
}

TEST(Runner, OnlyKeepsWhatIsDone) {
  const TemporaryFolder folder;
  StudyOptions options = options_for(folder / "s");
  ASSERT_TRUE(carry_out(small_cells(), options));
  options.effort.only = "diag";
  const auto archive = carry_out(small_cells(), options);
  ASSERT_TRUE(archive) << test::message_of(archive);
  for (const Cell& cell : small_cells()) EXPECT_NE(archive->best(cell.name), nullptr) << cell.name;
  EXPECT_EQ(look_ahead(small_cells(), options)->runs, 1);
  options.effort.only = "DIAG";
  EXPECT_TRUE(is_error(carry_out(small_cells(), options), ErrorKind::usage, {"'DIAG'"}));
}

// An exception is the end of its cell, not of the process, and the other cells go on.
TEST(Runner, AnExceptionInACellIsReported) {
  const TemporaryFolder folder;
  const StudyOptions options = options_for(folder / "s");
  auto cells = small_cells();
  static std::atomic<bool> planning;
  planning = true;
  cells[1].make = [](const Config& config) -> Expected<std::unique_ptr<Experiment>> {
    if (!planning) throw std::bad_alloc();
    return make_experiment(config);
  };
  StudyOptions watched = options;
  watched.interrupted = [] {
    planning = false;
    return false;
  };
  EXPECT_TRUE(
      is_error(carry_out(cells, watched), ErrorKind::io, {cells[1].title, "not enough memory"}));
  planning = true;
  const auto outlook = look_ahead(cells, options);
  ASSERT_TRUE(outlook);
  EXPECT_EQ(outlook->done, 2);
}

TEST(Runner, TellsWhetherAnyRunIsTrained) {
  const TemporaryFolder folder;
  StudyOptions options = options_for(folder / "s");
  std::vector<bool> told;
  options.on_training = [&](bool training) { told.push_back(training); };
  ASSERT_TRUE(carry_out(small_cells(), options));
  ASSERT_GE(told.size(), 2u);
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], i % 2 == 0);
  EXPECT_FALSE(told.back());
}

TEST(Runner, AnInterruptionIsAnErrorThatSaysSo) {
  const TemporaryFolder folder;
  StudyOptions options = options_for(folder / "s");
  options.interrupted = [] { return true; };
  EXPECT_TRUE(is_error(carry_out(small_cells(), options), ErrorKind::interrupted,
                       {"the same command goes on"}));
}

TEST(Runner, ADamagedRecordIsDoneAgain) {
  const TemporaryFolder folder;
  const StudyOptions options = options_for(folder / "s");
  ASSERT_TRUE(carry_out(small_cells(), options));
  for (const auto& record : fs::directory_iterator(options.directory + "/cells"))
    spill(record.path(), "{\"steps\":");
  EXPECT_EQ(look_ahead(small_cells(), options)->done, 0);
  ASSERT_TRUE(carry_out(small_cells(), options));
  EXPECT_EQ(look_ahead(small_cells(), options)->done, 3);
}

}  // namespace
}  // namespace gramian
