#include "gramian/figures/csv.h"

#include <fmt/format.h>

#include <cmath>

namespace gramian {

std::string csv_number(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value) : "";
}

std::string csv_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string figures_csv(const StudyResult& result) {
  std::string csv = "figure,panel,series,x,y,low,high\n";
  for (const Figure& figure : result.figures) {
    for (const Panel& panel : figure.panels) {
      for (const Series& series : panel.series) {
        for (const Point& p : series.points) {
          csv += fmt::format("{},{},{},{},{},{},{}\n", figure.id, csv_text(panel.title),
                             csv_text(series.name), csv_number(p.x), csv_number(p.y),
                             p.low ? csv_number(*p.low) : "", p.high ? csv_number(*p.high) : "");
        }
      }
      if (!panel.heatmap) continue;
      const Heatmap& map = *panel.heatmap;
      for (std::size_t i = 0; i < map.rows.size(); ++i) {
        for (std::size_t j = 0; j < map.columns.size(); ++j) {
          csv += fmt::format("{},{},{},{},{},,\n", figure.id, csv_text(panel.title),
                             csv_text(map.rows[i]), j + 1, csv_number(map.values[i][j]));
        }
      }
    }
  }
  return csv;
}

}  // namespace gramian
