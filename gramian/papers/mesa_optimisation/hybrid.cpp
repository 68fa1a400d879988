// mesa-fig6: two layers on observations as they are, and what the first of them has copied.
#include <fmt/format.h>

#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/raw.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr RawSetting kOneMesa{.network = Stack::one_mesa};

std::vector<RawSetting> raw_settings() {
  std::vector<RawSetting> list;
  for (const Observation system : kObservations) {
    for (const Stack network : kTwoLayers) list.push_back({.network = network, .system = system});
  }
  return list;
}

BaselineLosses raw_baselines(const Archive& archive, Observation system) {
  for (const Stack network : kTwoLayers) {
    const RawSetting setting{.network = network, .system = system};
    if (const Trained* best = archive.best(setting.name())) return best->scores.loss;
  }
  return {};
}

std::vector<RawNumbers> raw_numbers(const Archive& archive) {
  std::vector<RawNumbers> list;
  for (const RawSetting& setting : raw_settings()) {
    list.push_back({.network = std::string(title_of(setting.network)),
                    .system = std::string(title_of(setting.system)),
                    .is_hybrid = setting.network == Stack::hybrid,
                    .seeds = losses_of(archive, setting.name())});
  }
  return list;
}

MesaLayerNumbers one_mesa_numbers(const Archive& archive) {
  MesaLayerNumbers numbers;
  for (const Trained* trained : archive.seeds(kOneMesa.name())) {
    numbers.seeds.push_back(trained->scores.loss.at("model"));
    numbers.least_squares = trained->scores.loss.at("least-squares");
  }
  return numbers;
}

// Of every seed of networks whose first layer is softmax.
Expected<std::vector<CopyNumbers>> copy_numbers(const Archive& archive,
                                                const StudyOptions& options) {
  std::vector<CopyNumbers> list;
  for (const RawSetting& setting : raw_settings()) {
    if (!begins_with_softmax(setting.network)) continue;
    for (const Trained* trained : archive.seeds(setting.name())) {
      const auto network = GRAMIAN_TRY(load_raw(*trained, options));
      const auto probes = GRAMIAN_TRY(
          measure_probes(setting.task(), network, options.effort.quick ? 256 : 1024, kProbeRidge));
      list.push_back({.network = std::string(title_of(setting.network)),
                      .system = std::string(title_of(setting.system)),
                      .is_linear = setting.system == Observation::linear,
                      .before = probes.past[0],
                      .after_first = probes.past[1]});
    }
  }
  return list;
}

Table raw_table(const Archive& archive, const std::vector<CopyNumbers>& copies) {
  Table table{
      .id = "mesa-fig6",
      .title = "Losses of two layers on observations as they are",
      .columns = {"network"},
      .rows = {},
      .notes = {"Means over seeds. R^2: of a linear probe of s_(t-1) in the tokens after the "
                "first layer, the worst seed."}};
  for (const Observation system : kObservations) {
    table.columns.push_back(std::string(title_of(system)));
    table.columns.push_back("R^2");
  }
  for (const Stack network : kTwoLayers) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(title_of(network)));
    for (const Observation system : kObservations) {
      const RawSetting setting{.network = network, .system = system};
      row.emplace_back(cell_of_seeds(losses_of(archive, setting.name())));
      double worst = 2;
      for (const CopyNumbers& at : copies) {
        if (at.network == title_of(network) && at.system == title_of(system))
          worst = std::min(worst, at.after_first);
      }
      if (worst > 1) {
        row.emplace_back(std::string("-"));
      } else {
        row.emplace_back(worst);
      }
    }
  }
  for (const char* name : {"least-squares", "descent", "zero"}) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(name));
    for (const Observation system : kObservations) {
      const BaselineLosses baselines = raw_baselines(archive, system);
      const auto found = baselines.find(name);
      if (found == baselines.end()) {
        row.emplace_back(std::string("-"));
      } else {
        row.emplace_back(cell_of(found->second));
      }
      row.emplace_back(std::string("-"));
    }
  }
  return table;
}

Table one_mesa_table(const MesaLayerNumbers& numbers) {
  Table table{.id = "mesa-fig6-layer",
              .title = "One mesa layer on tokens (0, s_t, s_(t-1)) of linear systems",
              .columns = {"what", "loss"},
              .rows = {},
              .notes = {}};
  table.rows.push_back({std::string("one mesa layer"), cell_of_seeds(numbers.seeds)});
  if (!numbers.seeds.empty())
    table.rows.push_back({std::string("least-squares"), cell_of(numbers.least_squares)});
  return table;
}

Figure raw_figure(const Archive& archive) {
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::gdpp, Role::adarr, Role::tunedrr};
  Figure figure{.id = "mesa-fig6",
                .title = "Loss by position",
                .caption = "The best seed of each. Bars are two standard errors.",
                .columns = 2,
                .panels = {}};
  for (const Observation system : kObservations) {
    Panel panel{.title = std::string(title_of(system)),
                .x = {.label = "t"},
                .y = {.label = "1/2 |error|^2", .log = true}};
    for (std::size_t k = 0; k < std::size(kTwoLayers); ++k) {
      const RawSetting setting{.network = kTwoLayers[k], .system = system};
      panel.series.push_back(by_position(archive, setting.name(), "model",
                                         std::string(title_of(setting.network)), kRoles[k]));
    }
    const RawSetting hybrid{.network = Stack::hybrid, .system = system};
    panel.series.push_back(
        by_position(archive, hybrid.name(), "least-squares", "least squares", Role::bayes));
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

// What the tokens read in first layers of softmax on linear systems, the best seed of each network.
Expected<Figure> copy_figure(const Archive& archive, const StudyOptions& options) {
  Figure figure{.id = "mesa-fig6-attention",
                .title = "What tokens read in a first layer of softmax, linear systems",
                .caption =
                    "The best seed of each network. The mean over prompts of the weights of "
                    "softmax, relative to the largest; a network that copies s_(t-1) has "
                    "its weight below the diagonal.",
                .columns = 2,
                .panels = {}};
  for (const Stack network : kTwoLayers) {
    if (!begins_with_softmax(network)) continue;
    const RawSetting setting{.network = network};
    const Trained* best = archive.best(setting.name());
    if (best == nullptr) continue;
    const auto trained = GRAMIAN_TRY(load_raw(*best, options));
    auto panels = GRAMIAN_TRY(
        attention_panels(setting.task(), trained, 0, std::string(title_of(network)), options));
    for (Panel& panel : panels) figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

std::vector<Cell> raw_cells() {
  auto cells = cells_of(raw_settings());
  cells.push_back(kOneMesa.cell());
  return cells;
}

Status draw_raw(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = raw_numbers(archive);
  const MesaLayerNumbers one = one_mesa_numbers(archive);
  const auto copies = GRAMIAN_TRY(copy_numbers(archive, options));
  result.claims = raw_claims(numbers, one, copies);
  result.claims.push_back(finite_claim(losses_of(archive, raw_cells())));
  result.tables = {raw_table(archive, copies), one_mesa_table(one)};
  result.figures.push_back(raw_figure(archive));
  result.figures.push_back(GRAMIAN_TRY(copy_figure(archive, options)));
  return {};
}

}  // namespace gramian::mesa_optimisation
