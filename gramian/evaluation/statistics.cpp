#include "gramian/evaluation/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

void RunningCovariance::add(std::span<const double> values) {
  const std::size_t n = numbers();
  GRAMIAN_ASSERT(values.size() == n);
  ++count_;
  const double share = 1 / static_cast<double>(count_);
  // The mean of the one number has the new value already, that of the other has not.
  for (std::size_t i = 0; i < n; ++i) {
    const double before = values[i] - means_[i];
    for (std::size_t j = 0; j < i; ++j) products_[i * n + j] += before * (values[j] - means_[j]);
    means_[i] += before * share;
    products_[i * n + i] += before * (values[i] - means_[i]);
  }
}

void RunningCovariance::merge(const RunningCovariance& other) {
  const std::size_t n = numbers();
  GRAMIAN_ASSERT(other.numbers() == n);
  if (other.count_ == 0) return;
  const double mine = static_cast<double>(count_);
  const double theirs = static_cast<double>(other.count_);
  const double weight = mine * theirs / (mine + theirs);
  std::vector<double> shifts(n);
  for (std::size_t i = 0; i < n; ++i) shifts[i] = other.means_[i] - means_[i];
  for (std::size_t i = 0; i < n; ++i) {
    means_[i] += shifts[i] * (theirs / (mine + theirs));
    for (std::size_t j = 0; j <= i; ++j)
      products_[i * n + j] += other.products_[i * n + j] + shifts[i] * shifts[j] * weight;
  }
  count_ += other.count_;
}

double RunningCovariance::covariance(std::size_t i, std::size_t j) const {
  GRAMIAN_ASSERT(i < numbers() && j < numbers());
  if (count_ < 2) return kNan;
  const double sum = products_[std::max(i, j) * numbers() + std::min(i, j)];
  return std::isfinite(sum) ? sum / static_cast<double>(count_ - 1) : kNan;
}

std::vector<bool> rejected_by_holm(std::span<const double> p_values, double level) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::isnan(p_values[i]) ? kInfinity : p_values[i]; };
  std::ranges::sort(order, {}, key);
  std::vector<bool> rejected(p_values.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (!(p_values[order[k]] <= level / static_cast<double>(order.size() - k))) break;
    rejected[order[k]] = true;
  }
  return rejected;
}

double poisson_cdf(std::uint64_t count, double mean) {
  GRAMIAN_ASSERT(mean >= 0);
  return upper_gamma(static_cast<double>(count) + 1, mean);
}

double chi_squared_tail(double value, int degrees) {
  GRAMIAN_ASSERT(value >= 0 && degrees >= 2);
  return upper_gamma(0.5 * degrees, 0.5 * value);
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
