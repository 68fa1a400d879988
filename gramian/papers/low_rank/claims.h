// The claims of Li et al. (2024), and ours on what we find, judged by numbers of every seed: a
// claim holds if it holds on each. Its detail has the worst seed. Without a seed it is not judged.
#pragma once

#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/low_rank/measure.h"

namespace gramian::low_rank {

// One entry a seed in every list.
std::vector<Claim> training_claims(const std::vector<double>& hinge);
std::vector<Claim> rank_claims(const std::vector<RankNumbers>& seeds);
std::vector<Claim> truncation_claims(const std::vector<TruncationNumbers>& seeds);
std::vector<Claim> pruning_claims(const std::vector<PruningNumbers>& seeds);

// One cell with its own multiple of the identity in W_Q and W_K at the start.
struct GainNumbers {
  double gain = 0;
  std::vector<AttentionNumbers> attention = {};
  std::vector<RankNumbers> ranks = {};
};
// `gains`: the usual gain first, then larger ones.
std::vector<Claim> attention_claims(const std::vector<GainNumbers>& gains);

// One cell with its own number of relevant patterns.
struct PatternNumbers {
  int relevant = 0;
  bool mixed = false;  // a prompt shows all patterns of its class, and not one of them
  std::vector<RankNumbers> ranks = {};
};
std::vector<Claim> pattern_claims(const PatternNumbers& numbers);

// One cell with other conditions, named in words.
struct ConditionNumbers {
  std::string condition = {};
  std::vector<double> hinge = {};
  std::vector<RankNumbers> ranks = {};
  std::vector<PruningNumbers> pruning = {};
};
std::vector<Claim> condition_claims(const std::vector<ConditionNumbers>& conditions);

}  // namespace gramian::low_rank
