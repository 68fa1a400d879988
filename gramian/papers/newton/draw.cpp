#include "gramian/papers/newton/draw.h"

namespace gramian::newton {

TrainedErrors errors_of(const Archive& archive, const Setting& setting) {
  TrainedErrors errors{.setting = setting};
  for (const Trained* trained : archive.seeds(setting.name())) {
    const Estimate& loss = trained->scores.loss.at("model");
    errors.seeds.push_back({2 * loss.mean / kD, 2 * loss.se / kD});
  }
  return errors;
}

Series series_of(const StepErrors& iteration, Role role) {
  Series series{.name = iteration.name, .role = role};
  for (std::size_t t = 0; t < iteration.steps.size(); ++t)
    series.points.push_back(point(static_cast<double>(t), iteration.steps[t]));
  return series;
}

Series series_of(const std::vector<TrainedErrors>& networks, std::string name, Role role) {
  Series series{.name = std::move(name), .role = role, .mark = Mark::points};
  for (const TrainedErrors& at : networks) {
    if (at.seeds.empty()) continue;
    const TableCell cell = cell_of_seeds(at.seeds);
    series.points.push_back(point(at.setting.layers, {*cell.value, cell.se.value_or(0)}));
  }
  return series;
}

std::uint64_t prompts_for(const StudyOptions& options) {
  return options.effort.quick ? 500 : 20'000;
}

}  // namespace gramian::newton
