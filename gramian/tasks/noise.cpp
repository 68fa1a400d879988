#include "gramian/tasks/noise.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"

namespace gramian {

Expected<NoisePrior> NoisePrior::mixture(std::vector<Component> components) {
  if (components.empty())
    return fail(ErrorKind::config, "a noise prior needs at least one sigma, got none");
  double total = 0.0;
  for (const Component& c : components) {
    if (!std::isfinite(c.low) || c.low < 0)
      return fail(ErrorKind::config, "sigma must be finite and >= 0, got {}", c.low);
    if (!std::isfinite(c.high))
      return fail(ErrorKind::config, "sigma must be finite and >= 0, got {}", c.high);
    if (c.high < c.low) {
      return fail(ErrorKind::config, "an interval of sigma must have low <= high, got [{}, {}]",
                  c.low, c.high);
    }
    if (!std::isfinite(c.weight) || c.weight <= 0) {
      return fail(ErrorKind::config, "the weight of a noise component must be > 0, got {}",
                  c.weight);
    }
    total += c.weight;
  }
  for (Component& c : components) c.weight /= total;
  return NoisePrior(std::move(components));
}

Expected<NoisePrior> NoisePrior::uniform(double low, double high) {
  return mixture({{low, high, 1.0}});
}

Expected<NoisePrior> NoisePrior::categorical(const std::vector<double>& sigmas) {
  std::vector<Component> components;
  for (double sigma : sigmas) components.push_back({sigma, sigma, 1.0});
  return mixture(std::move(components));
}

Expected<NoisePrior> NoisePrior::constant(double sigma) { return mixture({{sigma, sigma, 1.0}}); }

double NoisePrior::draw(double pick, double fraction) const {
  GRAMIAN_ASSERT(pick >= 0 && pick < 1);
  GRAMIAN_ASSERT(fraction >= 0 && fraction < 1);
  std::size_t c = 0;
  for (; c + 1 < components_.size() && pick >= components_[c].weight; ++c)
    pick -= components_[c].weight;
  const Component& component = components_[c];
  return component.low + (component.high - component.low) * fraction;
}

double NoisePrior::mean_square() const {
  double sum = 0.0;
  for (const Component& c : components_)
    sum += c.weight * (c.low * c.low + c.low * c.high + c.high * c.high) / 3.0;
  return sum;
}

double NoisePrior::max() const {
  double largest = 0.0;
  for (const Component& c : components_) largest = std::max(largest, c.high);
  return largest;
}

bool NoisePrior::is_constant() const {
  return components_.size() == 1 && components_[0].low == components_[0].high;
}

std::string NoisePrior::describe() const {
  const bool atoms = std::all_of(components_.begin(), components_.end(),
                                 [](const Component& c) { return c.low == c.high; });
  const bool even = std::all_of(components_.begin(), components_.end(), [this](const Component& c) {
    return std::abs(c.weight * static_cast<double>(components_.size()) - 1.0) < 1e-12;
  });
  if (is_constant()) return fmt::format("constant {}", components_[0].low);
  if (components_.size() == 1)
    return fmt::format("uniform [{}, {}]", components_[0].low, components_[0].high);
  std::string parts;
  for (const Component& c : components_) {
    if (!parts.empty()) parts += ", ";
    parts += c.low == c.high ? fmt::format("{}", c.low) : fmt::format("[{}, {}]", c.low, c.high);
    if (!even) parts += fmt::format(" with {:.4g}", c.weight);
  }
  return fmt::format("{} {{{}}}", atoms && even ? "categorical" : "mixture", parts);
}

}  // namespace gramian
