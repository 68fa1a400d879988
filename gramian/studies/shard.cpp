#include "gramian/studies/shard.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <numeric>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

constexpr int kMostShards = 1'000'000;

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The number in a variable that has to be there because `because` is.
Expected<int> required(const Environment& environment, const char* name, const char* because) {
  const auto text = environment(name);
  if (!text)
    return fail(ErrorKind::usage, "--shard: {} is set, but {} is not; say --shard i/N", because,
                name);
  const auto number = whole_number(*text);
  if (!number) return fail(ErrorKind::usage, "--shard: {}={} is not a number", name, *text);
  return *number;
}

Expected<Shard> checked(int index, int count, std::string_view where) {
  if (count >= 1 && count <= kMostShards && index >= 0 && index < count) return Shard{index, count};
  return fail(ErrorKind::usage, "{}: a share must be i of N with 0 <= i < N <= {}, is {} of {}",
              where, kMostShards, index, count);
}

// Numbers of an array begin anywhere, and may have steps: --array=1-7:2 has 1, 3, 5, 7.
Expected<Shard> slurm_shard(const Environment& environment) {
  constexpr const char* kId = "SLURM_ARRAY_TASK_ID";
  const int id = GRAMIAN_TRY(required(environment, kId, kId));
  const int count = GRAMIAN_TRY(required(environment, "SLURM_ARRAY_TASK_COUNT", kId));
  const int first = GRAMIAN_TRY(required(environment, "SLURM_ARRAY_TASK_MIN", kId));
  const int last = GRAMIAN_TRY(required(environment, "SLURM_ARRAY_TASK_MAX", kId));
  const int step = count > 1 ? (last - first) / (count - 1) : 1;
  if (step < 1 || first + (count - 1) * step != last || (id - first) % step != 0) {
    return fail(ErrorKind::usage,
                "--shard: the {} tasks of this array, {} to {}, are not evenly spaced; submit "
                "--array=0-{}, or say --shard i/N",
                count, first, last, std::max(0, count - 1));
  }
  return checked((id - first) / step, count, kId);
}

Expected<Shard> indexed_shard(const Environment& environment, const char* index,
                              const char* count) {
  const int i = GRAMIAN_TRY(required(environment, index, index));
  const int n = GRAMIAN_TRY(required(environment, count, index));
  return checked(i, n, index);
}

}  // namespace

Expected<Shard> parse_shard(std::string_view text) {
  const auto slash = text.find('/');
  const auto index = whole_number(text.substr(0, slash));
  const auto count = slash == text.npos ? std::nullopt : whole_number(text.substr(slash + 1));
  if (!index || !count) return fail(ErrorKind::usage, "--shard {}: must be i/N, such as 0/4", text);
  return checked(*index, *count, "--shard");
}

std::optional<std::string> process_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Expected<Shard> shard_of(const Environment& environment) {
  std::vector<Shard> levels;
  if (environment("SLURM_ARRAY_TASK_ID")) {
    levels.push_back(GRAMIAN_TRY(slurm_shard(environment)));
  }
  for (const auto& [index, count] : {std::pair{"JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT"},
                                     std::pair{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}}) {
    if (environment(index)) levels.push_back(GRAMIAN_TRY(indexed_shard(environment, index, count)));
  }
  if (levels.empty()) {
    return fail(ErrorKind::usage,
                "--shard without i/N is for a job array of Slurm, an indexed job of Kubernetes or "
                "mpirun; none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX and "
                "OMPI_COMM_WORLD_RANK is set");
  }
  Shard shard;
  for (const Shard& level : levels) {
    if (level.count > kMostShards / shard.count)
      return fail(ErrorKind::usage, "--shard: there are more than {} processes", kMostShards);
    shard = {shard.index * level.count + level.index, shard.count * level.count};
  }
  return shard;
}

std::vector<std::size_t> share_of(std::span<const double> costs, Shard shard) {
  GRAMIAN_ASSERT(shard.index >= 0 && shard.index < shard.count);
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return costs[i]; });
  std::vector<double> loads(static_cast<std::size_t>(shard.count));
  std::vector<std::size_t> share;
  for (const std::size_t i : order) {
    GRAMIAN_ASSERT(costs[i] >= 0);
    const auto least = std::ranges::min_element(loads);  // the first of several
    if (least - loads.begin() == shard.index) share.push_back(i);
    *least += costs[i];
  }
  std::ranges::sort(share);
  return share;
}

}  // namespace gramian
