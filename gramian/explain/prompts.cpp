#include "gramian/explain/prompts.h"

#include <algorithm>

#include "gramian/base/assert.h"

namespace gramian {

std::vector<Prompt> draw_prompts(const RegressionTask& task, std::uint64_t seed, PromptSet set,
                                 std::size_t count) {
  const auto d = static_cast<std::size_t>(task.d()), size = (d + 1) * (d + 1);
  PromptSampler<double> sampler(task, false);
  PromptBlock<double> block(task.d());
  std::vector<Prompt> prompts;
  prompts.reserve(count);
  for (std::size_t first = 0; first < count; first += kLanes) {
    const std::size_t lanes = std::min<std::size_t>(kLanes, count - first);
    // Evaluation leaves all but the lowest steps alone: one is 2^32 prompts.
    sampler.sample({.seed = seed,
                    .stream = kEvaluationStream,
                    .step = static_cast<std::uint32_t>(set),
                    .first = static_cast<std::uint32_t>(first)},
                   static_cast<int>(lanes), block);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      Prompt prompt{std::vector<double>(size), std::vector<double>(d), block.sigma[lane]};
      for (std::size_t i = 0; i < size; ++i) prompt.gram[i] = block.gram[i * kLanes + lane];
      for (std::size_t i = 0; i < d; ++i) prompt.truth[i] = block.truth[i * kLanes + lane];
      prompts.push_back(std::move(prompt));
    }
  }
  return prompts;
}

SpectrumBatch spectra_towards(const RegressionTask& task, std::span<const Prompt> prompts,
                              std::span<const std::vector<double>> targets) {
  GRAMIAN_ASSERT(targets.size() == prompts.size());
  SpectrumBatch spectra(task, prompts.size());
  PromptBlock<double> block(task.d());
  for (std::size_t first = 0; first < prompts.size(); first += kLanes) {
    const std::size_t lanes = std::min<std::size_t>(kLanes, prompts.size() - first);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const Prompt& prompt = prompts[first + lane];
      GRAMIAN_ASSERT(targets[first + lane].size() == prompt.truth.size());
      for (std::size_t i = 0; i < prompt.gram.size(); ++i)
        block.gram[i * kLanes + lane] = prompt.gram[i];
      for (std::size_t i = 0; i < prompt.truth.size(); ++i) {
        block.truth[i * kLanes + lane] = targets[first + lane][i];
        block.query[i * kLanes + lane] = 0;
      }
      block.sigma[lane] = prompt.sigma;
    }
    spectra.fill(block, static_cast<int>(lanes), first);
  }
  return spectra;
}

double squared_norm(const RegressionTask& task, std::span<const double> v) {
  GRAMIAN_ASSERT(v.size() == static_cast<std::size_t>(task.d()));
  double sum = 0;
  const std::vector<double>& s = task.spec().covariance;
  for (std::size_t i = 0; i < v.size(); ++i) {
    double image = v[i];
    if (!s.empty()) {
      image = 0;
      for (std::size_t j = 0; j < v.size(); ++j) image += s[i * v.size() + j] * v[j];
    }
    sum += v[i] * image;
  }
  return sum;
}

}  // namespace gramian
