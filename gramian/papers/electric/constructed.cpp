// electric-constructed: networks set by formula, run layer by layer beside what they should be.
#include <fmt/format.h>

#include <algorithm>

#include "gramian/papers/electric/claims.h"
#include "gramian/papers/electric/studies.h"
#include "gramian/theory/graph_networks.h"

namespace gramian::electric {

namespace {

constexpr int kGraphs = 20;

Table constructed_table(const std::vector<ConstructedRow>& rows, bool norm) {
  Table table{
      .id = norm ? "electric-constructed-norm" : "electric-constructed",
      .title = fmt::format("Seven constructions on {} weighted graphs, kappa in [20, 24], in "
                           "double precision{}",
                           kGraphs, norm ? ", with the norm after each layer" : ""),
      .columns = {"what", "layers", "error", "of the algorithm", "deviation", "of the bound",
                  "listed"},
      .rows = {},
      .notes = {"Error: relative to the exact answer, the largest over graphs; of "
                "eigenvectors the largest min |+- u - v|^2. Deviation: of the network from "
                "the algorithm in plain matrices, the largest over layers and graphs. Listed: "
                "the error that our source has measured on one graph of kappa 22."}};
  for (const ConstructedRow& row : rows) {
    const auto text_or = [](double value) {
      return value > 0 ? fmt::format("{:.3g}", value) : std::string("-");
    };
    table.rows.push_back({row.name, static_cast<double>(row.layers), row.error, row.algorithm,
                          row.deviation, text_or(row.share), text_or(row.listed)});
  }
  return table;
}

// Errors by layer of efficient networks on the graphs, at the largest of them.
Expected<Figure> constructed_figure(const std::vector<GraphPrompt>& graphs) {
  constexpr int kMost = 60;
  Panel panel{.title = "Potentials of twenty graphs by layer",
              .x = {.label = "layers"},
              .y = {.label = "largest relative error", .log = true}};
  struct Line {
    const char* name;
    Role role;
    GraphNetwork (*make)(int layers, const LaplacianSpectrum& spectrum);
  };
  const Line lines[] = {{"gradient descent", Role::constrr,
                         [](int l, const LaplacianSpectrum& s) {
                           return descent_network(l, {.largest = s.largest()});
                         }},
                        {"Chebyshev's steps", Role::adarr,
                         [](int l, const LaplacianSpectrum& s) {
                           return descent_network(l, {.least = s.least(), .largest = s.largest()});
                         }},
                        {"B rewritten (polar)", Role::full, [](int l, const LaplacianSpectrum& s) {
                           return polar_network(l, s.largest(), true);
                         }}};
  for (const Line& line : lines) {
    Series series{.name = line.name, .role = line.role};
    for (int l = 1; l <= kMost; l += l < 20 ? 1 : 5) {
      double worst = 0;
      for (const GraphPrompt& prompt : graphs) {
        const RowMajorMatrix psi = prompt.demands;
        const auto phi = GRAMIAN_TRY(run_graph_network(
            line.make(l, prompt.spectrum), SparseLaplacian(prompt.graph),
            {psi.data(), static_cast<std::size_t>(psi.size())}, static_cast<int>(psi.cols())));
        const auto exact = prompt.spectrum.answer(GraphQuestion::potential, 1, prompt.demands);
        const Eigen::Map<const RowMajorMatrix> answer(phi.data(), psi.rows(), psi.cols());
        worst = std::max(worst, (answer - exact).norm() / exact.norm());
      }
      series.points.push_back({.x = static_cast<double>(l), .y = worst});
    }
    panel.series.push_back(std::move(series));
  }
  return Figure{.id = "electric-constructed",
                .title = "Networks set by formula",
                .caption = "In double precision. Two layers are one step where B is rewritten.",
                .panels = {std::move(panel)}};
}

}  // namespace

std::vector<Cell> constructed_cells() { return {}; }

Status draw_constructed(const Archive&, const StudyOptions& options, StudyResult& result) {
  const auto graphs = conditioned_graphs(options.effort.quick ? 2 : kGraphs);
  const auto rows = GRAMIAN_TRY(measure_constructed(graphs, false));
  const auto normed = GRAMIAN_TRY(measure_constructed(graphs, true));
  result.claims = constructed_claims(rows);
  result.tables = {constructed_table(rows, false), constructed_table(normed, true)};
  auto figure = GRAMIAN_TRY(constructed_figure(graphs));
  const auto drawn = GRAMIAN_TRY(draw_potentials(
      descent_network(20, {.largest = graphs.front().spectrum.largest()}), Setting{}));
  figure.panels.push_back({.title = "Gradient descent by layer", .graph = drawn});
  figure.columns = 2;
  result.figures.push_back(std::move(figure));
  return {};
}

}  // namespace gramian::electric
