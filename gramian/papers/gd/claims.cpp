#include "gramian/papers/gd/claims.h"

#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/gd/tokens.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/judge.h"

namespace gramian::gd {

std::vector<Claim> one_layer_claims(const OneLayerNumbers& one) {
  return {
      {.text =
           "One trained layer has the loss of one step of gradient descent: 0.2062 within 0.004",
       .holds = std::abs(one.loss.mean - 0.2062) <= 0.004,
       .detail = fmt::format("{} in {:.1f} s", text(one.loss), one.seconds)},
      {.text = "and points where it points: cosine of the sensitivities at least 0.998",
       .holds = one.cosine >= 0.998,
       .detail =
           fmt::format("cosine {:.5f}, differences of predictions {:.4f} and sensitivities {:.4f}",
                       one.cosine, one.prediction, one.sensitivity)},
      {.text =
           "Its rescaled weights are those of the construction: Q off its diagonal at most 0.05",
       .holds = one.off_diagonal <= 0.05,
       .detail = fmt::format("{:.4f}; step / n {:.4f} against {:.4f}", one.off_diagonal, one.step,
                             one.best_step)}};
}

Claim interpolation_claim(double half_way, double trained) {
  return {.text = "The network half way between it and the construction is as good, within 2%",
          .holds = half_way <= 1.02 * trained,
          .detail = fmt::format("{:.4f} against {:.4f}", half_way, trained)};
}

Claim out_of_distribution_claim(const Worst& gap) {
  return {.text =
              "Out of distribution they stay together: losses within 5% for inputs of 0.5 to 2 "
              "times the range and targets up to 5 times as large",
          .holds = gap.value <= 0.05,
          .detail = "worst: " + gap.where};
}

Claim context_lengths_claim(const Worst& gap) {
  return {
      .text =
          "So it is for every context length from 5 to 50: the loss is the closed form within 2%",
      .holds = gap.where.empty() ? std::optional<bool>() : gap.value <= 0.02,
      .detail = "worst: " + gap.where};
}

std::vector<Claim> roll_out_claims(const RollOutNumbers& rolled) {
  return {{.text = "Applied 50 times with damping 0.75 it goes on as gradient descent does: from "
                   "about 0.22 to 0.04 to 0.05, never 20% apart",
           .holds = rolled.apart <= 0.2,
           .detail = fmt::format("{}; at most {:.1f}% apart", rolled.losses, 100 * rolled.apart)},
          {.text = "Without damping it diverges",
           .holds = rolled.undamped > 2 * rolled.best_undamped,
           .detail = fmt::format("{:.3g} after {}, {:.3g} at its best", rolled.undamped,
                                 rolled.applications, rolled.best_undamped)}};
}

std::vector<Claim> several_layers_claims(const SeveralLayersNumbers& s) {
  const double loss = s.loss.mean;
  const std::string numbers =
      fmt::format("{} against {:.4f} (GD) and {:.4f} (GD++); cosines {:.4f} and {:.4f}",
                  text(s.loss), s.gd, s.gdpp, s.to_gd, s.to_gdpp);
  if (s.tied && s.layers == 2 && s.n == 10) {
    return {
        {.text = "Two loops beat two steps of gradient descent and reach GD++: loss at most 0.118",
         .holds = loss <= 0.118 && loss < s.gd,
         .detail = numbers},
        {.text = "They point where GD++ points, and not where gradient descent does",
         .holds = s.to_gdpp > s.to_gd,
         .detail = fmt::format("{}; differences {:.3f} and {:.3f}", numbers, s.difference_to_gd,
                               s.difference_to_gdpp)},
        {.text = "Their curvature correction gamma is in [0.15, 0.20] (published 0.179)",
         .holds = s.gamma >= 0.15 && s.gamma <= 0.2,
         .detail = fmt::format("{:.4f}, best GD++ {:.4f}", s.gamma, s.best_gamma)}};
  }
  if (s.n == 25) {
    return {
        {.text = "With n = 25, gamma is 0.099 within 0.015",
         .holds = std::abs(s.gamma - 0.099) <= 0.015,
         .detail = fmt::format("{:.4f}, best GD++ {:.4f}; {}", s.gamma, s.best_gamma, numbers)}};
  }
  std::vector<Claim> claims{
      {.text = fmt::format("{} beat as many steps of gradient descent", s.name),
       .holds = loss < s.gd,
       .detail = numbers}};
  if (!s.tied) {
    // The published curve is drawn beside GD++ with one step and curvature for all layers.
    claims.push_back({.text = "Five layers match GD++ (one step and curvature for all of them)",
                      .holds = at_most(s.loss, s.gdpp_shared),
                      .detail = fmt::format("{} against {:.4f}", text(s.loss), s.gdpp_shared)});
    claims.push_back({.text = "They match GD++ with a step and a curvature of its own for each "
                              "layer, as they have, within 5%",
                      .holds = at_most(s.loss, 1.05 * s.gdpp),
                      .detail = fmt::format("{} against {:.4f}", text(s.loss), s.gdpp)});
  }
  return claims;
}

std::vector<Claim> interleaved_claims(const InterleavedNumbers& n) {
  Claim first{.text =
                  "It does so before the loss falls: half of the copying is there at an earlier "
                  "snapshot of the weights than half of the fall from the plateau (the same "
                  "snapshot: not judged)"};
  first.detail = "no half way";
  if (n.copies && n.falls) {
    first.detail = fmt::format("steps {} and {}", *n.copies, *n.falls);
    if (*n.copies != *n.falls) first.holds = *n.copies < *n.falls;
  }
  return {
      {.text = "With x and y in tokens of their own, two layers reach the loss of one step of "
               "gradient descent: 0.2062 within 5%",
       .holds = std::abs(n.loss.mean / kOneStepLoss - 1) <= 0.05,
       .detail = fmt::format("{} in {:.0f} s; predicting zero {:.4f}", text(n.loss), n.seconds,
                             kZeroLoss)},
      {.text = "and point where it points: cosine of the sensitivities at least 0.95",
       .holds = n.cosine >= 0.95,
       .detail =
           fmt::format("cosine {:.4f}, differences of predictions {:.4f} and sensitivities {:.4f}",
                       n.cosine, n.prediction, n.sensitivity)},
      {.text = "The first layer has learned to copy: it reads the next token at least five times "
               "as much as others",
       .holds = n.next >= 5 * n.others && n.next > 0,
       .detail = fmt::format("own {:.3f}, next {:.3f}, others {:.3f}", n.own, n.next, n.others)},
      std::move(first)};
}

}  // namespace gramian::gd
