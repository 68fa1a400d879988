// mesa-fig11: contracting systems, and one system for all prompts.
#include <fmt/format.h>

#include "gramian/evaluation/position_losses.h"
#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr Setting kContracting{.layers = 1, .system = System::contracting};
constexpr int kFixedDepths[] = {1, 2};

Expected<std::vector<FixedNumbers>> fixed_numbers(const Archive& archive,
                                                  const StudyOptions& options) {
  std::vector<FixedNumbers> list;
  for (const int layers : kFixedDepths) {
    const Setting setting{.layers = layers, .system = System::fixed};
    const TokenTask others = Setting{.layers = layers}.task();
    const auto seeds = GRAMIAN_TRY(load_token_seeds(archive, setting.cell().name, options));
    for (const TokenSeed& seed : seeds) {
      const auto& losses = seed.trained->scores.loss;
      ThreadPool pool(1);
      const std::vector<NamedPredictor> both{{"model", predictor(others, seed.run.transformer)},
                                             {"zero", zero_predictor(others)}};
      const auto elsewhere =
          GRAMIAN_TRY(position_losses(others, both, prompts_for(options), kEvaluationSeed, pool));
      list.push_back({.layers = layers,
                      .loss = losses.at("model"),
                      .least_squares = losses.at("least-squares"),
                      .elsewhere = estimate_of(elsewhere[0].loss),
                      .zero = estimate_of(elsewhere[1].loss)});
    }
  }
  return list;
}

Table system_table(const std::vector<OneLayerNumbers>& contracting,
                   const std::vector<FixedNumbers>& fixed) {
  Table table{
      .id = "mesa-fig11",
      .title = "Other systems, a seed a line",
      .columns = {"trained on", "layers", "loss", "beside it", "on systems of their own",
                  "zero there"},
      .rows = {},
      .notes = {"Beside it: on contracting systems the best step of gradient descent, on one "
                "system for all prompts regularised least squares."}};
  for (const OneLayerNumbers& at : contracting) {
    table.rows.push_back({std::string("contracting systems"), 1.0, cell_of(at.loss),
                          cell_of(at.descent), std::string("-"), std::string("-")});
  }
  for (const FixedNumbers& at : fixed) {
    table.rows.push_back({std::string("one system"), static_cast<double>(at.layers),
                          cell_of(at.loss), cell_of(at.least_squares), cell_of(at.elsewhere),
                          cell_of(at.zero)});
  }
  return table;
}

Figure system_figure(const Archive& archive) {
  Figure figure{.id = "mesa-fig11",
                .title = "Loss by position",
                .caption = "Bars are two standard errors.",
                .columns = 2,
                .panels = {}};
  for (const Setting& setting : {kContracting, Setting{.layers = 2, .system = System::fixed}}) {
    Panel panel{.title = setting.title(),
                .x = {.label = "t"},
                .y = {.label = "1/2 |error|^2", .log = true}};
    panel.series = {
        by_position(archive, setting.name(), "zero", "zero", Role::other),
        by_position(archive, setting.name(), "descent", "gradient descent", Role::constrr),
        by_position(archive, setting.name(), "model", "network", Role::full),
        by_position(archive, setting.name(), "least-squares", "least squares", Role::bayes)};
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

std::vector<Cell> system_cells() {
  std::vector<Cell> cells{kContracting.cell()};
  for (const int layers : kFixedDepths)
    cells.push_back(Setting{.layers = layers, .system = System::fixed}.cell());
  return cells;
}

Status draw_systems(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto contracting = GRAMIAN_TRY(one_layer_numbers(archive, kContracting, options));
  const auto fixed = GRAMIAN_TRY(fixed_numbers(archive, options));
  result.claims = system_claims(contracting, fixed);
  result.tables.push_back(system_table(contracting, fixed));
  result.figures.push_back(system_figure(archive));
  return {};
}

}  // namespace gramian::mesa_optimisation
