// mesa-fig4: one to six layers of linear attention beside steps of Proposition 2 and least squares,
// and the same networks with block-scalar products.
#include <fmt/format.h>

#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr Role kDepthRoles[] = {Role::full, Role::diag, Role::gdpp, Role::adarr, Role::tunedrr};

std::vector<DepthNumbers> depth_numbers(const Archive& archive) {
  std::vector<DepthNumbers> list;
  for (const int layers : kDepths)
    list.push_back({layers, losses_of(archive, Setting{.layers = layers}.name())});
  return list;
}

Expected<std::vector<CompressedNumbers>> compressed_numbers(const Archive& archive,
                                                            const StudyOptions& options) {
  std::vector<CompressedNumbers> list;
  for (const int layers : kDepths) {
    const Setting setting{.layers = layers};
    const Trained* best = archive.best(setting.name());
    if (best == nullptr) continue;
    const auto run = GRAMIAN_TRY(load_token_run(*best, options));
    const auto loss = [&](double share) -> Expected<Estimate> {
      const auto network = GRAMIAN_TRY(compressed(run.transformer, kD, share));
      return loss_of(setting.task(), network, prompts_for(options));
    };
    CompressedNumbers numbers{.layers = layers};
    numbers.own = GRAMIAN_TRY(loss(0));
    numbers.half = GRAMIAN_TRY(loss(0.5));
    numbers.whole = GRAMIAN_TRY(loss(1));
    list.push_back(numbers);
  }
  return list;
}

Table depth_table(const std::vector<DepthNumbers>& networks, const BaselineLosses& baselines,
                  const std::vector<CompressedNumbers>& compressed) {
  Table table{.id = "mesa-fig4",
              .title = "Losses by layers",
              .columns = {"layers", "network", "steps of Proposition 2, one fewer",
                          "half block-scalar", "block-scalar"},
              .rows = {},
              .notes = {"Networks: means over seeds. Block-scalar: the best seed with products of "
                        "which each d x d block is replaced by a multiple of the identity, or of "
                        "half-way there, without training. No steps are gradient descent."}};
  for (const DepthNumbers& at : networks) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(static_cast<double>(at.layers));
    row.emplace_back(cell_of_seeds(at.seeds));
    const auto same = baselines.find(at.layers == 1 ? std::string("descent")
                                                    : fmt::format("steps-{}", at.layers - 1));
    if (same == baselines.end()) {
      row.emplace_back(std::string("-"));
    } else {
      row.emplace_back(cell_of(same->second));
    }
    const auto found = std::ranges::find(compressed, at.layers, &CompressedNumbers::layers);
    if (found == compressed.end()) {
      row.insert(row.end(), {std::string("-"), std::string("-")});
    } else {
      row.emplace_back(cell_of(found->half));
      row.emplace_back(cell_of(found->whole));
    }
  }
  for (const char* name : {"least-squares", "zero"}) {
    const auto found = baselines.find(name);
    if (found == baselines.end()) continue;
    table.rows.push_back({std::string(name), cell_of(found->second), std::string("-"),
                          std::string("-"), std::string("-")});
  }
  return table;
}

Figure depth_figure(const Archive& archive, const std::vector<DepthNumbers>& networks,
                    const BaselineLosses& baselines) {
  Panel layers{.title = "Mean over positions",
               .x = {.label = "layers, or steps and one"},
               .y = {.label = "loss", .log = true}};
  Series trained{.name = "linear attention", .role = Role::full, .mark = Mark::points};
  Series steps{.name = "Proposition 2", .role = Role::constrr};
  Series least{.name = "least squares", .role = Role::bayes, .mark = Mark::rule};
  for (const DepthNumbers& at : networks) {
    if (!at.seeds.empty()) trained.points.push_back(point(at.layers, over_seeds(at.seeds)));
  }
  for (int k = 0; k <= 6; ++k) {
    const auto found = baselines.find(k == 0 ? std::string("descent") : fmt::format("steps-{}", k));
    if (found != baselines.end()) steps.points.push_back(point(k + 1, found->second));
  }
  if (const auto found = baselines.find("least-squares"); found != baselines.end())
    least.points.push_back(point(0, found->second));
  layers.series = {std::move(steps), std::move(trained), std::move(least)};
  Panel positions{
      .title = "By position", .x = {.label = "t"}, .y = {.label = "1/2 |error|^2", .log = true}};
  for (std::size_t k = 0; k < std::size(kDepths); ++k) {
    positions.series.push_back(by_position(archive, Setting{.layers = kDepths[k]}.name(), "model",
                                           fmt::format("L = {}", kDepths[k]), kDepthRoles[k]));
  }
  positions.series.push_back(by_position(archive, Setting{.layers = 1}.name(), "least-squares",
                                         "least squares", Role::bayes));
  positions.series.push_back(by_position(archive, Setting{.layers = 1}.name(), "descent",
                                         "gradient descent", Role::constrr));
  return {.id = "mesa-fig4",
          .title = "Loss by layers and by position",
          .caption = "Bars are two standard errors.",
          .columns = 2,
          .panels = {std::move(layers), std::move(positions)}};
}

}  // namespace

std::vector<Cell> depth_cells() {
  return cells_of(kDepths, [](int layers) { return Setting{.layers = layers}; });
}

Status draw_depth(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto networks = depth_numbers(archive);
  const BaselineLosses baselines = baselines_of(archive, Setting{.layers = 1});
  const auto compressed = GRAMIAN_TRY(compressed_numbers(archive, options));
  result.claims = depth_claims(networks, baselines);
  const auto zero = baselines.find("zero");
  if (zero != baselines.end()) add_claims(compressed_claims(compressed, zero->second.mean), result);
  result.claims.push_back(finite_claim(losses_of(archive, depth_cells())));
  result.tables.push_back(depth_table(networks, baselines, compressed));
  result.figures.push_back(depth_figure(archive, networks, baselines));
  return {};
}

}  // namespace gramian::mesa_optimisation
