// An evaluation that any number of processes add to, on any number of days:
//
//   RUN/collect/<hash>.csv       a row for each batch of kBatchPrompts prompts (accumulate.h)
//   RUN/collect/tuned, locks     constants of solvers, and who works at which batch
//
// The hash is that of the model, of the task and of the settings of the evaluation, so that rows of
// different evaluations never meet. The result is the sum of all rows from prompt 0 to the first
// gap, or to the first row at which a goal is met, in the order of their addresses: its bits depend
// on the goal alone, however the work was shared. Rows beyond are kept for a goal that is farther.
// A file that was made elsewhere can be appended to another; header lines are passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gramian/base/error.h"
#include "gramian/evaluation/accumulate.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/trained_run.h"

namespace gramian {

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
  Expected<std::map<std::uint64_t, EvalResult>> read() const;  // by batch
  Status append(const std::string& row) const;

  const TrainedRun* run_;
  ThreadPool* pool_;
  EvalSpec spec_;
  Baselines baselines_;
  std::unique_ptr<NetworkPredictor> predictor_;
  EvalResult shape_;    // of no prompts
  std::string folder_;  // RUN/collect
  std::string name_;    // <hash>
};

}  // namespace gramian
