#include "gramian/papers/newton/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/solvers/chebyshev.h"
#include "gramian/solvers/conjugate_gradients.h"
#include "gramian/solvers/hyperpower.h"
#include "gramian/solvers/spectrum.h"
#include "gramian/studies/recipe.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/blocks.h"

namespace gramian::newton {

namespace {

// A task on Gram matrices with the sizes of these prompts: what a SpectrumBatch needs to know.
RegressionTask sizes_of(const TokenTask& task) {
  TaskSpec spec;
  spec.d = task.d();
  spec.n = task.n();
  return RegressionTask::create(std::move(spec)).value();
}

// The Gram matrices of joined tokens.
PromptBlock<double> gram_of(const TokenTask& task, const TokenBlock<double>& block) {
  const auto d = static_cast<std::size_t>(task.d()), size = d + 1;
  const auto n = static_cast<std::size_t>(task.n());
  PromptBlock<double> prompts(task.d());
  prompts.gram.zero();
  for (std::size_t j = 0; j < n; ++j) {
    const double* e = block.tokens.data() + j * size * kLanes;
    for (std::size_t r = 0; r < size; ++r) {
      for (std::size_t s = 0; s < size; ++s) {
        for (std::size_t p = 0; p < kLanes; ++p)
          prompts.gram[(r * size + s) * kLanes + p] += e[r * kLanes + p] * e[s * kLanes + p];
      }
    }
  }
  std::copy_n(block.tokens.data() + n * size * kLanes, d * kLanes, prompts.query.data());
  std::copy_n(block.truth.data(), d * kLanes, prompts.truth.data());
  prompts.sigma.zero();
  return prompts;
}

SpectrumBatch spectra_of(const TokenTask& task, std::uint64_t prompts) {
  SpectrumBatch batch(sizes_of(task), prompts);
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  for_blocks({.seed = kEvaluationSeed, .count = prompts}, [&](const SeriesBlock& part) {
    sampler.sample(part.address, part.count, block);
    batch.fill(gram_of(task, block), part.count, part.first);
  });
  return batch;
}

// 2 loss / d: the squared error over d.
Estimate error_of(const Solver& solver, const SpectrumBatch& prompts) {
  RunningMean mean;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    const Spectrum prompt = prompts[p];
    std::vector<double> c(static_cast<std::size_t>(prompt.d));
    solver.solve(prompt, c);
    mean.add(2 * loss(prompt, c, QueryMode::sampled) / prompt.d);
  }
  return estimate_of(mean);
}

std::vector<StepErrors> hyperpower_errors(const SpectrumBatch& batch, std::span<const int> orders,
                                          int steps, double share) {
  std::vector<StepErrors> list;
  for (const int order : orders) {
    StepErrors& at = list.emplace_back(
        StepErrors{.name = fmt::format("Newton, order {}", order), .order = order});
    for (int t = 0; t <= steps; ++t)
      at.steps.push_back(
          error_of(Hyperpower(t, order, Hyperpower::Start::of_prompt, share), batch));
  }
  return list;
}

}  // namespace

std::vector<StepErrors> hyperpower_errors(const TokenTask& task, std::span<const int> orders,
                                          int steps, std::uint64_t prompts, double share) {
  return hyperpower_errors(spectra_of(task, prompts), orders, steps, share);
}

std::vector<StepErrors> iteration_errors(const TokenTask& task, int steps, std::uint64_t prompts,
                                         double share) {
  const SpectrumBatch batch = spectra_of(task, prompts);
  std::vector<StepErrors> list = hyperpower_errors(batch, kOrders, steps, share);
  StepErrors& chebyshev = list.emplace_back(StepErrors{.name = "Chebyshev"});
  for (int t = 0; t <= steps; ++t) chebyshev.steps.push_back(error_of(Chebyshev(t), batch));
  StepErrors& cg = list.emplace_back(StepErrors{.name = "conjugate gradients"});
  for (int t = 0; t <= steps; ++t) {
    cg.steps.push_back(error_of(ConjugateGradients(t, ConjugateGradients::Penalty::none), batch));
  }
  return list;
}

double degree_of_iterate(int order, int steps) { return 2 * std::pow(order, steps) - 1; }

double degree_of_attention(int layers) { return std::pow(3, layers); }

double equivalent_degree(const StepErrors& iteration, double error) {
  GRAMIAN_ASSERT(iteration.order >= 2);
  for (std::size_t t = 0; t + 1 < iteration.steps.size(); ++t) {
    const double before = iteration.steps[t].mean, after = iteration.steps[t + 1].mean;
    if (!(error <= before && error >= after && after > 0)) continue;
    const double share = std::log(before / error) / std::log(before / after);
    // The degree plus one grows by the factor o a step.
    return 2 * std::pow(iteration.order, static_cast<double>(t) + share) - 1;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

AlongCoordinate along_coordinate(const Transformer& network, const Problem& problem, int steps) {
  const TokenTask task = task_of(problem);
  const auto d = static_cast<std::size_t>(task.d()), n = static_cast<std::size_t>(task.n());
  TokenBlock<double> block;
  TokenSampler<double>(task).sample({.seed = kEvaluationSeed, .stream = kEvaluationStream}, 1,
                                    block);
  SpectrumBatch batch(sizes_of(task), 1);
  TapeRun<double> run(network.recorded().tape);
  AlongCoordinate result;
  for (const int order : {2, 3}) result.iterations.push_back({order, {}});
  for (int k = -16; k < 16; ++k) {
    const double c = 4 * kTrainedRange * (k + 0.5) / 15.5;
    result.c.push_back(c);
    double* query = block.tokens.data() + n * (d + 1) * kLanes;
    for (std::size_t i = 0; i < d; ++i) query[i * kLanes] = i == 0 ? c : 0;
    std::copy(block.tokens.begin(), block.tokens.end(), run.values(network.recorded().tokens));
    run.forward(network.theta.data());
    result.network.push_back(run.values(network.recorded().output)[0]);
    result.truth.push_back(c * block.truth[0]);
    batch.fill(gram_of(task, block), 1, 0);
    for (auto& [order, values] : result.iterations) {
      const Spectrum prompt = batch[0];
      std::vector<double> w(d);
      Hyperpower(steps, order, Hyperpower::Start::of_prompt).solve(prompt, w);
      double prediction = 0;
      for (std::size_t i = 0; i < d; ++i) prediction += w[i] * prompt.query[i];
      values.push_back(prediction);
    }
  }
  double products = 0, squares = 0;
  for (std::size_t k = 0; k < result.c.size(); ++k) {
    if (std::abs(result.c[k]) > kTrainedRange) continue;
    products += result.c[k] * result.network[k];
    squares += result.c[k] * result.c[k];
  }
  const double slope = products / squares;
  for (std::size_t k = 0; k < result.c.size(); ++k) {
    const double c = result.c[k], bend = std::abs(result.network[k] - slope * c);
    if (std::abs(c) <= kTrainedRange) {
      result.bend_inside = std::max(result.bend_inside, bend / std::abs(slope * kTrainedRange));
    } else {
      result.bend_outside =
          std::max(result.bend_outside, bend / std::abs(slope * 4 * kTrainedRange));
    }
  }
  return result;
}

}  // namespace gramian::newton
