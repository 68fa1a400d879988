#include "gramian/solvers/hyperpower.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/assert.h"
#include "gramian/base/singular_values.h"
#include "gramian/solvers/tune.h"

namespace gramian {
namespace {

using Square = std::vector<double>;  // [d, d] row-major

Square square_product(std::span<const double> a, std::span<const double> b, std::size_t d) {
  Square c(d * d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      for (std::size_t j = 0; j < d; ++j) c[i * d + j] += a[i * d + k] * b[k * d + j];
    }
  }
  return c;
}

// X (I + R + .. + R^(o-1)) with R = I - A X, by Horner's rule. Of order 2 it is 2 X - X (A X).
Square hyperpower_step(std::span<const double> a, const Square& x, std::size_t d, int order) {
  Square residual = square_product(a, x, d);
  for (std::size_t i = 0; i < d * d; ++i)
    residual[i] = (i % (d + 1) == 0 ? 1.0 : 0.0) - residual[i];
  Square next = x;
  for (int m = 1; m < order; ++m) {
    next = square_product(next, residual, d);
    for (std::size_t i = 0; i < d * d; ++i) next[i] += x[i];
  }
  return next;
}

Status check_square(std::span<const double> a, std::size_t d) {
  if (d >= 1 && a.size() == d * d) return {};
  return fail(ErrorKind::config, "a matrix of {} x {} has {} numbers, got {}", d, d, d * d,
              a.size());
}

}  // namespace

double hyperpower_start(double least, double largest) {
  GRAMIAN_ASSERT(least > 0 && least <= largest);
  return 2 / (least * least + largest * largest);
}

Expected<double> hyperpower_start(std::span<const double> a, std::size_t d) {
  GRAMIAN_TRY(check_square(a, d));
  if (!std::ranges::all_of(a, [](double v) { return std::isfinite(v); }))
    return fail(ErrorKind::numeric, "the matrix has an entry that is not finite");
  const std::vector<double> sigma =
      singular_values(a, static_cast<int>(d), static_cast<int>(d)).sigma;
  const double floor =
      sigma.front() * static_cast<double>(d) * std::numeric_limits<double>::epsilon();
  if (!(sigma.back() > floor)) {
    return fail(ErrorKind::numeric,
                "the matrix is singular and has no inverse: its singular values are {:.3g} to "
                "{:.3g}",
                sigma.front(), sigma.back());
  }
  return hyperpower_start(sigma.back(), sigma.front());
}

Expected<std::vector<std::vector<double>>> hyperpower_inverses(std::span<const double> a,
                                                               std::size_t d,
                                                               const HyperpowerSpec& spec) {
  GRAMIAN_TRY(check_square(a, d));
  if (spec.order < 2 || spec.order > kMaxHyperpowerOrder) {
    return fail(ErrorKind::config, "the order must be an integer in [2, {}], got {}",
                kMaxHyperpowerOrder, spec.order);
  }
  if (spec.steps < 0)
    return fail(ErrorKind::config, "steps must be at least 0, got {}", spec.steps);
  if (!(spec.alpha > 0) || !std::isfinite(spec.alpha))
    return fail(ErrorKind::config, "alpha must be positive and finite, got {}", spec.alpha);
  Square x(d * d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) x[i * d + j] = spec.alpha * a[j * d + i];
  }
  std::vector<Square> iterates{x};
  for (int t = 0; t < spec.steps; ++t) {
    x = hyperpower_step(a, x, d, spec.order);
    if (!std::ranges::all_of(x, [](double v) { return std::isfinite(v); })) {
      return fail(
          ErrorKind::numeric,
          "the iteration diverged in step {}: alpha = {} must be below 2 over the square of "
          "the largest singular value",
          t + 1, spec.alpha);
    }
    iterates.push_back(x);
  }
  return iterates;
}

Hyperpower::Hyperpower(int steps, int order, Start start, double share)
    : steps_(steps), order_(order), start_(start), share_(share) {
  GRAMIAN_ASSERT(steps >= 0 && order >= 2 && order <= kMaxHyperpowerOrder);
  GRAMIAN_ASSERT(share > 0 && share <= 1);
}

std::string Hyperpower::name() const { return fmt::format("newton{}", order_); }

std::string Hyperpower::title() const {
  return order_ == 2 ? "Newton-Schulz" : fmt::format("hyperpower of order {}", order_);
}

std::vector<Solver::Constant> Hyperpower::constants() const {
  std::vector<Constant> list{{"steps", static_cast<double>(steps_)},
                             {"order", static_cast<double>(order_)}};
  if (start_ == Start::tuned) list.push_back({"alpha", alpha_});
  return list;
}

void Hyperpower::set_constants(std::span<const double> values) {
  GRAMIAN_ASSERT(values.size() == constants().size());
  if (start_ == Start::tuned) alpha_ = values.back();
}

void Hyperpower::tune(const SpectrumBatch& prompts) {
  if (start_ == Start::of_prompt) return;
  double largest = 0, least_largest = std::numeric_limits<double>::infinity();
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    const double l = prompts[p].eigenvalues.back();
    if (l <= 0) continue;
    largest = std::max(largest, l);
    least_largest = std::min(least_largest, l);
  }
  alpha_ = 0;
  if (largest == 0) return;
  const auto objective = [&](double alpha) {
    alpha_ = alpha;
    return mean_loss(*this, prompts);
  };
  // Beyond 2 / l_max^2 of every prompt all of them diverge. With noise the best start may be small,
  // so that few steps shrink; far below it nothing is left of w.
  alpha_ =
      minimise_scale(objective, 1e-4 / (largest * largest), 2 / (least_largest * least_largest));
}

void Hyperpower::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  const double largest = prompt.eigenvalues.empty() ? 0 : prompt.eigenvalues.back();
  double alpha = alpha_;
  if (start_ == Start::of_prompt && largest > 0) {
    const auto first = prompt.eigenvalues.size() - static_cast<std::size_t>(prompt.rank);
    alpha = share_ * hyperpower_start(prompt.eigenvalues[first], largest);
  }
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    const double l = prompt.eigenvalues[i];
    double x = alpha * l;
    for (int t = 0; t < steps_; ++t) {
      double sum = 1;
      for (int m = 1; m < order_; ++m) sum = 1 + (1 - l * x) * sum;
      x *= sum;
    }
    coordinates[i] = prompt.moments[i] * x;
  }
}

}  // namespace gramian
