// What tests of studies ask of claims and tables.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "gramian/figures/result.h"

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

}  // namespace gramian::test
