// mesa-fig3: one layer of linear attention, its products and the step of gradient descent.
#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr Setting kOneLayer{.layers = 1, .d = kPublishedD};

Table one_layer_table(const std::vector<OneLayerNumbers>& seeds, const BaselineLosses& baselines) {
  Table table{.id = "mesa-fig3",
              .title = "One layer beside gradient descent and least squares, d = 10, T = 50",
              .columns = {"what", "loss", "in the combination of Proposition 1",
                          "of these in a multiple of I", "step"},
              .rows = {},
              .notes = {"Shares are of squares of the products of all heads together. Gradient "
                        "descent has the best step for all positions."}};
  for (std::size_t s = 0; s < seeds.size(); ++s) {
    const OneLayerNumbers& at = seeds[s];
    table.rows.push_back({fmt::format("seed {}", s), cell_of(at.loss), at.weights.share,
                          at.weights.identity, at.weights.step});
  }
  for (const auto& [name, words] : {std::pair{"descent", "a step of gradient descent"},
                                    {"least-squares", "regularised least squares"},
                                    {"zero", "zero"}}) {
    const auto found = baselines.find(name);
    if (found == baselines.end()) continue;
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(words));
    row.emplace_back(cell_of(found->second));
    row.insert(row.end(), {std::string("-"), std::string("-")});
    if (std::string_view(name) == "descent") {
      row.emplace_back(seeds.empty() ? 0.0 : seeds.front().best_step);
    } else {
      row.emplace_back(std::string("-"));
    }
  }
  return table;
}

// The two products of the head of largest product.
Figure product_figure(const Transformer& network) {
  const auto heads = products_of(network, 0);
  const auto size = [](const HeadProducts& h) { return h.scores.norm() * h.values.norm(); };
  const HeadProducts* largest = &heads.front();
  for (const HeadProducts& head : heads) {
    if (size(head) > size(*largest)) largest = &head;
  }
  return {
      .id = "mesa-fig3-weights",
      .title = "Products of the larger of the two heads, best seed",
      .caption = fmt::format(
          "Relative to the largest number of each. Rows and columns 1 to {} are the slot of the "
          "prediction, 0 before the layer, then s_t and s_(t-1). Proposition 1 has multiples of "
          "the identity in row block s_t, column block s_(t-1) of Q K^T, and in row block s_t, "
          "column block 1 of V P.",
          kPublishedD),
      .columns = 2,
      .panels = {map_panel(largest->scores, "Q K^T"), map_panel(largest->values, "V P")}};
}

Expected<Figure> attention_figure(const Transformer& network, const StudyOptions& options) {
  return Figure{
      .id = "mesa-fig3-attention",
      .title = "What a token reads, best seed",
      .caption =
          "The mean size over prompts of the scores of a query (row) and a key "
          "(column) of linear attention, relative to the largest.",
      .columns = 2,
      .panels = GRAMIAN_TRY(attention_panels(kOneLayer.task(), network, 0, "One layer", options))};
}

Figure position_figure(const Archive& archive) {
  Panel panel{.title = "One layer", .x = {.label = "t"}, .y = {.label = "1/2 |error|^2"}};
  panel.series = {
      by_position(archive, kOneLayer.name(), "zero", "zero", Role::other),
      by_position(archive, kOneLayer.name(), "descent", "gradient descent", Role::constrr),
      by_position(archive, kOneLayer.name(), "model", "one layer", Role::full),
      by_position(archive, kOneLayer.name(), "least-squares", "least squares", Role::bayes)};
  return {.id = "mesa-fig3-positions",
          .title = "Loss by position",
          .caption = "Bars are two standard errors.",
          .panels = {std::move(panel)}};
}

}  // namespace

std::vector<Cell> one_layer_cells() { return {kOneLayer.cell()}; }

Status draw_one_layer(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(one_layer_numbers(archive, kOneLayer, options));
  result.claims = one_layer_claims(numbers);
  result.claims.push_back(finite_claim(losses_of(archive, kOneLayer.name())));
  result.tables.push_back(one_layer_table(numbers, baselines_of(archive, kOneLayer)));
  result.figures.push_back(position_figure(archive));
  if (const Trained* best = archive.best(kOneLayer.name())) {
    const auto run = GRAMIAN_TRY(load_token_run(*best, options));
    result.figures.push_back(product_figure(run.transformer));
    result.figures.push_back(GRAMIAN_TRY(attention_figure(run.transformer, options)));
  }
  return {};
}

}  // namespace gramian::mesa_optimisation
