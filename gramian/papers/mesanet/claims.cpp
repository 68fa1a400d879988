#include "gramian/papers/mesanet/claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "gramian/studies/draw.h"
#include "gramian/studies/judge.h"

namespace gramian::mesanet {

namespace {

constexpr double kMargin = 0.01;  // shares of answers that do not count as a difference
constexpr double kNearly = 0.95;  // a share that counts as all answers
constexpr double kForgets = 0.1;  // of all answers: what a state that is short of room loses
constexpr double kLongerShare = 0.9;
constexpr int kFewSteps = kKeySize / 2;

Estimate less(Estimate estimate, double by) {
  estimate.mean -= by;
  return estimate;
}

const RecallNumbers* find(const std::vector<RecallNumbers>& numbers, const Setting& setting) {
  const auto found = std::ranges::find_if(numbers, [&](const RecallNumbers& n) {
    return n.setting.kind == setting.kind && n.setting.mixing == setting.mixing &&
           n.setting.size == setting.size && !n.seeds.empty();
  });
  return found == numbers.end() ? nullptr : &*found;
}

const AskedNumbers* find(const std::vector<AskedNumbers>& numbers, Mixing mixing,
                         const Size& size) {
  const auto found = std::ranges::find_if(numbers, [&](const AskedNumbers& n) {
    return n.mixing == mixing && n.size == size && !n.seeds.empty();
  });
  return found == numbers.end() ? nullptr : &*found;
}

// The least or most items that were asked for.
Size with_items(const std::vector<AskedNumbers>& numbers, bool most) {
  Size size{kItemTokens, most ? 0 : kItemTokens};
  for (const AskedNumbers& n : numbers)
    size.items = most ? std::max(size.items, n.size.items) : std::min(size.items, n.size.items);
  return size;
}

std::string of(Mixing mixing, const Size& size, const std::string& numbers) {
  return fmt::format("{}, T = {}, {} items: {}", title_of(mixing), size.tokens, size.items,
                     numbers);
}

// On all trained networks: no other mixer of this sort has more right answers than the mesa layer.
Claim nobody_ahead(const std::vector<RecallNumbers>& numbers, bool fixed_state, std::string text) {
  Cases cases(std::move(text));
  for (const RecallNumbers& other : numbers) {
    const Setting& setting = other.setting;
    if (setting.mixing == Mixing::mesa || has_fixed_state(setting.mixing) != fixed_state) continue;
    const RecallNumbers* mesa = find(numbers, {setting.kind, Mixing::mesa, setting.size});
    if (mesa == nullptr || other.seeds.empty()) continue;
    const Estimate ours = over_seeds(mesa->seeds), theirs = over_seeds(other.seeds);
    cases.add(at_most(less(theirs, kMargin), ours),
              fmt::format("{}, {}", title_of(setting.kind),
                          of(setting.mixing, setting.size, against(ours, theirs))));
  }
  return cases.claim("the mesa layer against the other");
}

Claim ahead_of_additive(const std::vector<RecallNumbers>& numbers) {
  Cases cases(fmt::format(
      "The mesa layer gives more right answers of associative recall than linear attention, with "
      "and without gates, by more than {}% (means over seeds)",
      100 * kMargin));
  const RecallNumbers* mesa = find(numbers, {.mixing = Mixing::mesa});
  for (const Mixing mixing : {Mixing::linear, Mixing::gated}) {
    const RecallNumbers* other = find(numbers, {.mixing = mixing});
    if (mesa == nullptr || other == nullptr) continue;
    const Estimate ours = over_seeds(mesa->seeds), theirs = over_seeds(other->seeds);
    cases.add(at_most(theirs, less(ours, kMargin)), of(mixing, kMainSize, against(ours, theirs)));
  }
  return cases.claim("the mesa layer against the other");
}

Claim room_is_short(const std::vector<AskedNumbers>& items) {
  const Size few = with_items(items, false), many = with_items(items, true);
  Cases cases(fmt::format(
      "Every state of fixed size is short of room: with {} items it gives fewer right answers than "
      "with {}, by more than {}% (keys of {} numbers, means over seeds)",
      many.items, few.items, 100 * kForgets, kKeySize));
  for (const Mixing mixing : kMixings) {
    const AskedNumbers *with_few = find(items, mixing, few), *with_many = find(items, mixing, many);
    if (!has_fixed_state(mixing) || with_few == nullptr || with_many == nullptr) continue;
    const Estimate before = over_seeds(with_few->seeds), after = over_seeds(with_many->seeds);
    cases.add(at_most(after, less(before, kForgets)),
              fmt::format("{}: {}", title_of(mixing), against(after, before)));
  }
  return cases.claim();
}

// Every seed of softmax has nearly all answers, whatever the number of items.
Claim softmax_keeps(const std::vector<AskedNumbers>& items) {
  Cases cases(
      fmt::format("and softmax, which keeps every token, is not: every seed gives at least {}% of "
                  "the answers at every number of items",
                  100 * kNearly));
  for (const AskedNumbers& n : items) {
    if (n.mixing != Mixing::softmax) continue;
    for (const Estimate& seed : n.seeds)
      cases.add_quietly(at_least(seed, kNearly), of(n.mixing, n.size, text(seed)));
  }
  return cases.claim(fmt::format("{} of {} cases hold", cases.held(), cases.count()));
}

Claim fits(const std::vector<AskedNumbers>& items) {
  Cases cases(fmt::format(
      "As many items as a key has numbers, {}, fit into the mesa layer: every seed gives "
      "at least {}% of the answers",
      kKeySize, 100 * kNearly));
  if (const auto* mesa = find(items, Mixing::mesa, {kItemTokens, kKeySize})) {
    for (const Estimate& seed : mesa->seeds) cases.add(at_least(seed, kNearly), text(seed));
  }
  return cases.claim();
}

Claim few_steps(const std::vector<SolverNumbers>& solvers) {
  Cases cases(fmt::format(
      "{} steps of conjugate gradients, half as many as a key has numbers, give as many right "
      "answers as the exact solution, within {}%, in every seed",
      kFewSteps, 100 * kMargin));
  const auto exact = std::ranges::find(solvers, 0, &SolverNumbers::steps);
  const auto few = std::ranges::find(solvers, kFewSteps, &SolverNumbers::steps);
  if (exact == solvers.end() || few == solvers.end()) return cases.claim();
  for (std::size_t i = 0; i < std::min(exact->seeds.size(), few->seeds.size()); ++i) {
    cases.add(at_most(less(exact->seeds[i], kMargin), few->seeds[i]),
              against(few->seeds[i], exact->seeds[i]));
  }
  return cases.claim();
}

Claim solving_matters(const std::vector<SolverNumbers>& solvers) {
  Cases cases(fmt::format("and one step does not: it gives fewer, by more than {}%, in every seed",
                          100 * kMargin));
  const auto exact = std::ranges::find(solvers, 0, &SolverNumbers::steps);
  const auto one = std::ranges::find(solvers, 1, &SolverNumbers::steps);
  if (exact == solvers.end() || one == solvers.end()) return cases.claim();
  for (std::size_t i = 0; i < std::min(exact->seeds.size(), one->seeds.size()); ++i) {
    cases.add(at_most(one->seeds[i], less(exact->seeds[i], kMargin)),
              against(one->seeds[i], exact->seeds[i]));
  }
  return cases.claim();
}

// Of each state of fixed size: what is right at the longest length over what is right at the
// trained one.
Claim keeps_at_length(const std::vector<AskedNumbers>& lengths) {
  Size longest = kMainSize;
  for (const AskedNumbers& n : lengths) longest.tokens = std::max(longest.tokens, n.size.tokens);
  Cases cases(fmt::format(
      "The mesa layer that was trained on {} tokens gives in {} at least {}% of the right answers "
      "that it gives there, in every seed",
      kMainSize.tokens, longest.tokens, 100 * kLongerShare));
  const AskedNumbers *far = find(lengths, Mixing::mesa, longest),
                     *near = find(lengths, Mixing::mesa, kMainSize);
  if (far == nullptr || near == nullptr || longest == kMainSize) return cases.claim();
  for (std::size_t i = 0; i < std::min(far->seeds.size(), near->seeds.size()); ++i) {
    const Estimate bound{kLongerShare * near->seeds[i].mean, kLongerShare * near->seeds[i].se};
    cases.add(at_most(bound, far->seeds[i]), against(far->seeds[i], near->seeds[i]));
  }
  return cases.claim();
}

}  // namespace

std::vector<Claim> recall_claims(const Measured& measured) {
  return {
      fits(measured.items),
      ahead_of_additive(measured.trained),
      nobody_ahead(measured.trained, true,
                   "No other state of fixed size gives more right answers than the mesa layer, by "
                   "more than 1%, on any kind of questions (means over seeds)"),
      nobody_ahead(measured.trained, false,
                   "and softmax, which keeps every token, does not either (published: 75.8% "
                   "against 76.1%, the mean of six tasks at other sizes)"),
      room_is_short(measured.items),
      softmax_keeps(measured.items),
      keeps_at_length(measured.lengths),
      few_steps(measured.solvers),
      solving_matters(measured.solvers),
  };
}

}  // namespace gramian::mesanet
