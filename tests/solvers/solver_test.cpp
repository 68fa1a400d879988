#include "gramian/solvers/solver.h"

#include <gtest/gtest.h>

#include <set>

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

}  // namespace
}  // namespace gramian::test
