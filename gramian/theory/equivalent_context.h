// A context of one length shown as one of another that says as much about w.
//
// n examples with noise sigma say as much as m with noise sigma sqrt(m / n): the error of the mean
// of x y is the same. So the second moments of x and of x y are kept, and of the mean of y^2 the
// part that x does not explain, which is sigma^2 f / n with f the freedom of the residuals of n
// examples, is made what such noise leaves of m: sigma^2 m / n g / m with g that of m examples.
// docs/predict.md has the rule and what it is worth.
#pragma once

#include <algorithm>

namespace gramian {

// The mean of y^2 to be shown. `square`: that of the context; `explained` = alpha^T S^-1 alpha,
// with S the mean of x x^T and alpha that of x y; the freedom of the residuals of the context that
// is shown, and of the one that is there (> 0).
inline double equivalent_square(double square, double explained, double freedom_shown,
                                double freedom) {
  return explained + std::max(0.0, square - explained) * freedom_shown / freedom;
}

}  // namespace gramian
