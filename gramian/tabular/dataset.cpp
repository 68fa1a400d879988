#include "gramian/tabular/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

Expected<std::size_t> column_of(const CsvTable& table, const std::string& name) {
  const auto found = std::find(table.header.begin(), table.header.end(), name);
  if (found != table.header.end()) return static_cast<std::size_t>(found - table.header.begin());
  return fail(ErrorKind::usage, "{} has no column '{}'; there are {}", table.path, name,
              fmt::join(table.header, ", "));
}

Expected<double> number(const CsvTable& table, const CsvRow& row, std::size_t column) {
  const std::string& cell = row.cells[column];
  const auto refuse = [&](std::string_view rule) {
    return fail(ErrorKind::format, "{}:{}: column '{}' must be {}, got '{}'", table.path, row.line,
                table.header[column], rule, cell);
  };
  if (cell.empty()) {
    return fail(ErrorKind::format,
                "{}:{}: column '{}' is empty: fill in missing inputs, or leave out the row",
                table.path, row.line, table.header[column]);
  }
  const char* begin = cell.data();
  const char* const end = begin + cell.size();
  if (*begin == '+' && cell.size() > 1 && cell[1] != '-') ++begin;
  double value = 0;
  const auto result = std::from_chars(begin, end, value);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return refuse("a number");
  if (result.ec == std::errc::result_out_of_range)
    return refuse("a number in the range of a double");
  if (!std::isfinite(value)) return refuse("a finite number");
  if (std::abs(value) > kLargestCell)
    return refuse(fmt::format("at most {} in size", kLargestCell));
  return value;
}

}  // namespace

void TableRows::add(std::span<const double> input, double target) {
  GRAMIAN_ASSERT(input.size() == d);
  x.insert(x.end(), input.begin(), input.end());
  y.push_back(target);
}

Expected<Dataset> make_dataset(const CsvTable& table, const std::string& target,
                               const std::vector<std::string>& features) {
  const auto y_column = GRAMIAN_TRY(column_of(table, target));
  Dataset data{
      .features = features, .target = target, .context = {}, .queries = {}, .query_lines = {}};
  if (features.empty()) {
    for (const std::string& name : table.header) {
      if (name != target) data.features.push_back(name);
    }
  }
  std::vector<std::size_t> columns;
  for (const std::string& name : data.features) {
    const auto column = GRAMIAN_TRY(column_of(table, name));
    if (column == y_column)
      return fail(ErrorKind::usage, "'{}' cannot be the target and an input", name);
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return fail(ErrorKind::usage, "'{}' is named twice among the inputs", name);
    }
    columns.push_back(column);
  }

  data.context.d = columns.size();
  std::vector<double> input(columns.size());
  for (const CsvRow& row : table.rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto value = GRAMIAN_TRY(number(table, row, columns[i]));
      input[i] = value;
    }
    if (row.cells[y_column].empty()) {
      data.queries.insert(data.queries.end(), input.begin(), input.end());
      data.query_lines.push_back(row.line);
      continue;
    }
    const auto y = GRAMIAN_TRY(number(table, row, y_column));
    data.context.add(input, y);
  }
  if (data.context.size() < 2) {
    return fail(ErrorKind::format,
                "{}: {} with a target in column '{}': there must be 2 or more to learn from",
                table.path, data.context.size() == 0 ? "no row" : "one row", target);
  }
  return data;
}

}  // namespace gramian
