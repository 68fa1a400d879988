// Constructions on Gram matrices, by name (constructions.h).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gramian/theory/catalogue.h"
#include "gramian/theory/constructions.h"

namespace gramian {
namespace {

constexpr Key kGramD = key::integer("construct.d", "5", 1, 256, "input dimension d"),
              kGramN = key::integer("construct.n", "20", 1, 1e6,
                                    "context length n of the prompts that it is written for"),
              kGramLayers = key::integer("construct.layers", "4", 1, kMaxLayers, "layers L"),
              kGramStep = key::number("construct.step", "0.5", key::above(0, 1e6),
                                      "step size, for the mean of x x^T over the context"),
              kGramRho = key::number("construct.rho", "1", key::above(0, 1e12),
                                     "rho, the sum of squared residuals over n");

constexpr std::array kDescentKeys{kGramD, kGramN, kGramLayers, kGramStep};
constexpr std::array kCorrectedKeys{
    kGramD, kGramN, kGramLayers, kGramStep,
    key::number("construct.curvature", "0.05", key::closed(0, 1e6), "curvature correction")};
constexpr std::array kSecondOrderKeys{
    kGramD, kGramN,
    key::number("construct.least", "0.2", key::above(0, 1e12),
                "least eigenvalue of the mean of x x^T"),
    key::number("construct.largest", "3", key::above(0, 1e12), "largest eigenvalue"),
    key::number("construct.precision", "1e-6", key::closed(constructions::kLeastPrecision, 1),
                "relative error of w at the end")};
constexpr std::array kMomentumKeys{
    kGramD, kGramN, kGramLayers, kGramStep,
    key::number("construct.gathering", "0.1", key::closed(-1e6, 1e6),
                "omega_xy, by which a layer adds its direction to the momentum u")};
constexpr std::array kRidgeKeys{
    kGramD, kGramN, kGramLayers, kGramStep,
    key::number("construct.penalty", "0.0667", key::above(0, 1e6),
                "penalty of ridge regression over rho; 1 / (n - d) is ADARR")};
constexpr std::array kPolynomialKeys{
    kGramD, kGramN, kGramStep, kGramRho,
    key::numbers("construct.coefficients", "[1, 2, 1]", key::closed(-1e6, 1e6),
                 "c_0 .. c_(L-1), none of them 0")};
constexpr std::array kHeavyBallKeys{
    kGramD,
    kGramN,
    kGramLayers,
    kGramStep,
    kGramRho,
    key::number("construct.momentum", "0.5", key::closed(0, 1e3), "momentum of heavy ball")};
constexpr std::array kTwoLevelKeys{
    kGramD, kGramN,
    key::number("construct.sigma1", "0.5", key::closed(0, 1e6), "the one noise level"),
    key::number("construct.sigma2", "2", key::closed(0, 1e6), "the other")};
constexpr std::array kShrunkKeys{kGramD, kGramN, kGramStep,
                                 key::number("construct.shrinkage", "0.1", key::closed(0, 1e6),
                                             "-omega_yy of the second layer")};
constexpr std::array kNoiseStepKeys{kGramD, kGramN, kGramStep,
                                    key::number("construct.adaptation", "0.1", key::closed(0, 1e6),
                                                "-omega_xy of the first layer")};

int gram_integer(const Settings& s, const char* key) { return static_cast<int>(s.integer(key)); }

constexpr const char* kExact = "Exact, but for rounding.";

Expected<Constructed> gram_network(const Settings& s, const std::vector<Omega>& layers,
                                   std::string algorithm, std::string bound,
                                   ContextScale scale = ContextScale::mean) {
  const int d = gram_integer(s, "construct.d"), n = gram_integer(s, "construct.n");
  if (layers.size() > static_cast<std::size_t>(kMaxLayers)) {
    return fail(ErrorKind::config, "the construction needs {} layers, a network has at most {}",
                layers.size(), kMaxLayers);
  }
  Network network = network_of(layers, d, scale);
  std::vector<std::string> settings{
      fmt::format("task.d={}", d), fmt::format("task.n={}", n), "model.kind=diag",
      fmt::format("model.layers={}", layers.size()),
      fmt::format("model.context_scale={}", scale == ContextScale::mean ? "mean" : "sum")};
  return Constructed{GramConstruction{std::move(network), n,
                                      "w begins as 0; S and alpha are the means over the context "
                                      "of x x^T and y x. " +
                                          algorithm,
                                      std::move(bound)},
                     std::move(settings)};
}

Expected<Constructed> make_descent(const Settings& s) {
  const int layers = gram_integer(s, "construct.layers");
  const double step = s.number("construct.step");
  return gram_network(
      s, constructions::gradient_descent(layers, step),
      fmt::format("Each layer is a step of gradient descent, w <- w + {:.17g} (alpha - S w).",
                  step),
      kExact);
}

Expected<Constructed> make_corrected(const Settings& s) {
  const constructions::CorrectedStep one{s.number("construct.step"),
                                         s.number("construct.curvature")};
  const std::vector layers(static_cast<std::size_t>(s.integer("construct.layers")), one);
  return gram_network(
      s, constructions::corrected_descent(layers),
      fmt::format("GD++ from M = I: w <- w + {:.17g} M^2 (alpha - S w), then M <- (I - {:.17g} M S "
                  "M) M.",
                  one.step, one.curvature),
      kExact);
}

Expected<Constructed> make_second_order(const Settings& s) {
  const double least = s.number("construct.least"), largest = s.number("construct.largest"),
               precision = s.number("construct.precision");
  const auto layers = GRAMIAN_TRY(constructions::second_order(least, largest, precision));
  return gram_network(
      s, layers,
      fmt::format(
          "Theorem 5.1 of arXiv 2402.14180: {} layers make the inputs better "
          "conditioned, M <- (I - c M S M) M with c = 1 / (3 nu), nu the largest eigenvalue "
          "of M S M, and one is a step w = M^2 alpha / mu, mu the least.",
          layers.size() - 1),
      fmt::format(
          "|w - S^-1 alpha| <= {:.3g} |S^-1 alpha| for eigenvalues of S in [{:.6g}, {:.6g}].",
          precision, least, largest));
}

Expected<Constructed> make_momentum(const Settings& s) {
  const constructions::MomentumStep one{s.number("construct.step"),
                                        s.number("construct.gathering")};
  const std::vector layers(static_cast<std::size_t>(s.integer("construct.layers")), one);
  return gram_network(
      s, constructions::momentum(layers),
      fmt::format("Momentum from u = 0: h = alpha - S w + rho u, w <- w + {:.17g} h, "
                  "u <- u + {:.17g} h, rho the mean of squared residuals of least "
                  "squares.",
                  one.step, one.gathering),
      "To first order in alpha; what is left out is of relative size |alpha|^2.");
}

Expected<Constructed> make_adaptive_ridge(const Settings& s) {
  const double step = s.number("construct.step"), penalty = s.number("construct.penalty");
  return gram_network(
      s, constructions::adaptive_ridge(gram_integer(s, "construct.layers"), step, penalty),
      fmt::format(
          "Gradient descent on ridge regression with a penalty read off the residuals, w <- "
          "w + {:.17g} (alpha - (S + {:.17g} rho I) w), rho the mean of squared residuals "
          "of least squares.",
          step, penalty),
      "To first order in alpha; what is left out is of relative size |alpha|^2.");
}

Expected<Constructed> make_polynomial(const Settings& s) {
  const std::vector<double>& c = s.numbers("construct.coefficients");
  const bool zero = std::ranges::count(c, 0.0) > 0;
  if (c.empty() || zero)
    return fail(ErrorKind::config, "construct.coefficients must be at least one, and none 0");
  const double step = s.number("construct.step"), rho = s.number("construct.rho");
  return gram_network(s, constructions::polynomial(c, step, rho),
                      fmt::format("w = {0:.17g} sum_k c_k (I - {0:.17g} S)^k alpha with c = [{1}], "
                                  "on prompts whose mean of squared residuals rho is {2:.17g}.",
                                  step, fmt::join(c, ", "), rho),
                      "To first order in alpha, and for that rho.");
}

Expected<Constructed> make_heavy_ball(const Settings& s) {
  const int layers = gram_integer(s, "construct.layers");
  const double step = s.number("construct.step"), rho = s.number("construct.rho"),
               momentum = s.number("construct.momentum");
  const auto c = constructions::heavy_ball_polynomial(layers, momentum);
  return gram_network(
      s, constructions::polynomial(c, step, rho),
      fmt::format("{} steps of heavy ball, v <- {:.17g} v + (alpha - S w), w <- w + {:.17g} v, on "
                  "prompts whose mean of squared residuals rho is {:.17g}; w is that of heavy ball "
                  "after the last layer.",
                  layers, momentum, step, rho),
      "To first order in alpha, and for that rho.");
}

Expected<Constructed> make_two_levels(const Settings& s) {
  const int n = gram_integer(s, "construct.n"), d = gram_integer(s, "construct.d");
  const double one = s.number("construct.sigma1"), other = s.number("construct.sigma2");
  auto made = GRAMIAN_TRY(gram_network(
      s, constructions::two_noise_levels(one, other, n),
      fmt::format("Here S and alpha are sums. Theorem 5.2 of arXiv 2402.14180 for x ~ N(0, "
                  "I/n): w = -omega_yx (1 + omega_yy lambda^1) alpha, which is ridge regression, "
                  "alpha / (1 + sigma^2), at sigma = {:.17g} and at sigma = {:.17g}.",
                  one, other),
      "In the limit of a large n.", ContextScale::sum));
  made.settings.push_back(fmt::format(
      "task.covariance=[{}]", fmt::join(std::vector(static_cast<std::size_t>(d), 1.0 / n), ", ")));
  made.settings.push_back("task.noise=categorical");
  made.settings.push_back(fmt::format("task.sigma=[{}, {}]", one, other));
  return made;
}

Expected<Constructed> make_shrunk_step(const Settings& s) {
  const double step = s.number("construct.step"), shrinkage = s.number("construct.shrinkage");
  return gram_network(
      s, constructions::shrunk_step(step, shrinkage),
      fmt::format(
          "A step, shrunk by what it leaves: w = (1 - {:.17g} lambda) {:.17g} alpha, lambda "
          "the mean of squared residuals after the step.",
          shrinkage, step),
      kExact);
}

Expected<Constructed> make_noise_step(const Settings& s) {
  const double step = s.number("construct.step"), adaptation = s.number("construct.adaptation");
  return gram_network(s, constructions::noise_dependent_step(step, adaptation),
                      fmt::format("A step of a size set by the targets: w = {:.17g} (1 - {:.17g} "
                                  "lambda) alpha, lambda the mean of y^2.",
                                  step, adaptation),
                      kExact);
}

constexpr NamedConstruction kGram[] = {
    {"gradient-descent", "gradient descent on least squares, a step a layer", kDescentKeys,
     make_descent},
    {"corrected-descent", "GD++: gradient descent in inputs that are corrected on the way",
     kCorrectedKeys, make_corrected},
    {"second-order", "least squares to a given precision in about log kappa layers",
     kSecondOrderKeys, make_second_order},
    {"momentum", "gradient descent that keeps a direction, to first order", kMomentumKeys,
     make_momentum},
    {"adaptive-ridge", "descent on ridge regression with a penalty read off the residuals",
     kRidgeKeys, make_adaptive_ridge},
    {"polynomial", "any polynomial filter of degree L - 1, to first order", kPolynomialKeys,
     make_polynomial},
    {"heavy-ball", "gradient descent with momentum as such a polynomial", kHeavyBallKeys,
     make_heavy_ball},
    {"two-noise-levels", "ridge regression at two noise levels in two layers", kTwoLevelKeys,
     make_two_levels},
    {"shrunk-step", "a step that the noise shrinks", kShrunkKeys, make_shrunk_step},
    {"noise-dependent-step", "a step of a size set by the targets", kNoiseStepKeys,
     make_noise_step},
};

}  // namespace

std::span<const NamedConstruction> gram_constructions() { return kGram; }

}  // namespace gramian
