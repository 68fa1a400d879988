// What tests of studies ask of claims and tables.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/studies/study.h"

namespace gramian::test {

// The places of the claims that do not hold. Every claim must have a text and be judged.
inline std::vector<int> failing(const std::vector<Claim>& claims) {
  std::vector<int> list;
  for (std::size_t k = 0; k < claims.size(); ++k) {
    EXPECT_FALSE(claims[k].text.empty());
    EXPECT_TRUE(claims[k].holds.has_value()) << claims[k].text;
    if (claims[k].holds == false) list.push_back(static_cast<int>(k));
  }
  return list;
}

inline const TableCell& cell(const Table& table, std::size_t row, std::size_t column = 1) {
  return std::get<TableCell>(table.rows.at(row).at(column));
}

// So many rows, each with a cell for every column.
inline void expect_shape(const Table& table, std::size_t rows) {
  EXPECT_EQ(table.rows.size(), rows) << table.id;
  for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size()) << table.id;
}

// So many different cells the studies of a paper train.
inline std::size_t count_cells(const Paper& paper) {
  std::set<std::string> names;
  for (const Study& study : paper.studies) {
    for (const Cell& cell : study.cells()) names.insert(cell.name);
  }
  return names.size();
}

inline bool is_finite(const std::variant<std::string, double, TableCell>& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return std::isfinite(*value);
  const auto* numbers = std::get_if<TableCell>(&cell);
  return numbers == nullptr || (numbers->value && std::isfinite(*numbers->value) &&
                                (!numbers->se || std::isfinite(*numbers->se)));
}

// Every table has an id of its own, rows with a cell for every column, and numbers that are finite;
// every figure an id of its own, and every series points that are finite; every claim a detail.
inline void expect_finite(const StudyResult& result) {
  std::set<std::string> ids;
  for (const Table& table : result.tables) {
    EXPECT_TRUE(ids.insert("table " + table.id).second) << table.id;
    EXPECT_FALSE(table.id.empty() || table.title.empty());
    EXPECT_FALSE(table.rows.empty()) << table.id;
    for (const auto& row : table.rows) {
      EXPECT_EQ(row.size(), table.columns.size()) << table.id;
      for (const auto& value : row) EXPECT_TRUE(is_finite(value)) << table.id;
    }
  }
  for (const Figure& figure : result.figures) {
    EXPECT_TRUE(ids.insert("figure " + figure.id).second) << figure.id;
    EXPECT_FALSE(figure.id.empty() || figure.title.empty());
    EXPECT_FALSE(figure.panels.empty()) << figure.id;
    for (const Panel& panel : figure.panels) {
      EXPECT_FALSE(panel.series.empty()) << figure.id << panel.title;
      for (const Series& series : panel.series) {
        EXPECT_FALSE(series.points.empty()) << panel.title << series.name;
        for (const Point& point : series.points)
          EXPECT_TRUE(std::isfinite(point.x) && std::isfinite(point.y))
              << panel.title << series.name;
      }
    }
  }
  for (const Claim& claim : result.claims) {
    EXPECT_FALSE(claim.text.empty());
    EXPECT_FALSE(claim.detail.empty()) << claim.text;
    for (const char* nan : {" nan", "(nan", "-nan"})
      EXPECT_EQ(claim.detail.find(nan), claim.detail.npos) << claim.text << claim.detail;
  }
}

}  // namespace gramian::test
