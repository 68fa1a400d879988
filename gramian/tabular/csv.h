// Comma-separated values, read strictly: RFC 4180 with a header row.
//
// Quoted cells, doubled quotes and line breaks in quotes, LF, CRLF and CR, a byte order mark of
// UTF-8 and empty lines are understood; spaces around an unquoted cell do not count. All else is an
// error that names the line (and where it can, the column): a row of another length, text after a
// closing quote, a quote that is never closed, columns without a name or with the same name, and a
// file that is not text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

struct CsvRow {
  std::size_t line = 0;  // of the file, from 1: where the row begins
  std::vector<std::string> cells;
};

struct CsvTable {
  std::string path;  // for messages
  std::vector<std::string> header;
  std::vector<CsvRow> rows;  // as many cells each as the header
};

// `path` is for messages. Errors: format.
Expected<CsvTable> parse_csv(std::string_view bytes, const std::string& path);

// A cell as it is written: quoted where it must be. An empty cell alone in its row would be an
// empty line, which is no row: that one is for the caller to quote.
std::string csv_cell(std::string_view text);

}  // namespace gramian
