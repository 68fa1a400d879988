#include "gramian/explain/prompts.h"

#include "gramian/base/assert.h"
#include "gramian/tasks/blocks.h"

namespace gramian {

std::vector<Prompt> draw_prompts(const RegressionTask& task, std::uint64_t seed, PromptSet set,
                                 std::size_t count) {
  const auto d = static_cast<std::size_t>(task.d());
  PromptSampler<double> sampler(task, false);
  PromptBlock<double> drawn(task.d());
  const LaneView<const double> gram(drawn.gram.data(), d + 1, d + 1), truth(drawn.truth.data(), d);
  std::vector<Prompt> prompts;
  prompts.reserve(count);
  // Evaluation leaves all but the lowest steps alone: one is 2^32 prompts.
  const PromptSeries series{
      .seed = seed, .first = prompt_number(static_cast<std::uint32_t>(set), 0), .count = count};
  for_blocks(series, [&](const SeriesBlock& block) {
    sampler.sample(block.address, block.count, drawn);
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
      Prompt prompt{std::vector<double>((d + 1) * (d + 1)), std::vector<double>(d), drawn.sigma[p]};
      gram.copy_out(p, prompt.gram.data());
      truth.copy_out(p, prompt.truth.data());
      prompts.push_back(std::move(prompt));
    }
  });
  return prompts;
}

SpectrumBatch spectra_towards(const RegressionTask& task, std::span<const Prompt> prompts,
                              std::span<const std::vector<double>> targets) {
  GRAMIAN_ASSERT(targets.size() == prompts.size());
  SpectrumBatch spectra(task, prompts.size());
  PromptBlock<double> block(task.d());
  for_lanes(prompts.size(), [&](std::size_t first, int count) {
    for (std::size_t lane = 0; lane < static_cast<std::size_t>(count); ++lane) {
      const Prompt& prompt = prompts[first + lane];
      GRAMIAN_ASSERT(targets[first + lane].size() == prompt.truth.size());
      lane_view(block.gram).copy_in(lane, prompt.gram.data());
      lane_view(block.truth).copy_in(lane, targets[first + lane].data());
      lane_view(block.query).fill(lane, 0);
      block.sigma[lane] = prompt.sigma;
    }
    spectra.fill(block, count, first);
  });
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
