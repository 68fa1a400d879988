#include "gramian/figures/result.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/base/json_number.h"

namespace gramian {

namespace {

using Json = nlohmann::ordered_json;

const char* name_of(Role role) {
  constexpr const char* kNames[] = {"full",    "diag",  "gdpp",  "constrr", "adarr",
                                    "tunedrr", "bayes", "paper", "other"};
  return kNames[static_cast<std::size_t>(role)];
}

const char* name_of(Mark mark) {
  constexpr const char* kNames[] = {"line", "points", "rule", "dashes"};
  return kNames[static_cast<std::size_t>(mark)];
}

Json to_json(const Claim& claim) {
  return {{"text", claim.text},
          {"holds", claim.holds ? Json(*claim.holds) : Json(nullptr)},
          {"detail", claim.detail}};
}

Json to_json(const TableCell& cell) {
  Json json = {{"value", cell.value ? number_or_null(*cell.value) : Json(nullptr)}};
  if (cell.se) json["se"] = number_or_null(*cell.se);
  if (cell.paper) json["paper"] = *cell.paper;
  if (cell.bayes) json["bayes"] = *cell.bayes;
  if (!cell.status.empty()) json["status"] = cell.status;
  if (!cell.note.empty()) json["note"] = cell.note;
  return json;
}

Json to_json(const Table& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json cells = Json::array();
    for (const auto& cell : row) {
      if (const auto* text = std::get_if<std::string>(&cell)) {
        cells.push_back(*text);
      } else if (const auto* value = std::get_if<double>(&cell)) {
        cells.push_back(number_or_null(*value));
      } else {
        cells.push_back(to_json(std::get<TableCell>(cell)));
      }
    }
    rows.push_back(std::move(cells));
  }
  return {{"id", table.id},
          {"title", table.title},
          {"columns", table.columns},
          {"rows", rows},
          {"notes", table.notes}};
}

Json to_json(const Axis& axis) {
  return {{"label", axis.label},
          {"scale", axis.log ? "log" : "linear"},
          {"ticks", axis.ticks.empty() ? Json(nullptr) : Json(axis.ticks)},
          {"domain", axis.domain.empty() ? Json(nullptr) : Json(axis.domain)}};
}

Json to_json(const Series& series) {
  Json points = Json::array();
  for (const Point& point : series.points) {
    Json json = {{"x", point.x}, {"y", number_or_null(point.y)}};
    if (point.low && std::isfinite(*point.low)) json["low"] = *point.low;
    if (point.high && std::isfinite(*point.high)) json["high"] = *point.high;
    if (!point.note.empty()) json["note"] = point.note;
    points.push_back(std::move(json));
  }
  return {{"name", series.name},
          {"role", name_of(series.role)},
          {"mark", name_of(series.mark)},
          {"points", points}};
}

Json to_json(const DrawnGraph& graph) {
  Json nodes = Json::array(), edges = Json::array(), frames = Json::array();
  for (const auto& [x, y] : graph.nodes) nodes.push_back(Json::array({x, y}));
  for (const auto& [u, v, weight] : graph.edges) edges.push_back(Json::array({u, v, weight}));
  for (const DrawnGraph::Frame& frame : graph.frames) {
    Json values = Json::array();
    for (const double value : frame.values) values.push_back(number_or_null(value));
    frames.push_back({{"label", frame.label}, {"values", std::move(values)}});
  }
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}, {"frames", std::move(frames)}};
}

Json to_json(const Panel& panel) {
  Json bands = Json::array(), series = Json::array();
  for (const Band& band : panel.bands)
    bands.push_back({{"from", band.from}, {"to", band.to}, {"label", band.label}});
  for (const Series& one : panel.series) series.push_back(to_json(one));
  Json heatmap;
  if (panel.heatmap) {
    Json values = Json::array();
    for (const auto& row : panel.heatmap->values) {
      Json cells = Json::array();
      for (const double value : row) cells.push_back(number_or_null(value));
      values.push_back(std::move(cells));
    }
    heatmap = {{"rows", panel.heatmap->rows},
               {"columns", panel.heatmap->columns},
               {"values", std::move(values)}};
  }
  Json json = {{"title", panel.title}, {"x", to_json(panel.x)}, {"y", to_json(panel.y)},
               {"bands", bands},       {"series", series},      {"heatmap", heatmap}};
  if (panel.graph) json["graph"] = to_json(*panel.graph);
  return json;
}

Json to_json(const Figure& figure) {
  Json panels = Json::array();
  for (const Panel& panel : figure.panels) panels.push_back(to_json(panel));
  return {{"id", figure.id},
          {"title", figure.title},
          {"caption", figure.caption},
          {"columns", figure.columns},
          {"panels", panels}};
}

Json to_json(const std::optional<Publication>& publication) {
  if (!publication) return nullptr;
  const Publication& p = *publication;
  return {{"short", p.short_name}, {"authors", p.authors}, {"title", p.title},
          {"venue", p.venue},      {"arxiv", p.arxiv},     {"losses", p.losses}};
}

Json to_json(const RunSummary& run) {
  return {{"name", run.name},       {"kind", run.kind},          {"layers", run.layers},
          {"problem", run.problem}, {"seed", run.seed},          {"steps", run.steps},
          {"seconds", run.seconds}, {"directory", run.directory}};
}

template <class T>
Json list(const std::vector<T>& items) {
  Json json = Json::array();
  for (const T& item : items) json.push_back(to_json(item));
  return json;
}

}  // namespace

std::string to_json(const StudyResult& result) {
  const Provenance& by = result.provenance;
  const Json json = {{"study", result.study},
                     {"title", result.title},
                     {"paper", result.paper},
                     {"publication", to_json(result.publication)},
                     {"order", result.order ? Json(*result.order) : Json(nullptr)},
                     {"caption", result.caption},
                     {"quick", result.quick},
                     {"claims", list(result.claims)},
                     {"tables", list(result.tables)},
                     {"figures", list(result.figures)},
                     {"runs", list(result.runs)},
                     {"provenance",
                      {{"command", by.command},
                       {"version", by.version},
                       {"commit", by.commit},
                       {"cpu", by.cpu},
                       {"cores", by.cores},
                       {"simd", by.simd},
                       {"compiler", by.compiler},
                       {"finished", by.finished},
                       {"train_seconds", by.train_seconds},
                       {"settings", by.settings}}}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gramian
