#include "gramian/theory/piecewise_linear.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"

namespace gramian {

double PiecewiseLinear::operator()(double x) const {
  double y = offset;
  for (std::size_t j = 0; j < knots.size(); ++j) y += jumps[j] * std::max(x - knots[j], 0.0);
  return y;
}

PiecewiseLinear interpolate_values(std::vector<double> knots, const std::vector<double>& values) {
  GRAMIAN_ASSERT(knots.size() >= 2 && values.size() == knots.size());
  PiecewiseLinear f{.knots = std::move(knots), .jumps = {}, .offset = values.front()};
  double before = 0;
  for (std::size_t j = 0; j + 1 < f.knots.size(); ++j) {
    GRAMIAN_ASSERT(f.knots[j] < f.knots[j + 1]);
    const double slope = (values[j + 1] - values[j]) / (f.knots[j + 1] - f.knots[j]);
    f.jumps.push_back(slope - before);
    before = slope;
  }
  f.jumps.push_back(-before);
  return f;
}

std::vector<double> even_knots(double low, double high, int intervals) {
  GRAMIAN_ASSERT(low < high && intervals >= 1);
  std::vector<double> knots;
  for (int j = 0; j <= intervals; ++j)
    knots.push_back(((intervals - j) * low + j * high) / intervals);
  return knots;
}

std::vector<double> geometric_knots(double least, double high, int intervals) {
  GRAMIAN_ASSERT(0 < least && least < high && intervals >= 2);
  std::vector<double> knots{0};
  for (int j = 0; j < intervals; ++j)
    knots.push_back(least * std::pow(high / least, static_cast<double>(j) / (intervals - 1)));
  return knots;
}

}  // namespace gramian
