// electric-general: networks of five layers on larger and other graphs than in training.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/evaluation/graph_errors.h"
#include "gramian/papers/electric/claims.h"
#include "gramian/papers/electric/studies.h"
#include "gramian/studies/draw.h"

namespace gramian::electric {

namespace {

constexpr Setting kEfficient{}, kFull{.form = GraphForm::full};

std::vector<GraphTaskSpec> general_tasks() {
  std::vector<GraphTaskSpec> list;
  for (const int nodes : {10, 20, 40}) {
    for (const GraphKind kind : kGraphKinds.values) {
      GraphTaskSpec task = kEfficient.task();
      task.graph = {
          .kind = kind, .nodes = nodes, .density = kind == GraphKind::geometric ? 0.5 : 0.4};
      list.push_back(task);
    }
  }
  return list;
}

Expected<std::vector<GraphRun>> runs_of(const Archive& archive, const Setting& setting,
                                        const StudyOptions& options) {
  std::vector<GraphRun> runs;
  for (const Trained* trained : archive.seeds(setting.name())) {
    auto run = load_graph_run(*trained, options);
    if (!run) return std::unexpected(run.error());
    runs.push_back(std::move(*run));
  }
  return runs;
}

}  // namespace

std::vector<Cell> general_cells() { return {kEfficient.cell(), kFull.cell()}; }

Status draw_general(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const std::uint64_t prompts = options.effort.quick ? 20 : 500;
  ThreadPool pool(1);
  auto runs = runs_of(archive, kEfficient, options), full = runs_of(archive, kFull, options);
  if (!runs) return std::unexpected(runs.error());
  if (!full) return std::unexpected(full.error());
  std::vector<GeneralNumbers> graphs;
  for (const GraphTaskSpec& task : general_tasks()) {
    GeneralNumbers at{
        .graph = fmt::format("{}, {} nodes", kGraphKinds.word(task.graph.kind), task.graph.nodes),
        .nodes = task.graph.nodes};
    for (const GraphRun& run : *runs) {
      const auto recorded = GRAMIAN_TRY(run.experiment.recorded_for(task));
      const RunningMean error =
          graph_error(task, recorded, run.network.theta(), prompts, kEvaluationSeed, pool);
      at.seeds.push_back({error.mean(), error.standard_error()});
    }
    at.descent = descent_error(task, 5, std::min<std::uint64_t>(prompts, 100));
    graphs.push_back(std::move(at));
  }
  std::vector<EdgeDeviations> deviations;
  for (const GraphRun& run : *full)
    deviations.push_back(edge_deviations(run.experiment, run.network));
  Table table{.id = "electric-general",
              .title = "Log of the mean loss of potentials, five layers trained on csl, 10 nodes",
              .columns = {"graph", "efficient form", "gradient descent"},
              .rows = {},
              .notes = {"Mean over seeds. Gradient descent: five of the best constant steps, with "
                        "the eigenvalues of each graph known."}};
  for (const GeneralNumbers& at : graphs) {
    const SettingErrors errors{.seeds = at.seeds};
    table.rows.push_back(
        {at.graph, TableCell{.value = errors.mean_log(), .se = errors.error_of_log()},
         TableCell{.value = std::log(at.descent.mean), .se = at.descent.se / at.descent.mean}});
  }
  Table edges{.id = "electric-general-edges",
              .title = "What an answer of full weights changes by, L = 5, relative",
              .columns = {"seed", "edges exchanged", "turned", "rotated"},
              .rows = {},
              .notes = {"The efficient form and all constructions see edges only through L: there "
                        "these are rounding."}};
  for (std::size_t seed = 0; seed < deviations.size(); ++seed) {
    edges.rows.push_back({static_cast<double>(seed), deviations[seed].permuted,
                          deviations[seed].turned, deviations[seed].rotated});
  }
  result.claims = general_claims(graphs, deviations);
  result.tables = {std::move(table), std::move(edges)};
  return {};
}

}  // namespace gramian::electric
