#include "gramian/studies/shard.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "tests/support/errors.h"

namespace gramian {
namespace {

using test::is_error;

using Variables = std::map<std::string, std::string>;

Expected<Shard> shard_in(const Variables& variables) {
  return shard_of([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

Variables array(const char* id, const char* count, const char* min, const char* max) {
  return {{"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_COUNT", count},
          {"SLURM_ARRAY_TASK_MIN", min},
          {"SLURM_ARRAY_TASK_MAX", max}};
}

void expect_shard(const Expected<Shard>& shard, int index, int count) {
  ASSERT_TRUE(shard) << test::message_of(shard);
  EXPECT_EQ(shard->index, index);
  EXPECT_EQ(shard->count, count);
}

TEST(Shards, AreReadFromText) {
  expect_shard(parse_shard("0/1"), 0, 1);
  expect_shard(parse_shard("3/4"), 3, 4);
  for (const char* wrong : {"", "1", "1/", "/2", "a/2", "1/2/3", "1 /2", "-0/x", "0.5/2"})
    EXPECT_TRUE(is_error(parse_shard(wrong), ErrorKind::usage, {"--shard", "must be i/N"}))
        << wrong;
  for (const char* wrong : {"4/4", "-1/4", "0/0", "0/1000001"})
    EXPECT_TRUE(is_error(parse_shard(wrong), ErrorKind::usage, {"0 <= i < N"})) << wrong;
}

TEST(Shards, OfASlurmArrayCountFromItsFirstTask) {
  expect_shard(shard_in(array("0", "4", "0", "3")), 0, 4);
  expect_shard(shard_in(array("4", "4", "1", "4")), 3, 4);
  expect_shard(shard_in(array("5", "4", "1", "7")), 2, 4);  // --array=1-7:2
  expect_shard(shard_in(array("9", "1", "9", "9")), 0, 1);
  // --array=0,1,5
  EXPECT_TRUE(is_error(shard_in(array("1", "3", "0", "5")), ErrorKind::usage,
                       {"not evenly spaced", "--array=0-2"}));
  auto incomplete = array("1", "3", "0", "2");
  incomplete.erase("SLURM_ARRAY_TASK_MIN");
  EXPECT_TRUE(is_error(shard_in(incomplete), ErrorKind::usage, {"SLURM_ARRAY_TASK_MIN is not"}));
  EXPECT_TRUE(is_error(shard_in(array("x", "3", "0", "2")), ErrorKind::usage,
                       {"SLURM_ARRAY_TASK_ID=x is not a number"}));
}

TEST(Shards, OfKubernetesAndMpiHaveACount) {
  expect_shard(shard_in({{"JOB_COMPLETION_INDEX", "2"}, {"JOB_COMPLETION_COUNT", "8"}}), 2, 8);
  EXPECT_TRUE(is_error(shard_in({{"JOB_COMPLETION_INDEX", "2"}}), ErrorKind::usage,
                       {"JOB_COMPLETION_COUNT is not"}));
  expect_shard(shard_in({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "3"}}), 1, 3);
  EXPECT_TRUE(is_error(shard_in({{"OMPI_COMM_WORLD_RANK", "3"}, {"OMPI_COMM_WORLD_SIZE", "3"}}),
                       ErrorKind::usage, {"OMPI_COMM_WORLD_RANK", "is 3 of 3"}));
  EXPECT_TRUE(is_error(shard_in({}), ErrorKind::usage, {"none of SLURM_ARRAY_TASK_ID"}));
}

// mpirun -n 2 in each of three tasks: six processes, six different shares.
TEST(Shards, OfTwoSystemsDivideEachOther) {
  std::vector<int> seen;
  for (const char* task : {"1", "2", "3"}) {
    for (const char* rank : {"0", "1"}) {
      auto both = array(task, "3", "1", "3");
      both.insert({{"OMPI_COMM_WORLD_RANK", rank}, {"OMPI_COMM_WORLD_SIZE", "2"}});
      const auto shard = shard_in(both);
      ASSERT_TRUE(shard);
      EXPECT_EQ(shard->count, 6);
      seen.push_back(shard->index);
    }
  }
  EXPECT_EQ(seen, (std::vector{0, 1, 2, 3, 4, 5}));
}

TEST(Shards, AreDisjointCoverAllAndAreOfAboutEqualCost) {
  std::vector<double> costs;
  for (int i = 0; i < 100; ++i) costs.push_back(1 + i * 37 % 101);
  const double total = std::accumulate(costs.begin(), costs.end(), 0.0);
  for (const int count : {1, 2, 3, 7, 100, 150}) {
    std::vector<int> times(costs.size());
    double dearest = 0;
    for (int index = 0; index < count; ++index) {
      double cost = 0;
      const auto share = share_of(costs, {index, count});
      EXPECT_TRUE(std::ranges::is_sorted(share));
      for (const std::size_t i : share) {
        ++times[i];
        cost += costs[i];
      }
      dearest = std::max(dearest, cost);
    }
    EXPECT_EQ(times, std::vector(costs.size(), 1));
    const double best = std::max(total / count, *std::ranges::max_element(costs));
    EXPECT_LE(dearest, 4.0 / 3 * best) << count;
  }
  EXPECT_TRUE(share_of({}, {0, 2}).empty());
}

}  // namespace
}  // namespace gramian
