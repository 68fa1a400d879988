#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/versatile/setting.h"
#include "gramian/papers/versatile/shift.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/judge.h"

namespace gramian::versatile {

namespace {

std::string beside(const std::string& name, const Estimate& left, const Estimate& right) {
  return fmt::format("{}: {}", name, against(left, right));
}

}  // namespace

Estimate ShiftCurve::at(double x) const {
  for (const ShiftPoint& point : points) {
    if (std::abs(point.x - x) < 1e-9) return point.loss;
  }
  return {kUnknown, kUnknown};
}

std::vector<Claim> context_claims(std::span<const ContextShift> kinds) {
  Cases worse(
      "More examples than in training make networks worse: trained at n = 20, with means "
      "over the context, the loss is higher at n = 80 than at 20, where that of Bayes falls"),
      rule(
          "Shown as 20 examples that say as much (the rule of gramian predict) 80 examples are "
          "worth "
          "more than 20: the loss is below that at n = 20"),
      mixed(
          "Training on 10 to 80 examples mends it: at n = 80 the loss is below that of the network "
          "trained at n = 20, as it is or shown as 20 examples"),
      price("which costs at n = 20: there the network trained on 20 examples is better");
  for (const ContextShift& at : kinds) {
    const Estimate usual = at.trained.at(20), many = at.trained.at(80);
    worse.add(both(at_most(usual, many), at_most(at.bayes.at(80), at.bayes.at(20))),
              beside(at.kind, many, usual));
    rule.add(at_most(at.moments.at(80), usual), beside(at.kind, at.moments.at(80), usual));
    mixed.add(both(at_most(at.mixed.at(80), many), at_most(at.mixed.at(80), at.moments.at(80))),
              fmt::format("{}, {} as 20 examples", beside(at.kind, at.mixed.at(80), many),
                          text(at.moments.at(80))));
    price.add(at_most(usual, at.mixed.at(20)), beside(at.kind, at.mixed.at(20), usual));
  }
  return {worse.claim(), rule.claim(), mixed.claim(), price.claim()};
}

std::vector<Claim> noise_shift_claims(const OtherShift& shift) {
  Cases inside(
      "On less noise than in training (sigma ~ U(0, 1)) networks lose more than Bayes with "
      "the prior of training"),
      beyond(
          "On twice the noise (sigma ~ U(0, 10)) FULL loses less than Bayes with the prior of "
          "training, which has no level above 5");
  for (const ShiftCurve& network : shift.networks) {
    inside.add(at_most(shift.trained.at(1), network.at(1)),
               beside(network.name, network.at(1), shift.trained.at(1)));
    if (network.name != "FULL") continue;
    beyond.add(at_most(network.at(10), shift.trained.at(10)),
               beside(network.name, network.at(10), shift.trained.at(10)));
  }
  return {inside.claim(), beyond.claim()};
}

std::vector<Claim> covariance_shift_claims(const OtherShift& shift) {
  Cases little(
      "Inputs of a covariance with condition number 4 (the same mean variance) cost networks "
      "at most a quarter"),
      much(
          "With condition number 16 they more than double their loss; that of Bayes does not "
          "double");
  const Estimate few = shift.bayes.at(1), many = shift.bayes.at(16);
  for (const ShiftCurve& network : shift.networks) {
    const Estimate before = network.at(1), some = network.at(4), after = network.at(16);
    little.add(at_most(some, Estimate{1.25 * before.mean, 1.25 * before.se}),
               beside(network.name, some, before));
    much.add(both(at_most(Estimate{2 * before.mean, 2 * before.se}, after),
                  at_most(many, Estimate{2 * few.mean, 2 * few.se})),
             fmt::format("{}; Bayes {} against {}", beside(network.name, after, before), text(many),
                         text(few)));
  }
  return {little.claim(), much.claim()};
}

std::vector<Claim> size_shift_claims(const OtherShift& shift) {
  Cases other(
      "The four numbers a layer of DIAG are an algorithm for other d too: with n = 2 d its "
      "loss is at most three times that of Bayes at d = 5 and d = 20");
  for (const ShiftCurve& network : shift.networks) {
    if (network.points.empty() || std::isnan(network.at(20).mean)) continue;  // dense weights
    for (const double d : {5.0, 20.0}) {
      const Estimate bayes = shift.bayes.at(d);
      other.add(at_most(network.at(d), Estimate{3 * bayes.mean, 3 * bayes.se}),
                beside(fmt::format("{}, d = {}", network.name, d), network.at(d), bayes));
    }
  }
  return {other.claim()};
}

}  // namespace gramian::versatile
