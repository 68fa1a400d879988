#include "gramian/papers/versatile/comparison.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"

namespace gramian::versatile {

Calibration Comparison::read(Reading reading) const {
  if (reading == Reading::calibrated && calibration) return *calibration;
  return {.error = 0, .se = protocol, .explained = 0};
}

double Comparison::published_value(Reading reading) const {
  return paper.value - read(reading).error;
}

double Comparison::protocol_error(Reading reading) const { return read(reading).se; }

double Comparison::error(Reading reading) const {
  return std::hypot(ours.se, protocol_error(reading), std::sqrt(2.0) * training);
}

double Comparison::p_value(Reading reading) const {
  if (by_samples()) return 1;
  if (!std::isfinite(ours.mean)) return 0;
  const double apart = std::abs(ours.mean - published_value(reading)) - paper.rounding;
  if (!(apart > 0)) return 1;
  return std::erfc(apart / error(reading) / std::sqrt(2.0));
}

bool Comparison::by_samples() const {
  return !sample_means.empty() && std::isfinite(ours.mean) && ours.se > kRare * ours.mean;
}

std::ptrdiff_t Comparison::samples_at_or_below() const {
  return std::ranges::count_if(sample_means, [&](double mean) { return at_or_below(mean); });
}

Verdict Comparison::verdict(Reading reading) const {
  constexpr double kErrors = 2;
  if (by_samples()) {
    if (samples_at_or_below() == 0) return Verdict::worse;
    const auto below = [&](double mean) { return mean < paper.value - paper.rounding; };
    return std::ranges::all_of(sample_means, below) ? Verdict::better : Verdict::equal;
  }
  const double value = published_value(reading);
  const double margin = std::min(kErrors * error(reading), paper.value) + paper.rounding;
  if (!(ours.mean <= value + margin)) return Verdict::worse;
  return ours.mean < value - margin ? Verdict::better : Verdict::equal;
}

Comparison compare(const Trained& best, const std::vector<const Trained*>& seeds, Published paper,
                   std::optional<Calibration> calibration) {
  GRAMIAN_ASSERT(!seeds.empty());
  Comparison comparison{.ours = best.scores.adjusted.at("model"),
                        .protocol = best.scores.single_query.se,
                        .seeds = static_cast<int>(seeds.size()),
                        .paper = paper,
                        .calibration = calibration,
                        .sample_means = best.scores.sample_means};
  const Trained* second = nullptr;
  for (const Trained* other : seeds) {
    if (other == &best) continue;
    if (second == nullptr || other->selection < second->selection) second = other;
  }
  if (second == nullptr) return comparison;
  const double count = static_cast<double>(seeds.size());
  const double gap = second->scores.adjusted.at("model").mean - comparison.ours.mean;
  comparison.training = (count - 1) / count * std::abs(gap);
  return comparison;
}

std::string_view words(Verdict verdict) {
  if (verdict == Verdict::better) return "clearly better";
  return verdict == Verdict::worse ? "clearly worse" : "not distinguishable";
}

std::string status_of(Verdict verdict) {
  if (verdict == Verdict::better) return "better";
  return verdict == Verdict::worse ? "worse" : "equal";
}

}  // namespace gramian::versatile
