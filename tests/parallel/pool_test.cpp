#include "gramian/parallel/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace gramian {
namespace {

TEST(ThreadPool, RunsEveryChunkOnce) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int chunks : {0, 1, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(chunks));
      pool.run(chunks, [&](int chunk, int thread) {
        ASSERT_GE(thread, 0);
        ASSERT_LT(thread, threads);
        ++runs[static_cast<std::size_t>(chunk)];
      });
      for (const auto& count : runs) EXPECT_EQ(count, 1);
    }
  }
}

// A thread that is late to one job must not run chunks of the next with old arguments.
TEST(ThreadPool, ManySmallJobsStayApart) {
  ThreadPool pool(4);
  for (int job = 0; job < 20000; ++job) {
    std::atomic<int> sum{0};
    pool.run(3, [&](int chunk, int) { sum += job + chunk; });
    ASSERT_EQ(sum, 3 * job + 3);
  }
}

}  // namespace
}  // namespace gramian
