// A model of a family as a function of its weights.
#include "gramian/runs/trained_system.h"

#include <gtest/gtest.h>

#include "tests/runs/small_run.h"

namespace gramian::test {
namespace {

// A transformer through the interface of its family: the start has the loss of rank 0, and weights
// that are pruned stay zero when the rest is trained.
TEST(TrainedSystem, OfATransformerOnTokens) {
  const auto config = small_run({"model.kind=transformer", "model.layers=1", "model.heads=1",
                                 "train.batch=32", "train.steps=3"});
  const auto experiment = make_experiment(config).value();
  ThreadPool pool(2);
  const auto loop = experiment->begin(pool, {}).value();
  const std::vector<double> start = loop->theta();
  while (!loop->done()) ASSERT_TRUE(loop->step());
  const auto model = experiment->model(loop->theta());
  const LossPrompts prompts{.prompts = 200, .seed = 3};
  const TrainedSystem system = system_of(*experiment, *model, start, prompts, pool);
  ASSERT_EQ(system.matrices.size(), 4u);
  EXPECT_EQ(system.matrices[0].name, "layers.0.heads.0.Q");
  const auto changes = examine_changes(system, {.retrain_steps = 2});
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->truncations.front().loss.mean(),
            experiment->mean_loss(*experiment->model(start), 200, 3, pool)->mean());
  EXPECT_NEAR(changes->truncations.back().loss.mean(), changes->trained.mean(), 1e-9);
  for (const PruningCost& cost : changes->pruning) EXPECT_TRUE(cost.after) << cost.failure;

  std::vector<bool> keep(start.size(), true);
  std::vector<double> theta = loop->theta();
  keep[1] = false;
  theta[1] = 0;
  const auto rest = system.retrain(theta, keep, 2, {});
  ASSERT_TRUE(rest);
  EXPECT_EQ((*rest)[1], 0);
  EXPECT_NE((*rest)[2], theta[2]);
}

}  // namespace
}  // namespace gramian::test
