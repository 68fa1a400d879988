#include "gramian/solvers/solver.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

TEST(Solvers, StandWhereTheirPositionsSay) {
  const auto solvers = make_solvers(NoisePrior::uniform(0, 5).value(), 20, 4);
  EXPECT_EQ(solvers[kOracle]->name(), "oracle");
  EXPECT_EQ(solvers[kBayes]->name(), "bayes");
  EXPECT_EQ(solvers[kOls]->name(), "ols");
}

TEST(Solvers, IterationsHaveTitlesOfTheirOwn) {
  std::set<std::string> names, titles;
  const auto solvers = make_step_solvers(1);
  for (const auto& solver : solvers) {
    EXPECT_NE(solver->title(), solver->name()) << "a key is no title";
    names.insert(solver->name());
    titles.insert(solver->title());
  }
  EXPECT_EQ(names.size(), solvers.size());
  EXPECT_EQ(titles.size(), solvers.size());
}

// Constants that were tuned elsewhere, such as those of a file, are as good as tuning.
TEST(Solvers, WithTheConstantsOfAnotherSolveToTheSameBits) {
  TaskSpec spec;
  spec.d = 3;
  spec.n = 8;
  spec.noise = kUniform5;
  const auto task = RegressionTask::create(spec).value();
  SpectrumBatch prompts(task, kLanes);
  PromptSampler<double> sampler(task);
  PromptBlock<double> block(task.d());
  sampler.sample({.seed = 7}, kLanes, block);
  prompts.fill(block, kLanes, 0);
  const auto both = [&](int steps) {
    auto solvers = make_solvers(kUniform5, task.n(), steps);
    for (auto& solver : make_step_solvers(steps)) solvers.push_back(std::move(solver));
    return solvers;
  };
  const auto tuned = both(3), others = both(3);
  std::vector<double> one(3), other(3);
  for (std::size_t s = 0; s < tuned.size(); ++s) {
    tuned[s]->tune(prompts);
    std::vector<double> values;
    for (const auto& constant : tuned[s]->constants()) values.push_back(constant.value);
    others[s]->set_constants(values);
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      tuned[s]->solve(prompts[p], one);
      others[s]->solve(prompts[p], other);
      EXPECT_EQ(one, other) << tuned[s]->name();
    }
  }
}

}  // namespace
}  // namespace gramian::test
