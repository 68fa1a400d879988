#include "gramian/papers/looped/claims.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "gramian/papers/looped/setting.h"
#include "gramian/studies/judge.h"

namespace gramian::looped {

namespace {

// "Of the same order": published values are read off a figure, d and n are a guess.
constexpr double kOrder = 4;

// A claim over many cells: all must hold, and the worst is told.
struct Tally {
  std::string text = {};
  double worst = 0;
  std::string where = {};
  bool holds = true;
  bool any = false;

  void add(bool good, double badness, std::string place) {
    holds = holds && good;
    if (!any || badness > worst) {
      worst = badness;
      where = std::move(place);
    }
    any = true;
  }
  Claim claim() const {
    Claim claim{.text = text, .holds = {}, .detail = any ? "worst: " + where : ""};
    if (any) claim.holds = holds;
    return claim;
  }
};

}  // namespace

std::vector<Claim> restricted_claims(std::span<const RestrictedNumbers> cells) {
  Tally loss{.text =
                 "The loss is that of the best symmetric A (a* S^-1) or better, within 5% and "
                 "three standard errors"};
  Tally turning{
      .text =
          "It is that of the best A' = a I + k J, within 10% and three standard errors (n = 100)"};
  Tally u{.text = "u vanishes: |u| <= 0.02"};
  Tally spectrum{.text =
                     "The spectrum of the symmetric part of S^1/2 A S^1/2 is within 0.05 of a* (L "
                     "<= 2), within 0.1 (L = 5, 10), at n = 100, kappa up to 100"};
  Tally symmetric{.text =
                      "A tends to a multiple of S^-1: no antisymmetric part beyond 10% (k <= 0.1 "
                      "a*), for every L"};
  Tally below{.text =
                  "For n < d too A tends to a multiple of I: eigenvalues within 10% of their mean "
                  "(n = 5, d = 10)"};
  for (const RestrictedNumbers& c : cells) {
    loss.add(c.loss.mean <= 1.05 * c.best.mean + 3 * std::hypot(c.loss.se, c.best.se),
             c.loss.mean / c.best.mean,
             fmt::format("{}: {:.3g} against {:.3g}", c.place, c.loss.mean, c.best.mean));
    u.add(c.u <= 0.02, c.u, fmt::format("{}: {:.3g}", c.place, c.u));
    if (c.n == 100) {
      const double error = std::hypot(c.loss.se, c.turned.se),
                   off = std::max(c.a - c.low, c.high - c.a);
      turning.add(std::abs(c.loss.mean - c.turned.mean) <= 0.1 * c.turned.mean + 3 * error,
                  std::abs(std::log(c.loss.mean / c.turned.mean)),
                  fmt::format("{}: {:.3g} against {:.3g}", c.place, c.loss.mean, c.turned.mean));
      spectrum.add(off <= (c.loops <= 2 ? 0.05 : 0.1), off * (c.loops <= 2 ? 2 : 1),
                   fmt::format("{}: {:.3f} to {:.3f}, a* = {:.3f}", c.place, c.low, c.high, c.a));
      symmetric.add(c.turn <= 0.1 * c.a, c.turn,
                    fmt::format("{}: k = {:.3f}, k* = {:.3f}", c.place, c.turn, c.best_turn));
    }
    if (c.n < c.d) {
      below.add(c.high - c.mean <= 0.1 * c.mean && c.mean - c.low <= 0.1 * c.mean,
                (c.high - c.low) / c.mean,
                fmt::format("{}: {:.3f} to {:.3f}, a* = {:.3f}", c.place, c.low, c.high, c.a));
    }
  }
  return {loss.claim(),     turning.claim(),   u.claim(),
          spectrum.claim(), symmetric.claim(), below.claim()};
}

Claim dominance_claim(std::span<const DominanceSlope> slopes) {
  Cases cases(
      "Gradient dominance: along A = a I, n large, the slope of log |grad|^2 against "
      "log loss is (2L - 1) / L within 0.1");
  for (const auto& [loops, slope] : slopes) {
    const double expected = (2.0 * loops - 1) / loops;
    cases.add_plainly(std::abs(slope - expected) <= 0.1,
                      fmt::format("L = {}: {:.3f} ({:.3f})", loops, slope, expected));
  }
  return cases.claim();
}

std::vector<Claim> full_training_claims(std::span<const FullNumbers> cells) {
  Cases loops(fmt::format(
      "Loops end where those of Fig. 2 do, within a factor of {}, above and below", kOrder)),
      own_layers(fmt::format(
          "Layers of their own end at most {} times as high as those of Fig. 2 (many end lower)",
          kOrder));
  Cases floor("Looped networks reach the best GD++ loop within 25% (L = 2, 5)");
  Claim share{.text =
                  "The loss falls with L, looped or not, and L layers of their own are no worse "
                  "than L loops"};
  std::map<std::pair<int, bool>, double> losses;
  for (const FullNumbers& c : cells) {
    const double value = c.loss.mean;
    losses[{c.layers, c.tied}] = value;
    const std::string what = fmt::format("{}: {:.2g} ({:.2g})", c.name, value, c.published);
    if (c.tied) {
      loops.add(within_factor(c.loss, c.published, kOrder), what);
    } else {
      own_layers.add(at_most(c.loss, kOrder * c.published), what);
    }
    if (c.tied && c.layers <= 5) {
      floor.add_plainly(value <= 1.25 * c.best.mean + 3 * std::hypot(c.loss.se, c.best.se),
                        fmt::format("{}: {:.3g} against {:.3g}", c.name, value, c.best.mean));
    }
  }
  bool all = true, falls = true;
  for (const int layers : {2, 5, 10}) {
    for (const bool tied : {false, true}) all = all && losses.contains({layers, tied});
  }
  if (all) {
    for (const auto& [few, many] : {std::pair{2, 5}, {5, 10}}) {
      for (const bool tied : {false, true})
        falls = falls && losses.at({many, tied}) < losses.at({few, tied});
    }
    for (const int layers : {2, 5, 10})
      falls = falls && losses.at({layers, false}) <= losses.at({layers, true});
    share.holds = falls;
    share.detail =
        fmt::format("2: {:.3g} looped, {:.3g}; 5: {:.2g}, {:.2g}; 10: {:.2g}, {:.2g}",
                    losses.at({2, true}), losses.at({2, false}), losses.at({5, true}),
                    losses.at({5, false}), losses.at({10, true}), losses.at({10, false}));
  }
  return {loops.claim(), own_layers.claim(), floor.claim(), std::move(share)};
}

std::vector<Claim> full_loops_claims(std::span<const ExtraLoopsNumbers> networks) {
  Cases mean(fmt::format(
      "Trained for 2 and for 5 loops: the mean loss at 1, 2, 5 and 10 loops is that of Fig. 3 "
      "within a factor of {} (not judged where a few prompts carry it)",
      kOrder)),
      median("and so is the loss of the typical prompt, the median");
  Cases falls(
      "More loops than in training go on to lower the loss of the typical prompt: the "
      "median falls from L "
      "to 20 to 50 loops, on the covariance of training and on another");
  for (const ExtraLoopsNumbers& network : networks) {
    const std::string name = fmt::format("trained for {}", network.trained);
    const double twenty = network.median.at(4), fifty = network.median.at(5);  // of kExtraLoops
    const bool good = network.median_trained > twenty && twenty > fifty;
    falls.add_plainly(
        good, fmt::format("{}{}: {:.2g}, {:.2g}, {:.2g}{}", name,
                          network.other_covariance ? ", other S" : "", network.median_trained,
                          twenty, fifty, good ? "" : " (not)"));
    if (network.other_covariance || network.published.empty()) continue;
    for (std::size_t k = 0; k < 4; ++k) {
      const double value = network.published[k];
      const auto say = [&](double ours) {
        return fmt::format("{} at {}: {:.2g} ({:.2g})", name, kExtraLoops[k], ours, value);
      };
      mean.add(within_factor({network.mean[k], network.mean_se[k]}, value, kOrder),
               say(network.mean[k]));
      median.add(within_factor({network.median[k], 0}, value, kOrder), say(network.median[k]));
    }
  }
  return {mean.claim(), median.claim(), falls.claim()};
}

std::vector<Claim> restricted_loops_claims(const RestrictedLoopsNumbers& l) {
  const std::string detail = fmt::format(
      "a sample has the mean {:.3g} at 2 loops, {:.3g} at 5, {:.3g} at 20, and the median {:.3g} "
      "at 20; over all contexts A = a* I, a* = {:.3f}, has the mean {:.3g} at 5 and {:.3g} at 20, "
      "as "
      "{:.2g} eigenvalues of a context are above 2/a*",
      l.mean_2, l.mean_5, l.mean_20, l.median_20, l.a, l.expected_5, l.expected_20, l.above);
  if (l.n == 100) {
    return {
        {.text =
             "Trained for 2 loops at n = 100, 20 loops bring the typical loss (median) below 1e-5",
         .holds = l.median_20 < 1e-5,
         .detail = detail},
        {.text = "and the mean over all contexts too",
         .holds = l.expected_20 < 1e-5,
         .detail = detail}};
  }
  const Judgement many = at_least(l.diverging, 1e-3);
  return {{.text = "At n = 30 more loops diverge, as lambda_max > 2/a* in more than one context of "
                   "a thousand says: at 20 loops the mean over all contexts is over ten times that "
                   "at 5",
           .holds = both(many, l.expected_20 > 10 * l.expected_5),
           .detail = fmt::format("{}; of a sample in {:.2g} +- {:.1g} of the contexts", detail,
                                 l.diverging.mean, l.diverging.se)}};
}

Claim scales_claim(std::span<const ScaleNumbers> scales) {
  Cases cases(
      "On S = c I, trained on S = I (n = 100): the median converges from 2 to 50 loops "
      "where fewer than "
      "half of the contexts have c a* lambda_max > 2, and else diverges");
  for (const ScaleNumbers& s : scales) {
    cases.add_plainly((s.median_50 < s.median_2) == (s.share < 0.5),
                      fmt::format("c = {}: share {:.3g}, median {:.2g} after 2 and {:.2g} after 50",
                                  s.c, s.share, s.median_2, s.median_50));
  }
  return cases.claim();
}

std::vector<Claim> rotation_claims(std::span<const RotationNumbers> numbers,
                                   std::span<const TrainedRotation> trained) {
  Cases better(
      "A rotation makes the best preconditioner of three to ten loops better, for every n "
      "(the best a I + k J is below the best a I by two standard errors)"),
      five("With n = 100 it divides the loss of five loops by 1.8 or more"),
      ten("and that of ten loops by seven or more"),
      one("With one loop it is of no use: the best k is below 0.01"),
      found(
          "Training finds it: k of the restricted model is within 15% of the best, and within "
          "0.01 for one loop");
  for (const RotationNumbers& at : numbers) {
    const std::string what = fmt::format("n = {}, L = {}: {}", at.n, at.loops, text(at.ratio));
    if (at.loops >= 3) better.add_quietly(at_most(at.ratio, 1), what);
    if (at.n == 100 && at.loops == 5) five.add(at_most(at.ratio, 1 / 1.8), what);
    if (at.n == 100 && at.loops == 10) ten.add(at_most(at.ratio, 1.0 / 7), what);
    if (at.loops == 1) one.add(at.k < 0.01, fmt::format("n = {}: k = {:.4f}", at.n, at.k));
  }
  for (const TrainedRotation& at : trained) {
    const double allowed = std::max(0.01, 0.15 * at.best_k);
    found.add(std::abs(at.k - at.best_k) <= allowed,
              fmt::format("L = {}: {:.3f} ({:.3f})", at.loops, at.k, at.best_k));
  }
  return {better.claim(better.count() > 0 ? fmt::format("{} cases", better.count()) : ""),
          five.claim(), ten.claim(), one.claim(), found.claim()};
}

}  // namespace gramian::looped
