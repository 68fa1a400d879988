// Whatever is wrong is said in words, with the right exit code, at once, and nothing is written.
#include <functional>

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

// What refusing may cost: memory for one prompt, not for what was asked. The sanitizers keep
// shadows of all memory, and are slow to start.
#ifdef GRAMIAN_SANITIZED
constexpr double kMostMegabytes = 400, kMostSeconds = 8;
#else
constexpr double kMostMegabytes = 64, kMostSeconds = 1;
#endif

testing::AssertionResult refuses(const Outcome& outcome, int exit_code,
                                 std::initializer_list<std::string_view> parts) {
  if (outcome.peak_megabytes > kMostMegabytes || outcome.cpu_seconds > kMostSeconds) {
    return testing::AssertionFailure()
           << "took " << outcome.peak_megabytes << " MB, " << outcome.cpu_seconds << " s";
  }
  if (!outcome.out.empty()) return testing::AssertionFailure() << "printed: " << outcome.out;
  return fails(outcome, exit_code, parts);
}

class BadInput : public testing::Test {
 protected:
  // Both commands that read a configuration refuse these settings in the same words.
  void expect_refused(const Arguments& settings,
                      std::initializer_list<std::string_view> parts) const {
    Arguments solve = settings;
    solve.insert(solve.begin(), {"solve", shop_.config(), "--json", shop_ / "solve.json"});
    EXPECT_TRUE(refuses(run_gramian(solve), 2, parts)) << "solve " << settings.front();
    EXPECT_TRUE(refuses(shop_.train("run", settings), 2, parts)) << "train " << settings.front();
    expect_nothing_written();
  }
  void expect_nothing_written() const {
    for (const auto& entry : fs::directory_iterator(shop_.path())) {
      EXPECT_EQ(entry.path().filename(), "config.toml");
    }
  }

  Workshop shop_;
};

TEST_F(BadInput, UnknownKeysAreSuggested) {
  expect_refused({"task.dimension=3"}, {"unknown key [task.dimension]", "(command line)"});
  expect_refused({"train.lerning_rate=1"},
                 {"unknown key [train.lerning_rate]", "did you mean 'train.learning_rate'?"});
  expect_refused({"layers=1"}, {"unknown key [layers]", "did you mean 'model.layers'?"});
  spill(shop_.config(), "[task]\nd = 3\n[modle]\nlayers = 2\n[train]\nstesp = 7\n");
  expect_refused({"task.n=5"},
                 {"unknown section [modle]", "config.toml:3", "did you mean [model]?",
                  "unknown key [train.stesp]", "config.toml:6", "did you mean 'train.steps'?"});
}

TEST_F(BadInput, ValuesMustBeInRange) {
  expect_refused({"task.d=0"}, {"[task.d] must be an integer in [1, 256], got 0 (command line)"});
  expect_refused({"task.n=0"}, {"[task.n] must be an integer in [1, ", "got 0"});
  expect_refused({"task.d=-1"}, {"[task.d]", "got -1"});
  expect_refused({"task.sigma=[-1, 1]"}, {"[task.sigma]", "got -1 as entry 1"});
  expect_refused({"task.sigma=[2, 1]"},
                 {"[task.sigma] must be [low, high] with low <= high", "got [2, 1]"});
  expect_refused({"train.learning_rate=0"},
                 {"[train.learning_rate] must be a number in (0, 10], got 0"});
  expect_refused({"train.warmup=1.5"}, {"[train.warmup]", "got 1.5"});
  expect_refused({"model.layers=101"}, {"[model.layers]", "got 101"});
  expect_refused({"eval.prompts=0"}, {"[eval.prompts]", "got 0"});
}

TEST_F(BadInput, NumbersMustBeFinite) {
  for (const char* value : {"nan", "inf", "-inf", "1e999"}) {
    expect_refused({fmt::format("train.learning_rate={}", value)},
                   {"[train.learning_rate] must be a number in (0, 10]"});
    expect_refused({fmt::format("task.sigma=[0, {}]", value)}, {"[task.sigma]"});
    expect_refused({fmt::format("task.covariance=[1, 1, {}]", value)}, {"[task.covariance]"});
    expect_refused({std::string("task.d=") + value}, {"[task.d]"});
  }
}

