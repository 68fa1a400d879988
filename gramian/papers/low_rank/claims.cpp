#include "gramian/papers/low_rank/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

namespace gramian::low_rank {

namespace {

// Numbers of which each must be at least, or at most, a bound. NaN fails.
class Bound {
 public:
  enum class Side { at_least, at_most };
  Bound(Side side, double limit) : side_(side), limit_(limit) {}

  void add(double value) {
    const bool good = side_ == Side::at_least ? value >= limit_ : value <= limit_;
    all_ = all_ && good;
    const bool worse = side_ == Side::at_least ? value < worst_ : value > worst_;
    if (count_ == 0 || worse || std::isnan(value)) worst_ = value;
    ++count_;
  }
  std::optional<bool> holds() const { return count_ > 0 ? std::optional(all_) : std::nullopt; }
  double worst() const { return worst_; }
  int count() const { return count_; }

 private:
  Side side_;
  double limit_;
  bool all_ = true;
  double worst_ = NAN;
  int count_ = 0;
};

Bound at_least(double limit) { return {Bound::Side::at_least, limit}; }
Bound at_most(double limit) { return {Bound::Side::at_most, limit}; }

Claim claim(std::string text, const Bound& bound, std::string detail = {}) {
  if (detail.empty())
    detail = fmt::format("worst of {} numbers: {:.4g}", bound.count(), bound.worst());
  return {.text = std::move(text), .holds = bound.holds(), .detail = std::move(detail)};
}

std::optional<bool> both(const Bound& a, const Bound& b) {
  if (!a.holds() || !b.holds()) return std::nullopt;
  return *a.holds() && *b.holds();
}

// "W_Q 4, W_K 4": the least and the largest rank of each matrix from `first` to `last`.
std::string ranks_in_words(const std::vector<RankNumbers>& seeds, std::size_t first,
                           std::size_t last) {
  std::string text;
  for (std::size_t k = first; k <= last && !seeds.empty(); ++k) {
    const auto rank = [k](const RankNumbers& seed) { return seed.updates[k].rank; };
    const auto [low, high] = std::ranges::minmax(seeds, {}, rank);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", kMatrices[k], rank(low));
    if (rank(high) != rank(low)) text += fmt::format(" to {}", rank(high));
  }
  return text;
}

}  // namespace

std::vector<Claim> training_claims(const std::vector<double>& hinge) {
  Bound loss = at_most(1e-5);
  for (const double value : hinge) loss.add(value);
  return {claim("On every seed the hinge loss on fresh prompts ends at 1e-5 or less", loss)};
}

std::vector<Claim> rank_claims(const std::vector<RankNumbers>& seeds) {
  Bound energy = at_least(0.999), gap = at_least(50), one = at_most(0.9), response = at_least(5);
  for (const RankNumbers& seed : seeds) {
    for (const UpdateNumbers& update : seed.updates) {
      energy.add(update.energy);
      gap.add(update.gap);
      one.add(update.energy_of_one);
    }
    const auto& r = seed.response;
    if (r.size() > 2) {
      response.add(std::min(r[0], r[1]) / *std::max_element(r.begin() + 2, r.end()));
    }
  }
  return {
      claim("Two singular directions hold at least 99.9% of the squares of the update of each "
            "of W_Q, W_K, W_V and W_O, on every seed",
            energy),
      claim("and the second singular value is at least 50 times the third", gap),
      claim("One direction does not do: it holds at most 90%", one),
      claim("The update of W_V acts on each relevant pattern at least five times as strongly as "
            "on any other (it concentrates on them; it is not zero elsewhere)",
            response)};
}

std::vector<Claim> truncation_claims(const std::vector<TruncationNumbers>& seeds) {
  Bound two = at_most(0.01), one = at_least(0.2);
  for (const TruncationNumbers& seed : seeds) {
    two.add(seed.truncated.size() > 2 ? seed.truncated[2] : NAN);
    one.add(seed.truncated.size() > 1 ? seed.truncated[1] : NAN);
  }
  return {claim("With the updates of W_Q, W_K and W_V truncated to rank 2 the hinge loss stays "
                "below 0.01 on every seed",
                two),
          claim("and at rank 1 it is above 0.2", one)};
}

std::vector<Claim> pruning_claims(const std::vector<PruningNumbers>& seeds) {
  Bound small = at_most(0.01), large = at_least(0.3), below = at_least(0), above = at_least(0);
  Bound share_low = at_least(0.3), share_high = at_most(0.5);
  for (const PruningNumbers& seed : seeds) {
    const auto cost = [&](const std::vector<double>& losses) {
      return losses.at(kThirty) - losses.at(0);
    };
    small.add(std::abs(cost(seed.small_first)));
    large.add(cost(seed.large_first));
    below.add(cost(seed.random) - cost(seed.small_first));
    above.add(cost(seed.large_first) - cost(seed.random));
    const auto count = static_cast<double>(seed.norms.size());
    const auto near_start =
        static_cast<double>(std::ranges::count_if(seed.norms, [](double n) { return n < 0.1; }));
    const auto between = static_cast<double>(
        std::ranges::count_if(seed.norms, [](double n) { return n >= 0.1 && n <= 0.3; }));
    share_low.add(near_start / count);
    share_high.add((near_start + between) / count);
  }
  return {
      claim("Pruning the 30% of the neurons with the smallest norms changes the hinge loss by less "
            "than 0.01, on every seed",
            small),
      claim("Pruning the 30% with the largest raises it by more than 0.3", large),
      {.text = "Pruning 30% at random costs more than the smallest and less than the largest",
       .holds = both(below, above),
       .detail = fmt::format("least differences {:.3g} and {:.3g}", below.worst(), above.worst())},
      {.text = "Neurons split in two: at least 30% stay near the norms that they began with (below "
               "0.1), and at least 50% end above 0.3",
       .holds = both(share_low, share_high),
       .detail = fmt::format("at least {:.0f}% below 0.1, at least {:.0f}% above 0.3",
                             100 * share_low.worst(), 100 * (1 - share_high.worst()))}};
}

std::vector<Claim> attention_claims(const std::vector<GainNumbers>& gains) {
  Bound still = at_most(0.02), grows = at_least(0.05), rank = at_least(0.999);
  std::string masses;
  for (std::size_t g = 0; g < gains.size(); ++g) {
    double start = 0, trained = 0;
    for (const AttentionNumbers& seed : gains[g].attention) {
      const double growth = seed.trained - seed.start;
      if (g == 0) still.add(std::abs(growth));
      if (gains[g].gain == 1) grows.add(growth);
      start += seed.start / static_cast<double>(gains[g].attention.size());
      trained += seed.trained / static_cast<double>(gains[g].attention.size());
    }
    masses += fmt::format("{}gain {}: {:.3f} to {:.3f}", masses.empty() ? "" : ", ", gains[g].gain,
                          start, trained);
    for (const RankNumbers& seed : gains[g].ranks) {
      if (g == 0) continue;
      rank.add(seed.updates[0].energy);
      rank.add(seed.updates[1].energy);
    }
  }
  return {
      claim("From W_Q and W_K of 0.1 I attention hardly moves: its mass on relevant tokens "
            "changes by less than 0.02, so that W_V and W_O do the work",
            still),
      claim("From W_Q and W_K of I attention becomes sparser: the mass on relevant tokens grows "
            "by at least 0.05 on every seed",
            grows, grows.count() > 0 ? "means: " + masses : std::string()),
      claim("and the updates of W_Q and W_K keep rank 2 at all larger gains: at least 99.9% of "
            "their squares in two directions",
            rank)};
}

std::vector<Claim> pattern_claims(const PatternNumbers& numbers) {
  const std::string begin = fmt::format(
      "{} relevant patterns{}: ", numbers.relevant,
      numbers.mixed ? ", all of a class in one prompt" : ", one of a class in a prompt");
  std::vector<Claim> claims;
  for (const auto& [first, last, names] :
       {std::tuple{std::size_t{0}, std::size_t{1}, "W_Q and W_K"},
        std::tuple{std::size_t{2}, std::size_t{3}, "W_V and W_O"}}) {
    std::optional<bool> holds;
    for (const RankNumbers& seed : numbers.ranks) {
      for (std::size_t k = first; k <= last; ++k)
        holds = holds.value_or(true) && seed.updates[k].rank == numbers.relevant;
    }
    claims.push_back(
        {.text = begin + fmt::format("the updates of {} have rank {}, counting singular values "
                                     "above 5% of the largest",
                                     names, numbers.relevant),
         .holds = holds,
         .detail = ranks_in_words(numbers.ranks, first, last)});
  }
  return claims;
}

std::vector<Claim> condition_claims(const std::vector<ConditionNumbers>& conditions) {
  std::vector<Claim> claims;
  for (const ConditionNumbers& at : conditions) {
    Bound energy = at_least(0.999), small = at_most(0.01);
    for (const RankNumbers& seed : at.ranks) {
      for (const UpdateNumbers& update : seed.updates) energy.add(update.energy);
    }
    for (const PruningNumbers& seed : at.pruning)
      small.add(std::abs(seed.small_first.at(kThirty) - seed.small_first.at(0)));
    claims.push_back(claim(at.condition + ": two singular directions still hold at least 99.9% of "
                                          "the squares of all four updates",
                           energy));
    claims.push_back(claim(at.condition +
                               ": pruning the 30% of the neurons with the smallest norms "
                               "still costs less than 0.01",
                           small));
  }
  return claims;
}

}  // namespace gramian::low_rank
