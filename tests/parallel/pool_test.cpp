#include "gramian/parallel/pool.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
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

TEST(ThreadPool, ThrowsOnWhatABodyThrows) {
  for (const int threads : {1, 4}) {
    ThreadPool pool(threads);
    std::atomic<int> begun = 0;
    const auto body = [&](int chunk, int) {
      ++begun;
      if (chunk == 3) throw std::runtime_error("chunk 3");
    };
    EXPECT_THROW(pool.run(100'000, body), std::runtime_error);
    EXPECT_LT(begun, 100'000);  // what was not begun is left out
    std::atomic<int> sum = 0;
    pool.run(10, [&](int chunk, int) { sum += chunk; });  // the pool is as good as before
    EXPECT_EQ(sum, 45);
  }
}

// Bytes of address space that the process uses.
rlim_t address_space() {
  std::ifstream pages("/proc/self/statm");
  rlim_t count = 0;
  pages >> count;
  return count * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

// A thread needs address space for its stack, which can be limited for root too.
void work_with_few_threads() {
  alarm(20);  // in place of a hang
  const rlim_t most = address_space() + (rlim_t{100} << 20);
  const rlimit limit{most, most};
  setrlimit(RLIMIT_AS, &limit);
  ThreadPool pool(500);
  std::atomic<int> sum = 0;
  pool.run(1000, [&](int chunk, int) { sum += chunk; });
  _exit(pool.threads() < 500 && sum == 499'500 ? 0 : 1);
}

TEST(ThreadPoolDeathTest, WorksWithTheThreadsThatCanBeStarted) {
#ifdef GRAMIAN_SANITIZED
  GTEST_SKIP() << "sanitizers need the address space";
#endif
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(work_with_few_threads(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gramian
