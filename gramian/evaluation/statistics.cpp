#include "gramian/evaluation/statistics.h"

#include <cmath>
#include <limits>

#include "gramian/base/assert.h"

namespace gramian {
namespace {

// std::lgamma leaves the sign in a global, which is a race between threads.
double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// Regularised upper incomplete gamma function Q(a, x), a >= 1: a series below the
// peak of the integrand, Lentz's continued fraction above it.
double upper_gamma(double a, double x) {
  if (x <= 0) return 1;
  const double scale = std::exp(a * std::log(x) - x - log_gamma(a));
  if (x < a + 1) {
    double term = 1 / a;
    double sum = term;
    for (double k = a + 1; term > sum * kEpsilon; ++k) sum += term *= x / k;
    return 1 - scale * sum;
  }
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double fraction = d;
  double change = 0;
  for (double k = 1; std::abs(change - 1) > kEpsilon; ++k) {
    const double numerator = -k * (k - a);
    b += 2;
    d = numerator * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + numerator / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    change = c * d;
    fraction *= change;
  }
  return scale * fraction;
}

// The mean at which P(X <= count) falls to `probability`.
double mean_with_cdf(std::uint64_t count, double probability) {
  double low = 0;
  double high = static_cast<double>(count) + 1;
  while (poisson_cdf(count, high) > probability) high *= 2;
  while (high - low > 4 * kEpsilon * high) {
    const double middle = (low + high) / 2;
    (poisson_cdf(count, middle) > probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

void RunningMean::add(double value) {
  ++count_;
  if (!std::isfinite(value)) {
    ++not_finite_;
    return;
  }
  const double delta = value - mean_;
  mean_ += delta / static_cast<double>(count_ - not_finite_);
  squares_ += delta * (value - mean_);
}

void RunningMean::merge(const RunningMean& other) {
  const double mine = static_cast<double>(count_ - not_finite_);
  const double theirs = static_cast<double>(other.count_ - other.not_finite_);
  count_ += other.count_;
  not_finite_ += other.not_finite_;
  if (theirs == 0) return;
  const double delta = other.mean_ - mean_;
  mean_ += delta * (theirs / (mine + theirs));
  squares_ += other.squares_ + delta * delta * (mine * theirs / (mine + theirs));
}

double RunningMean::mean() const {
  if (count_ == 0) return kNan;
  return not_finite_ > 0 ? kInfinity : mean_;
}

double RunningMean::variance() const {
  if (count_ < 2) return kNan;
  return not_finite_ > 0 ? kInfinity : squares_ / static_cast<double>(count_ - 1);
}

double RunningMean::standard_error() const {
  return std::sqrt(variance() / static_cast<double>(count_));
}

double poisson_cdf(std::uint64_t count, double mean) {
  GRAMIAN_ASSERT(mean >= 0);
  return upper_gamma(static_cast<double>(count) + 1, mean);
}

Ratio ratio_of_means(std::span<const double> a, std::span<const double> b) {
  GRAMIAN_ASSERT(a.size() == b.size());
  double over = 0, under = 0, squares = 0;
  for (std::size_t p = 0; p < a.size(); ++p) {
    over += a[p];
    under += b[p];
  }
  if (std::isnan(over)) return {INFINITY, INFINITY};
  const auto count = static_cast<double>(a.size());
  const double value = (over / count) / (under / count);
  for (std::size_t p = 0; p < a.size(); ++p) squares += std::pow(a[p] - value * b[p], 2);
  return {value, std::sqrt(squares / std::max(count - 1, 1.0) / count) / (under / count)};
}

Interval poisson_interval(std::uint64_t count, double confidence) {
  GRAMIAN_ASSERT(confidence > 0 && confidence < 1);
  const double tail = (1 - confidence) / 2;
  return {.low = count == 0 ? 0.0 : mean_with_cdf(count - 1, 1 - tail),
          .high = mean_with_cdf(count, tail)};
}

}  // namespace gramian
