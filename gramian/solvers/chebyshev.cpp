#include "gramian/solvers/chebyshev.h"

#include <algorithm>

#include "gramian/base/assert.h"

namespace gramian {

Chebyshev::Chebyshev(int steps) : steps_(steps) { GRAMIAN_ASSERT(steps >= 0); }

void Chebyshev::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  std::ranges::fill(coordinates, 0.0);
  if (prompt.rank == 0) return;
  const auto first = prompt.eigenvalues.size() - static_cast<std::size_t>(prompt.rank);
  const double a = prompt.eigenvalues[first], b = prompt.eigenvalues.back();
  const double centre = (b + a) / 2, radius = (b - a) / 2;
  for (std::size_t i = first; i < coordinates.size(); ++i) {
    const double l = prompt.eigenvalues[i];
    double w = 0, residual = prompt.moments[i], direction = residual / centre;
    double before = radius / centre;  // of C_t(centre / radius) over the next, C_t / C_{t+1}
    for (int t = 0; t < steps_; ++t) {
      w += direction;
      residual -= l * direction;
      // C_{t+2} = 2 (centre / radius) C_{t+1} - C_t, multiplied by the radius so that it may be 0.
      const double scale = 1 / (2 * centre - before * radius);  // C_{t+1} / (C_{t+2} radius)
      direction = scale * (before * radius * direction + 2 * residual);
      before = scale * radius;
    }
    coordinates[i] = w;
  }
}

}  // namespace gramian
