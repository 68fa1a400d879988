// A paper is a folder and a line: this one is built against the library as it is, trains, is
// interrupted and resumed, draws, judges and is reported.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "gramian/report/report.h"
#include "gramian/runs/transformer_file.h"
#include "gramian/tasks/token_task.h"
#include "tests/papers/tiny/paper.h"
#include "tests/papers/tiny/task.h"
#include "tests/support/files.h"
#include "tests/support/results.h"

namespace gramian::tiny {
namespace {

namespace fs = std::filesystem;

// The line.
constexpr const Paper* kPapers[] = {&paper};

StudyOptions options_for(const std::string& folder, std::int64_t steps = 0) {
  return {.directory = folder, .effort = {.steps = steps}, .threads = 1};
}

const Study& study() {
  static const std::vector<Study> studies = studies_of(kPapers);
  return studies.front();
}

std::string model_of(const std::string& folder) {
  for (const auto& run : fs::directory_iterator(folder + "/runs"))
    return run.path().string() + "/model.safetensors";
  return {};
}

TEST(TinyPaper, TrainsDrawsJudgesAndIsReported) {
  const test::TemporaryFolder folder;
  const auto result = reproduce(study(), options_for(folder.path()));
  ASSERT_TRUE(result) << result.error().message;
  test::expect_finite(*result);
  EXPECT_EQ(result->runs.size(), 1u);
  EXPECT_EQ(test::failing(result->claims), std::vector<int>{});

  // Its file says what the network is.
  const auto model = load_transformer(model_of(folder.path()));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->spec().blocks.front().mlp.kind, MlpKind::relu);

  const auto summary = write_report(folder.path(), folder / "report.html");
  ASSERT_TRUE(summary) << summary.error().message;
  const std::string page = test::slurp(folder / "report.html");
  EXPECT_NE(page.find(paper.title), page.npos);
  EXPECT_NE(page.find(study().title), page.npos);
}

TEST(TinyPaper, ItsClaimFailsWhereNothingWasLearned) {
  const test::TemporaryFolder folder;
  const auto result = reproduce(study(), options_for(folder.path(), 1));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(test::failing(result->claims), std::vector<int>{0});
  EXPECT_EQ(test::failing(claims({.model = {0.10, 0.01}, .zero = {0.3, 0.01}})),
            std::vector<int>{});
  EXPECT_EQ(test::failing(claims({.model = {0.12, 0.01}, .zero = {0.3, 0.01}})),
            std::vector<int>{0});
}

TEST(TinyPaper, GoesOnToTheSameBitsAfterAnInterruption) {
  const test::TemporaryFolder whole, parts;
  ASSERT_TRUE(reproduce(study(), options_for(whole.path(), 40)));

  StudyOptions stopping = options_for(parts.path(), 40);
  int steps = 0;
  stopping.interrupted = [&] { return ++steps > 15; };
  EXPECT_TRUE(test::is_error(reproduce(study(), stopping), ErrorKind::interrupted, {}));
  ASSERT_TRUE(reproduce(study(), options_for(parts.path(), 40)));
  EXPECT_EQ(test::slurp(model_of(parts.path())), test::slurp(model_of(whole.path())));
  EXPECT_EQ(test::slurp(parts / "results/tiny-fig1.csv"),
            test::slurp(whole / "results/tiny-fig1.csv"));
}

// E |x - b| = 2/3 and E |x - b|^2 = 2/3 for two numbers that are uniform between -1 and 1.
TEST(TinyPaper, ItsTaskIsTheOneThatItSays) {
  const auto task = TokenTask::create(bent_pairs(8), TokenLayout::joined).value();
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  double sum = 0, squares = 0;
  constexpr int kBlocks = 500;
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    sampler.sample({.seed = 1, .stream = 1, .step = 0, .first = b * kLanes}, kLanes, block);
    for (std::size_t p = 0; p < kLanes; ++p) {
      sum += block.target[p];
      squares += block.target[p] * block.target[p];
    }
  }
  // The deviations of the two are 0.471 and 0.788; five standard errors.
  EXPECT_NEAR(sum / (kBlocks * kLanes), 2.0 / 3, 5 * 0.471 / std::sqrt(kBlocks * kLanes));
  EXPECT_NEAR(squares / (kBlocks * kLanes), 2.0 / 3, 5 * 0.788 / std::sqrt(kBlocks * kLanes));
}

}  // namespace
}  // namespace gramian::tiny
