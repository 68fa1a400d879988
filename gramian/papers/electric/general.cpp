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

constexpr Setting kEfficient{};
constexpr GraphQuestion kGeneralQuestions[] = {GraphQuestion::potential, GraphQuestion::embedding,
                                               GraphQuestion::heat, GraphQuestion::eigenvectors};

// The efficient form for every objective, trained on either kind of graph.
std::vector<Setting> general_settings() {
  std::vector<Setting> list;
  for (const GraphQuestion question : kGeneralQuestions) {
    for (const GraphKind graph : {GraphKind::csl, GraphKind::complete})
      list.push_back({.question = question, .graph = graph});
  }
  return list;
}

// Full weights, which may treat edges unlike each other.
Setting full_setting(GraphQuestion question) {
  return {.form = GraphForm::full, .question = question};
}

// Graphs of these sizes and of every kind, with the question of a setting.
std::vector<GraphTaskSpec> general_tasks(const Setting& setting, std::span<const int> sizes) {
  std::vector<GraphTaskSpec> list;
  for (const int nodes : sizes) {
    for (const GraphKind kind : kGraphKinds.values) {
      GraphTaskSpec task = setting.task();
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

std::string graph_name(const GraphTaskSpec& task) {
  return fmt::format("{}, {} nodes", kGraphKinds.word(task.graph.kind), task.graph.nodes);
}

Expected<std::vector<Estimate>> errors_on(const std::vector<GraphRun>& runs,
                                          const GraphTaskSpec& task, std::uint64_t prompts) {
  ThreadPool pool(1);
  std::vector<Estimate> seeds;
  for (const GraphRun& run : runs) {
    const auto recorded = GRAMIAN_TRY(run.experiment.recorded_for(task));
    const RunningMean error =
        graph_error(task, recorded, run.network.theta(), prompts, kEvaluationSeed, pool);
    seeds.push_back({error.mean(), error.standard_error()});
  }
  return seeds;
}

TableCell log_cell(const std::vector<Estimate>& seeds) {
  const SettingErrors errors{.seeds = seeds};
  return {.value = errors.mean_log(), .se = errors.error_of_log()};
}

// Every objective on every kind of ten nodes.
Expected<Table> objectives_table(const Archive& archive, const StudyOptions& options,
                                 std::uint64_t prompts) {
  Table table{.id = "electric-general-objectives",
              .title =
                  "Log of the mean loss on other graphs of ten nodes, efficient form, five "
                  "layers",
              .columns = {"trained on"},
              .rows = {},
              .notes = {"Mean over seeds."}};
  constexpr int kSizes[] = {kNodes};
  for (const GraphTaskSpec& task : general_tasks(kEfficient, kSizes))
    table.columns.push_back(std::string(kGraphKinds.word(task.graph.kind)));
  for (const Setting& setting : general_settings()) {
    const auto runs = GRAMIAN_TRY(runs_of(archive, setting, options));
    if (runs.empty()) continue;
    auto& row = table.rows.emplace_back();
    row.emplace_back(setting.problem());
    for (const GraphTaskSpec& task : general_tasks(setting, kSizes))
      row.emplace_back(log_cell(GRAMIAN_TRY(errors_on(runs, task, prompts))));
  }
  return table;
}

Expected<Table> edges_table(const Archive& archive, const StudyOptions& options,
                            std::vector<EdgeDeviations>& deviations) {
  Table table{.id = "electric-general-edges",
              .title = "What an answer of full weights changes by, L = 5, relative",
              .columns = {"what", "seed", "edges exchanged", "turned", "rotated"},
              .rows = {},
              .notes = {"The efficient form and all constructions see edges only through L: there "
                        "these are rounding."}};
  for (const GraphQuestion question : kGeneralQuestions) {
    const auto runs = GRAMIAN_TRY(runs_of(archive, full_setting(question), options));
    for (std::size_t seed = 0; seed < runs.size(); ++seed) {
      const EdgeDeviations at = edge_deviations(runs[seed].experiment, runs[seed].network);
      table.rows.push_back({std::string(kGraphQuestions.word(question)), static_cast<double>(seed),
                            at.permuted, at.turned, at.rotated});
      deviations.push_back(at);
    }
  }
  return table;
}

}  // namespace

std::vector<Cell> general_cells() {
  std::vector<Setting> settings = general_settings();
  for (const GraphQuestion question : kGeneralQuestions) settings.push_back(full_setting(question));
  return cells_of(settings);
}

Status draw_general(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const std::uint64_t prompts = options.effort.quick ? 20 : 500;
  const auto runs = GRAMIAN_TRY(runs_of(archive, kEfficient, options));
  std::vector<GeneralNumbers> graphs;
  constexpr int kSizes[] = {kNodes, 2 * kNodes, 4 * kNodes};
  for (const GraphTaskSpec& task : general_tasks(kEfficient, kSizes)) {
    graphs.push_back({.graph = graph_name(task),
                      .nodes = task.graph.nodes,
                      .seeds = GRAMIAN_TRY(errors_on(runs, task, prompts)),
                      .descent = descent_error(task, 5, std::min<std::uint64_t>(prompts, 100))});
  }
  Table table{.id = "electric-general",
              .title = "Log of the mean loss of potentials, five layers trained on csl, 10 nodes",
              .columns = {"graph", "efficient form", "gradient descent"},
              .rows = {},
              .notes = {"Mean over seeds. Gradient descent: five of the best constant steps, with "
                        "the eigenvalues of each graph known."}};
  for (const GeneralNumbers& at : graphs) {
    table.rows.push_back(
        {at.graph, log_cell(at.seeds),
         TableCell{.value = std::log(at.descent.mean), .se = at.descent.se / at.descent.mean}});
  }
  std::vector<EdgeDeviations> deviations;
  auto objectives = GRAMIAN_TRY(objectives_table(archive, options, prompts));
  auto edges = GRAMIAN_TRY(edges_table(archive, options, deviations));
  result.claims = general_claims(graphs, deviations);
  result.tables = {std::move(table), std::move(objectives), std::move(edges)};
  return {};
}

}  // namespace gramian::electric
