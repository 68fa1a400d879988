// Rows in the units that predictors need: centred and of variance one, or whitened.
//
//     z = to_z (x - x_mean),   v = (y - y_mean) / y_deviation
//
// Centring takes the place of an intercept. A linear predictor <w, z> of v is then a linear model
// of the user's columns, and all that a predictor needs of the rows are their moments.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/tabular/dataset.h"

namespace gramian {

struct LinearModel {
  double intercept = 0;
  std::vector<double> slopes;  // [d]

  double predict(std::span<const double> input) const;
};

struct Standardised {
  std::size_t rows = 0, d = 0;
  std::vector<double> x_mean;  // [d]
  std::vector<double> to_z;    // [d, d] row-major; diagonal unless whitened
  double y_mean = 0;
  double y_deviation = 0;              // 0 for a constant target: then v = 0
  std::vector<std::size_t> constants;  // columns that do not vary: their z is 0

  // Means over the rows.
  std::vector<double> s;      // [d, d] of z z^T: correlations, or I
  std::vector<double> alpha;  // [d] of v z
  double lambda = 0;          // of v^2: 1, or 0

  // The predictor <w, z> of v in the user's units.
  LinearModel model(std::span<const double> w) const;
};

// A column varies if its standard deviation is above this fraction of its largest number.
inline constexpr double kConstantColumn = 1e-12;
// The smallest eigenvalue of the correlations that whitening divides by.
inline constexpr double kSmallestEigenvalue = 1e-10;

// Whitening is by the inverse symmetric root of the correlations, which of all whitenings is the
// nearest to standardising. Errors: numeric, if one input follows from the others.
Expected<Standardised> standardise(const TableRows& rows, bool whiten);

}  // namespace gramian
