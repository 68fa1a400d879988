// Means with error bars, and rates of rare events.
#pragma once

#include <cstdint>
#include <span>

namespace gramian {

// Mean and variance in one pass (Welford), mergeable (Chan et al.). One value that is
// not finite makes the mean and its error infinite: nothing is dropped silently.
class RunningMean {
 public:
  void add(double value);
  void merge(const RunningMean& other);

  std::uint64_t count() const { return count_; }
  double mean() const;            // NaN if empty
  double variance() const;        // unbiased; NaN for fewer than two values
  double standard_error() const;  // of the mean

  // All that it is, to be kept in a file.
  struct State {
    std::uint64_t count = 0;
    std::uint64_t not_finite = 0;  // of the count
    double mean = 0;               // of the finite values
    double squares = 0;            // their sum of squared deviations
  };
  State state() const { return {count_, not_finite_, mean_, squares_}; }
  explicit RunningMean(const State& state)
      : count_(state.count),
        not_finite_(state.not_finite),
        mean_(state.mean),
        squares_(state.squares) {}
  RunningMean() = default;

 private:
  std::uint64_t count_ = 0;
  std::uint64_t not_finite_ = 0;
  double mean_ = 0;     // of the finite values
  double squares_ = 0;  // their sum of squared deviations
};

// A ratio of two means over the same prompts, and its standard error.
struct Ratio {
  double value = 0, error = 0;
};

// sum a / sum b. To first order its error is that of the mean of a - ratio b, over the mean of b.
// Both are infinite where the sum of a is not a number. Requires: as many a as b (asserted).
Ratio ratio_of_means(std::span<const double> a, std::span<const double> b);

struct Interval {
  double low;
  double high;
};

// The exact (Garwood) confidence interval of a Poisson mean of which `count` was seen:
// P(X >= count | low) = P(X <= count | high) = (1 - confidence) / 2, and low = 0 for none.
// Requires: 0 < confidence < 1 (asserted).
Interval poisson_interval(std::uint64_t count, double confidence = 0.95);

// P(X <= count) for X ~ Poisson(mean). Requires: mean >= 0 (asserted).
double poisson_cdf(std::uint64_t count, double mean);

}  // namespace gramian
