// What a study leaves behind: tables, figures and claims, as one JSON file. The report draws
// it and computes nothing: every number on the page is in this file.
//
//   {"study": "fig1", "title": .., "paper": "Vladymyrov et al. 2024, Fig. 1", "caption": ..,
//    // paper: its name, a comma, a place; may be empty. What follows says more of it; files of
//    // older versions and what belongs to no paper have none, and are ordered by name, at the end.
//    "publication": {"short": "Vladymyrov et al. 2024", "authors", "title", "venue", "arxiv",
//                    "losses": the convention of its losses, in words},
//    "order": number,                      // among the studies of all papers
//    "quick": false,                       // true: a rehearsal, too few steps and prompts to mean
//                                          anything
//    "claims":  [{"text": .., "holds": true|false|null, "detail": ..}, ..],    // null: could not
//               be judged
//    "tables":  [{"id", "title", "columns": [name, ..], "rows": [[cell, ..], ..], "notes": [text,
//               ..]}, ..],
//    "figures": [{"id", "title", "caption", "columns": panels a row, "panels": [panel, ..]}, ..],
//    "runs":    [{"name", "kind", "layers", "problem", "seed", "steps", "seconds", "directory"},
//               ..],
//    "provenance": {"command", "version", "commit", "cpu", "cores", "simd", "compiler", "finished",
//                   "train_seconds", "settings": resolved configuration that all runs share, TOML}}
//
//   cell:   a text, a number, null, or {"value": .., "se": .., "paper": .., "bayes": ..,
//           "status": "better"|"equal"|"worse"|"" against the paper, "note": ..}, all but value
//             optional
//   panel:  {"title", "x": axis, "y": axis, "bands": [{"from", "to", "label"}], "series": [series,
//           ..],
//            "heatmap": null or {"rows": [label, ..], "columns": [label, ..], "values":
//              [[number|null, ..], ..]},
//            "graph": missing or {"nodes": [[x, y], ..], "edges": [[u, v, weight], ..],
//                     "frames": [{"label", "values": [number|null, ..]}, ..]}}    // u, v: from 0
//   axis:   {"label": .., "scale": "linear"|"log", "ticks": [..] or null, "domain": [low, high] or
//           null}
//   series: {"name": "FULL", "role":
//     "full"|"diag"|"gdpp"|"constrr"|"adarr"|"tunedrr"|"bayes"|"paper"|"other",
//            "mark": "line"|"points"|"rule"|"dashes",     // line: with points; rule: a level
//              across the panel
//            "points": [{"x": .., "y": .., "low": .., "high": .., "note": ..}, ..]}   // low and
//              high: error bar,
//                                                                                    // optional; y
//                                                                                      null: no
//                                                                                      value
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gramian {

struct Claim {
  std::string text = {};           // as the paper says it, with the tolerance
  std::optional<bool> holds = {};  // nothing: could not be judged
  std::string detail = {};         // the numbers
};

struct TableCell {
  std::optional<double> value = {};  // not finite: null in the file, with a note
  std::optional<double> se = {}, paper = {}, bayes = {};
  std::string status = {};  // "better", "equal" or "worse" than the paper
  std::string note = {};
};

struct Table {
  std::string id = {}, title = {};
  std::vector<std::string> columns = {};
  std::vector<std::vector<std::variant<std::string, double, TableCell>>> rows = {};
  std::vector<std::string> notes = {};
};

struct Axis {
  std::string label = {};
  bool log = false;
  std::vector<double> ticks = {};   // empty: chosen by the drawing
  std::vector<double> domain = {};  // empty, or low and high
};

struct Point {
  double x = 0;
  double y = 0;  // not finite: null in the file
  std::optional<double> low = {}, high = {};
  std::string note = {};
};

enum class Role { full, diag, gdpp, constrr, adarr, tunedrr, bayes, paper, other };
enum class Mark { line, points, rule, dashes };

struct Series {
  std::string name = {};
  Role role = Role::other;
  Mark mark = Mark::line;
  std::vector<Point> points = {};
};

struct Band {
  double from = 0, to = 0;
  std::string label = {};
};

struct Heatmap {
  std::vector<std::string> rows = {}, columns = {};
  std::vector<std::vector<double>> values = {};
};

// A graph that is drawn: places of its nodes (any unit, y upwards), edges with weights, and one or
// more frames with a number for each node, which the page shows as colours, one frame at a time.
struct DrawnGraph {
  struct Place {
    double x = 0, y = 0;
  };
  struct Link {
    int u = 0, v = 0;
    double weight = 1;
  };
  struct Frame {
    std::string label = {};
    std::vector<double> values = {};  // one for each node; not finite: null in the file
  };
  std::vector<Place> nodes = {};
  std::vector<Link> edges = {};
  std::vector<Frame> frames = {};
};

// Series, or a heat map, or a graph.
struct Panel {
  std::string title = {};
  Axis x = {}, y = {};
  std::vector<Band> bands = {};
  std::vector<Series> series = {};
  std::optional<Heatmap> heatmap = {};
  std::optional<DrawnGraph> graph = {};
};

struct Figure {
  std::string id = {}, title = {}, caption = {};
  int columns = 1;
  std::vector<Panel> panels = {};
};

struct RunSummary {
  std::string name = {}, kind = {}, problem = {};
  int layers = 0;
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  double seconds = 0;
  std::string directory = {};
};

struct Provenance {
  std::string command = {}, version = {}, commit = {}, cpu = {}, simd = {}, compiler = {},
              finished = {};
  int cores = 0;
  double train_seconds = 0;
  std::string settings = {};  // TOML
};

// Where something was published. All texts; each may be empty.
struct Publication {
  std::string short_name = {};  // "von Oswald et al. 2022": of the tab of the page
  std::string authors = {}, title = {}, venue = {};
  std::string arxiv = {};   // "2212.07677"
  std::string losses = {};  // the convention of its losses, in words
};

struct StudyResult {
  std::string study = {}, title = {}, paper = {}, caption = {};
  std::optional<Publication> publication = {};  // nothing: it belongs to no paper
  std::optional<int> order = {};                // among all studies, on the page
  bool quick = false;
  std::vector<Claim> claims = {};
  std::vector<Table> tables = {};
  std::vector<Figure> figures = {};
  std::vector<RunSummary> runs = {};
  Provenance provenance = {};
};

std::string to_json(const StudyResult& result);

}  // namespace gramian
