#include "gramian/evaluation/alignment.h"

#include <algorithm>
#include <cmath>

namespace gramian {

namespace {

constexpr std::uint64_t kCompareChunk = 16 * kLanes;  // prompts that share one set of sums

struct Worker {
  Worker(const RegressionTask& task, bool with_query)
      : sampler(task, with_query), block(task.d()) {}
  PromptSampler<double> sampler;
  PromptBlock<double> block;
  std::vector<double> weights = {}, other = {};  // [L, d, lanes]
};

// Calls body(worker, chunk, first, count, thread) for each block of prompts.
template <class Body>
void for_blocks(const RegressionTask& task, bool with_query, std::uint64_t prompts,
                std::uint64_t seed, ThreadPool& pool, Body&& body) {
  std::vector<Worker> workers;
  for (int t = 0; t < pool.threads(); ++t) workers.emplace_back(task, with_query);
  pool.run(static_cast<int>((prompts + kCompareChunk - 1) / kCompareChunk), [&](int chunk,
                                                                                int thread) {
    Worker& worker = workers[static_cast<std::size_t>(thread)];
    const std::uint64_t begin = static_cast<std::uint64_t>(chunk) * kCompareChunk;
    for (std::uint64_t first = begin; first < std::min(begin + kCompareChunk, prompts);
         first += kLanes) {
      const auto count = static_cast<int>(std::min<std::uint64_t>(kLanes, prompts - first));
      const PhiloxAddress address{.seed = seed,
                                  .stream = kEvaluationStream,
                                  .step = static_cast<std::uint32_t>(first >> 32),
                                  .first = static_cast<std::uint32_t>(first)};
      worker.sampler.sample(address, count, worker.block);
      body(worker, static_cast<std::size_t>(chunk), first, static_cast<std::size_t>(count), thread);
    }
  });
}

}  // namespace

double integrated_loss(const RegressionTask& task, const PromptBlock<double>& prompts,
                       const double* weights, std::size_t lane) {
  const auto d = static_cast<std::size_t>(task.d());
  const auto error = [&](std::size_t i) {
    return weights[i * kLanes + lane] - prompts.truth[i * kLanes + lane];
  };
  double square = 0;
  for (std::size_t j = 0; j < d; ++j) {
    double entry = error(j);
    if (!task.identity_covariance()) {  // entry j of C^T (v - w)
      entry = 0;
      for (std::size_t i = j; i < d; ++i) entry += task.factor()[i * d + j] * error(i);
    }
    square += entry * entry;
  }
  return 0.5 * square;
}

std::vector<LayerLoss> layer_losses(const RegressionTask& task, Predictor& model,
                                    std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool) {
  const auto layers = static_cast<std::size_t>(model.layers());
  const std::size_t stride = static_cast<std::size_t>(task.d()) * kLanes;
  std::vector<std::vector<double>> losses(layers, std::vector<double>(prompts));
  for_blocks(task, false, prompts, seed, pool,
             [&](Worker& worker, std::size_t, std::uint64_t first, std::size_t count, int thread) {
               worker.weights.resize(layers * stride);
               model.predict(worker.block, worker.weights.data(), thread);
               for (std::size_t l = 0; l < layers; ++l) {
                 for (std::size_t p = 0; p < count; ++p) {
                   losses[l][first + p] =
                       integrated_loss(task, worker.block, worker.weights.data() + l * stride, p);
                 }
               }
             });
  std::vector<LayerLoss> result(layers);
  for (std::size_t l = 0; l < layers; ++l) {
    for (double& loss : losses[l]) {
      result[l].loss.add(loss);
      if (std::isnan(loss)) loss = std::numeric_limits<double>::infinity();
    }
    const auto middle = losses[l].begin() + static_cast<std::ptrdiff_t>(prompts / 2);
    std::nth_element(losses[l].begin(), middle, losses[l].end());
    result[l].median = *middle;
  }
  return result;
}

void Alignment::add_sensitivities(const double* w, const double* v, std::size_t d,
                                  std::size_t lane) {
  double squares = 0, ww = 0, vv = 0, wv = 0;
  for (std::size_t i = lane; i < d * kLanes; i += kLanes) {
    squares += (w[i] - v[i]) * (w[i] - v[i]);
    ww += w[i] * w[i];
    vv += v[i] * v[i];
    wv += w[i] * v[i];
  }
  sensitivity.add(std::sqrt(squares));
  if (ww > 0 && vv > 0) cosine.add(wv / std::sqrt(ww) / std::sqrt(vv));
}

void Alignment::merge(const Alignment& more) {
  loss.merge(more.loss);
  other_loss.merge(more.other_loss);
  prediction.merge(more.prediction);
  sensitivity.merge(more.sensitivity);
  cosine.merge(more.cosine);
}

Alignment align(const RegressionTask& task, Predictor& model, Predictor& other, double target_scale,
                std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool) {
  const auto d = static_cast<std::size_t>(task.d());
  std::vector<Alignment> chunks((prompts + kCompareChunk - 1) / kCompareChunk);
  for_blocks(task, true, prompts, seed, pool,
             [&](Worker& worker, std::size_t chunk, std::uint64_t, std::size_t count, int thread) {
               PromptBlock<double>& block = worker.block;
               if (target_scale != 1) {
                 for (double& w : block.truth) w *= target_scale;
                 for (std::size_t i = 0; i <= d;
                      ++i) {  // the row and the column of y; the corner twice
                   for (std::size_t p = 0; p < kLanes; ++p) {
                     block.gram[(i * (d + 1) + d) * kLanes + p] *= target_scale;
                     block.gram[(d * (d + 1) + i) * kLanes + p] *= target_scale;
                   }
                 }
               }
               worker.weights.resize(static_cast<std::size_t>(model.layers()) * d * kLanes);
               worker.other.resize(static_cast<std::size_t>(other.layers()) * d * kLanes);
               model.predict(block, worker.weights.data(), thread);
               other.predict(block, worker.other.data(), thread);
               const double* w = worker.weights.data() + worker.weights.size() - d * kLanes;
               const double* v = worker.other.data() + worker.other.size() - d * kLanes;
               Alignment& sum = chunks[chunk];
               for (std::size_t p = 0; p < count; ++p) {
                 double prediction = 0;
                 for (std::size_t i = p; i < d * kLanes; i += kLanes)
                   prediction += (w[i] - v[i]) * block.query[i];
                 sum.loss.add(integrated_loss(task, block, w, p));
                 sum.other_loss.add(integrated_loss(task, block, v, p));
                 sum.prediction.add(std::abs(prediction));
                 sum.add_sensitivities(w, v, d, p);
               }
             });
  Alignment total;
  for (const Alignment& chunk : chunks) total.merge(chunk);
  return total;
}

}  // namespace gramian