TEST_F(BadInput, ValuesMustHaveTheirType) {
  expect_refused({"task.d=ten"}, {"[task.d] must be an integer", "got \"ten\""});
  expect_refused({"task.d=2.5"}, {"[task.d] must be an integer", "got 2.5"});
  expect_refused({"task.d=[1]"}, {"[task.d] must be an integer", "got an array of 1"});
  expect_refused(
      {"model.kind=dense"},
      {"[model.kind] must be one of full, diag, gdpp, preconditioned, transformer, graph, "
       "got \"dense\""});
  expect_refused({"model.tied=1"}, {"[model.tied] must be true or false, got 1"});
  expect_refused({"task.d="}, {"[task.d] must be an integer"});
  expect_refused({"task.d"}, {"expected key=value, got 'task.d'"});
  spill(shop_.config(), "[task]\nd = \"ten\"\n");
  expect_refused({"task.n=5"},
                 {"[task.d] must be an integer in [1, 256], got \"ten\"", "config.toml:2"});
  spill(shop_.config(), "[task\nd = 3\n");
  expect_refused({"task.n=5"}, {"config.toml:1:"});
}

TEST_F(BadInput, CombinationsMustMeanSomething) {
  expect_refused({"task.family=sine"},
                 {"[task.family] is for [model.kind] transformer", "diag", "command line"});
  expect_refused({"model.hidden=8"}, {"[model.hidden] is for [model.kind] transformer"});
  expect_refused({"model.kind=transformer", "model.softmax_layers=9"},
                 {"[model.softmax_layers]", "got 9"});
  expect_refused({"model.kind=transformer", "task.family=sine", "task.amplitude=1"},
                 {"[task.amplitude] must be [low, high]", "1 numbers"});
  expect_refused({"model.kind=transformer", "task.correlated=true"},
                 {"[task.correlated] is for [task.family] sine, not for linear", "command line"});
  expect_refused({"model.kind=transformer", "train.optimiser=soap"},
                 {"[train.optimiser]", "transformer"});
  expect_refused({"model.heads=2"}, {"[model.heads] = 2", "full only"});
  expect_refused({"task.covariance=[1, 2]"},
                 {"[task.covariance]", "d = 3", "got 2 on the diagonal"});
  expect_refused({"task.covariance=[[1, 2, 0], [2, 1, 0], [0, 0, 1]]"},
                 {"[task.covariance]", "positive definite"});
  expect_refused({"task.sampler=gram", "task.inputs=uniform"},
                 {"[task.sampler] gram", "[task.inputs] gaussian"});
  expect_refused({"model.query_in_keys=true"}, {"[model.query_in_keys]", "sampled"});
}

// Each of these would need more memory than any machine has; they must be refused before that.
TEST_F(BadInput, AbsurdSizesAreRefusedAtOnce) {
  expect_refused({"task.d=1000000000"}, {"[task.d] must be an integer in [1, 256]"});
  expect_refused({"task.d=99999999999999999999"}, {"[task.d]"});
  expect_refused({"task.n=1e18"}, {"[task.n] must be an integer in [1, "});
  expect_refused({"task.n=1e8", "task.d=256", "task.sampler=tokens"},
                 {"[task.n] = 100000000", "token sampler"});
  expect_refused({"task.d=256", "model.kind=full", "model.layers=100", "model.heads=64"},
                 {"parameters; at most"});
  expect_refused({"task.d=256", "model.kind=full", "model.layers=50", "train.batch=1e6"}, {"GB"});
  expect_refused(
      {"task.d=256", "model.kind=full", "model.layers=50", "train.batch=16", "train.threads=1024"},
      {"[train.threads] = 1024", "GB"});
  expect_refused({"train.batch=1e12"}, {"[train.batch]"});
  expect_refused({"eval.prompts=1e30"}, {"[eval.prompts]"});
  expect_refused({"eval.tuning_prompts=1e12"}, {"[eval.tuning_prompts]"});
}

TEST_F(BadInput, MissingFilesAreNamed) {
  const std::string none = shop_ / "none.toml";
  EXPECT_TRUE(
      refuses(run_gramian({"train", none, "--out", shop_ / "run"}), 3, {none, "No such file"}));
  EXPECT_TRUE(refuses(run_gramian({"solve", none}), 3, {none, "No such file"}));
  EXPECT_TRUE(
      refuses(run_gramian({"eval", shop_ / "none"}), 3, {shop_ / "none", "does not exist"}));
  EXPECT_TRUE(
      refuses(run_gramian({"eval", shop_.config()}), 2, {shop_.config(), "--task FILE.toml"}));
  EXPECT_TRUE(refuses(run_gramian({"solve", "/dev/zero"}), 3, {"/dev/zero", "at most"}));
  expect_nothing_written();
}

TEST_F(BadInput, ADirectoryInUseIsLeftAlone) {
  ASSERT_TRUE(succeeds(shop_.train("run")));
  const std::string model = slurp(shop_ / "run/model.safetensors");
  EXPECT_TRUE(refuses(shop_.train("run"), 3, {shop_ / "run", "not empty", "--resume"}));
  EXPECT_TRUE(refuses(shop_.train("run", {"--resume", "train.seed=5"}), 2,
                      {"[train] seed = 5", "seed = 0"}));
  EXPECT_EQ(slurp(shop_ / "run/model.safetensors"), model);
}

