#include "gramian/tabular/csv.h"

#include <fmt/format.h>

#include <map>

namespace gramian {

namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

bool has_utf16_mark(std::string_view bytes) {
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
}

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& path) : rest_(bytes), path_(path) {}

  bool done() const { return rest_.empty(); }

  // The next row, without those that are empty lines; no cells at the end of the file.
  Expected<CsvRow> row() {
    while (!rest_.empty()) {
      CsvRow row{line_, {}};
      bool quoted = false, more = true;
      while (more) {
        auto cell = GRAMIAN_TRY(this->cell(row.cells.size() + 1, quoted));
        row.cells.push_back(std::move(cell));
        more = !rest_.empty() && rest_[0] == ',';
        if (more) rest_.remove_prefix(1);
      }
      end_line();
      if (row.cells.size() > 1 || quoted || !row.cells[0].empty()) return row;
    }
    return CsvRow{};
  }

 private:
  // Up to the comma or the end of the line behind it.
  Expected<std::string> cell(std::size_t column, bool& quoted) {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
    if (!rest_.empty() && rest_[0] == '"') {
      quoted = true;
      return quoted_cell(column);
    }
    const std::string_view text = rest_.substr(0, rest_.find_first_of(",\r\n"));
    rest_.remove_prefix(text.size());
    if (text.find('"') != std::string_view::npos) {
      return fail(ErrorKind::format,
                  "{}:{}: column {}: a quote within a cell: the whole cell must be quoted", path_,
                  line_, column);
    }
    return std::string(text.substr(0, text.find_last_not_of(" \t") + 1));
  }

  Expected<std::string> quoted_cell(std::size_t column) {
    const std::size_t first_line = line_;
    std::string text;
    rest_.remove_prefix(1);
    while (true) {
      if (rest_.empty()) {
        return fail(ErrorKind::format, "{}:{}: column {}: a quote is opened and never closed",
                    path_, first_line, column);
      }
      if (rest_[0] == '"' && rest_.substr(0, 2) != "\"\"") break;
      if (rest_[0] == '"') rest_.remove_prefix(1);
      if (rest_[0] == '\n') ++line_;
      text += rest_[0];
      rest_.remove_prefix(1);
    }
    rest_.remove_prefix(1);
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
    if (!rest_.empty() && std::string_view(",\r\n").find(rest_[0]) == std::string_view::npos) {
      return fail(ErrorKind::format, "{}:{}: column {}: text after the closing quote", path_, line_,
                  column);
    }
    return text;
  }

  void end_line() {
    if (rest_.empty()) return;
    rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
    ++line_;
  }

  std::string_view rest_;
  const std::string& path_;
  std::size_t line_ = 1;
};

Status check_header(const CsvTable& table, std::size_t line) {
  std::map<std::string_view, std::size_t> seen;
  for (std::size_t column = 0; column < table.header.size(); ++column) {
    const std::string& name = table.header[column];
    if (name.empty()) {
      return fail(ErrorKind::format,
                  "{}:{}: column {} has no name: the first row must name all columns", table.path,
                  line, column + 1);
    }
    const auto [other, fresh] = seen.emplace(name, column);
    if (!fresh) {
      return fail(ErrorKind::format, "{}:{}: columns {} and {} have the same name '{}'", table.path,
                  line, other->second + 1, column + 1, name);
    }
  }
  return {};
}

}  // namespace

Expected<CsvTable> parse_csv(std::string_view bytes, const std::string& path) {
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  if (bytes.find('\0') != std::string_view::npos || has_utf16_mark(bytes)) {
    return fail(ErrorKind::format,
                "{}: not a text file in UTF-8: it has bytes of zero or a mark of UTF-16", path);
  }
  Reader reader(bytes, path);
  auto header = GRAMIAN_TRY(reader.row());
  if (header.cells.empty())
    return fail(ErrorKind::format, "{}: empty: the first row must name the columns", path);
  CsvTable table{path, std::move(header.cells), {}};
  GRAMIAN_TRY(check_header(table, header.line));
  while (!reader.done()) {
    auto row = GRAMIAN_TRY(reader.row());
    if (row.cells.empty()) break;
    if (row.cells.size() != table.header.size()) {
      return fail(ErrorKind::format, "{}:{}: {} cells, but the header names {} columns", path,
                  row.line, row.cells.size(), table.header.size());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string csv_cell(std::string_view text) {
  const bool padded = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  // In the first cell of a file these bytes would be a mark of its encoding.
  const bool marked = text.starts_with(kUtf8Mark) || has_utf16_mark(text);
  if (!padded && !marked && text.find_first_of(",\"\r\n\t") == std::string_view::npos)
    return std::string(text);
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

}  // namespace gramian
