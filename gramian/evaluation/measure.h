// The one loop over blocks of prompts of every evaluation.
//
// A *measure* turns a block of prompts into sums that can be added:
//
//     struct Measure {
//       using Sums = ..;                                      // has void merge(const Sums& more)
//       void add(const SeriesBlock& block, Sums& sums);       // samples the block and adds it
//     };
//
// and holds all memory that one thread needs for that. Prompts are addressed by seed, stream and
// number (tasks/blocks.h), so that measures of the same series see the same prompts. They are
// counted in chunks with sums of their own, which are merged in the order of the chunks: the bits
// of the result do not depend on the number of threads, but they do depend on the chunk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/blocks.h"

namespace gramian {

// Called between waves with the prompts done and in all; false stops the work, which then fails
// with ErrorKind::interrupted.
using ProgressFunction = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct MeasurePlan {
  PromptSeries prompts;
  std::uint64_t chunk = 0;   // prompts that share one set of sums: a multiple of kLanes, > 0
  std::uint64_t wave = 256;  // chunks whose sums are held at a time, between reports of progress
  const char* name = "";     // of the work, for the message of an interruption
};

// What measures leave that write their numbers elsewhere.
struct NoSums {
  void merge(const NoSums&) {}
};

// `measures`: one for each thread of the pool; `zero`: sums of no prompt. Errors: interrupted, by
// `progress`. Requires: a valid plan and enough measures (asserted). Memory: the sums of one wave.
template <class Measure>
Expected<typename Measure::Sums> run_measures(const MeasurePlan& plan,
                                              std::vector<Measure>& measures,
                                              const typename Measure::Sums& zero, ThreadPool& pool,
                                              const ProgressFunction& progress) {
  GRAMIAN_ASSERT(plan.chunk > 0 && plan.chunk % kLanes == 0 && plan.wave > 0);
  GRAMIAN_ASSERT(measures.size() >= static_cast<std::size_t>(pool.threads()));
  const std::uint64_t total = plan.prompts.count;
  const std::uint64_t chunks = total / plan.chunk + (total % plan.chunk != 0);
  typename Measure::Sums sums = zero;
  for (std::uint64_t begin = 0; begin < chunks; begin += plan.wave) {
    const std::uint64_t length = std::min(plan.wave, chunks - begin);
    std::vector<typename Measure::Sums> wave(length, zero);
    pool.run(static_cast<int>(length), [&](int index, int thread) {
      const std::uint64_t offset = (begin + static_cast<std::uint64_t>(index)) * plan.chunk;
      PromptSeries chunk = plan.prompts;
      chunk.first += offset;
      chunk.count = std::min(plan.chunk, total - offset);
      for_blocks(chunk, [&](const SeriesBlock& block) {
        measures[static_cast<std::size_t>(thread)].add(block,
                                                       wave[static_cast<std::size_t>(index)]);
      });
    });
    for (const auto& chunk : wave) sums.merge(chunk);  // in order, whoever computed them
    const std::uint64_t done = std::min((begin + length) * plan.chunk, total);
    if (progress && !progress(done, total)) {
      if (done == total)
        return fail(ErrorKind::interrupted, "stopped after the {} of all {} prompts", plan.name,
                    total);
      return fail(ErrorKind::interrupted, "{} stopped after {} of {} prompts", plan.name, done,
                  total);
    }
  }
  return sums;
}

// The same without progress, which cannot fail.
template <class Measure>
typename Measure::Sums run_measures(const MeasurePlan& plan, std::vector<Measure>& measures,
                                    const typename Measure::Sums& zero, ThreadPool& pool) {
  return *run_measures(plan, measures, zero, pool, {});
}

}  // namespace gramian
