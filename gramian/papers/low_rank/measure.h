// What the studies of Li et al. (2024) measure of one trained layer against its start, which is
// made again from the seed.
//
// The matrices are named as in the publication, where tokens are columns; in files they are their
// transposes, Q, K, V and P. A hinge loss is a mean over fresh prompts, the same for all weights.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "gramian/evaluation/pruning.h"
#include "gramian/papers/low_rank/setting.h"
#include "gramian/parallel/pool.h"
#include "gramian/studies/scores.h"
#include "gramian/studies/token_cells.h"

namespace gramian::low_rank {

inline constexpr std::array<std::string_view, 4> kMatrices = {"W_Q", "W_K", "W_V", "W_O"};

// The update of one matrix.
struct UpdateNumbers {
  std::vector<double> sigma = {};  // singular values, the largest first
  double energy = 0;               // share of the squares in as many as there are relevant patterns
  double energy_of_one = 0;        // in the first alone
  double gap = 0;                  // of the last of these over the next
  int rank = 0;                    // singular values above 5% of the largest
  double angle = 0;  // in degrees: from the inputs it acts on to the relevant patterns; 0 of W_O
};

struct RankNumbers {
  int seed = 0;
  std::array<UpdateNumbers, 4> updates = {};  // of kMatrices
  std::vector<double> response = {};          // norm of the update of W_V times each pattern
};
// `relevant`: how many patterns decide the label.
RankNumbers measure_rank(const TokenRun& run, int relevant);

// How exactly losses are measured.
struct LossPrecision {
  std::uint64_t prompts = 1000;
  int random_orders = 4;  // of pruning
};

// The hinge loss of the start, of the trained layer, and with the updates of W_Q, W_K and W_V
// truncated to rank 0, 1, .. (W_O stays as it was trained).
struct TruncationNumbers {
  double start = 0, trained = 0;
  std::vector<double> truncated = {};
};
TruncationNumbers measure_truncation(const TokenRun& run, int ranks, const LossPrecision& precision,
                                     ThreadPool& pool);

inline constexpr std::array<double, 10> kPrunedShares = {0,   0.1, 0.2, 0.3, 0.4,
                                                         0.5, 0.6, 0.7, 0.8, 0.9};
inline constexpr std::size_t kThirty = 3;  // 30%

// Norms of the neurons (rows of W_O), the smallest first, and the hinge loss without a share of
// them, for each of kPrunedShares.
struct PruningNumbers {
  std::vector<double> norms = {};
  std::vector<double> small_first = {}, large_first = {}, random = {};
};
PruningNumbers measure_pruning(const TokenRun& run, const LossPrecision& precision,
                               ThreadPool& pool);

// The share of the attention that goes to tokens that show the class of the label, a mean over
// tokens and prompts, before and after training.
struct AttentionNumbers {
  double start = 0, trained = 0;
};
AttentionNumbers measure_attention(const TokenRun& run, int relevant_tokens, std::uint64_t prompts);

}  // namespace gramian::low_rank
