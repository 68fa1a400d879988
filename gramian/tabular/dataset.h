// A table as a regression problem: rows with a target are the context, rows without are queries.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/base/error.h"
#include "gramian/tabular/csv.h"

namespace gramian {

struct TableRows {
  std::size_t d = 0;      // inputs
  std::vector<double> x;  // [n, d] row-major
  std::vector<double> y;  // [n]

  std::size_t size() const { return y.size(); }
  std::span<const double> input(std::size_t row) const {
    GRAMIAN_ASSERT(row < size());
    return std::span(x).subspan(row * d, d);
  }
  void add(std::span<const double> input, double target);  // input: [d]
};

struct Dataset {
  std::vector<std::string> features;  // [d], in the order of the inputs
  std::string target;
  TableRows context;
  std::vector<double> queries;           // [m, d]
  std::vector<std::size_t> query_lines;  // [m], lines of the file
};

// Squares of larger numbers, and sums of them, could leave the range of a double.
inline constexpr double kLargestCell = 1e100;

// `features`: names of the input columns; none means all but the target. Errors: format, by line
// and column, for cells that are missing, no numbers, not finite or larger than kLargestCell, and
// for fewer than two rows with a target; usage, for names of columns that do not exist or occur
// twice.
Expected<Dataset> make_dataset(const CsvTable& table, const std::string& target,
                               const std::vector<std::string>& features = {});

}  // namespace gramian