TEST_F(BadInput, UnwritablePlacesAreNamed) {
  const auto train_into = [&](const std::string& out) {
    return run_gramian({"train", shop_.config(), "--out", out});
  };
  // These cannot be written by root either.
  EXPECT_TRUE(refuses(train_into("/proc/run"), 3, {"/proc/run"}));
  EXPECT_TRUE(
      refuses(train_into(shop_.config() + "/run"), 3, {"config.toml/run", "Not a directory"}));
  EXPECT_TRUE(refuses(train_into(shop_.config()), 3, {"config.toml", "it is a file"}));
  EXPECT_TRUE(refuses(train_into(""), 3, {"run directory"}));
  for (const char* place : {"/none/a.json", "/dev/full"}) {
    const auto outcome =
        run_gramian({"solve", shop_.config(), "--prompts", "100", "--json", place});
    EXPECT_TRUE(fails(outcome, 3, {"cannot write", place}));
  }
  expect_nothing_written();
}

TEST_F(BadInput, EvalKeepsToTheTrainedModel) {
  ASSERT_TRUE(succeeds(shop_.train("run")));
  const auto eval = [&](const char* setting) {
    return run_gramian({"eval", shop_ / "run", setting});
  };
  EXPECT_TRUE(refuses(eval("model.layers=3"), 2, {"model.layers=3", "trained already"}));
  EXPECT_TRUE(refuses(eval("train.steps=3"), 2, {"train.steps=3", "trained already"}));
  EXPECT_TRUE(refuses(eval("task.d=4"), 2, {"[task.d] is 4", "d = 3", "model.safetensors"}));
  EXPECT_TRUE(refuses(eval("eval.promts=4"), 2, {"unknown key [eval.promts]", "'eval.prompts'"}));
  EXPECT_TRUE(refuses(run_gramian({"eval", shop_ / "run", "--prompts", "many"}), 2,
                      {"[eval.prompts]", "\"many\""}));
  EXPECT_TRUE(
      refuses(run_gramian({"eval", shop_ / "run", "--prompts", ""}), 2, {"[eval.prompts]"}));
  EXPECT_TRUE(
      refuses(run_gramian({"eval", shop_ / "run", "--seed", "-1"}), 2, {"[eval.seed]", "-1"}));
  EXPECT_FALSE(fs::exists(shop_ / "run/eval.json"));
}

TEST_F(BadInput, EvalRefusesModelsThatAreNone) {
  ASSERT_TRUE(succeeds(shop_.train("run")));
  const std::string path = shop_ / "run/model.safetensors";
  const std::string whole = slurp(path);
  const auto expect_refused_as = [&](std::initializer_list<std::string_view> parts) {
    EXPECT_TRUE(refuses(run_gramian({"eval", shop_ / "run"}), 3, {path}));
    EXPECT_TRUE(refuses(run_gramian({"eval", shop_ / "run"}), 3, parts));
    EXPECT_FALSE(fs::exists(shop_ / "run/eval.json"));
  };
  spill(path, "pickled by somebody");
  expect_refused_as({"not a safetensors file"});
  spill(path, whole.substr(0, whole.size() - 8));
  expect_refused_as({"outside the"});
  spill(path, whole.substr(0, 100));
  expect_refused_as({"truncated"});
  spill(path, slurp(shop_ / "run/checkpoint.safetensors"));
  expect_refused_as({"not a model", "layers.0.P"});
  fs::remove(path);
  expect_refused_as({"cannot read", "No such file"});
  // Models of other runs.
  ASSERT_TRUE(succeeds(shop_.train("deeper", {"model.layers=3"})));
  spill(path, slurp(shop_ / "deeper/model.safetensors"));
  expect_refused_as({"it has 3 layers", "not 2"});
  ASSERT_TRUE(succeeds(shop_.train("wider", {"task.d=4"})));
  spill(path, slurp(shop_ / "wider/model.safetensors"));
  EXPECT_TRUE(refuses(run_gramian({"eval", shop_ / "run"}), 2, {path, "[task.d] is 3", "d = 4"}));
  // And back in order.
  spill(path, whole);
  EXPECT_TRUE(succeeds(run_gramian({"eval", shop_ / "run"})));
}

TEST_F(BadInput, AFullStandardOutputIsAnError) {
  // One that fails at the last flush, and one that is longer than the buffer.
  for (const char* settings :
       {"",
        "'eval.profile=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
        "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]'"}) {
    const auto command = fmt::format("{} solve {} --prompts 64 {} >/dev/full", GRAMIAN_PROGRAM,
                                     shop_.config(), settings);
    EXPECT_TRUE(fails(test::Process({"/bin/sh", "-c", command}).wait(), 3, {"cannot write"}));
  }
}

}  // namespace
}  // namespace gramian
