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

// Over the first `count` of these numbers of examples. Its error is the mean of theirs: an upper
// bound, since all of them are of the same prompts.
Estimate mean_of(const std::vector<Estimate>& losses, std::size_t count) {
  Estimate mean;
  for (std::size_t k = 0; k < count; ++k) {
    mean.mean += losses[k].mean / static_cast<double>(count);
    mean.se += losses[k].se / static_cast<double>(count);
  }
  return mean;
}

// Whether learned vectors lower the loss: in the mean over the examples that both prompts have,
// which is what they are trained for, and after the last of these.
struct LearnedCases {
  Cases mean, last;

  void add(const std::string& network, const std::vector<Estimate>& with,
           const std::vector<Estimate>& without) {
    const std::size_t count = std::min(with.size(), without.size());
    if (count == 0) return;
    const auto compare = [&network](Cases& cases, const Estimate& left, const Estimate& right) {
      cases.add(at_most(left, right), fmt::format("{}: {}", network, against(left, right)));
    };
    compare(mean, mean_of(with, count), mean_of(without, count));
    compare(last, with[count - 1], without[count - 1]);
  }
};

}  // namespace

std::vector<Claim> few_shot_claims(const std::vector<FewShotNumbers>& seeds) {
  Cases hybrid(
      "Without retraining the loss of y of softmax, then mesa rises over the first examples (early "
      "ascent), and after the last it is below that without an example, on every seed");
  Cases softmax("So does that of two layers of softmax");
  LearnedCases separated{
      Cases("A learned EOS vector between examples lowers the mean loss over as many examples, in "
            "every network and seed"),
      Cases("and the loss after the last of them")};
  LearnedCases prefixed{
      Cases("20 learned vectors in front of the prompt lower the mean loss over examples"),
      Cases("and the loss after the last")};
  LearnedCases together{Cases("Both together lower the mean loss below that of the EOS alone"),
                        Cases("and the loss after the last example")};
  Cases rises("Where W changes within a prompt the loss rises with the first y of the new W");
  Cases falls("and falls again with examples of it");
  for (const FewShotNumbers& at : seeds) {
    if (at.plain.size() > 1) {
      Cases& cases = at.is_hybrid ? hybrid : softmax;
      cases.add(rises_and_falls(at.plain), told_course(at.plain));
    }
    separated.add(at.network, at.separated, at.plain);
    prefixed.add(at.network, at.prefixed, at.plain);
    together.add(at.network, at.both, at.separated);
    const auto change = static_cast<std::size_t>(at.change_after);
    if (change < 1 || change + 1 >= at.changed.size()) continue;
    const Estimate &before = at.changed[change - 1], &first = at.changed[change];
    rises.add(at_most(before, first), fmt::format("{}: {}", at.network, against(first, before)));
    falls.add(at_most(at.changed.back(), first),
              fmt::format("{}: {}", at.network, against(at.changed.back(), first)));
  }
  return {hybrid.claim(),         softmax.claim(),       separated.mean.claim(),
          separated.last.claim(), prefixed.mean.claim(), prefixed.last.claim(),
          together.mean.claim(),  together.last.claim(), rises.claim(),
          falls.claim()};
}

}  // namespace gramian::mesa_optimisation
