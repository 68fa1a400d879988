#include "gramian/theory/looped.h"

#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/tasks/blocks.h"

namespace gramian {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

RegressionTask standard_task(int d, int n) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  return RegressionTask::create(spec).value();
}

// sum_i over the eigenvalues of one context of (1 - a l)^2L and of its first two derivatives by a.
struct Terms {
  double value = 0, first = 0, second = 0;
};

Terms terms(std::span<const double> eigenvalues, double a, int loops) {
  Terms t;
  for (const double l : eigenvalues) {
    const double r = 1 - a * l;
    const double power = std::pow(r, 2 * loops - 2);
    t.value += power * r * r;
    t.first += -2 * loops * l * power * r;
    t.second += 2.0 * loops * (2 * loops - 1) * l * l * power;
  }
  return t;
}

struct Sums {
  double count = 0, value = 0, value2 = 0, first = 0, first2 = 0, second = 0;
};

Sums sums_over(const ContextSpectra& spectra, double a, int loops) {
  const auto d = static_cast<std::size_t>(spectra.d());
  Sums s;
  s.count = static_cast<double>(spectra.contexts());
  for (std::size_t c = 0; c < spectra.contexts(); ++c) {
    const Terms t = terms(std::span(spectra.eigenvalues()).subspan(c * d, d), a, loops);
    s.value += t.value;
    s.value2 += t.value * t.value;
    s.first += t.first;
    s.first2 += t.first * t.first;
    s.second += t.second;
  }
  return s;
}

double standard_error(double count, double sum, double squares) {
  return std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)) / count);
}

// The powers M^0 .. M^L of M = I - A^T S.
std::vector<Matrix> powers(const Matrix& a, const Matrix& s, int loops) {
  std::vector<Matrix> list{Matrix::Identity(a.rows(), a.cols())};
  const Matrix m = list.front() - a.transpose() * s;
  for (int l = 0; l < loops; ++l) list.push_back(m * list.back());
  return list;
}

}  // namespace

std::vector<double> rotated_step(int d, double a, double k) {
  const auto size = static_cast<std::size_t>(d);
  std::vector<double> matrix(size * size);
  for (std::size_t i = 0; i < size; ++i) matrix[i * size + i] = a;
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    matrix[i * size + i + 1] = k;
    matrix[(i + 1) * size + i] = -k;
  }
  return matrix;
}

LoopedContexts::LoopedContexts(int d, int n, std::size_t contexts, std::uint64_t seed)
    : d_(d), n_(n), spectra_(ContextSpectra::draw(standard_task(d, n), contexts, seed).value()) {
  const RegressionTask task = standard_task(d, n);
  PromptSampler<double> sampler(task, false);
  PromptBlock<double> prompts(d);
  const auto size = static_cast<std::size_t>(d);
  const LaneView<const double> gram(prompts.gram.data(), size + 1, size + 1);
  matrices_.reserve(contexts * size * size);
  const PromptSeries series{.seed = seed, .stream = kTuningStream, .count = contexts};
  for_blocks(series, [&](const SeriesBlock& block) {
    sampler.sample(block.address, block.count, prompts);
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
      for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = 0; j < size; ++j) matrices_.push_back(gram.at(i, j, p) / n);
      }
    }
  });
}

ContextMean LoopedContexts::loss(double a, int loops) const {
  GRAMIAN_ASSERT(loops >= 1);
  const Sums s = sums_over(spectra_, a, loops);
  return {s.value / s.count, standard_error(s.count, s.value, s.value2)};
}

double LoopedContexts::slope(double a, int loops) const {
  GRAMIAN_ASSERT(loops >= 1);
  const Sums s = sums_over(spectra_, a, loops);
  return s.first / s.count;
}

LoopedOptimum LoopedContexts::optimum(int loops) const {
  GRAMIAN_ASSERT(loops >= 1);
  // The loss is convex in a: its derivative has one zero, here between 0 and 2, kept in a bracket.
  double low = 0, high = 2, a = 0.5;
  Sums s;
  for (int i = 0; i < 100; ++i) {
    s = sums_over(spectra_, a, loops);
    (s.first > 0 ? high : low) = a;
    double next = a - s.first / s.second;
    if (!(next > low && next < high)) next = (low + high) / 2;
    const double change = std::abs(next - a);
    a = next;
    if (change < 1e-13) break;
  }
  s = sums_over(spectra_, a, loops);
  // The standard error of the zero is that of the derivative over its slope.
  const double step_error = standard_error(s.count, s.first, s.first2) / (s.second / s.count);
  return {{a, step_error}, {s.value / s.count, standard_error(s.count, s.value, s.value2)}};
}

ContextMean LoopedContexts::diverging(double a) const {
  const auto d = static_cast<std::size_t>(d_);
  double count = 0;
  const double contexts = static_cast<double>(spectra_.contexts());
  for (std::size_t c = 0; c < spectra_.contexts(); ++c)
    count += a * spectra_.eigenvalues()[c * d + d - 1] > 2;
  return {count / contexts, standard_error(contexts, count, count)};
}

