#include "gramian/papers/newton/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/studies/judge.h"

namespace gramian::newton {

namespace {

const StepErrors* of_order(const std::vector<StepErrors>& list, int order) {
  const auto found = std::ranges::find(list, order, &StepErrors::order);
  return found == list.end() ? nullptr : &*found;
}

// Trained networks, each beside as many steps of orders 2 and 3 as it has layers, on the same
// problem. Networks without seeds say nothing.
class BesideSteps {
 public:
  // In these words, that the worst seed of each is better than order 2, and none than order 3.
  BesideSteps(std::string beats, std::string not_third)
      : beats_(std::move(beats)), not_third_(std::move(not_third)) {}

  void add(const std::string& name, const TrainedErrors& network,
           const std::vector<StepErrors>& iterations) {
    const StepErrors *second = of_order(iterations, 2), *third = of_order(iterations, 3);
    if (network.seeds.empty() || second == nullptr || third == nullptr) return;
    const auto layers = static_cast<std::size_t>(network.setting.layers);
    const auto worst = std::ranges::max_element(network.seeds, {}, &Estimate::mean);
    const auto best = std::ranges::min_element(network.seeds, {}, &Estimate::mean);
    const Estimate &two = second->steps.at(layers), &three = third->steps.at(layers);
    beats_.add_plainly(worst->mean + 2 * worst->se < two.mean,
                       fmt::format("{}: {:.3g} against {:.3g}", name, worst->mean, two.mean));
    not_third_.add_plainly(best->mean - 2 * best->se > three.mean,
                           fmt::format("{}: {:.3g} against {:.3g}", name, best->mean, three.mean));
  }
  std::vector<Claim> claims() const { return {beats_.claim(), not_third_.claim()}; }

