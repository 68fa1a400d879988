#include "gramian/api/prompts.h"

#include "gramian/base/memory.h"
#include "gramian/lanes/view.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/blocks.h"

namespace gramian::api {

namespace {

constexpr std::uint64_t kChunk = 16 * kLanes;  // prompts that a thread draws at a time

// What one thread draws with.
struct Worker {
  explicit Worker(const RegressionTask& task)
      : sampler(task),
        block(task.d()),
        tokens(lane_size(static_cast<std::size_t>(task.n()) *
                         (static_cast<std::size_t>(task.d()) + 1))) {}
  PromptSampler<double> sampler;
  PromptBlock<double> block;
  AlignedArray<double> tokens;
};

// Tokens [n, D] of one lane as x [n, d] and y [n].
void split_tokens(const AlignedArray<double>& tokens, std::size_t lane, std::size_t n,
                  std::size_t d, double* x, double* y) {
  for (std::size_t i = 0; i < n; ++i) {
    const double* token = tokens.data() + i * (d + 1) * kLanes + lane;
    for (std::size_t j = 0; j < d; ++j) x[i * d + j] = token[j * kLanes];
    y[i] = token[d * kLanes];
  }
}

void copy_block(const Worker& worker, std::size_t first, int count, Prompts& prompts) {
  const auto d = static_cast<std::size_t>(prompts.d), n = static_cast<std::size_t>(prompts.n);
  const LaneView gram(worker.block.gram.data(), d + 1, d + 1);
  const LaneView truth(worker.block.truth.data(), d), query(worker.block.query.data(), d);
  for (std::size_t lane = 0; lane < static_cast<std::size_t>(count); ++lane) {
    const std::size_t p = first + lane;
    split_tokens(worker.tokens, lane, n, d, prompts.x.entry(p), prompts.y.entry(p));
    gram.copy_out(lane, prompts.gram.entry(p));
    truth.copy_out(lane, prompts.w.entry(p));
    query.copy_out(lane, prompts.query.entry(p));
    prompts.sigma.values[p] = worker.block.sigma[lane];
  }
}

Status check_draw(const RegressionTask& task, const Draw& how) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32;
  if (how.count < 1 || how.count > kMost || how.first > kMost - how.count)
    return fail(ErrorKind::config, "count must be in [1, 2^32 - first], got {} with first = {}",
                how.count, how.first);
  if (how.first % kLanes != 0)
    return fail(ErrorKind::config, "first must be a multiple of {}, got {}", kLanes, how.first);
  const double d = task.d(), n = task.n();
  const double numbers = n * (d + 1) + 2 * d + 1 + (d + 1) * (d + 1);
  return check_memory(fmt::format("{} prompts with n = {} and d = {}", how.count, n, d),
                      8 * numbers * static_cast<double>(how.count), kMostProcessBytes);
}

}  // namespace

Expected<Prompts> draw(const RegressionTask& task, const Draw& how) {
  GRAMIAN_TRY(check_draw(task, how));
  const auto d = static_cast<std::size_t>(task.d()), n = static_cast<std::size_t>(task.n());
  const std::size_t count = how.count;
  Prompts prompts{.n = task.n(),
                  .d = task.d(),
                  .x = Array::zeros({count, n, d}),
                  .y = Array::zeros({count, n}),
                  .query = Array::zeros({count, d}),
                  .w = Array::zeros({count, d}),
                  .sigma = Array::zeros({count}),
                  .gram = Array::zeros({count, d + 1, d + 1})};
  ThreadPool pool(how.threads);
  std::vector<Worker> workers;
  for (int t = 0; t < pool.threads(); ++t) workers.emplace_back(task);
  const auto chunks = static_cast<int>((count + kChunk - 1) / kChunk);
  pool.run(chunks, [&](int chunk, int thread) {
    Worker& worker = workers[static_cast<std::size_t>(thread)];
    const std::uint64_t begin = static_cast<std::uint64_t>(chunk) * kChunk;
    const std::uint64_t size = std::min<std::uint64_t>(kChunk, count - begin);
    for_blocks({.seed = how.seed, .first = how.first + begin, .count = size},
               [&](const SeriesBlock& block) {
                 worker.sampler.sample_tokens(block.address, block.count, worker.block,
                                              worker.tokens);
                 copy_block(worker, block.first - how.first, block.count, prompts);
               });
  });
  return prompts;
}

Expected<Array> gram_matrices(const Array& x, const Array& y) {
  GRAMIAN_TRY(require_shape(x, "x", "[B, n, d]", {kAny, kAny, kAny}));
  GRAMIAN_TRY(require_shape(y, "y", "[B, n]", {x.shape[0], x.shape[1]}));
  GRAMIAN_TRY(require_finite(x, "x"));
  GRAMIAN_TRY(require_finite(y, "y"));
  const std::size_t count = x.shape[0], n = x.shape[1], d = x.shape[2], rows = d + 1;
  Array gram = Array::zeros({count, rows, rows});
  std::vector<double> token(rows);
  for (std::size_t p = 0; p < count; ++p) {
    double* g = gram.entry(p);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < d; ++j) token[j] = x.values[(p * n + i) * d + j];
      token[d] = y.values[p * n + i];
      for (std::size_t j = 0; j < rows; ++j) {
        for (std::size_t k = 0; k < rows; ++k) g[j * rows + k] += token[j] * token[k];
      }
    }
  }
  return gram;
}

}  // namespace gramian::api
