// Studies of networks on tokens: the whole pipeline in small, and short training runs that end
// where the paper says.
#include "gramian/papers/gd/tokens.h"

#include <gtest/gtest.h>

#include "gramian/evaluation/token_alignment.h"
#include "gramian/papers/gd/paper.h"
#include "gramian/papers/papers.h"
#include "gramian/training/transformer_trainer.h"
#include "tests/support/files.h"
#include "tests/support/results.h"

namespace gramian::gd {
namespace {

using test::TemporaryFolder;

TEST(TokenStudies, DrawWhatTheyTrain) {
  const TemporaryFolder folder;
  const StudyOptions options{
      .directory = folder / "s", .effort = {.steps = 12, .quick = true}, .threads = 2};
  struct Expectation {
    const char* name;
    std::size_t claims;
    std::vector<std::size_t> rows;    // of each table
    std::vector<std::size_t> panels;  // of each figure
  };
  for (const auto& [name, claims, rows, panels] : {Expectation{"gd-fig4", 8, {4}, {3, 4}},
                                                   {"gd-fig5", 4, {}, {3}},
                                                   {"gd-fig12", 2, {2}, {2}}}) {
    SCOPED_TRACE(name);
    const auto result = reproduce(*find_study(name), options);
    ASSERT_TRUE(result) << test::message_of(result);
    EXPECT_TRUE(result->quick);
    EXPECT_EQ(result->claims.size(), claims);
    EXPECT_EQ(result->runs.size(), find_study(name)->cells().size());
    ASSERT_TRUE(result->publication);
    EXPECT_EQ(result->publication->arxiv, "2212.07677");
    EXPECT_EQ(result->order, find_study(name)->order);
    test::expect_finite(*result);
    ASSERT_EQ(result->tables.size(), rows.size());
    for (std::size_t k = 0; k < rows.size(); ++k)
      EXPECT_EQ(result->tables[k].rows.size(), rows[k]) << result->tables[k].id;
    ASSERT_EQ(result->figures.size(), panels.size());
    for (std::size_t k = 0; k < panels.size(); ++k)
      EXPECT_EQ(result->figures[k].panels.size(), panels[k]) << result->figures[k].id;
    EXPECT_EQ(result->figures.back().id, name);
  }
}

TEST(GradientDescentStudies, HaveTheCellsOfThePaper) {
  // One layer, several, sines, copying, softmax.
  EXPECT_EQ(test::count_cells(paper), 4u + 5 + 4 + 1 + 2);
  EXPECT_EQ((Setting{.layers = 5, .n = 10}.cell().name), "full-L5-looped-uniform-inputs-n10");
  EXPECT_EQ((Setting{.layers = 5, .n = 10, .tied = false}.cell().title),
            "FULL, L = 5, x ~ U(-1/2, 1/2), n = 10");
}

TEST(TokenStudies, ACellIsNamedByItsNetwork) {
  EXPECT_EQ(sine_cell(kMlp, true).name, "mlp-L1-sines-correlated");
  EXPECT_EQ(interleaved_cell().name, "copying-L2-interleaved");
  EXPECT_NE(unit_name(sine_cell(kMlp, true), 0, {}), unit_name(sine_cell(kMlp, false), 0, {}));
}

#ifndef GRAMIAN_SANITIZED

// The recipe of a cell with other steps and batches.
struct Short {
  TransformerExperiment experiment;
  Transformer transformer;
};
Short train(const Cell& cell, std::int64_t steps, int batch) {
  const auto tokens = transformer_experiment(cell.starts(0, {.steps = steps}).front()).value();
  TrainSpec spec = tokens.train;
  spec.batch = batch;
  ThreadPool pool(1);
  const auto trainer = TransformerTrainer::create(
      tokens.task, Transformer::initial(tokens.transformer, tokens.start, 0).value(), spec, pool);
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
