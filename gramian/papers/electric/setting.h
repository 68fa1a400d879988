// What the studies of Cheng, Carin and Sra (2024) train: linear transformers on graphs of ten
// nodes, with full weights and in their efficient form.
//
// Sizes of prompts are those of the publication; batches, steps and the optimiser are ours, for
// seconds to a minute of one core. Losses are r^2 of training/graph_objective.h.
#pragma once

#include <string>
#include <vector>

#include "gramian/models/keys.h"
#include "gramian/runs/graph_family.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/runner.h"

namespace gramian::electric {

inline constexpr int kNodes = 10, kDemands = 10, kVectors = 4;
inline constexpr int kDepths[] = {1, 3, 5, 7, 9};
inline constexpr int kSeeds = 3;

struct Setting {
  GraphForm form = GraphForm::efficient;
  GraphQuestion question = GraphQuestion::potential;
  GraphKind graph = GraphKind::csl;
  int layers = 5;
  bool centred = true;

  std::string name() const;     // "efficient-L5-potential-csl"
  std::string problem() const;  // "potential, csl, not centred"
  Cell cell() const;
  GraphTaskSpec task() const;
  bool operator==(const Setting&) const = default;
};

// The run of one seed of such a cell, read back.
struct GraphRun {
  GraphExperiment experiment;
  AnyGraphNetwork network;
};
Expected<GraphRun> load_graph_run(const Trained& trained, const StudyOptions& options);

// The errors of all seeds of a cell, and their log of the mean over seeds.
struct SettingErrors {
  Setting setting = {};
  std::vector<Estimate> seeds = {};

  double mean_log() const;      // mean over seeds of the log of the mean error; NaN without seeds
  double worst_log() const;     // of the seed with the largest error
  double error_of_log() const;  // standard error of mean_log, over seeds or over prompts
};
SettingErrors errors_of(const Archive& archive, const Setting& setting);
// Those of the setting with so many layers; null where no such network is trained.
const SettingErrors* with_layers(const std::vector<SettingErrors>& networks, Setting setting,
                                 int layers);

std::string recipe(const Effort& effort);

}  // namespace gramian::electric
