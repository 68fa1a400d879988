#include "gramian/parallel/cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cmath>
#include <thread>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::spill;
using test::TemporaryFolder;

// A tree of files as the kernel shows it.
class Groups {
 public:
  explicit Groups(std::string_view of_process) { write("proc/self/cgroup", of_process); }
  Groups& write(const std::string& path, std::string_view text) {
    const std::filesystem::path file(folder_ / path);
    std::filesystem::create_directories(file.parent_path());
    spill(file, text);
    return *this;
  }
  double quota() const { return core_quota(folder_.path()); }

 private:
  TemporaryFolder folder_;
};

TEST(Cores, QuotaOfVersionTwoIsTheLeastOfAllGroupsAbove) {
  Groups groups("0::/slice/job/step\n");
  EXPECT_TRUE(std::isinf(groups.quota()));
  groups.write("sys/fs/cgroup/slice/job/step/cpu.max", "max 100000\n");
  EXPECT_TRUE(std::isinf(groups.quota()));
  groups.write("sys/fs/cgroup/slice/job/cpu.max", "250000 100000\n");
  EXPECT_EQ(groups.quota(), 2.5);
  groups.write("sys/fs/cgroup/slice/cpu.max", "400000 100000\n");
  EXPECT_EQ(groups.quota(), 2.5);
  groups.write("sys/fs/cgroup/slice/job/step/cpu.max", "50000 100000\n");
  EXPECT_EQ(groups.quota(), 0.5);
}

// A container sees its own group as the root.
TEST(Cores, QuotaOfAContainer) {
  EXPECT_EQ(Groups("0::/\n").write("sys/fs/cgroup/cpu.max", "150000 100000").quota(), 1.5);
  EXPECT_EQ(Groups("0::/docker/123\n").write("sys/fs/cgroup/cpu.max", "150000 100000").quota(),
            1.5);
}

TEST(Cores, QuotaOfVersionOne) {
  Groups groups("5:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/\n");
  EXPECT_TRUE(std::isinf(groups.quota()));
  groups.write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n")
      .write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  EXPECT_TRUE(std::isinf(groups.quota()));
  groups.write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(groups.quota(), 3);
}

TEST(Cores, OddFilesAreNoLimit) {
  EXPECT_TRUE(std::isinf(Groups("").quota()));
  EXPECT_TRUE(std::isinf(Groups("no colons\n0:\n").quota()));
  EXPECT_TRUE(std::isinf(Groups("0::/\n").write("sys/fs/cgroup/cpu.max", "words").quota()));
  EXPECT_TRUE(std::isinf(Groups("0::/\n").write("sys/fs/cgroup/cpu.max", "5 0").quota()));
}

TEST(Cores, AreThoseThatTheThreadMayUse) {
  EXPECT_GE(available_cores(), 1);
  int cores = 0;
  std::jthread([&] {  // affinity is a property of a thread: this one goes away
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    cores = available_cores();
  })
      .join();
  EXPECT_EQ(cores, 1);
}

}  // namespace
}  // namespace gramian
