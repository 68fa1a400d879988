#include "gramian/papers/mesa_optimisation/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/studies/draw.h"
#include "gramian/studies/judge.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr double kNearDescent = 1.05, kBlockShare = 0.95;
constexpr double kNearStep = 0.1, kNearCompressed = 1.1;

const DepthNumbers* of_layers(const std::vector<DepthNumbers>& networks, int layers) {
  const auto found = std::ranges::find(networks, layers, &DepthNumbers::layers);
  return found == networks.end() || found->seeds.empty() ? nullptr : &*found;
}

const Estimate& worst_of(const DepthNumbers& network) {
  return *std::ranges::max_element(network.seeds, {}, &Estimate::mean);
}

const Estimate& best_of(const DepthNumbers& network) {
  return *std::ranges::min_element(network.seeds, {}, &Estimate::mean);
}

Estimate times(const Estimate& estimate, double factor) {
  return {factor * estimate.mean, factor * estimate.se};
}

void add_near_descent(const std::vector<OneLayerNumbers>& seeds, Cases& cases) {
  for (const OneLayerNumbers& at : seeds)
    cases.add(at_most(at.loss, times(at.descent, kNearDescent)), against(at.loss, at.descent));
}

}  // namespace

std::vector<Claim> one_layer_claims(const std::vector<OneLayerNumbers>& seeds) {
  Cases near("One trained layer is within 5% of the best step of gradient descent, on every seed");
  Cases block(
      "At least 95% of the squares of its products are in the combination of Proposition 1: query "
      "s_t, key s_(t-1), value s_t");
  Cases identity("Of these at least 95% are those of a multiple of the identity");
  Cases step("and the multiple is within 10% of the best step");
  add_near_descent(seeds, near);
  for (const OneLayerNumbers& at : seeds) {
    block.add_plainly(at.weights.share >= kBlockShare, fmt::format("{:.4f}", at.weights.share));
    identity.add_plainly(at.weights.identity >= kBlockShare,
                         fmt::format("{:.4f}", at.weights.identity));
    step.add_plainly(within_share(at.weights.step, at.best_step, kNearStep),
                     fmt::format("{:.4g} against {:.4g}", at.weights.step, at.best_step));
  }
  return {near.claim(), block.claim(), identity.claim(), step.claim()};
}

std::vector<Claim> depth_claims(const std::vector<DepthNumbers>& networks,
                                const BaselineLosses& baselines) {
  Cases order("One layer is worse than two and two are worse than four, on every seed");
  for (const auto& [fewer, more] : {std::pair{1, 2}, std::pair{2, 4}}) {
    const DepthNumbers *shallow = of_layers(networks, fewer), *deep = of_layers(networks, more);
    if (shallow == nullptr || deep == nullptr) continue;
    order.add(
        at_most(worst_of(*deep), best_of(*shallow)),
        fmt::format("L = {} and {}: {}", more, fewer, against(worst_of(*deep), best_of(*shallow))));
  }
  Cases steps(
      "L layers, two and more, are at least as good as L - 1 steps of Proposition 2 with the best "
      "coefficients and the step of gradient descent behind them, on every seed");
  Cases above("No stack of linear layers is as good as regularised least squares, on any seed");
  for (const DepthNumbers& at : networks) {
    if (at.seeds.empty()) continue;
    const auto same = baselines.find(fmt::format("steps-{}", at.layers - 1));
    if (same != baselines.end()) {
      steps.add(at_most(worst_of(at), same->second),
                fmt::format("L = {}: {}", at.layers, against(worst_of(at), same->second)));
    }
    const auto least = baselines.find("least-squares");
    if (least == baselines.end()) continue;
    above.add(at_most(least->second, best_of(at)),
              fmt::format("L = {}: {}", at.layers, against(best_of(at), least->second)));
  }
  return {order.claim(), steps.claim(), above.claim()};
}

