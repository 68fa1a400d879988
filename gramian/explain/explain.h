// What algorithm a trained network has learned: everything that gramian explain says, as numbers.
//
//   auto explanation = explain(task, network, train, options, pool);
//   fmt::print("{}", to_text(*explanation));       // explain/text.h
//   to_study(*explanation).tables                  // explain/page.h: a section of the report
//
// Nothing is printed or drawn here. Steps and omegas are for means over the context (G/n).
// Letters: L layers; w^l the implicit weights after layer l (theory/implicit.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/changes.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/explain/ablation.h"
#include "gramian/explain/dynamics.h"
#include "gramian/explain/similarity.h"
#include "gramian/explain/stability.h"
#include "gramian/explain/weights.h"
#include "gramian/models/network.h"
#include "gramian/training/trainer.h"

namespace gramian {

struct ExplainOptions {
  std::uint64_t seed = 1;
  std::vector<double> sigmas = {};    // of the readings; empty: noise_levels()
  std::size_t reading_prompts = 500;  // for each of them
  std::size_t probe_prompts = 4000;   // to fit, and as many to test
  std::size_t similarity_prompts = 500;
  int algorithm_steps = 0;              // of each known algorithm; 0: L + 2
  std::uint64_t eval_prompts = 20'000;  // of every loss
  std::uint64_t blowup_prompts = 200'000;
  std::int64_t retrain_steps = 1000;  // 0: parts are left out, and nothing is trained
  int retrain_starts = 3;             // of the networks without a part (ablation.h)
  // The weights before training, as many as the network has; empty where they are not known: then
  // nothing is said of what training changed.
  std::vector<double> start = {};
};

// How many units of progress an explanation reports.
inline constexpr int kExplanationStages = 7;

struct Explanation {
  NetworkSpec network = {};
  int n = 0;
  std::string noise = {};           // "uniform [0, 5]"
  std::vector<double> sigmas = {};  // of the readings
  std::uint64_t eval_prompts = 0;   // of each loss
  AblationPlan retraining = {};

  std::vector<RunningMean> adjusted = {};  // [L] loss minus the oracle's, after each layer
  RunningMean bayes = {};  // the same of the Bayes posterior mean: no predictor is below
  RunningMean model_minus_bayes = {};               // paired
  std::vector<LayerSummary> layers = {};            // [L]
  std::vector<std::vector<Reading>> readings = {};  // [L][sigmas]
  std::optional<NoiseReadings> noise_probe = {};
  std::vector<Ablation> ablations = {};  // the first is the network itself
  Changes changes = {};                  // updates of kind full alone, and with a start
  Similarity similarity = {};
  Stability stability = {};
};

// Evenly spaced levels of an interval of the prior (five, its ends among them), and all atoms;
// ascending.
std::vector<double> noise_levels(const NoisePrior& prior);

// `trained` says how retraining is done. Errors: config for a network with the query among the keys
// (its prediction is not linear in the query, so there are no implicit weights); numeric for one
// that is not finite; interrupted.
Expected<Explanation> explain(const RegressionTask& task, const Network& network,
                              const TrainSpec& trained, const ExplainOptions& options,
                              ThreadPool& pool, const ProgressFunction& progress = {});

}  // namespace gramian
