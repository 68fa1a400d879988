// An evaluation that any number of processes add to, on any number of days:
//
//   RUN/collect/<hash>.csv       a row for each batch of kBatchPrompts prompts (accumulate.h,
//                                collected_rows.h)
//   RUN/collect/tuned            constants of solvers
//
// The hash is that of the model, of the task and of the settings of the evaluation, so that rows of
// different evaluations never meet. The result is the sum of all rows from prompt 0 to the first
// gap, or to the first row at which a goal is met, in the order of their addresses: its bits depend
// on the goal alone, however the work was shared. Rows beyond are kept for a goal that is farther.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gramian/base/error.h"
#include "gramian/evaluation/accumulate.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/runs/collected_rows.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/trained_run.h"

namespace gramian {

// The solvers of all collections of a run, tuned, or found where an earlier one has kept them.
// Errors: io; interrupted.
Expected<Baselines> collected_solvers(const RunDirectory& directory, const TrainedRun& run,
                                      ThreadPool& pool, const std::function<bool()>& stopped);

class Collection {
 public:
  static constexpr std::uint64_t kBatchPrompts = 1 << 16;  // about a second of work

  struct Goal {
    double standard_error = 0;  // of the model's adjusted loss, at most; 0: none
    std::uint64_t prompts = 0;  // at least so many; 0: none
  };
  struct Sum {
    EvalResult result;  // of prompts 0 to result.prompts
    bool met = false;   // one of the goals
    std::string path = {};
  };

  // Where the rows of this evaluation are, whether or not there are any. Errors: io.
  static Expected<std::string> path_of(const RunDirectory& directory, const TrainedRun& run);

  // Tunes the solvers, or finds them. `run` and `pool` must outlive it. Errors: io; interrupted.
  static Expected<Collection> open(const RunDirectory& directory, const TrainedRun& run,
                                   ThreadPool& pool, const std::function<bool()>& stopped);

  // Of the rows that are there. Errors: io; format for rows that are no batch, that are of another
  // evaluation, or that are there twice.
  Expected<Sum> sum(const Goal& goal) const;

  // Evaluates the first batch that is not there and that nobody works at, and appends its row.
  // Errors: those of sum; interrupted, by `progress`: then nothing is appended.
  Status add_batch(const ProgressFunction& progress);

 private:
  Collection(const TrainedRun& run, ThreadPool& pool) : run_(&run), pool_(&pool) {}

  const TrainedRun* run_;
  ThreadPool* pool_;
  EvalSpec spec_;
  Baselines baselines_;
  std::unique_ptr<NetworkPredictor> predictor_;
  EvalResult shape_;  // of no prompts
  CollectedRows rows_;
};

// What is there of an evaluation with the settings of the run: the sum of all its rows up to the
// first gap. Nothing if no row is there, or if the run is of another family. Tunes nothing that
// `gramian collect` has not tuned. Errors: io; format.
Expected<std::optional<EvalResult>> collected_evaluation(const RunDirectory& directory);

}  // namespace gramian
