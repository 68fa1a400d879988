// A network trained on the spot, by one thread.
#pragma once

#include <gtest/gtest.h>

#include "gramian/training/trainer.h"

namespace gramian::test {

inline Network train(const RegressionTask& task, const NetworkSpec& spec, const InitialWeights& how,
                     const TrainSpec& train) {
  EXPECT_TRUE(check(task, spec, train));
  ThreadPool pool(1);
  const auto trainer = Trainer::create(task, Network::initial(spec, how, task.n(), 0), train, pool);
  while (!trainer->done()) EXPECT_TRUE(trainer->step());
  return trainer->network();
}

}  // namespace gramian::test
