#include "gramian/runs/trained_run.h"

#include <gtest/gtest.h>

#include "gramian/runs/model_file.h"
#include "gramian/runs/train_run.h"
#include "tests/support/cases.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::TemporaryFolder;

class TrainedRuns : public testing::Test {
 protected:
  void SetUp() override {
    constexpr const char* kText =
        "[task]\nd = 3\nn = 6\n[model]\nlayers = 2\n[train]\nsteps = 4\nbatch = 64\nthreads = 1\n";
    const auto config = parse_config(kText, "small.toml", {});
    ASSERT_TRUE(config) << test::message_of(config);
    const auto done = train_run(*config, folder_ / "run", {false, "the test", {}});
    ASSERT_TRUE(done) << test::message_of(done);
  }
  RunDirectory directory() const { return RunDirectory::open(folder_ / "run").value(); }

  TemporaryFolder folder_;
};

TEST_F(TrainedRuns, AreTheModelAndItsTask) {
  const auto run = load_trained_run(directory());
  ASSERT_TRUE(run) << test::message_of(run);
  EXPECT_EQ(run->network.theta, load_model(directory().model()).value().theta);
  EXPECT_EQ(run->network.spec.layers, 2);
  EXPECT_EQ(run->experiment.task.d(), 3);
  EXPECT_EQ(run->experiment.task.n(), 6);
  EXPECT_EQ(load_trained_run(directory(), {"task.n=9"})->experiment.task.n(), 9);
}

TEST_F(TrainedRuns, RefuseWhatDoesNotFitTogether) {
  EXPECT_TRUE(is_error(load_trained_run(directory(), {"task.d=4"}), ErrorKind::config,
                       {"[task.d] is 4", "was trained for d = 3"}));
  EXPECT_TRUE(is_error(load_trained_run(directory(), {"task.dd=4"}), ErrorKind::config,
                       {"unknown key [task.dd]"}));
  const test::NetworkCase other{{.kind = Parametrisation::diag, .d = 3, .layers = 3}, 6};
  ASSERT_TRUE(save_model(directory().model(), test::random_network(other, 1), 6));
  EXPECT_TRUE(is_error(load_trained_run(directory()), ErrorKind::format,
                       {"is not the model of", "3 layers", "not 2"}));
  std::filesystem::remove(directory().model());
  EXPECT_TRUE(is_error(load_trained_run(directory()), ErrorKind::io, {"model.safetensors"}));
}

}  // namespace
}  // namespace gramian
