#include "gramian/solvers/tune.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "gramian/base/assert.h"

namespace gramian {

std::vector<double> losses(const Solver& solver, const SpectrumBatch& prompts) {
  std::vector<double> list(prompts.size()), coordinates;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    const Spectrum prompt = prompts[p];
    coordinates.resize(static_cast<std::size_t>(prompt.d));
    solver.solve(prompt, coordinates);
    list[p] = loss(prompt, coordinates, QueryMode::integrated);
  }
  return list;
}

double mean_loss(const Solver& solver, const SpectrumBatch& prompts) {
  double sum = 0;
  for (const double one : losses(solver, prompts)) sum += one;
  return std::isnan(sum) ? std::numeric_limits<double>::infinity()
                         : sum / static_cast<double>(prompts.size());
}

double minimise_scale(const std::function<double(double)>& f, double low, double high) {
  GRAMIAN_ASSERT(!(low < 0) && !(high < low));
  if (!(low > 0)) return 0;
  constexpr double kScanStep = 0.5;  // of log x
  constexpr double kTolerance = 1e-4;
  const auto at = [&](double u) { return f(std::exp(u)); };
  const double start = std::log(low);
  const double width = std::log(high) - start;
  const int cells = std::max(1, static_cast<int>(std::ceil(width / kScanStep)));
  const double step = width / cells;

  int best = 0;
  double best_value = at(start);
  for (int k = 1; k <= cells; ++k) {
    const double value = at(start + k * step);
    if (value < best_value) {
      best = k;
      best_value = value;
    }
  }

  constexpr double kRatio = std::numbers::phi - 1;
  double left = start + std::max(best - 1, 0) * step;
  double right = start + std::min(best + 1, cells) * step;
  double u1 = right - kRatio * (right - left), u2 = left + kRatio * (right - left);
  double f1 = at(u1), f2 = at(u2);
  while (right - left > kTolerance) {
    if (f1 <= f2) {
      right = u2;
      u2 = u1, f2 = f1;
      u1 = right - kRatio * (right - left), f1 = at(u1);
    } else {
      left = u1;
      u1 = u2, f1 = f2;
      u2 = left + kRatio * (right - left), f2 = at(u2);
    }
  }
  const double x = std::exp((left + right) / 2);
  return f(0) <= f(x) ? 0.0 : x;
}

ScaleRange step_size_range(const SpectrumBatch& prompts, int steps) {
  double largest = 0;
  double noise = 0;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    largest += prompts[p].eigenvalues.back();
    noise += prompts[p].sigma * prompts[p].sigma;
  }
  if (largest == 0) return {0, 0};
  const double count = static_cast<double>(prompts.size());
  return {1e-2 * count / (largest + steps * noise), 4 * count / largest};
}

double mean_square_noise(const SpectrumBatch& prompts) {
  double sum = 0;
  for (std::size_t p = 0; p < prompts.size(); ++p) sum += prompts[p].sigma * prompts[p].sigma;
  return sum / static_cast<double>(std::max<std::size_t>(prompts.size(), 1));
}

namespace {

struct Vertex {
  std::array<double, 2> at;
  double value;
};

// Nelder and Mead's simplex with the usual factors: reflect 1, expand 2, contract and shrink 1/2.
std::array<double, 2> minimise_simplex(const std::function<double(std::array<double, 2>)>& f,
                                       std::array<double, 2> start, std::array<double, 2> size) {
  constexpr int kEvaluations = 300;
  constexpr double kTolerance = 1e-7;
  int evaluations = 0;
  const auto vertex = [&](std::array<double, 2> at) {
    ++evaluations;
    const double value = f(at);
    return Vertex{at, std::isnan(value) ? std::numeric_limits<double>::infinity() : value};
  };
  std::array<Vertex, 3> simplex{vertex(start), vertex({start[0] + size[0], start[1]}),
                                vertex({start[0], start[1] + size[1]})};
  while (true) {
    std::ranges::sort(simplex, {}, &Vertex::value);
    auto& [best, good, worst] = simplex;
    if (worst.value - best.value <= kTolerance * std::abs(best.value) ||
        evaluations >= kEvaluations)
      return best.at;
    // The point at `t` on the line from the middle of the two better ones away from the worst.
    const auto along = [&, middle = std::array{(best.at[0] + good.at[0]) / 2,
                                               (best.at[1] + good.at[1]) / 2}](double t) {
      return std::array{middle[0] + t * (middle[0] - worst.at[0]),
                        middle[1] + t * (middle[1] - worst.at[1])};
    };
    const Vertex reflected = vertex(along(1));
    if (reflected.value < best.value) {
      const Vertex expanded = vertex(along(2));
      worst = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < good.value) {
      worst = reflected;
    } else {
      const Vertex contracted = vertex(along(reflected.value < worst.value ? 0.5 : -0.5));
      if (contracted.value < std::min(reflected.value, worst.value)) {
        worst = contracted;
      } else {
        for (Vertex* v : {&good, &worst}) {
          *v = vertex({(v->at[0] + best.at[0]) / 2, (v->at[1] + best.at[1]) / 2});
        }
      }
    }
  }
}

}  // namespace

Pair minimise_pair(const std::function<double(double, double)>& f, ScaleRange range,
                   std::span<const double> others, double size) {
  GRAMIAN_ASSERT(!others.empty());
  Pair best{0, others.front()};
  double least = f(0, others.front());
  for (const double other : others) {
    const double scale =
        minimise_scale([&](double x) { return f(x, other); }, range.low, range.high);
    const double value = f(scale, other);
    if (value < least) {
      least = value;
      best = {scale, other};
    }
  }
  if (best.scale == 0) return best;
  const auto [u, other] =
      minimise_simplex([&](std::array<double, 2> at) { return f(std::exp(at[0]), at[1]); },
                       {std::log(best.scale), best.other}, {-size, size});
  return {std::exp(u), other};
}

}  // namespace gramian
