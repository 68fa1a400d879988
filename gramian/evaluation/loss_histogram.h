// The distribution of a loss over many prompts, of which rare ones carry the mean: counts in bins
// of equal width in log2, 32 of them for each factor of two.
//
// Preconditions: none; a loss that is not finite counts as above all bins, zero and what is below
// 2^-200 as below them. Errors: none. Counts can be added in any order. Cost: one search in a small
// tree for each loss; memory grows with the bins that are met, at most 13,000.
#pragma once

#include <cstdint>
#include <map>

namespace gramian {

class LossHistogram {
 public:
  void add(double loss);
  void merge(const LossHistogram& more);
  std::uint64_t count() const { return count_; }
  // A loss that a share of q of all is not above, to 1.1% (half a bin); infinite where that share
  // reaches what is not finite, 0 below all bins. Requires: 0 < q <= 1, count() > 0 (asserted).
  double quantile(double q) const;

 private:
  std::map<int, std::uint64_t> bins_;
  std::uint64_t count_ = 0;
};

}  // namespace gramian
