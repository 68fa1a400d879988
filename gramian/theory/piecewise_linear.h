// Functions of one number as a layer of ReLU units: linear between knots, and constant outside.
//
//     f(k) at the knots k_0 < .. < k_m:    f(x) ~ offset + sum_j jump_j ReLU(x - k_j)
//
// with one unit a knot; jump_j is by how much the slope grows there, and the last takes it back to
// 0. Between knots that are h apart the error is at most h^2/8 max |f''|.
//
// Products are such functions of sums: u v = 1/4 (u + v)^2 - 1/4 (u - v)^2.
//
// Preconditions: at least two knots, in ascending order (asserted). Cost: one call of f a knot.
#pragma once

#include <vector>

namespace gramian {

struct PiecewiseLinear {
  std::vector<double> knots;  // [m + 1]
  std::vector<double> jumps;  // [m + 1], of the slope
  double offset = 0;          // f(k_0)

  double operator()(double x) const;
};

template <class Function>
PiecewiseLinear interpolate(Function f, std::vector<double> knots);

// m + 1 knots that are evenly spaced, from low to high.
std::vector<double> even_knots(double low, double high, int intervals);
// 0, and then m knots with one ratio between neighbours, from `least` to high: for functions that
// are steep at 0, such as a root.
std::vector<double> geometric_knots(double least, double high, int intervals);

// ---

PiecewiseLinear interpolate_values(std::vector<double> knots, const std::vector<double>& values);

template <class Function>
PiecewiseLinear interpolate(Function f, std::vector<double> knots) {
  std::vector<double> values;
  for (const double knot : knots) values.push_back(f(knot));
  return interpolate_values(std::move(knots), values);
}

}  // namespace gramian
