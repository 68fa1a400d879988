#include "gramian/evaluation/loss_histogram.h"

#include <cmath>
#include <limits>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

constexpr int kBinsPerOctave = 32;
constexpr int kLowestBin = -200 * kBinsPerOctave, kHighestBin = 200 * kBinsPerOctave;

int bin_of(double loss) {
  if (!std::isfinite(loss)) return kHighestBin;
  if (!(loss > 0)) return kLowestBin;
  const double bin = std::floor(std::log2(loss) * kBinsPerOctave);
  if (bin <= kLowestBin) return kLowestBin;
  return bin >= kHighestBin ? kHighestBin : static_cast<int>(bin);
}

}  // namespace

void LossHistogram::add(double loss) {
  ++bins_[bin_of(loss)];
  ++count_;
}

void LossHistogram::merge(const LossHistogram& more) {
  for (const auto& [bin, count] : more.bins_) bins_[bin] += count;
  count_ += more.count_;
}

double LossHistogram::quantile(double q) const {
  GRAMIAN_ASSERT(q > 0 && q <= 1 && count_ > 0);
  const double wanted = q * static_cast<double>(count_);
  double below = 0;
  for (const auto& [bin, count] : bins_) {
    below += static_cast<double>(count);
    if (below < wanted) continue;
    if (bin == kLowestBin) return 0;
    if (bin == kHighestBin) break;
    return std::exp2((bin + 0.5) / kBinsPerOctave);
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace gramian
