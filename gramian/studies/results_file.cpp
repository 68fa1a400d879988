#include "gramian/studies/results_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "gramian/io/files.h"
#include "gramian/io/json.h"
#include "gramian/io/lock.h"
#include "gramian/runs/run_directory.h"

namespace gramian {

namespace {

std::string base_of(std::string_view study, const StudyOptions& options) {
  return fmt::format("{}/results/{}", options.directory, study);
}

// How much work stands behind results.
struct Work {
  bool quick = false;
  std::int64_t steps = 0;  // of the longest run
  int seeds = 0;
  std::size_t runs = 0;
};

Expected<Work> work_of(const std::string& path) {
  const auto json = GRAMIAN_TRY(read_json(path));
  try {
    Work work{.quick = json.at("quick").get<bool>()};
    std::set<std::uint64_t> seeds;
    for (const auto& run : json.at("runs")) {
      work.steps = std::max(work.steps, run.at("steps").get<std::int64_t>());
      seeds.insert(run.at("seed").get<std::uint64_t>());
    }
    work.seeds = static_cast<int>(seeds.size());
    work.runs = json["runs"].size();
    return work;
  } catch (const nlohmann::json::exception&) {
    return fail(ErrorKind::format, "{} is not the results of a study, and is not written over",
                path);
  }
}

}  // namespace

Status check_replacement(std::string_view study, const StudyOptions& options) {
  const std::string path = base_of(study, options) + ".json";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  const auto there = GRAMIAN_TRY(work_of(path));
  const Effort& effort = options.effort;
  std::string more;
  if (effort.quick && !there.quick) {
    more = "full results, and --quick asks for a rehearsal";
  } else if (effort.quick == there.quick && effort.steps > 0 && effort.steps < there.steps) {
    more = fmt::format("results of {} steps, and --steps asks for {}", there.steps, effort.steps);
  } else if (effort.quick == there.quick && options.seeds < there.seeds) {
    more = fmt::format("results of {} seeds, and --seeds asks for {}", there.seeds, options.seeds);
  }
  if (more.empty()) return {};
  return fail(ErrorKind::usage, "{} has {}: choose another --out, or move the file away", path,
              more);
}

Status write_results(const StudyResult& result, const std::string& csv,
                     const StudyOptions& options) {
  const std::string folder = options.directory + "/results";
  GRAMIAN_TRY(RunDirectory::make_folder(folder));  // a study that trains nothing made none
  const Lock lock = GRAMIAN_TRY(Lock::take(folder, options.interrupted));
  GRAMIAN_TRY(check_replacement(result.study, options));
  const std::string base = base_of(result.study, options);
  std::error_code ignored;
  if (!options.effort.only.empty() && std::filesystem::exists(base + ".json", ignored)) {
    const auto there = GRAMIAN_TRY(work_of(base + ".json"));
    if (result.runs.size() < there.runs) {
      return fail(ErrorKind::usage,
                  "{}.json has {} runs, and with --only there are {}: it stays as it is, and so do "
                  "the runs; leave --only out for results of all cells",
                  base, there.runs, result.runs.size());
    }
  }
  GRAMIAN_TRY(write_file_atomically(base + ".csv", csv));
  return write_file_atomically(base + ".json", to_json(result));
}

}  // namespace gramian
