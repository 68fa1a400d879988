#include "gramian/runs/blowup_collection.h"

#include <fmt/format.h>

#include <memory>

#include "gramian/base/hash.h"
#include "gramian/evaluation/accumulate.h"
#include "gramian/io/files.h"
#include "gramian/runs/kept_baselines.h"

namespace gramian {

Expected<BlowUpCollection> BlowUpCollection::open(const std::string& directory,
                                                  const TrainedRun& run, double threshold,
                                                  ThreadPool& pool) {
  BlowUpCollection collection(run, threshold, pool);
  const auto model = GRAMIAN_TRY(read_file(directory + "/model.safetensors"));
  const std::string settings =
      fmt::format("blow-ups, {}, seed {}, threshold {:.17g}", exact_text(run.experiment.task),
                  kCountingSeed, threshold);
  const auto check = [threshold](std::string_view row) -> Expected<CollectedRows::Range> {
    const auto read = GRAMIAN_TRY(blowups_from_row(row, threshold));
    return CollectedRows::Range{read.first, read.count.prompts};
  };
  collection.rows_ = GRAMIAN_TRY(
      CollectedRows::open({.folder = directory + "/collect",
                           .name = fmt::format("{:016x}", hash_bytes(settings, hash_bytes(model))),
                           .header = blowup_header(),
                           .batch_prompts = kBatchPrompts},
                          check));
  return collection;
}

Expected<BlowUpCollection::Sum> BlowUpCollection::sum(std::uint64_t prompts) const {
  const auto batches = GRAMIAN_TRY(rows_.read());
  Sum sum;
  sum.count.threshold = threshold_;
  sum.path = rows_.path();
  std::uint64_t next = 0;
  for (const auto& [batch, row] : batches) {
    if (batch != next++ || sum.met) break;
    add(blowups_from_row(row, threshold_)->count, sum.count);
    sum.met = sum.count.prompts >= prompts;
  }
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
