#include "gramian/runs/blowup_collection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "gramian/evaluation/accumulate.h"
#include "gramian/runs/train_run.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

// A run of a network with one input, which takes little.
class CountedRun {
 public:
  CountedRun() {
    const auto config = parse_config("", "test",
                                     {"task.d=1", "task.n=4", "task.noise=uniform",
                                      "task.sigma=[0, 1]", "model.layers=1", "model.kind=diag",
                                      "train.steps=20", "train.batch=256", "train.threads=1"})
                            .value();
    EXPECT_TRUE(train_run(config, directory(), {}));
    run_ = std::make_unique<TrainedRun>(
        load_trained_run(RunDirectory::open(directory()).value(), {}).value());
  }
  std::string directory() const { return folder_ / "run"; }
  const TrainedRun& run() const { return *run_; }
  BlowUpCollection open(double threshold) {
    return BlowUpCollection::open(directory(), *run_, threshold, pool_).value();
  }
  BlowUpCount whole(double threshold, std::uint64_t prompts) {
    NetworkPredictor predictor(run_->network, run_->experiment.task.n(), pool_.threads());
    return count_blowups(run_->experiment.task, predictor, threshold,
                         {.seed = kCountingSeed, .count = prompts}, pool_)
        .value();
  }

 private:
  TemporaryFolder folder_;
  ThreadPool pool_{2};
  std::unique_ptr<TrainedRun> run_;
};

constexpr std::uint64_t kCounted = BlowUpCollection::kBatchPrompts;
constexpr double kLow = 1;  // a loss that some prompts have

TEST(BlowUpCollection, CountsAreThoseOfOneGoHoweverTheRowsCame) {
  CountedRun counted;
  BlowUpCollection collection = counted.open(kLow);
  for (int batch = 0; batch < 3; ++batch) ASSERT_TRUE(collection.add_batch({}));
  const auto sum = collection.sum(2 * kCounted);
  ASSERT_TRUE(sum) << test::message_of(sum);
  EXPECT_TRUE(sum->met);
  const BlowUpCount whole = counted.whole(kLow, 2 * kCounted);
  EXPECT_EQ(sum->count.prompts, 2 * kCounted);  // the third is for a farther goal
  EXPECT_GT(whole.count, 0u);
  EXPECT_EQ(sum->count.count, whole.count);
  EXPECT_EQ(sum->count.largest, whole.largest);
  EXPECT_NEAR(sum->count.loss.mean(), whole.loss.mean(), 1e-12 * whole.loss.mean());
  EXPECT_FALSE(collection.sum(3 * kCounted + 1)->met);

  const std::string text = slurp(sum->path);
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  ASSERT_EQ(lines.size(), 4u);
  spill(sum->path, lines[3] + "\n" + lines[0] + "\n" + lines[2] + "\n" + lines[1] + "\n");
  EXPECT_EQ(to_row(0, collection.sum(2 * kCounted)->count), to_row(0, sum->count));
  // The first two lines as prompts of one: twice the same.
  spill(sum->path, lines[1] + "\n" + lines[1] + "\n");
  EXPECT_TRUE(is_error(collection.sum(1), ErrorKind::format, {sum->path + ":2", "count twice"}));
}

TEST(BlowUpCollection, AnotherThresholdIsAnotherFile) {
  CountedRun counted;
  BlowUpCollection low = counted.open(kLow), high = counted.open(1e6);
  ASSERT_TRUE(low.add_batch({}));
  EXPECT_EQ(high.sum(1)->count.prompts, 0u);
  EXPECT_NE(high.sum(1)->path, low.sum(1)->path);
  EXPECT_TRUE(is_error(low.add_batch([](std::uint64_t, std::uint64_t) { return false; }),
                       ErrorKind::interrupted, {}));
  EXPECT_EQ(low.sum(2 * kCounted)->count.prompts, kCounted);
}

}  // namespace
}  // namespace gramian
