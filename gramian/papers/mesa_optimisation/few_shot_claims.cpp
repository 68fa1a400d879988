// The claims about prompts of regression, from numbers alone (few_shot.h).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/papers/mesa_optimisation/few_shot.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/judge.h"

namespace gramian::mesa_optimisation {

namespace {

bool all_finite(const std::vector<Estimate>& losses) {
  return std::ranges::all_of(losses, [](const Estimate& at) { return std::isfinite(at.mean); });
}

// Whether the largest loss is above that without an example, and the last below it.
Judgement rises_and_falls(const std::vector<Estimate>& losses) {
  if (!all_finite(losses)) return false;
  const auto peak = std::ranges::max_element(losses, {}, &Estimate::mean);
  if (peak == losses.begin()) return false;
  return both(at_most(losses.front(), *peak), at_most(losses.back(), losses.front()));
}

std::string told_course(const std::vector<Estimate>& losses) {
  const auto peak = std::ranges::max_element(losses, {}, &Estimate::mean);
  return fmt::format("{} without an example, {} after {}, {} after {}", text(losses.front()),
                     text(*peak), peak - losses.begin(), text(losses.back()), losses.size() - 1);
}

}  // namespace

std::vector<Claim> few_shot_claims(const std::vector<FewShotNumbers>& seeds) {
  Cases ascent(
      "Without retraining the loss of y rises over the first examples (early ascent), and after "
      "the "
      "last it is below that without an example, in every network and seed");
  Cases separated("A learned EOS vector between examples makes it smaller after as many examples");
  Cases prefixed("20 learned vectors in front of the prompt make it smaller");
  Cases together("Both together make it smaller than the EOS vector alone");
  Cases rises("Where W changes within a prompt the loss rises with the first y of the new W");
  Cases falls("and falls again with examples of it");
  for (const FewShotNumbers& at : seeds) {
    const auto add = [&at](Cases& cases, const Estimate& left, const Estimate& right) {
      cases.add(at_most(left, right), fmt::format("{}: {}", at.network, against(left, right)));
    };
    if (at.plain.size() > 1)
      ascent.add(rises_and_falls(at.plain),
                 fmt::format("{}: {}", at.network, told_course(at.plain)));
    if (!at.separated.empty() && at.separated.size() <= at.plain.size())
      add(separated, at.separated.back(), at.plain[at.separated.size() - 1]);
    if (!at.prefixed.empty() && at.prefixed.size() == at.plain.size())
      add(prefixed, at.prefixed.back(), at.plain.back());
    if (!at.both.empty() && at.both.size() == at.separated.size())
      add(together, at.both.back(), at.separated.back());
    const auto change = static_cast<std::size_t>(at.change_after);
    if (change < 1 || change + 1 >= at.changed.size()) continue;
    add(rises, at.changed[change - 1], at.changed[change]);
    add(falls, at.changed.back(), at.changed[change]);
  }
  return {ascent.claim(),   separated.claim(), prefixed.claim(),
          together.claim(), rises.claim(),     falls.claim()};
}

}  // namespace gramian::mesa_optimisation
