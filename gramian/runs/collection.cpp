#include "gramian/runs/collection.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "gramian/base/hash.h"
#include "gramian/io/files.h"
#include "gramian/runs/kept_baselines.h"

namespace gramian {

namespace {

bool is_met(const Collection::Goal& goal, const EvalResult& result) {
  if (goal.prompts > 0 && result.prompts >= goal.prompts) return true;
  return goal.standard_error > 0 && result.prompts > 0 &&
         result.model().adjusted.standard_error() <= goal.standard_error;
}

// The hash of the model, the task and the settings of the evaluation.
Expected<std::string> name_of_evaluation(const RunDirectory& directory, const TrainedRun& run) {
  const auto model = GRAMIAN_TRY(read_file(directory.model()));
  const EvalSpec& spec = run.experiment.eval;
  const std::string settings = fmt::format("{}, query {}", tuned_to(run.experiment.task, spec),
                                           static_cast<int>(spec.query));
  return fmt::format("{:016x}", hash_bytes(settings, hash_bytes(model)));
}

std::string folder_of_collections(const RunDirectory& directory) {
  return directory.path() + "/collect";
}

}  // namespace

Expected<std::string> Collection::path_of(const RunDirectory& directory, const TrainedRun& run) {
  const std::string name = GRAMIAN_TRY(name_of_evaluation(directory, run));
  return fmt::format("{}/{}.csv", folder_of_collections(directory), name);
}

Expected<Collection> Collection::open(const RunDirectory& directory, const TrainedRun& run,
                                      ThreadPool& pool, const std::function<bool()>& stopped) {
  const GramExperiment& experiment = run.experiment;
  Collection collection(run, pool);
  collection.spec_ = experiment.eval;
  collection.spec_.prompts = kBatchPrompts;
  const std::string folder = folder_of_collections(directory);
  const std::string name = GRAMIAN_TRY(name_of_evaluation(directory, run));
  collection.baselines_ = GRAMIAN_TRY(
      kept_baselines(experiment.task, collection.spec_, folder + "/tuned", pool, stopped));
  collection.predictor_ =
      std::make_unique<NetworkPredictor>(run.network, experiment.task.n(), pool.threads());
  collection.shape_ =
      empty_result(collection.baselines_, collection.predictor_.get(), collection.spec_);
  const auto check =
      [shape = collection.shape_](std::string_view row) -> Expected<CollectedRows::Range> {
    const auto read = GRAMIAN_TRY(from_row(row, shape));
    return CollectedRows::Range{read.first, read.result.prompts};
  };
  collection.rows_ = GRAMIAN_TRY(CollectedRows::open({.folder = folder,
                                                      .name = name,
                                                      .header = row_header(collection.shape_),
                                                      .batch_prompts = kBatchPrompts},
                                                     check));
  return collection;
}

Expected<Collection::Sum> Collection::sum(const Goal& goal) const {
  const auto batches = GRAMIAN_TRY(rows_.read());
  Sum sum{.result = shape_, .path = rows_.path()};
  std::uint64_t next = 0;
  for (const auto& [batch, row] : batches) {
    if (batch != next++ || sum.met) break;
    add(from_row(row, shape_)->result, sum.result);
    sum.met = is_met(goal, sum.result);
  }
  return sum;
}

Status Collection::add_batch(const ProgressFunction& progress) {
  return rows_.add_batch([&](std::uint64_t first) -> Expected<std::string> {
    EvalSpec spec = spec_;
    spec.first = first;
    const auto result = GRAMIAN_TRY(
        evaluate(run_->experiment.task, baselines_, predictor_.get(), spec, *pool_, progress));
    return to_row(first, result);
  });
}

Expected<std::optional<EvalResult>> collected_evaluation(const RunDirectory& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(directory.path() + "/collect/tuned", ignored)) return std::nullopt;
  const auto run = GRAMIAN_TRY(load_trained_run(directory));
  ThreadPool pool(1);
  const auto path = GRAMIAN_TRY(Collection::path_of(directory, run));
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  const auto collection = GRAMIAN_TRY(Collection::open(directory, run, pool, {}));
  auto sum = GRAMIAN_TRY(collection.sum({}));
  if (sum.result.prompts == 0) return std::nullopt;
  return std::move(sum.result);
}

}  // namespace gramian
