// Studies of networks on tokens: the whole pipeline in small, and short training runs that end
// where the paper says.
#include "gramian/papers/gd/tokens.h"

#include <gtest/gtest.h>

#include "gramian/evaluation/token_alignment.h"
#include "gramian/papers/papers.h"
#include "gramian/training/transformer_trainer.h"
#include "tests/support/files.h"

namespace gramian::gd {
namespace {

using test::TemporaryFolder;

TEST(TokenStudies, DrawWhatTheyTrain) {
  const TemporaryFolder folder;
  const StudyOptions options{
      .directory = folder / "s", .effort = {.steps = 12, .quick = true}, .threads = 2};
  for (const char* name : {"gd-fig4", "gd-fig5", "gd-fig12"}) {
    SCOPED_TRACE(name);
    const auto result = reproduce(*find_study(name), options);
    ASSERT_TRUE(result) << test::message_of(result);
    EXPECT_TRUE(result->quick);
    EXPECT_FALSE(result->claims.empty());
    EXPECT_EQ(result->runs.size(), find_study(name)->cells().size());
    for (const Claim& claim : result->claims) EXPECT_FALSE(claim.detail.empty()) << claim.text;
    for (const Figure& figure : result->figures) {
      for (const Panel& panel : figure.panels) {
        for (const Series& series : panel.series)
          EXPECT_FALSE(series.points.empty()) << panel.title << series.name;
      }
    }
  }
}

TEST(TokenStudies, ACellIsNamedByItsNetwork) {
  EXPECT_EQ(sine_cell(kMlp, true).name, "mlp-L1-sines-correlated");
  EXPECT_EQ(interleaved_cell().name, "copying-L2-interleaved");
  EXPECT_NE(unit_name(sine_cell(kMlp, true), 0, {}), unit_name(sine_cell(kMlp, false), 0, {}));
}

#ifndef GRAMIAN_SANITIZED

// The recipe of a cell with other steps and batches.
struct Short {
  TokenExperiment experiment;
  Transformer transformer;
};
Short train(const Cell& cell, std::int64_t steps, int batch) {
  const auto tokens = transformer_experiment(cell.starts(0, {.steps = steps}).front()).value();
  TrainSpec spec = tokens.train;
  spec.batch = batch;
  ThreadPool pool(1);
  const auto trainer = TransformerTrainer::create(
      tokens.task, Transformer::initial(tokens.transformer, tokens.init_noise, 0).value(), spec,
      pool);
  while (!trainer->done()) EXPECT_TRUE(trainer->step());
  return {tokens, trainer->transformer()};
}

double loss_of(const Short& s) {
  ThreadPool pool(1);
  return token_loss(s.experiment.task, predictor(s.experiment.task, s.transformer), 10'000, 1, pool)
      .mean();
}

// One head of softmax cannot be the step of gradient descent, two heads nearly can.
TEST(TokenStudies, TwoHeadsOfSoftmaxDoWhatOneCannot) {
  const double one = loss_of(train(softmax_cell(1), 1'500, 512)),
               two = loss_of(train(softmax_cell(2), 1'500, 512));
  EXPECT_GT(one, 1.2 * kOneStepLoss);
  EXPECT_LT(one, kZeroLoss);
  EXPECT_LT(two, 1.1 * kOneStepLoss);
}

// On interleaved tokens the first layer learns to copy.
TEST(TokenStudies, TheFirstLayerCopies) {
  const Short s = train(interleaved_cell(), 6'000, 128);
  const auto read = state_sensitivity(s.experiment.task, s.transformer, 1, 32, 1);
  ASSERT_TRUE(read);
  EXPECT_GT(read->next, 5 * read->others);
  EXPECT_LT(loss_of(s), 0.75 * kZeroLoss);
}

#endif

}  // namespace
}  // namespace gramian::gd
