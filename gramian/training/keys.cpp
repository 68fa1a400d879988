#include "gramian/training/keys.h"

#include <array>

#include "gramian/base/words.h"
#include "gramian/tasks/keys.h"

namespace gramian {

namespace {

constexpr auto kSchedules = words<Schedule>(
    {{Schedule::cosine, "cosine"}, {Schedule::linear, "linear"}, {Schedule::constant, "constant"}});
constexpr auto kPrecisions =
    words<Precision>({{Precision::float32, "float"}, {Precision::float64, "double"}});
constexpr auto kMethods = words<std::optional<Method>>({{std::nullopt, "automatic"},
                                                        {Method::adam, "adam"},
                                                        {Method::soap, "soap"},
                                                        {Method::sgd, "sgd"},
                                                        {Method::gauss_newton, "gauss_newton"}});

// Gauss-Newton needs prompts to measure a curvature of [parameters, parameters]: in a step, and in
// all. With fewer its first steps go along directions that no prompt has shown, and explode.
constexpr double kCurvaturePrompts = 4, kAllCurvaturePrompts = 2000;

constexpr Key gram(const Key& key) { return key::only("gram", key); }

constexpr std::array kKeys{
    key::integer("train.seed", "0", 0, key::kLargestSeed,
                 "seed of the initial weights and of all training prompts"),
    key::integer("train.steps", "4000", 0, 1e9,
                 "optimiser steps; 0: the initial weights are the model"),
    key::integer("train.batch", "2048", 1, 1e6, "prompts a step"),
    key::choice("train.precision", "float", kPrecisions.list(),
                "arithmetic of the forward and backward pass"),
    key::choice("train.query", "integrated", kQueryModes.list(),
                "loss over the query in closed form, or on one sampled query a prompt (a "
                "transformer: always sampled)"),
    key::only("transformer",
              key::choice("train.loss", "squared", kPredictionLosses.list(),
                          "loss of a prediction: half its squared error, or max(0, 1 - label x "
                          "prediction), which takes labels of 1 and -1")),
    key::number("train.robust", "100", key::closed(0, 1e12),
                "scale c of the robust loss c/2 log(1 + r^2/c) of a residual r; 0 is the plain "
                "squared error (a hinge loss stands in place of r^2/2)"),
    key::number("train.robust_final", "10000", key::closed(0, 1e12),
                "c at the last step, approached geometrically; 0 = it stays as it begins"),
    gram(key::integer("train.guards", "0", 0, 15,
                      "of every sixteen prompts, how many are guards: their Gram matrix is "
                      "stretched, and they teach only not to explode (networks of four layers and "
                      "more)")),
    gram(key::number("train.stretch", "2", key::above(1, 100),
                     "factor on the Gram matrix of guards")),
    gram(key::integer("train.shortest_context", "0", 0, 1e6,
                      "contexts of training have from so many to task.n examples, each length as "
                      "often; 0: all have task.n")),
    key::choice("train.optimiser", "automatic", kMethods.list(),
                "Adam; plain gradient descent on the batch (sgd); SOAP, which is Adam in the "
                "eigenbasis of Shampoo, for full; or Adam for a "
                "first share of the steps and then Gauss-Newton, for models of at most 512 "
                "parameters; automatic: gauss_newton for diag, gdpp and preconditioned where a "
                "batch has four prompts and all steps have 2,000 for each parameter, otherwise "
                "adam"),
    key::number("train.learning_rate", "0.01", key::above(0, 10),
                "peak learning rate of Adam or of gradient descent (of networks on Gram matrices "
                "less where d > 10, layers > 10 or heads > 1; in units of inputs and targets)"),
    key::number("train.final_learning_rate", "0.01", key::closed(0, 1),
                "learning rate at the end, as a fraction of the peak"),
    key::choice("train.schedule", "cosine", kSchedules.list(),
                "decay of the learning rate after the warm-up"),
    key::number("train.warmup", "0.05", key::closed(0, 1),
                "linear warm-up, as a fraction of the steps"),
    key::number("train.beta1", "0.9", key::below(0, 1), "Adam's decay of the mean gradient"),
    key::number("train.beta2", "0.99", key::below(0, 1),
                "Adam's decay of the mean squared gradient"),
    key::number("train.epsilon", "1e-8", key::above(0, 1), "Adam's epsilon"),
    key::number("train.weight_decay", "0", key::closed(0, 1), "decoupled weight decay (AdamW)"),
    gram(key::number("train.newton_after", "0.3", key::closed(0, 1),
                     "share of the steps that are Adam's before those of Gauss-Newton")),
    gram(key::number("train.newton_rate", "0.3", key::above(0, 1),
                     "share of a Gauss-Newton step that is taken")),
    gram(key::number("train.newton_trust", "0.1", key::above(0, 10),
                     "bound on what a Gauss-Newton step changes in the predictions, as a fraction "
                     "of their error")),
    gram(key::number("train.newton_damping", "1e-4", key::closed(0, 1),
                     "damping of Gauss-Newton, relative to the diagonal of the curvature")),
    gram(key::number("train.newton_memory", "0.95", key::below(0, 1),
                     "decay of the mean curvature of Gauss-Newton")),
    key::number("train.clip_norm", "10", key::closed(0, 1e12),
                "largest norm of the gradient; longer ones are scaled; 0 = off"),
};

}  // namespace

std::span<const Key> train_keys() { return kKeys; }

Method automatic_method(const Settings& settings, const NetworkSpec& network) {
  const auto parameters = static_cast<double>(network.parameters());
  const auto batch = static_cast<double>(settings.integer("train.batch"));
  const double prompts = batch * static_cast<double>(settings.integer("train.steps")) *
                         (1 - settings.number("train.newton_after"));
  const bool measured =
      batch >= kCurvaturePrompts * parameters && prompts >= kAllCurvaturePrompts * parameters;
  return network.kind != Parametrisation::full && measured &&
                 network.parameters() <= kMaxGaussNewtonParameters
             ? Method::gauss_newton
             : Method::adam;
}

TrainSpec train_spec(const Settings& settings, Method automatic) {
  return {
      .seed = static_cast<std::uint64_t>(settings.integer("train.seed")),
      .steps = settings.integer("train.steps"),
      .batch = static_cast<int>(settings.integer("train.batch")),
      .precision = kPrecisions.value(settings.text("train.precision")),
      .loss = {.query = kQueryModes.value(settings.text("train.query")),
               .prediction = kPredictionLosses.value(settings.text("train.loss")),
               .robust = settings.number("train.robust"),
               .guards = static_cast<int>(settings.integer("train.guards")),
               .stretch = settings.number("train.stretch"),
               .shortest_context = static_cast<int>(settings.integer("train.shortest_context"))},
      .robust_final = settings.number("train.robust_final"),
      .method = kMethods.value(settings.text("train.optimiser")).value_or(automatic),
      .optimiser = {.learning_rate = settings.number("train.learning_rate"),
                    .final_learning_rate = settings.number("train.final_learning_rate"),
                    .schedule = kSchedules.value(settings.text("train.schedule")),
                    .warmup = settings.number("train.warmup"),
                    .beta1 = settings.number("train.beta1"),
                    .beta2 = settings.number("train.beta2"),
                    .epsilon = settings.number("train.epsilon"),
                    .weight_decay = settings.number("train.weight_decay"),
                    .clip_norm = settings.number("train.clip_norm")},
      .gauss_newton = {.first_share = settings.number("train.newton_after"),
                       .rate = settings.number("train.newton_rate"),
                       .trust = settings.number("train.newton_trust"),
                       .damping = settings.number("train.newton_damping"),
                       .memory = settings.number("train.newton_memory")}};
}

}  // namespace gramian
