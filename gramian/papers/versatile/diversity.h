// Networks that were trained on few tasks, seen again and again: measured by diversity.cpp, judged
// here.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/studies/scores.h"

namespace gramian::versatile {

// Losses of one predictor, each a mean over pools (one a seed): on prompts of its pool, and on
// prompts whose weight vectors are new. Blow-ups (evaluation/baselines.h) are left out and counted,
// over all pools.
struct PoolLosses {
  Estimate own = {}, fresh = {};
  std::uint64_t own_blowups = 0, fresh_blowups = 0;
};

// A pool of K weight vectors; K = 0: a new one for each prompt, and the two losses are of one task.
struct Diversity {
  int pool = 0;
  PoolLosses ridge = {};      // that knows sigma: Bayes where weight vectors are new
  PoolLosses posterior = {};  // that knows the pool: Bayes on its prompts; unknown for K = 0
  PoolLosses one = {}, full = {}, diag = {};  // FULL with one layer; FULL, DIAG with four
  // Of FULL with one layer to its exact optimum on the pool: the largest over pools of the expected
  // losses' ratio. Unknown where not trained, and for K = 0.
  double one_to_optimum = 0;
  Estimate optimum = {};  // expected loss of that optimum, on its pool
};

std::vector<Claim> diversity_claims(std::span<const Diversity> pools);

}  // namespace gramian::versatile
