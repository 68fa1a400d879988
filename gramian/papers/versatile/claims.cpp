#include "gramian/papers/versatile/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/evaluation/statistics.h"
#include "gramian/studies/draw.h"

namespace gramian::versatile {

namespace {

std::string list_of(const std::vector<double>& values) {
  std::string text;
  for (const double v : values) text += fmt::format("{}{:.3g}", text.empty() ? "" : ", ", v);
  return text;
}

// The lesser of two estimates.
const Estimate& lesser(const Estimate& a, const Estimate& b) { return b.mean < a.mean ? b : a; }

}  // namespace

std::vector<Claim> fig1_claims(std::span<const DepthNumbers> problems) {
  Cases tends("GD++ tends to CONSTRR: at L = 7 within 5% of it (sigma_max >= 2)"),
      equals("FULL equals DIAG under uniform noise: at L = 7 within 10% (sigma_max >= 1)"),
      beats("Four layers (the better of FULL and DIAG) beat ADARR for sigma_max >= 4"),
      match(
          "Five layers and more are at or below TUNEDRR: FULL with L = 5, 6 and 7, for sigma_max "
          ">= 4");
  for (const DepthNumbers& at : problems) {
    const auto say = [&](const Estimate& left, const Estimate& right) {
      return fmt::format("{}: {}", at.label, against(left, right));
    };
    if (at.sigma_max >= 2) {
      tends.add(within_share(at.gdpp7.mean, at.constrr.mean, 0.05), say(at.gdpp7, at.constrr));
    }
    if (at.sigma_max >= 1) {
      equals.add(within_share(at.full7.mean, at.diag7.mean, 0.1), say(at.full7, at.diag7));
    }
    if (at.sigma_max < 4) continue;
    const Estimate& four = lesser(at.full4, at.diag4);
    beats.add(at_most(four, at.adarr), say(four, at.adarr));
    for (const Estimate* deep : {&at.full5, &at.full6, &at.full7})
      match.add(at_most(*deep, at.tunedrr), say(*deep, at.tunedrr));
  }
  return {tends.claim(), equals.claim(), beats.claim(), match.claim()};
}

namespace {

// Mean over levels of the size of the difference of two curves, as a share of the mean of the
// second. Not finite without levels.
double apart(const std::vector<ProfileLevel>& levels, Estimate ProfileLevel::*left,
             Estimate ProfileLevel::*right) {
  double difference = 0, size = 0;
  for (const ProfileLevel& at : levels) {
    difference += std::abs((at.*left).mean - (at.*right).mean);
    size += std::abs((at.*right).mean);
  }
  return difference / size;
}

Claim alike_claim(std::string text, double difference, double most) {
  Claim claim{.text = std::move(text)};
  claim.detail = fmt::format("{:.3g}%", 100 * difference);
  if (std::isfinite(difference)) claim.holds = difference <= most;
  return claim;
}

Claim adaptive_claim(const std::vector<ProfileLevel>& levels) {
  Cases rises(
      "ADARR is exact at sigma = 0 (an identity, which checks the code) and degrades with sigma: "
      "from level to level its loss never falls by two standard errors");
  for (std::size_t k = 0; k < levels.size(); ++k) {
    const Estimate& now = levels[k].adarr;
    const std::string what = fmt::format("sigma = {:.3g}: {}", levels[k].sigma, text(now));
    if (levels[k].sigma == 0) {
      rises.add(std::isfinite(now.mean) ? Judgement(std::abs(now.mean) < 1e-9) : std::nullopt,
                what);
    } else if (k > 0) {
      // It fails where the fall is clear; a difference within the errors is no fall.
      const bool fell = at_most(now, levels[k - 1].adarr) == true;
      rises.add_quietly(std::isfinite(now.mean) ? Judgement(!fell) : std::nullopt, what);
    }
  }
  return rises.claim(levels.empty() ? "" : fmt::format("{} levels", levels.size()));
}

Claim whole_range_claim(std::span<const ProfileNumbers> depths) {
  Cases improves(
      "From three layers on the networks improve over the whole range: FULL is below GD++ of as "
      "many layers at every sigma in [0, 5], for L = 3 to 7");
  for (const ProfileNumbers& depth : depths) {
    if (depth.layers < 3) continue;
    for (const ProfileLevel& at : depth.levels) {
      improves.add_quietly(at_most(at.full, at.gdpp),
                           fmt::format("L = {}, sigma = {:.3g}: {}", depth.layers, at.sigma,
                                       against(at.full, at.gdpp)));
    }
  }
  return improves.claim(improves.count() == 0
                            ? ""
                            : fmt::format("below at {} of {} points, above at {}", improves.held(),
                                          improves.count(), improves.failed()));
}

}  // namespace

std::vector<Claim> fig2_claims(std::span<const ProfileNumbers> depths) {
  const std::vector<ProfileLevel> deepest =
      depths.empty() ? std::vector<ProfileLevel>() : depths.back().levels;
  return {
      alike_claim("GD++ mirrors CONSTRR (L = 7): over [0, 5] their profiles are apart by at most "
                  "10% of the mean of CONSTRR's",
                  apart(deepest, &ProfileLevel::gdpp, &ProfileLevel::constrr), 0.1),
      adaptive_claim(deepest), whole_range_claim(depths),
      alike_claim("FULL and DIAG have alike profiles under uniform noise (L = 7): over [0, 5] they "
                  "are apart by at most 15% of the mean of DIAG's",
                  apart(deepest, &ProfileLevel::full, &ProfileLevel::diag), 0.15)};
}

std::vector<Claim> fig3_claims(const CategoricalNumbers& numbers) {
  const auto claim = [](std::string text, const Estimate& left, const Estimate& right) {
    const Judgement holds = at_most(left, right);
    return Claim{
        .text = std::move(text), .holds = holds, .detail = told(holds, against(left, right))};
  };
  return {claim("{1, 3}: FULL is below DIAG in distribution (L = 7)", numbers.full_two,
                numbers.diag_two),
          claim("{1, 3}: DIAG extrapolates better to unseen noise: it is below FULL in the mean "
                "over sigma in [4, 6] (L = 7)",
                numbers.diag_beyond, numbers.full_beyond),
          claim("{1, 3, 5}: FULL is below DIAG in distribution as the table has it, against the "
                "text (L = 7)",
                numbers.full_three, numbers.diag_three)};
}

Claim fig5_claim(std::span<const LayerNumbers> networks) {
  Cases falls(
      "The loss falls with every layer, in networks of every depth (rises of up to 2% allowed)");
  for (const LayerNumbers& network : networks) {
    for (std::size_t k = 1; k < network.losses.size(); ++k) {
      const double before = network.losses[k - 1], now = network.losses[k];
      const bool known = !std::isnan(before) && !std::isnan(now);
      falls.add_quietly(
          known ? Judgement(now <= 1.02 * before) : std::nullopt,
          fmt::format("{}, layer {}: {:.3g} after {:.3g}", network.name, k + 1, now, before));
    }
  }
  return falls.claim(falls.count() == 0
                         ? ""
                         : fmt::format("{} of {} layers raise it", falls.failed(), falls.count()));
}

std::vector<Claim> fig6_claims(std::span<const CurveNumbers> curves, double oracle) {
  Cases all(
      "At sigma = 5 all curves nearly coincide: every network and solver is within 10% of "
      "the oracle"),
      full("and FULL is");
  for (const CurveNumbers& curve : curves) {
    const Judgement holds = at_most(curve.loss, 1.1 * oracle);
    const std::string what =
        fmt::format("{}: {} against {:.3f}", curve.name, text(curve.loss), oracle);
    all.add(holds, what);
    if (curve.name == "FULL") full.add(holds, what);
  }
  return {all.claim(), full.claim()};
}

namespace {

bool finite(const std::vector<double>& losses) {
  return std::ranges::all_of(losses, [](double v) { return std::isfinite(v) && v > 0; });
}

std::ptrdiff_t best_layer(const std::vector<double>& losses) {
  return std::ranges::min_element(losses) - losses.begin() + 1;
}

// The first layer from which on the loss stays within twice the last one.
std::size_t settled(const std::vector<double>& losses) {
  std::size_t layer = losses.size();
  while (layer > 1 && losses[layer - 2] <= 2 * losses.back()) --layer;
  return layer;
}

Claim stopping_claim(const LayerProfiles& p) {
  Claim claim{.text =
                  "GD++: early layers fit high noise, late ones low noise: at sigma = 5 the best "
                  "layer comes before the best one at sigma = 0 (L = 7)"};
  if (p.gdpp_low.empty() || p.gdpp_high.empty() || !finite(p.gdpp_low) || !finite(p.gdpp_high))
    return claim;
  claim.holds = best_layer(p.gdpp_high) < best_layer(p.gdpp_low);
  claim.detail =
      fmt::format("best layer {} at sigma = 5 ({}), {} at sigma = 0 ({})", best_layer(p.gdpp_high),
                  list_of(p.gdpp_high), best_layer(p.gdpp_low), list_of(p.gdpp_low));
  return claim;
}

}  // namespace

std::vector<Claim> fig7_claims(const LayerProfiles& p) {
  Claim first{.text =
                  "FULL improves low noise first: the loss is within twice that of the last layer, "
                  "for good, from an earlier layer on at sigma = 0 than at sigma = 5 (L = 7)"};
  Claim last{.text =
                 "FULL: the last layer is where high noise gains most: of layers 2 to 7 it divides "
                 "the loss at sigma = 5 by the largest factor (L = 7)"};
  if (p.full_low.size() > 1 && p.full_high.size() > 1 && finite(p.full_low) &&
      finite(p.full_high)) {
    const std::string both =
        fmt::format("sigma = 5: {}; sigma = 0: {}", list_of(p.full_high), list_of(p.full_low));
    first.holds = settled(p.full_low) < settled(p.full_high);
    first.detail = fmt::format("from layer {} on at sigma = 0, {} at sigma = 5; {}",
                               settled(p.full_low), settled(p.full_high), both);
    std::size_t strongest = 1;
    const auto factor = [&](std::size_t k) { return p.full_high[k - 1] / p.full_high[k]; };
    for (std::size_t k = 2; k < p.full_high.size(); ++k) {
      if (factor(k) >= factor(strongest)) strongest = k;
    }
    last.holds = strongest + 1 == p.full_high.size();
    last.detail =
        fmt::format("layer {} divides it by {:.3g}, the last by {:.3g}; {}", strongest + 1,
                    factor(strongest), factor(p.full_high.size() - 1), both);
  }
  return {stopping_claim(p), std::move(first), std::move(last)};
}

Claim guards_claim(std::span<const GuardNumbers> networks, std::uint64_t prompts) {
  Claim claim{.text =
                  "Guards lower the rate of blow-ups at least tenfold, summed over the networks, "
                  "at no more than 1% of adjusted loss on the other prompts"};
  if (networks.empty()) return claim;
  std::uint64_t guarded = 0, plain = 0;
  Estimate with, without;
  for (const GuardNumbers& one : networks) {
    guarded += one.guarded;
    plain += one.plain;
    with = {with.mean + one.guarded_loss.mean, std::hypot(with.se, one.guarded_loss.se)};
    without = {without.mean + one.plain_loss.mean, std::hypot(without.se, one.plain_loss.se)};
  }
  const auto [with_low, with_high] = poisson_interval(guarded);
  const auto [without_low, without_high] = poisson_interval(plain);
  Judgement tenfold;
  if (with_high <= 0.1 * without_low) tenfold = true;
  if (with_low > 0.1 * without_high) tenfold = false;
  const Judgement cheap = at_most(with, {1.01 * without.mean, 1.01 * without.se});
  claim.holds = both(tenfold, cheap);
  const double million = 1e6 / static_cast<double>(prompts),
               count = static_cast<double>(networks.size());
  claim.detail = fmt::format(
      "per million, summed over {} networks: {:.3g} ({:.2g} to {:.2g}, 95%) with and {:.3g} "
      "({:.2g} "
      "to {:.2g}) without; mean adjusted loss: {:.5f} and {:.5f} ({:+.2f}%)",
      networks.size(), static_cast<double>(guarded) * million, with_low * million,
      with_high * million, static_cast<double>(plain) * million, without_low * million,
      without_high * million, with.mean / count, without.mean / count,
      100 * (with.mean / without.mean - 1));
  return claim;
}

}  // namespace gramian::versatile
