#include "gramian/solvers/tune.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace gramian {

double mean_loss(const Solver& solver, const SpectrumBatch& prompts) {
  double sum = 0;
  std::vector<double> coordinates;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    const Spectrum prompt = prompts[p];
    coordinates.resize(static_cast<std::size_t>(prompt.d));
    solver.solve(prompt, coordinates);
    sum += loss(prompt, coordinates, QueryMode::integrated);
  }
  return std::isnan(sum) ? std::numeric_limits<double>::infinity() : sum / static_cast<double>(prompts.size());
}

double minimise_scale(const std::function<double(double)>& f, double low, double high) {
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

}  // namespace gramian