std::vector<double> LoopedContexts::losses(std::span<const double> a, int loops) const {
  const auto size = static_cast<std::size_t>(d_) * static_cast<std::size_t>(d_);
  GRAMIAN_ASSERT(loops >= 1 && a.size() == size);
  const Eigen::Map<const Matrix> step(a.data(), d_, d_);
  std::vector<double> list(spectra_.contexts());
  for (std::size_t c = 0; c < list.size(); ++c) {
    const Eigen::Map<const Matrix> s(matrices_.data() + c * size, d_, d_);
    list[c] = powers(step, s, loops).back().squaredNorm();
  }
  return list;
}

ContextMean LoopedContexts::loss(std::span<const double> a, int loops) const {
  double sum = 0, squares = 0;
  for (const double loss : losses(a, loops)) {
    sum += loss;
    squares += loss * loss;
  }
  const double count = static_cast<double>(spectra_.contexts());
  return {sum / count, standard_error(count, sum, squares)};
}

RotatedOptimum LoopedContexts::rotated_optimum(int loops) const {
  const auto evaluate = [&](double a, double k) {
    return RotatedOptimum{a, k, loss(rotated_step(d_, a, k), loops)};
  };
  // The loss is even in k. The search goes to the best of eight neighbours on a grid of (a, k),
  // which becomes finer when none is better.
  RotatedOptimum best = evaluate(optimum(loops).step.mean, 0);
  const double widest = std::min(0.1, 1 / std::sqrt(n_));
  double grid = widest;
  while (grid > widest / 100) {
    RotatedOptimum next = best;
    for (const double da : {-grid, 0.0, grid}) {
      for (const double dk : {-grid, 0.0, grid}) {
        if ((da == 0 && dk == 0) || best.rotation + dk < 0) continue;
        const RotatedOptimum there = evaluate(best.step + da, best.rotation + dk);
        if (there.loss.mean < next.loss.mean) next = there;
      }
    }
    if (next.loss.mean < best.loss.mean) {
      best = next;
    } else {
      grid /= 2;
    }
  }
  return best;
}

std::vector<double> LoopedContexts::gradient(std::span<const double> a, int loops) const {
  const auto size = static_cast<std::size_t>(d_) * static_cast<std::size_t>(d_);
  GRAMIAN_ASSERT(loops >= 1 && a.size() == size);
  const Eigen::Map<const Matrix> step(a.data(), d_, d_);
  Matrix sum = Matrix::Zero(d_, d_), term(d_, d_);
  for (std::size_t c = 0; c < spectra_.contexts(); ++c) {
    const Eigen::Map<const Matrix> s(matrices_.data() + c * size, d_, d_);
    const auto m = powers(step, s, loops);
    term.setZero();
    for (int k = 0; k < loops; ++k) {
      term += m[static_cast<std::size_t>(loops - 1 - k)] * m.back().transpose() *
              m[static_cast<std::size_t>(k)];
    }
    sum -= 2 * (s * term);
  }
  sum /= static_cast<double>(spectra_.contexts());
  return {sum.data(), sum.data() + size};
}

double gradient_dominance_slope(const LoopedContexts& contexts, int loops, double first,
                                double last, int points) {
  GRAMIAN_ASSERT(points >= 2 && first < 1 && last < 1);
  double x = 0, y = 0, xx = 0, xy = 0;
  for (int k = 0; k < points; ++k) {
    const double share = static_cast<double>(k) / (points - 1);
    const double a = 1 - std::pow(1 - first, 1 - share) * std::pow(1 - last, share);
    const double loss = std::log(contexts.loss(a, loops).mean);
    const double slope =
        contexts.slope(a, loops);  // d times each of the d diagonal entries of the gradient
    const double gradient = std::log(slope * slope / contexts.d());
    x += loss / points;
    y += gradient / points;
    xx += loss * loss / points;
    xy += loss * gradient / points;
  }
  return (xy - x * y) / (xx - x * x);
}

std::vector<FlowPoint> gradient_flow(const LoopedContexts& contexts, int loops,
                                     std::span<const double> times) {
  // At A = 0 the curvature of the loss is about 2L (2L - 1) E l^2, and it falls from there.
  GRAMIAN_ASSERT(loops >= 1 && std::ranges::is_sorted(times));
  const double longest = 0.5 / (loops * (2 * loops - 1));
  const auto size = static_cast<std::size_t>(contexts.d()) * static_cast<std::size_t>(contexts.d());
  std::vector<double> a(size), stage(size);
  std::vector<FlowPoint> points;
  double time = 0;
  const auto moved = [&](const std::vector<double>& slope, double h) {
    for (std::size_t i = 0; i < size; ++i) stage[i] = a[i] - h * slope[i];
    return contexts.gradient(stage, loops);
  };
  for (const double end : times) {
    const int steps = static_cast<int>(std::ceil((end - time) / longest));
    const double h = steps > 0 ? (end - time) / steps : 0;
    for (int k = 0; k < steps; ++k) {
      const auto k1 = contexts.gradient(a, loops);
      const auto k2 = moved(k1, h / 2);
      const auto k3 = moved(k2, h / 2);
      const auto k4 = moved(k3, h);
      for (std::size_t i = 0; i < size; ++i)
        a[i] -= h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    }
    time = end;
    points.push_back({time, contexts.loss(a, loops).mean, a});
  }
  return points;
}

}  // namespace gramian
