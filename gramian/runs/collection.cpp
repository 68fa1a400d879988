#include "gramian/runs/collection.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "gramian/base/hash.h"
#include "gramian/io/files.h"
#include "gramian/io/lock.h"
#include "gramian/runs/kept_baselines.h"

namespace gramian {

namespace {

constexpr std::uint64_t kBatchLocks = 256;  // so many processes can work at a time

bool is_met(const Collection::Goal& goal, const EvalResult& result) {
  if (goal.prompts > 0 && result.prompts >= goal.prompts) return true;
  return goal.standard_error > 0 && result.prompts > 0 &&
         result.model().adjusted.standard_error() <= goal.standard_error;
}

}  // namespace

Expected<Collection> Collection::open(const RunDirectory& directory, const TrainedRun& run,
                                      ThreadPool& pool, const std::function<bool()>& stopped) {
  const GramExperiment& experiment = run.experiment;
  Collection collection(run, pool);
  collection.spec_ = experiment.eval;
  collection.spec_.prompts = kBatchPrompts;
  collection.folder_ = directory.path() + "/collect";
  std::error_code error;
  std::filesystem::create_directories(collection.folder_ + "/locks", error);
  if (error)
    return fail(ErrorKind::io, "cannot create {}/locks: {}", collection.folder_, error.message());

  const auto model = GRAMIAN_TRY(read_file(directory.model()));
  const std::string settings =
      fmt::format("{}, query {}", tuned_to(experiment.task, collection.spec_),
                  static_cast<int>(collection.spec_.query));
  collection.name_ = fmt::format("{:016x}", hash_bytes(settings, hash_bytes(model)));
  collection.baselines_ = GRAMIAN_TRY(kept_baselines(experiment.task, collection.spec_,
                                                     collection.folder_ + "/tuned", pool, stopped));
  collection.predictor_ =
      std::make_unique<NetworkPredictor>(run.network, experiment.task.n(), pool.threads());
  collection.shape_ =
      empty_result(collection.baselines_, collection.predictor_.get(), collection.spec_);
  return collection;
}

Expected<std::map<std::uint64_t, EvalResult>> Collection::read() const {
  std::map<std::uint64_t, EvalResult> batches;
  std::map<std::uint64_t, std::size_t> lines;
  const std::string path = fmt::format("{}/{}.csv", folder_, name_);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return batches;
  const auto text = GRAMIAN_TRY(read_file(path));
  const std::string header = "of," + row_header(shape_);
  std::size_t number = 1;
  // What follows the last end of a line was torn off by a kill or a full disk.
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos;
       begin = end + 1, ++number) {
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.starts_with("of,") && line == header) continue;
    if (line.substr(0, line.find(',')) != name_) {
      return fail(ErrorKind::format, "{}:{}: is not a row of this evaluation, which begins with {}",
                  path, number, name_);
    }
    auto row = from_row(line.substr(std::min(line.size(), name_.size() + 1)), shape_);
    if (!row) return fail(ErrorKind::format, "{}:{}: {}", path, number, row.error().message);
    if (row->result.prompts != kBatchPrompts || row->first % kBatchPrompts != 0) {
      return fail(ErrorKind::format, "{}:{}: must be a batch of {} prompts, is of {} from {} on",
                  path, number, kBatchPrompts, row->result.prompts, row->first);
    }
    const std::uint64_t batch = row->first / kBatchPrompts;
    const auto [before, is_new] = lines.emplace(batch, number);
    if (!is_new) {
      return fail(ErrorKind::format,
                  "{}:{}: prompts from {} on are in line {} already, and would count twice; delete "
                  "one of the lines",
                  path, number, row->first, before->second);
    }
    batches.emplace(batch, std::move(row->result));
  }
  return batches;
}

Expected<Collection::Sum> Collection::sum(const Goal& goal) const {
  const auto batches = GRAMIAN_TRY(read());
  Sum sum{.result = shape_, .path = fmt::format("{}/{}.csv", folder_, name_)};
  std::uint64_t next = 0;
  for (const auto& [batch, result] : batches) {
    if (batch != next++ || sum.met) break;
    add(result, sum.result);
    sum.met = is_met(goal, sum.result);
  }
  return sum;
}

Status Collection::add_batch(const ProgressFunction& progress) {
  const auto batches = GRAMIAN_TRY(read());
  for (std::uint64_t batch = 0;; ++batch) {
    if (batches.contains(batch)) continue;
    const auto lock = GRAMIAN_TRY(
        Lock::try_take(fmt::format("{}/locks/{}-{}", folder_, name_, batch % kBatchLocks)));
    if (!lock) continue;
    // Somebody may have done it since the file was read.
    const auto now = GRAMIAN_TRY(read());
    if (now.contains(batch)) continue;
    EvalSpec spec = spec_;
    spec.first = batch * kBatchPrompts;
    const auto result = GRAMIAN_TRY(
        evaluate(run_->experiment.task, baselines_, predictor_.get(), spec, *pool_, progress));
    return append(fmt::format("{},{}\n", name_, to_row(spec.first, result)));
  }
}

Status Collection::append(const std::string& row) const {
  const Lock lock = GRAMIAN_TRY(Lock::take(fmt::format("{}/locks/{}", folder_, name_)));
  const std::string path = fmt::format("{}/{}.csv", folder_, name_);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return write_file_atomically(path, fmt::format("of,{}\n{}", row_header(shape_), row));
  }
  auto text = GRAMIAN_TRY(read_file(path));
  if (!text.empty() && text.back() != '\n') {  // torn
    text.erase(text.rfind('\n') + 1);
    return write_file_atomically(path, text + row);
  }
  auto file = GRAMIAN_TRY(File::open_for_appending(path));
  GRAMIAN_TRY(file.write(row));
  GRAMIAN_TRY(file.sync());
  return file.close();
}

}  // namespace gramian