std::vector<Claim> compressed_claims(const std::vector<CompressedNumbers>& networks,
                                     double zero_loss) {
  Cases whole(
      "With block-scalar products, and nothing trained again, a network loses at most 10% more "
      "(CompressedAlg)");
  Cases half("and half-way to them at most 10% more");
  for (const CompressedNumbers& at : networks) {
    const auto add = [&](Cases& cases, const Estimate& with) {
      // Both are means over the same prompts, so that they are compared as they are.
      const bool holds = with.mean <= kNearCompressed * at.own.mean && with.mean < zero_loss;
      cases.add(holds, fmt::format("L = {}: {}", at.layers, against(with, at.own)));
    };
    add(whole, at.whole);
    add(half, at.half);
  }
  return {whole.claim(), half.claim()};
}

std::vector<Claim> interpolation_claims(const std::vector<AlongTraining>& along,
                                        const std::vector<ScalarTrainings>& trained) {
  Cases with_end(
      "Along the training from the same start, the network whose products are the mean of those of "
      "the step and the block-scalar ones of the end loses at most 10% more than the network of "
      "the step");
  for (const AlongTraining& at : along) {
    for (std::size_t k = 0; k < at.steps.size(); ++k) {
      // Both are means over the same prompts, so that they are compared as they are.
      const bool holds = at.with_end[k].mean <= kNearCompressed * at.own[k].mean;
      with_end.add_quietly(holds, fmt::format("L = {}, seed {}, step {}: {}", at.layers, at.seed,
                                              at.steps[k], against(at.with_end[k], at.own[k])));
    }
  }
  Cases retrained(
      "Trained from the same start with block-scalar products, a network loses at most 10% more "
      "than with free ones, on every seed");
  for (const ScalarTrainings& at : trained) {
    for (std::size_t s = 0; s < std::min(at.free.size(), at.block_scalar.size()); ++s) {
      const Estimate &scalar = at.block_scalar[s], &own = at.free[s];
      retrained.add(scalar.mean <= kNearCompressed * own.mean,  // on the same prompts, again
                    fmt::format("L = {}: {}", at.layers, against(scalar, own)));
    }
  }
  return {with_end.claim(fmt::format("{} trainings", along.size())), retrained.claim()};
}

std::vector<Claim> probe_claims(const std::vector<LayerProbes>& networks) {
  constexpr double kMore = 0.01;  // of R^2
  Cases next(
      "The next observation is better decoded from the tokens after the last layer than before the "
      "first, by at least 0.01 of R^2");
  Cases inverse(
      "The preconditioned observation (S S^T + I/lambda)^-1 s_t is better decoded from the tokens "
      "before the last layer than before the first, by at least 0.01 of R^2, in networks of two "
      "layers and more");
  Cases deeper("and better the deeper the network is, from one to four layers");
  const ProbeNumbers* before = nullptr;
  for (const LayerProbes& at : networks) {
    const auto &of_next = at.probes.next, &of_inverse = at.probes.inverse;
    const auto layers = static_cast<std::size_t>(at.layers);
    if (of_next.size() != layers + 1 || of_inverse.size() != layers + 1) continue;
    next.add_plainly(
        of_next.back() >= of_next.front() + kMore,
        fmt::format("L = {}: {:.3f}, before {:.3f}", at.layers, of_next.back(), of_next.front()));
    if (at.layers > 1) {
      inverse.add_plainly(of_inverse[layers - 1] >= of_inverse.front() + kMore,
                          fmt::format("L = {}: {:.3f}, before {:.3f}", at.layers,
                                      of_inverse[layers - 1], of_inverse.front()));
    }
    const double best = std::ranges::max(of_inverse);
    if (before != nullptr && at.layers <= 4) {
      const double shallower = std::ranges::max(before->inverse);
      deeper.add_plainly(best > shallower,
                         fmt::format("L = {}: {:.3f} against {:.3f}", at.layers, best, shallower));
    }
    before = &at.probes;
  }
  return {next.claim(), inverse.claim(), deeper.claim()};
}

