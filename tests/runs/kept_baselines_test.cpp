#include "gramian/runs/kept_baselines.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "gramian/io/lock.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

RegressionTask kept_task(int n) {
  TaskSpec spec;
  spec.d = 3;
  spec.n = n;
  spec.noise = NoisePrior::uniform(0, 2).value();
  return RegressionTask::create(spec).value();
}

constexpr EvalSpec kTuning{.tuning_prompts = 500, .gd_steps = 4};

std::vector<fs::path> kept_in(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

void expect_same_constants(const Baselines& one, const Baselines& other) {
  EXPECT_EQ(one.blowup_threshold, other.blowup_threshold);
  EXPECT_EQ(one.tuning_prompts, other.tuning_prompts);
  ASSERT_EQ(one.list.size(), other.list.size());
  for (std::size_t s = 0; s < one.list.size(); ++s) {
    EXPECT_EQ(one.list[s].undefined, other.list[s].undefined);
    const auto a = one.list[s].solver->constants(), b = other.list[s].solver->constants();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t c = 0; c < a.size(); ++c)
      EXPECT_EQ(a[c].value, b[c].value) << one.list[s].solver->name() << " " << a[c].name;
  }
}

TEST(KeptBaselines, AreReadBackToTheBit) {
  const TemporaryFolder folder;
  ThreadPool pool(1);
  for (const int n : {8, 2}) {  // with n = 2 < d some solvers are undefined
    const auto task = kept_task(n);
    const auto tuned = tune_baselines(task, task.spec().noise, kTuning, pool);
    const auto first = kept_baselines(task, kTuning, folder / "tuned", pool);
    ASSERT_TRUE(first) << test::message_of(first);
    const auto second = kept_baselines(task, kTuning, folder / "tuned", pool);
    ASSERT_TRUE(second) << test::message_of(second);
    expect_same_constants(*first, tuned);
    expect_same_constants(*second, tuned);
  }
  EXPECT_EQ(kept_in(folder / "tuned").size(), 2u);
}

// What is read is the file: a constant that was changed in it comes back.
TEST(KeptBaselines, AreNotTunedAgain) {
  const TemporaryFolder folder;
  ThreadPool pool(1);
  const auto task = kept_task(8);
  ASSERT_TRUE(kept_baselines(task, kTuning, folder.path(), pool));
  const auto file = kept_in(folder.path()).at(0);
  std::string text = slurp(file);
  const auto name = text.find("\"sigma2\"");
  ASSERT_NE(name, text.npos);
  const auto value = text.find("\"value\": ", name) + 9;
  text.replace(value, text.find_first_of("\n,}", value) - value, "0.125");
  spill(file, text);
  const auto again = kept_baselines(task, kTuning, folder.path(), pool);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->list[1].solver->constants().at(0).value, 0.125);
  // Another seed, more prompts, more steps and another task are others.
  for (const EvalSpec& other : {EvalSpec{.seed = 2, .tuning_prompts = 500, .gd_steps = 4},
                                EvalSpec{.tuning_prompts = 501, .gd_steps = 4},
                                EvalSpec{.tuning_prompts = 500, .gd_steps = 5}}) {
    const auto tuned = kept_baselines(task, other, folder.path(), pool);
    EXPECT_NE(tuned->list[1].solver->constants().at(0).value, 0.125);
  }
  EXPECT_EQ(kept_in(folder.path()).size(), 4u);
}

TEST(KeptBaselines, ADamagedFileIsWrittenAnew) {
  const TemporaryFolder folder;
  ThreadPool pool(1);
  const auto task = kept_task(8);
  ASSERT_TRUE(kept_baselines(task, kTuning, folder.path(), pool));
  const auto file = kept_in(folder.path()).at(0);
  const std::string whole = slurp(file);
  std::string other_name = whole;
  other_name.replace(other_name.find("constrr"), 7, "nothing");
  for (const std::string& damaged :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"), other_name}) {
    spill(file, damaged);
    ASSERT_TRUE(kept_baselines(task, kTuning, folder.path(), pool));
    EXPECT_EQ(slurp(file), whole);
  }
}

TEST(KeptBaselines, WaitForWhoeverTunesUntilStopped) {
  const TemporaryFolder folder;
  ThreadPool pool(1);
  const auto task = kept_task(8);
  ASSERT_TRUE(kept_baselines(task, kTuning, folder.path(), pool));
  const auto file = kept_in(folder.path()).at(0);
  fs::remove(file);
  const auto lock = Lock::take((file.parent_path() / file.stem()).string());
  ASSERT_TRUE(lock);
  EXPECT_TRUE(is_error(kept_baselines(task, kTuning, folder.path(), pool, [] { return true; }),
                       ErrorKind::interrupted, {}));
  EXPECT_FALSE(fs::exists(file));
}

}  // namespace
}  // namespace gramian
