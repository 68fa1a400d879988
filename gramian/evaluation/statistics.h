// Means with error bars, and rates of rare events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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

// Covariances of several numbers that are measured together, in one pass, mergeable as RunningMean
// is. n numbers cost n^2 multiply-adds a measurement.
class RunningCovariance {
 public:
  explicit RunningCovariance(std::size_t numbers = 0)
      : means_(numbers), products_(numbers * numbers) {}
  void add(std::span<const double> values);    // one measurement: as many as numbers() (asserted)
  void merge(const RunningCovariance& other);  // of as many numbers (asserted)

  std::size_t numbers() const { return means_.size(); }
  std::uint64_t count() const { return count_; }
  // Unbiased; NaN for fewer than two measurements, and of a number that was not finite once.
  double covariance(std::size_t i, std::size_t j) const;

 private:
  std::uint64_t count_ = 0;
  std::vector<double> means_;
  std::vector<double> products_;  // [n, n]: sums of products of deviations
};

// Holm's step-down procedure: which of these tests reject, so that all together reject a hypothesis
// that holds with a probability of at most `level`, however they depend on each other. In the order
// of their p-values the k-th of n (from 0) rejects if it and all before it are at most
// level / (n - k). A p-value that is not a number rejects nothing.
std::vector<bool> rejected_by_holm(std::span<const double> p_values, double level);

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

// P(X >= value) for X chi-squared with so many degrees of freedom. Requires: value >= 0, at least
// two degrees (asserted).
double chi_squared_tail(double value, int degrees);

// P(X <= count) for X ~ Poisson(mean). Requires: mean >= 0 (asserted).
double poisson_cdf(std::uint64_t count, double mean);

}  // namespace gramian
