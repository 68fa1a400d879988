// Counts of blow-ups on many millions of prompts, by any number of processes and on several days:
//
//   RUN/collect/<hash>.csv     a row for each batch of kBatchPrompts prompts (accumulate.h,
//                              collected_rows.h)
//
// The hash is that of the model, the task and the threshold. Prompts are those of kCountingSeed;
// networks only, without solvers (evaluation/blowups.h). The sum is that of all rows from prompt 0
// to the first gap, or to the number that was asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gramian/base/error.h"
#include "gramian/evaluation/blowups.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/runs/collected_rows.h"
#include "gramian/runs/trained_run.h"

namespace gramian {

class BlowUpCollection {
 public:
  static constexpr std::uint64_t kBatchPrompts = 200'000;

  struct Sum {
    BlowUpCount count;
    bool met = false;  // as many prompts as were asked for
    std::string path = {};
  };

  // `directory`: of the run. `run` and `pool` must outlive it. Errors: io.
  static Expected<BlowUpCollection> open(const std::string& directory, const TrainedRun& run,
                                         double threshold, ThreadPool& pool);

  // Errors: io; format, as CollectedRows::read.
  Expected<Sum> sum(std::uint64_t prompts) const;

  // Counts on the first batch that is not there and that nobody works at. Errors: those of sum;
  // interrupted, by `progress`: then nothing is appended.
  Status add_batch(const ProgressFunction& progress);

 private:
  BlowUpCollection(const TrainedRun& run, double threshold, ThreadPool& pool)
      : run_(&run),
        pool_(&pool),
        threshold_(threshold),
        predictor_(std::make_unique<NetworkPredictor>(run.network, run.experiment.task.n(),
                                                      pool.threads())) {}

  const TrainedRun* run_;
  ThreadPool* pool_;
  double threshold_;
  std::unique_ptr<NetworkPredictor> predictor_;
  CollectedRows rows_;
};

}  // namespace gramian
