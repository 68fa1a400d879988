// How chi variates are accepted: Marsaglia and Tsang (2000), "A simple method for generating gamma
// variables", for half a chi-square with k degrees of freedom, Gamma(k / 2).
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "gramian/base/assert.h"

namespace gramian {

struct ChiLaw {
  explicit ChiLaw(double degrees)
      : k(degrees),
        scale(degrees / 2 - 1.0 / 3),
        slope(1 / (3 * std::sqrt(degrees / 2 - 1.0 / 3))),
        squeeze(0.0331 * (2.0 / 3) / (degrees / 2 - 1.0 / 3)) {}
  // u < 1 - squeeze x^4 accepts without a logarithm. With s the scale and y = slope x the bound is
  // exp(s B(y)), B = -3/4 y^4 + .., so this is 1 - 1.79 s y^4. Marsaglia and Tsang show it for
  // s = 2/3 (two degrees), where it is 0.0331; for a larger s it covers fewer y and is the weaker
  // claim (tests/random). Their 0.0331 for every s leaves a tenth of the lanes undecided; this
  // leaves one in 150 with 20 degrees.
  double k, scale, slope, squeeze;
};

// Laws with `degrees`, `degrees` - 1, .. >= 1 degrees of freedom, and one more if `count` is odd,
// since variates are drawn in pairs.
inline std::vector<ChiLaw> chi_laws(double degrees, std::size_t count) {
  GRAMIAN_ASSERT(degrees >= static_cast<double>(count));
  std::vector<ChiLaw> laws;
  for (std::size_t i = 0; i < count; ++i) laws.emplace_back(degrees - static_cast<double>(i));
  if (count % 2 == 1) laws.emplace_back(1.0);
  return laws;
}

}  // namespace gramian
