#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/versatile/diversity.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/judge.h"

namespace gramian::versatile {

namespace {

Estimate times(double factor, const Estimate& of) { return {factor * of.mean, factor * of.se}; }

std::string case_of(const Diversity& at, const Estimate& left, const Estimate& right) {
  return fmt::format("K = {}: {}", at.pool, against(left, right));
}

}  // namespace

std::vector<Claim> diversity_claims(std::span<const Diversity> pools) {
  Cases exact(
      "FULL with one layer is trained to its exact optimum on the pool: its expected loss there is "
      "at most 1.02 times that of the best such network"),
      known(
          "FULL with four layers makes use of few tasks: with K <= 8 its loss on them is below "
          "that "
          "of ridge regression with the true noise, which is best on new tasks, without a blow-up"),
      unused(
          "DIAG, for which all directions are alike, hardly can: with K >= 8 its loss on its own "
          "tasks, without blow-ups, is at least 0.95 times that of ridge regression"),
      lost(
          "What FULL with four layers learns of 8 tasks or fewer costs on new ones: without "
          "blow-ups it loses more than twice what ridge regression does there"),
      general(
          "With K = 2,048 tasks it is as good on new tasks as a network that was trained on new "
          "tasks alone, within 5%, and has no blow-up");
  const Diversity* all_new = nullptr;
  for (const Diversity& at : pools) {
    if (at.pool == 0) all_new = &at;
  }
  for (const Diversity& at : pools) {
    if (at.pool == 0) continue;
    exact.add(at_most(Estimate{at.one_to_optimum, 0}, 1.02),
              fmt::format("K = {}: {:.4f}", at.pool, at.one_to_optimum));
    if (at.pool <= 8) {
      known.add(both(at_most(at.full.own, at.ridge.own), at.full.own_blowups == 0),
                case_of(at, at.full.own, at.ridge.own));
      lost.add(at_most(times(2, at.ridge.fresh), at.full.fresh),
               case_of(at, at.full.fresh, at.ridge.fresh));
    }
    if (at.pool >= 8) {
      unused.add(at_most(times(0.95, at.ridge.own), at.diag.own),
                 case_of(at, at.diag.own, at.ridge.own));
    }
    if (at.pool == 2048 && all_new != nullptr) {
      general.add(both(at_most(at.full.fresh, times(1.05, all_new->full.fresh)),
                       at.full.fresh_blowups == 0),
                  case_of(at, at.full.fresh, all_new->full.fresh));
    }
  }
  return {exact.claim(), known.claim(), unused.claim(), lost.claim(), general.claim()};
}

}  // namespace gramian::versatile
