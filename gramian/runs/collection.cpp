#include "gramian/runs/collection.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

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
  const EvalSpec& spec = run.experiment.eval;
  return CollectedRows::name_of(directory.path(),
                                fmt::format("{}, query {}", tuned_to(run.experiment.task, spec),
                                            static_cast<int>(spec.query)));
}

std::string folder_of_solvers(const RunDirectory& directory) {
  return CollectedRows::folder_of(directory.path()) + "/tuned";
}

}  // namespace

Expected<std::string> Collection::path_of(const RunDirectory& directory, const TrainedRun& run) {
  const std::string name = GRAMIAN_TRY(name_of_evaluation(directory, run));
  return fmt::format("{}/{}.csv", CollectedRows::folder_of(directory.path()), name);
}

Expected<Baselines> collected_solvers(const RunDirectory& directory, const TrainedRun& run,
                                      ThreadPool& pool, const std::function<bool()>& stopped) {
  return kept_baselines(run.experiment.task, run.experiment.eval, folder_of_solvers(directory),
                        pool, stopped);
}

Expected<Collection> Collection::open(const RunDirectory& directory, const TrainedRun& run,
                                      ThreadPool& pool, const std::function<bool()>& stopped) {
  const GramExperiment& experiment = run.experiment;
  Collection collection(run, pool);
  collection.spec_ = experiment.eval;
  collection.spec_.prompts = kBatchPrompts;
  const std::string name = GRAMIAN_TRY(name_of_evaluation(directory, run));
  collection.baselines_ = GRAMIAN_TRY(collected_solvers(directory, run, pool, stopped));
  collection.predictor_ =
      std::make_unique<NetworkPredictor>(run.network, experiment.task.n(), pool.threads());
  collection.shape_ =
      empty_result(collection.baselines_, collection.predictor_.get(), collection.spec_);
  const auto check =
      [shape = collection.shape_](std::string_view row) -> Expected<CollectedRows::Range> {
    const auto read = GRAMIAN_TRY(from_row(row, shape));
    return CollectedRows::Range{read.first, read.result.prompts};
  };
  collection.rows_ =
      GRAMIAN_TRY(CollectedRows::open({.folder = CollectedRows::folder_of(directory.path()),
                                       .name = name,
                                       .header = row_header(collection.shape_),
                                       .batch_prompts = kBatchPrompts},
                                      check));
  return collection;
}

Expected<Collection::Sum> Collection::sum(const Goal& goal) const {
  Sum sum{.result = shape_, .path = rows_.path()};
  GRAMIAN_TRY(rows_.add_up([&](std::string_view row) {
    add(from_row(row, shape_)->result, sum.result);
    return sum.met = is_met(goal, sum.result);
  }));
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
  if (!std::filesystem::exists(folder_of_solvers(directory), ignored)) return std::nullopt;
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
