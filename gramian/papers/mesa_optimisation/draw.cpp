#include "gramian/papers/mesa_optimisation/draw.h"

#include "gramian/evaluation/sequence_baselines.h"

namespace gramian::mesa_optimisation {

std::vector<Estimate> losses_of(const Archive& archive, const Setting& setting) {
  std::vector<Estimate> losses;
  for (const Trained* trained : archive.seeds(setting.name()))
    losses.push_back(trained->scores.loss.at("model"));
  return losses;
}

BaselineLosses baselines_of(const Archive& archive, const Setting& setting) {
  const Trained* best = archive.best(setting.name());
  return best == nullptr ? BaselineLosses{} : best->scores.loss;
}

Expected<std::vector<OneLayerNumbers>> one_layer_numbers(const Archive& archive,
                                                         const Setting& setting,
                                                         const StudyOptions& options) {
  std::vector<OneLayerNumbers> list;
  const auto seeds = GRAMIAN_TRY(load_token_seeds(archive, setting.cell().name, options));
  if (seeds.empty()) return list;
  ThreadPool pool(1);
  const double best_step =
      SequenceBaselines::tune(setting.task(), prompts_for(options), kEvaluationSeed, pool).step();
  for (const TokenSeed& seed : seeds) {
    const auto& losses = seed.trained->scores.loss;
    list.push_back({.loss = losses.at("model"),
                    .descent = losses.at("descent"),
                    .best_step = best_step,
                    .weights = measure_one_layer(seed.run.transformer, setting.d)});
  }
  return list;
}

Series by_position(const Archive& archive, const std::string& cell, const std::string& which,
                   std::string name, Role role) {
  Series series{.name = std::move(name), .role = role};
  const Trained* best = archive.best(cell);
  if (best == nullptr) return series;
  const auto found = best->scores.positions.find(which);
  if (found == best->scores.positions.end()) return series;
  for (std::size_t t = 0; t < found->second.size(); ++t)
    series.points.push_back(point(static_cast<double>(t + 1), found->second[t]));
  return series;
}

std::uint64_t prompts_for(const StudyOptions& options) { return options.effort.quick ? 256 : 4096; }

}  // namespace gramian::mesa_optimisation
