#include "gramian/evaluation/blowups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gramian/evaluation/alignment.h"

namespace gramian {

namespace {

constexpr std::uint64_t kBlowUpChunk = 64 * kLanes;  // prompts
constexpr std::uint64_t kBlowUpWave = 256;           // chunks between two reports of progress

}  // namespace

Expected<BlowUpCount> count_blowups(const RegressionTask& task, Predictor& model, double threshold,
                                    std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool,
                                    const ProgressFunction& progress) {
  const auto d = static_cast<std::size_t>(task.d());
  const auto layers = static_cast<std::size_t>(model.layers());
  struct Scratch {
    PromptSampler<double> sampler;
    PromptBlock<double> block;
    std::vector<double> weights;  // [L, d, lanes]
  };
  std::vector<Scratch> scratch;
  for (int t = 0; t < pool.threads(); ++t) {
    scratch.push_back({PromptSampler<double>(task, false), PromptBlock<double>(task.d()),
                       std::vector<double>(layers * d * kLanes)});
  }
  BlowUpCount result{.prompts = prompts, .threshold = threshold};
  std::vector<BlowUpCount> waves(
      kBlowUpWave);  // one for each chunk, merged in their order: the bits stay
  const std::uint64_t chunks = (prompts + kBlowUpChunk - 1) / kBlowUpChunk;
  for (std::uint64_t wave = 0; wave < chunks; wave += kBlowUpWave) {
    const std::uint64_t length = std::min(kBlowUpWave, chunks - wave);
    pool.run(static_cast<int>(length), [&](int chunk, int thread) {
      Scratch& s = scratch[static_cast<std::size_t>(thread)];
      BlowUpCount& sum = waves[static_cast<std::size_t>(chunk)] = {};
      const std::uint64_t begin = (wave + static_cast<std::uint64_t>(chunk)) * kBlowUpChunk;
      for (std::uint64_t first = begin; first < std::min(begin + kBlowUpChunk, prompts);
           first += kLanes) {
        const auto count = static_cast<int>(std::min<std::uint64_t>(kLanes, prompts - first));
        const PhiloxAddress address{.seed = seed,
                                    .stream = kEvaluationStream,
                                    .step = static_cast<std::uint32_t>(first >> 32),
                                    .first = static_cast<std::uint32_t>(first)};
        s.sampler.sample(address, count, s.block);
        model.predict(s.block, s.weights.data(), thread);
        const double* last = s.weights.data() + (layers - 1) * d * kLanes;
        for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
          const double loss = integrated_loss(task, s.block, last, p);
          sum.loss.add(loss);
          if (!(loss <= threshold)) ++sum.count;
          if (!(loss <= sum.largest))
            sum.largest = std::isnan(loss) ? std::numeric_limits<double>::infinity() : loss;
        }
      }
    });
    for (std::uint64_t chunk = 0; chunk < length; ++chunk) {
      const BlowUpCount& sum = waves[chunk];
      result.count += sum.count;
      result.largest = std::max(result.largest, sum.largest);
      result.loss.merge(sum.loss);
    }
    const std::uint64_t done = std::min((wave + length) * kBlowUpChunk, prompts);
    if (progress && !progress(done, prompts)) {
      return fail(ErrorKind::interrupted, "counting stopped after {} of {} prompts", done, prompts);
    }
  }
  return result;
}

}  // namespace gramian
