#include "gramian/studies/judge.h"

#include <fmt/format.h>

#include <cmath>

namespace gramian {

Judgement at_most(const Estimate& value, double bound, double errors) {
  return at_most(value, Estimate{bound, 0}, errors);
}

Judgement at_most(const Estimate& left, const Estimate& right, double errors) {
  if (std::isnan(left.mean) || std::isnan(right.mean)) return std::nullopt;
  if (std::isinf(left.mean) && std::isinf(right.mean)) return std::nullopt;
  if (std::isinf(left.mean) || std::isinf(right.mean)) return left.mean < right.mean;
  const double difference = left.mean - right.mean;
  const double error = std::hypot(left.se, right.se);
  if (error == 0) return difference <= 0;
  if (!(std::abs(difference) >= errors * error)) return std::nullopt;
  return difference <= 0;
}

Judgement at_least(const Estimate& value, double bound, double errors) {
  return at_most(Estimate{-value.mean, value.se}, -bound, errors);
}

Judgement within_factor(const Estimate& value, double bound, double factor) {
  return both(at_most(value, bound * factor), at_least(value, bound / factor));
}

Judgement within_share(double left, double right, double share) {
  if (!std::isfinite(left) || !std::isfinite(right)) return std::nullopt;
  return std::abs(left - right) <= share * std::abs(right);
}

Judgement both(Judgement one, Judgement other) {
  if (one == false || other == false) return false;
  if (!one || !other) return std::nullopt;
  return true;
}

std::string told(Judgement holds, std::string what) {
  if (!holds) return what + " (not judged)";
  return *holds ? what : what + " (does not hold)";
}

void Cases::add(Judgement holds, const std::string& what) { add_plainly(holds, told(holds, what)); }

void Cases::add_plainly(Judgement holds, const std::string& words) {
  ++count_;
  if (holds == true) ++held_;
  if (holds == false) ++failed_;
  claim_.detail += claim_.detail.empty() ? words : "; " + words;
}

void Cases::add_quietly(Judgement holds, const std::string& what) {
  if (holds != true) return add(holds, what);
  ++count_;
  ++held_;
}

Claim Cases::claim(const std::string& summary) const {
  Claim claim = claim_;
  if (!summary.empty()) {
    claim.detail = claim.detail.empty() ? summary : summary + ": " + claim.detail;
  }
  if (failed_ > 0) {
    claim.holds = false;
  } else if (count_ > 0 && held_ == count_) {
    claim.holds = true;
  }
  return claim;
}

}  // namespace gramian
