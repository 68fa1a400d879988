// Prompts of in-context linear regression as arrays.
//
//   const auto prompts = GRAMIAN_TRY(api::draw(task, {.count = 1000, .seed = 3}));
//
// Letters: B prompts, n examples of each, d input dimension, D = d + 1.
#pragma once

#include <cstdint>

#include "gramian/api/array.h"
#include "gramian/tasks/task.h"

namespace gramian::api {

struct Prompts {
  int n = 0;
  int d = 0;
  Array x = {};      // [B, n, d] inputs of the context
  Array y = {};      // [B, n]    their targets, with noise
  Array query = {};  // [B, d]    one more input
  Array w = {};      // [B, d]    the true weights
  Array sigma = {};  // [B]       the noise level
  Array gram = {};   // [B, D, D] sum over the context of e e^T, e = (x, y)
};

struct Draw {
  std::uint64_t count = 0;  // B >= 1
  std::uint64_t seed = 0;
  std::uint64_t first = 0;  // number of the first prompt, a multiple of kLanes
  int threads = 0;          // 0: one for each core
};

// Draws tokens. A prompt depends on the seed and its number alone: not on how many are drawn, nor
// on threads. Those of `gramian eval` with task.sampler=tokens and eval.seed are the same prompts.
// Errors: config, for a count of 0, a `first` that begins no block, more than 2^32 prompts or more
// memory than kMostProcessBytes. Cost: the numbers are written once, out of the lanes of a block.
Expected<Prompts> draw(const RegressionTask& task, const Draw& how);

// sum_i e_i e_i^T over the context, e = (x, y): x [B, n, d], y [B, n] -> [B, D, D]. Errors: config,
// for other shapes and numbers that are not finite.
Expected<Array> gram_matrices(const Array& x, const Array& y);

}  // namespace gramian::api
