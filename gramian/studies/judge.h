// How claims are judged: a comparison of numbers with errors has three answers, true, false, and
// nothing where the data cannot decide. A number that is not finite decides nothing unless it is an
// infinite loss, which is above every bound.
#pragma once

#include <optional>
#include <string>

#include "gramian/figures/result.h"
#include "gramian/studies/scores.h"

namespace gramian {

using Judgement = std::optional<bool>;  // nothing: not judged

// Standard errors that a difference must have to be one: two, for a single comparison.
inline constexpr double kClearly = 2;

// Is `value` at most `bound`? Nothing where they are less than `errors` standard errors apart, and
// for NaN. An estimate without an error (0) is taken as exact.
Judgement at_most(const Estimate& value, double bound, double errors = kClearly);
// Is `left` at most `right`? Their errors are taken as independent. On the same prompts, where they
// are positively correlated, that errs towards "not judged".
Judgement at_most(const Estimate& left, const Estimate& right, double errors = kClearly);
// Is `value` at least `bound`? Judged as at_most is.
Judgement at_least(const Estimate& value, double bound, double errors = kClearly);
// Is `value` within [bound / factor, bound * factor]? Of positive numbers.
Judgement within_factor(const Estimate& value, double bound, double factor);
// Is |left - right| at most `share` of |right|? Not judged for numbers that are not finite.
Judgement within_share(double left, double right, double share);

// All of them: false if one is false, else nothing if one is nothing.
Judgement both(Judgement one, Judgement other);

// "0.1 +- 0.01 against 0.2 +- 0.02", with " (does not hold)" or " (not judged)" where it is so.
std::string told(Judgement holds, std::string what);

// A claim over cases, each with what it says. It holds if all do, and fails if one does; without a
// case, or with one that cannot be judged and none that fails, it is not judged.
class Cases {
 public:
  explicit Cases(std::string text) : claim_{.text = std::move(text)} {}

  void add(Judgement holds, const std::string& what);
  // A case that is told only if it does not hold: of many.
  void add_quietly(Judgement holds, const std::string& what);
  // A case that is told in these words alone, whether it holds or not.
  void add_plainly(Judgement holds, const std::string& words);
  // How many were added, of these how many hold and how many fail.
  int count() const { return count_; }
  int held() const { return held_; }
  int failed() const { return failed_; }

  // `summary` stands before the cases.
  Claim claim(const std::string& summary = {}) const;

 private:
  Claim claim_;
  int count_ = 0, held_ = 0, failed_ = 0;
};

}  // namespace gramian
