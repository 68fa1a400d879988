#include "gramian/parallel/cores.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>

namespace gramian {

namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// The CPUs that the process may run on, whatever their number is; 0 if the system does not tell.
int allowed_cpus() {
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t* const set = CPU_ALLOC(cpus);
    if (set == nullptr) return 0;
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    const bool too_small = !known && errno == EINVAL;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (!too_small) return count;
  }
  return 0;
}

std::optional<double> read_number(std::istream& stream) {
  double number = 0;
  if (!(stream >> number) || !(number > 0)) return std::nullopt;  // "max", or -1: no limit
  return number;
}

// Version 2: "QUOTA PERIOD", or "max PERIOD".
double quota_of_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  const auto quota = read_number(file), period = quota ? read_number(file) : std::nullopt;
  return period ? *quota / *period : kNoLimit;
}

double quota_of_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"),
      period_file(folder + "/cpu.cfs_period_us");
  const auto quota = read_number(quota_file), period = read_number(period_file);
  return quota && period ? *quota / *period : kNoLimit;
}

// The least quota of a group, "/a/b", and of those above it. A container may see its own group as
// the root, and no folder of the whole path: then only the root is read.
double least_quota(const std::string& mount, std::string group,
                   double (*quota_of)(const std::string&)) {
  double least = quota_of(mount);
  while (!group.empty() && group != "/") {
    least = std::min(least, quota_of(mount + group));
    group.resize(std::min(group.rfind('/'), group.size()));
  }
  return least;
}

}  // namespace

double core_quota(const std::string& root) {
  double least = kNoLimit;
  std::ifstream groups(root + "/proc/self/cgroup");
  // Lines "HIERARCHY:CONTROLLERS:GROUP"; version 2 has one line, with 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, least_quota(root + "/sys/fs/cgroup", group, quota_of_v2));
      continue;
    }
    std::istringstream list(controllers);
    for (std::string name; std::getline(list, name, ',');) {
      if (name != "cpu") continue;
      for (const std::string& mount : {std::string("cpu"), controllers}) {
        least = std::min(least, least_quota(root + "/sys/fs/cgroup/" + mount, group, quota_of_v1));
      }
    }
  }
  return least;
}

int available_cores() {
  int cores = allowed_cpus();
  if (cores < 1) cores = static_cast<int>(std::thread::hardware_concurrency());
  const double quota = std::ceil(core_quota());
  if (quota < cores) cores = static_cast<int>(quota);
  return std::max(1, cores);
}

}  // namespace gramian
