#include "gramian/runs/blowup_collection.h"

#include <fmt/format.h>

#include <string_view>

#include "gramian/evaluation/accumulate.h"
#include "gramian/runs/kept_baselines.h"

namespace gramian {

Expected<BlowUpCollection> BlowUpCollection::open(const std::string& directory,
                                                  const TrainedRun& run, double threshold,
                                                  ThreadPool& pool) {
  BlowUpCollection collection(run, threshold, pool);
  const std::string settings =
      fmt::format("blow-ups, {}, seed {}, threshold {:.17g}", exact_text(run.experiment.task),
                  kCountingSeed, threshold);
  const std::string name = GRAMIAN_TRY(CollectedRows::name_of(directory, settings));
  const auto check = [threshold](std::string_view row) -> Expected<CollectedRows::Range> {
    const auto read = GRAMIAN_TRY(blowups_from_row(row, threshold));
    return CollectedRows::Range{read.first, read.count.prompts};
  };
  collection.rows_ = GRAMIAN_TRY(CollectedRows::open({.folder = CollectedRows::folder_of(directory),
                                                      .name = name,
                                                      .header = blowup_header(),
                                                      .batch_prompts = kBatchPrompts},
                                                     check));
  return collection;
}

Expected<BlowUpCollection::Sum> BlowUpCollection::sum(std::uint64_t prompts) const {
  Sum sum;
  sum.count.threshold = threshold_;
  sum.path = rows_.path();
  GRAMIAN_TRY(rows_.add_up([&](std::string_view row) {
    add(blowups_from_row(row, threshold_)->count, sum.count);
    return sum.met = sum.count.prompts >= prompts;
  }));
  return sum;
}

Status BlowUpCollection::add_batch(const ProgressFunction& progress) {
  return rows_.add_batch([&](std::uint64_t first) -> Expected<std::string> {
    const PromptSeries prompts{.seed = kCountingSeed, .first = first, .count = kBatchPrompts};
    const auto count = GRAMIAN_TRY(
        count_blowups(run_->experiment.task, *predictor_, threshold_, prompts, *pool_, progress));
    return to_row(first, count);
  });
}

}  // namespace gramian