 private:
  Cases beats_, not_third_;
};

}  // namespace

std::vector<Claim> constructed_claims(const std::vector<ConstructedNumbers>& networks,
                                      const std::vector<LogisticNumbers>& logistic) {
  Cases same(
      "The regression network is Newton-Schulz at every layer, to 1e-15 kappa + "
      "1e-12 relatively");
  Cases squares("Its residual squares from layer to layer, to 1% while it is above 1e-4");
  Cases steps(
      "Rounding is reached within 2 log2 kappa + 6 steps: a residual below 1e-13 "
      "kappa");
  Cases cheap(
      "Stacked gradient descent needs more than twice as many layers for a "
      "residual of 1e-8, from kappa = 10 on");
  for (const ConstructedNumbers& at : networks) {
    const double worst = *std::ranges::max_element(at.deviation);
    same.add_plainly(worst <= 1e-15 * at.kappa + 1e-12,
                     fmt::format("kappa {}: {:.1e}", at.kappa, worst));
    double excess = 0;
    for (std::size_t t = 0; t + 1 < at.residual.size(); ++t) {
      const double r = at.residual[t];
      if (r > 1e-4) excess = std::max(excess, std::abs(at.residual[t + 1] / (r * r) - 1));
    }
    squares.add_plainly(excess < 0.01, fmt::format("kappa {}: {:.1e}", at.kappa, excess));
    const double limit = 2 * std::log2(at.kappa) + 5;
    steps.add_plainly(at.residual.back() < 1e-13 * at.kappa &&
                          static_cast<double>(at.residual.size()) <= limit + 2,
                      fmt::format("kappa {}: {:.1e} after {}", at.kappa, at.residual.back(),
                                  at.residual.size() - 1));
    if (at.kappa >= 10) {
      cheap.add_plainly(
          2 * at.steps_to_1e8 < at.descent_to_1e8,
          fmt::format("kappa {}: {} against {}", at.kappa, at.steps_to_1e8, at.descent_to_1e8));
    }
  }
  Cases knots(
      "What a step of the logistic network differs from an exact step falls at "
      "least threefold where the knots double");
  Cases fast("After 8 steps it has less than 1e-3 of f(0) - f* left on every prompt");
  for (std::size_t k = 0; k < logistic.size(); ++k) {
    const LogisticNumbers& at = logistic[k];
    if (k > 0) {
      const double ratio = logistic[k - 1].deviation / at.deviation;
      knots.add_plainly(
          at.knots == 2 * logistic[k - 1].knots && ratio >= 3,
          fmt::format("{} to {} knots: {:.2f} times", logistic[k - 1].knots, at.knots, ratio));
    }
    if (k + 1 == logistic.size())
      fast.add_plainly(at.left.back() < 1e-3,
                       fmt::format("{} knots: {:.1e}", at.knots, at.left.back()));
  }
  return {same.claim(), squares.claim(), steps.claim(), cheap.claim(), knots.claim(), fast.claim()};
}

std::vector<Claim> depth_claims(const std::vector<TrainedErrors>& networks,
                                const std::vector<StepErrors>& iterations) {
  BesideSteps beside(
      "Trained networks of one to three layers are better than as many steps of order 2, on every "
      "seed",
      "and not as good as as many steps of order 3, on any seed");
  for (const TrainedErrors& at : networks) {
    if (at.setting.variant == Variant::normed || at.setting.layers > 3) continue;
    beside.add(fmt::format("{}, L = {}", title_of(at.setting.variant), at.setting.layers), at,
               iterations);
  }
  return beside.claims();
}

std::vector<Claim> coordinate_claims(const std::vector<BendNumbers>& networks) {
  Cases linear(
      "Without norms, biases and clips the prediction is linear in the query, "
      "inside and outside the range of training (to 1e-6)");
  Cases biased(
      "With biases and clips it is not, outside of that range: it is off a line "
      "through 0 by more than 1%, on every seed");
  Cases bends(
      "With layer norm it is not, outside of that range: it is off its line by "
      "more than a quarter, on every seed");
  for (const BendNumbers& at : networks) {
    if (at.inside.empty()) continue;
    const double outside = *std::ranges::min_element(at.outside);
    const double largest =
        std::max(*std::ranges::max_element(at.inside), *std::ranges::max_element(at.outside));
    const std::string name(title_of(at.variant));
    if (at.variant == Variant::biased) {
      biased.add_plainly(outside > 0.01, fmt::format("{}: at least {:.2g}", name, outside));
    } else if (at.variant == Variant::normed) {
      bends.add_plainly(outside > 0.25, fmt::format("{}: at least {:.2f}", name, outside));
    } else {
      linear.add_plainly(largest < 1e-6, fmt::format("{}: at most {:.1e}", name, largest));
    }
  }
  return {linear.claim(), biased.claim(), bends.claim()};
}

std::vector<Claim> condition_claims(const std::vector<ConditionNumbers>& problems) {
  BesideSteps beside(
      "Three layers are better than three steps of order 2 at every condition number and noise, "
      "on every seed",
      "and not as good as three steps of order 3, on any seed");
  for (const ConditionNumbers& at : problems)
    beside.add(at.trained.setting.problem.title(), at.trained, at.iterations);
  return beside.claims();
}

std::vector<Claim> logistic_claims(const std::vector<EncoderErrors>& encoders,
                                   const LogisticSteps& steps) {
  Cases one(
      "Every encoder leaves less than a tenth of the error of predicting zero, on "
      "every seed");
  Cases plateau(
      "None with two or more layers has the error of three steps of damped Newton, "
      "on any seed");
  for (const EncoderErrors& at : encoders) {
    if (at.seeds.empty() || steps.newton.size() < 4) continue;
    const auto worst = std::ranges::max_element(at.seeds, {}, &Estimate::mean);
    one.add_plainly(
        worst->mean + 2 * worst->se < steps.newton[0].mean / 10,
        fmt::format("L = {}: {:.3g} against {:.3g}", at.layers, worst->mean, steps.newton[0].mean));
    const auto best = std::ranges::min_element(at.seeds, {}, &Estimate::mean);
    if (at.layers > 1) {
      plateau.add_plainly(best->mean - 2 * best->se > steps.newton[3].mean,
                          fmt::format("L = {}: {:.3g} against {:.3g}", at.layers, best->mean,
                                      steps.newton[3].mean));
    }
  }
  return {one.claim(), plateau.claim()};
}

std::vector<Claim> degree_claims(const std::vector<DegreeNumbers>& networks) {
  Cases above(
      "Trained networks have the error of Newton-Schulz of a higher degree than as "
      "many steps of order 2 reach");
  Cases below("and of a lower one than as many steps of order 3 reach");
  Cases better(
      "They are better than Newton-Schulz of degree 3^L, the highest power that "
      "their layers reach: its polynomial is not the best of its degree");
  for (const DegreeNumbers& at : networks) {
    const double second = degree_of_iterate(2, at.layers), third = degree_of_iterate(3, at.layers),
                 most = degree_of_attention(at.layers);
    const auto against = [&](double degree) {
      return fmt::format("L = {}: {:.1f} against {}", at.layers, at.equivalent, degree);
    };
    above.add_plainly(at.equivalent > second, against(second));
    below.add_plainly(at.equivalent < third, against(third));
    better.add_plainly(at.equivalent > most, against(most));
  }
  return {above.claim(), below.claim(), better.claim()};
}

}  // namespace gramian::newton