std::vector<Claim> system_claims(const std::vector<OneLayerNumbers>& contracting,
                                 const std::vector<FixedNumbers>& fixed) {
  Cases near(
      "On contracting systems too one layer is within 5% of the best step of gradient descent, on "
      "every seed");
  add_near_descent(contracting, near);
  Cases knows(
      "Networks trained on one system for all prompts are better on it than least squares in "
      "context, which has to find it anew in each prompt");
  Cases nothing("and on systems of their own they are no better than predicting zero");
  for (const FixedNumbers& at : fixed) {
    knows.add(at_most(at.loss, at.least_squares),
              fmt::format("L = {}: {}", at.layers, against(at.loss, at.least_squares)));
    nothing.add(at_most(at.zero, at.elsewhere),
                fmt::format("L = {}: {}", at.layers, against(at.elsewhere, at.zero)));
  }
  return {near.claim(), knows.claim(), nothing.claim()};
}

std::vector<Claim> raw_claims(const std::vector<RawNumbers>& networks, const MesaLayerNumbers& one,
                              const std::vector<CopyNumbers>& copies) {
  Cases layer(
      "One mesa layer on tokens that hold s_(t-1) too loses at most 1.1 times what regularised "
      "least "
      "squares loses, on every seed");
  for (const Estimate& loss : one.seeds)
    layer.add(at_most(loss, times(one.least_squares, 1.1)), against(loss, one.least_squares));
  Cases best(
      "Softmax, then mesa is the best of the networks of two layers on each family of systems: its "
      "worst seed is better than the best of every other");
  for (const RawNumbers& hybrid : networks) {
    if (!hybrid.is_hybrid || hybrid.seeds.empty()) continue;
    for (const RawNumbers& other : networks) {
      if (other.is_hybrid || other.system != hybrid.system || other.seeds.empty()) continue;
      const Estimate& worst = *std::ranges::max_element(hybrid.seeds, {}, &Estimate::mean);
      const Estimate& least = *std::ranges::min_element(other.seeds, {}, &Estimate::mean);
      best.add(at_most(worst, least),
               fmt::format("{}, {}: {}", hybrid.system, other.network, against(worst, least)));
    }
  }
  Cases copied(
      "A first layer of softmax copies the previous observation: a linear probe of s_(t-1) in the "
      "tokens after it has R^2 > 0.95 on linear systems, in every network and seed");
  Cases others("and so it is on partially observed and on nonlinear systems");
  for (const CopyNumbers& at : copies) {
    Cases& cases = at.is_linear ? copied : others;
    cases.add_plainly(at.after_first > 0.95, fmt::format("{}, {}: {:.3f}, before {:.3f}", at.system,
                                                         at.network, at.after_first, at.before));
  }
  return {layer.claim(), best.claim(), copied.claim(), others.claim()};
}

std::vector<Claim> reference_claims(const std::vector<ReferenceNumbers>& numbers,
                                    const std::vector<Estimate>& two_layers) {
  Cases same(
      "At d = 10 and T = 50 zero, the best step of gradient descent and regularised least squares "
      "lose what an independent run of them gave, within 3%");
  Cases steps(
      "and the best polynomials lose at most 3% more than as many steps of Proposition 2 with "
      "coefficients trained by that run");
  for (const ReferenceNumbers& at : numbers) {
    const std::string what =
        fmt::format("{}: {:.3f} against {:.3f}", at.name, at.here.mean, at.there);
    if (at.name.starts_with("steps")) {
      steps.add_plainly(at.here.mean <= 1.03 * at.there, what);
    } else {
      same.add_plainly(within_share(at.here.mean, at.there, 0.03), what);
    }
  }
  Cases trained(
      "Two trained layers lose 0.431, as a log of the public code has it, within 10%, on every "
      "seed");
  for (const Estimate& loss : two_layers) {
    trained.add_plainly(within_share(loss.mean, kPublishedTwoLayers, 0.1),
                        fmt::format("{:.3f}", loss.mean));
  }
  return {same.claim(), steps.claim(), trained.claim()};
}

Claim finite_claim(const std::vector<Estimate>& losses) {
  Cases finite("No training ended in a loss that is not finite");
  for (const Estimate& loss : losses)
    finite.add_quietly(std::isfinite(loss.mean), fmt::format("{}", loss.mean));
  return finite.claim(fmt::format("{} trainings", losses.size()));
}

}  // namespace gramian::mesa_optimisation
