// Constructions on tokens, by name: descent (token_constructions.h), Newton-Schulz
// (newton_constructions.h) and logistic regression (logistic_construction.h).
#include <fmt/format.h>

#include <array>

#include "gramian/theory/catalogue.h"
#include "gramian/theory/logistic_construction.h"
#include "gramian/theory/newton_constructions.h"
#include "gramian/theory/token_constructions.h"

namespace gramian {
namespace {

constexpr Key kTokenD = key::integer("construct.d", "5", 1, 255, "input dimension d"),
              kTokenN =
                  key::integer("construct.n", "20", 1, kMaxTokens / 2 - 1, "context length n"),
              kTokenStep = key::number("construct.step", "0.5", key::above(0, 1e6),
                                       "step size, for means over the context"),
              kTokenOutputs =
                  key::integer("construct.outputs", "1", 1, 64, "numbers of a target y"),
              kTokenLayers = key::integer("construct.layers", "3", 1, kMaxLayers, "layers"),
              kTokenCurvature = key::number("construct.curvature", "0", key::closed(0, 1e6),
                                            "curvature correction (GD++), for means"),
              kSteps =
                  key::integer("construct.steps", "8", 1, kMaxLayers, "steps of Newton-Schulz"),
              kMatrixD = key::integer("construct.d", "5", 1, 255, "size of the matrix"),
              kLargest = key::number("construct.largest", "1", key::above(0, 1e6),
                                     "largest singular value of the matrix"),
              kCondition = key::number("construct.condition", "10", key::closed(1, 1e8),
                                       "condition number kappa");

constexpr std::array kTokenDescentKeys{kTokenD,      kTokenN,    kTokenOutputs,
                                       kTokenLayers, kTokenStep, kTokenCurvature};
constexpr std::array kCopiedKeys{kTokenD, kTokenN, kTokenOutputs, kTokenStep, kTokenCurvature};
constexpr std::array kInterleavedKeys{kTokenD, kTokenN, kTokenStep};
constexpr std::array kInverseKeys{kMatrixD, kSteps, kLargest, kCondition};
constexpr std::array kRegressionKeys{
    kTokenD,
    kTokenN,
    kSteps,
    key::number("construct.ridge", "0", key::closed(0, 1e6),
                "penalty beside 1/n A^T A: sigma^2 / n where w ~ N(0, I)"),
    key::number("construct.largest", "4", key::above(0, 1e6),
                "largest eigenvalue of R = 1/n A^T A + ridge I"),
    kCondition};
constexpr std::array kLogisticKeys{
    kTokenD,
    key::integer("construct.n", "26", 1, kMaxTokens - 1, "context length n"),
    key::integer("construct.steps", "8", 1, kMaxLayers, "steps of damped Newton"),
    key::number("construct.mu", "0.1", key::above(0, 1e6), "mu: the penalty is mu/2 |w|^2"),
    key::integer("construct.knots", "64", 2, kMaxWidth,
                 "intervals of the piecewise linear functions"),
    key::integer("construct.inversions", "6", 1, 30,
                 "steps of Newton-Schulz for the inverse of the Hessian")};

int token_integer(const Settings& s, const char* key) { return static_cast<int>(s.integer(key)); }

std::vector<std::string> prompts_of(int d, int n, int layers, std::string_view layout) {
  return {fmt::format("task.d={}", d),
          fmt::format("task.n={}", n),
          fmt::format("task.layout={}", layout),
          "model.kind=transformer",
          "model.described=true",
          fmt::format("model.layers={}", layers)};
}

std::string descent_text(double step, double curvature, const char* where) {
  return fmt::format(
      "{}: y <- y - {:.17g} times the mean over the context of (x, y) -> y <x_j, x>, which is a "
      "step of gradient descent from W = 0 for every token at once, and x <- x - {:.17g} times the "
      "mean of x_j <x_j, x>. The prediction is minus the y of the query, which begins as 0.",
      where, step, curvature);
}

Expected<Constructed> make_token_descent(const Settings& s) {
  const int d = token_integer(s, "construct.d"), o = token_integer(s, "construct.outputs"),
            n = token_integer(s, "construct.n"), layers = token_integer(s, "construct.layers");
  const double step = s.number("construct.step"), curvature = s.number("construct.curvature");
  const auto shape = plain_shape(static_cast<std::size_t>(d), static_cast<std::size_t>(o));
  const std::vector list(static_cast<std::size_t>(layers),
                         gd_layer(shape, step / n, curvature / n));
  StateLayout layout;
  layout.add("x", d, "x_j in token j; x_q in the last");
  const Columns y = layout.add("y", o,
                               "y_j minus what is predicted so far; of the last token minus "
                               "the prediction");
  Constructed made{TokenConstruction{
      transformer_of(list, {.tokens = n + 1, .first = y.first, .outputs = o}), layout.blocks(),
      descent_text(step, curvature, "Each layer"), "Exact, but for rounding."}};
  if (o == 1) made.settings = prompts_of(d, n, layers, "joined");
  return made;
}

Expected<Constructed> make_copied_descent(const Settings& s) {
  const int d = token_integer(s, "construct.d"), o = token_integer(s, "construct.outputs"),
            n = token_integer(s, "construct.n"), content = d + o, tokens = 2 * n + 1,
            positions = std::max(tokens, content);
  if (content + positions > kMaxWidth) {
    return fail(ErrorKind::config,
                "tokens of d + outputs + 2n + 1 numbers must have at most {}, got {}", kMaxWidth,
                content + positions);
  }
  const double step = s.number("construct.step"), curvature = s.number("construct.curvature");
  const auto size = [](int value) { return static_cast<std::size_t>(value); };
  const TokenShape shape = copied_shape(size(d), size(o), size(positions));
  const std::vector list{copy_layer(size(content), size(positions)),
                         gd_layer(shape, step / n, curvature / n)};
  StateLayout layout;
  layout.add("content", content, "(x, 0) in the tokens of x, (0, y) in those of y");
  layout.add("next", positions,
             "the position at first; after layer 1 the content of the next token");
  return Constructed{TokenConstruction{
      transformer_of(list, {.tokens = tokens,
                            .positions = positions,
                            .first = static_cast<int>(shape.y),
                            .outputs = o}),
      layout.blocks(),
      fmt::format("Tokens (x_1, 0), (0, y_1), (x_2, 0), .., (x_q, 0). Layer 1 puts the content of "
                  "each token's successor beside it. {}",
                  descent_text(step, curvature, "Layer 2, with y of the successor")),
      "Exact, but for rounding."}};
}

Expected<Constructed> make_interleaved(const Settings& s) {
  const int d = token_integer(s, "construct.d"), n = token_integer(s, "construct.n");
  const double step = s.number("construct.step");
  if (2 * n + 1 + 2 * d > kMaxWidth) {
    return fail(ErrorKind::config, "tokens of 2d + 2n + 1 numbers must have at most {}, got {}",
                kMaxWidth, 2 * n + 1 + 2 * d);
  }
  StateLayout layout;
  layout.add("content", d, "x, or (0, .., 0, y)");
  layout.add("position", 2 * n + 1, "the position at first; 0 in tokens of x after layer 1");
  layout.add("next", d, "what the next token holds, in tokens of x, after layer 1");
  return Constructed{
      TokenConstruction{
          interleaved_descent(d, n, step), layout.blocks(),
          fmt::format("Tokens x_1, (0, .., 0, y_1), x_2, .., x_q of d numbers. Layer 1 puts the y "
                      "beside each x; layer 2 is one step of gradient descent, so that the "
                      "prediction is <w, x_q> with w = {:.17g} times the mean of y_j x_j.",
                      step),
          "Exact, but for rounding."},
      prompts_of(d, n, 2, "interleaved")};
}

InverseSpec inverse_spec(const Settings& s) {
  return {.d = token_integer(s, "construct.d"),
          .steps = token_integer(s, "construct.steps"),
          .largest = s.number("construct.largest"),
          .condition = s.number("construct.condition")};
}

Expected<Constructed> make_symmetric(const Settings& s) {
  auto made = GRAMIAN_TRY(symmetric_inverse(inverse_spec(s)));
  return Constructed{std::move(made)};
}

Expected<Constructed> make_general(const Settings& s) {
  auto made = GRAMIAN_TRY(general_inverse(inverse_spec(s)));
  return Constructed{std::move(made)};
}

Expected<Constructed> make_newton_regression(const Settings& s) {
  const RegressionSpec spec{.d = token_integer(s, "construct.d"),
                            .n = token_integer(s, "construct.n"),
                            .steps = token_integer(s, "construct.steps"),
                            .ridge = s.number("construct.ridge"),
                            .largest = s.number("construct.largest"),
                            .condition = s.number("construct.condition")};
  auto made = GRAMIAN_TRY(newton_regression(spec));
  return Constructed{std::move(made), prompts_of(spec.d, spec.n, spec.steps + 3, "joined")};
}

Expected<Constructed> make_logistic(const Settings& s) {
  const LogisticSpec spec{.d = token_integer(s, "construct.d"),
                          .n = token_integer(s, "construct.n"),
                          .steps = token_integer(s, "construct.steps"),
                          .mu = s.number("construct.mu"),
                          .knots = token_integer(s, "construct.knots"),
                          .inversions = token_integer(s, "construct.inversions")};
  auto made = GRAMIAN_TRY(logistic_newton(spec));
  auto settings = prompts_of(spec.d, spec.n,
                             2 + spec.steps * logistic_layers_per_step(spec.inversions), "joined");
  settings.insert(settings.end(), {"task.family=conditioned", "task.response=sign",
                                   "task.unit_norm=true", "train.loss=hinge"});
  return Constructed{std::move(made), std::move(settings)};
}

constexpr NamedConstruction kTokens[] = {
    {"token-descent", "gradient descent or GD++ on tokens (x, y), any number of outputs",
     kTokenDescentKeys, make_token_descent},
    {"copied-descent", "a layer that copies, then a step, on tokens (x, 0), (0, y), any outputs",
     kCopiedKeys, make_copied_descent},
    {"interleaved-descent", "a layer that copies, then a step, on tokens x, y of d numbers",
     kInterleavedKeys, make_interleaved},
    {"symmetric-inverse", "the inverse of a symmetric matrix by Newton-Schulz, a step a layer",
     kInverseKeys, make_symmetric},
    {"general-inverse", "the inverse of any matrix by Newton-Schulz, a step in two layers",
     kInverseKeys, make_general},
    {"newton-regression", "least squares or ridge regression by Newton-Schulz in T + 3 layers",
     kRegressionKeys, make_newton_regression},
    {"logistic-newton", "regularised logistic regression by damped Newton, with ReLU layers",
     kLogisticKeys, make_logistic},
};

}  // namespace

std::span<const NamedConstruction> token_constructions() { return kTokens; }

}  // namespace gramian
