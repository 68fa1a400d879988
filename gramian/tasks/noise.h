// The prior of the noise level: each prompt draws one standard deviation sigma,
// and all its targets share it (eq. 7 of Vladymyrov et al. 2024).
#pragma once

#include <string>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

// A mixture of intervals and atoms. An interval [low, high] is uniform in sigma
// (in the standard deviation, not the variance); low == high is an atom.
class NoisePrior {
 public:
  struct Component {
    double low;     // >= 0
    double high;    // >= low
    double weight;  // > 0; the weights of a prior sum to 1
  };

  // Every sigma must be finite and >= 0, every weight > 0; weights are normalised.
  static Expected<NoisePrior> mixture(std::vector<Component> components);
  static Expected<NoisePrior> uniform(double low, double high);
  static Expected<NoisePrior> categorical(const std::vector<double>& sigmas);  // equal weights
  static Expected<NoisePrior> constant(double sigma);

  const std::vector<Component>& components() const { return components_; }

  // Maps two uniform numbers in [0, 1) to a draw: `pick` chooses the component,
  // `fraction` the point in its interval.
  double draw(double pick, double fraction) const;

  double mean_square() const;  // E sigma^2
  double max() const;          // the largest sigma of the support
  bool is_constant() const;    // a single atom, so that sigma need not be inferred

  std::string describe() const;  // "uniform [0, 5]", "categorical {1, 3}", "constant 2"

 private:
  explicit NoisePrior(std::vector<Component> components) : components_(std::move(components)) {}
  std::vector<Component> components_;
};

}  // namespace gramian
