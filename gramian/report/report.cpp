#include "gramian/report/report.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <tuple>

#include "gramian/io/files.h"
#include "gramian/io/json.h"
#include "gramian/report/shape.h"
#include "gramian/report/template.h"

namespace gramian {

namespace {

namespace fs = std::filesystem;

// Where the template wants the results.
constexpr std::string_view kPlace =
    R"(<script type="application/json" id="gramian-results">null</script>)";

// Those that say where they stand come first; the others by name, with a number at its end counted
// as a number: fig2, fig12.
std::tuple<bool, double, std::string, int> rank(const StudyFile& file) {
  if (file.order) return {false, *file.order, file.study, 0};
  const std::string& study = file.study;
  const std::size_t end = study.find_last_not_of("0123456789") + 1;
  int number = 0;
  std::from_chars(study.data() + end, study.data() + study.size(), number);
  return {true, 0, study.substr(0, end), number};
}

Expected<std::vector<std::string>> result_paths(const std::string& directory) {
  const fs::path folder = fs::path(directory) / "results";
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return fail(
        ErrorKind::io,
        "{} is not a directory; gramian report wants the directory that a study has written to",
        directory);
  }
  std::vector<std::string> paths;
  if (fs::is_directory(folder, error)) {
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (entries->path().extension() == ".json") paths.push_back(entries->path().string());
    }
    if (error) return fail(ErrorKind::io, "cannot list {}: {}", folder.string(), error.message());
  }
  if (paths.empty()) {
    return fail(ErrorKind::io, "there are no results in {}: no file {}", directory,
                (folder / "*.json").string());
  }
  std::sort(paths.begin(), paths.end());  // so that of several errors the same one is reported
  return paths;
}

Expected<StudyFile> read_result(const std::string& path) {
  auto text = GRAMIAN_TRY(read_file(path, kMaxJsonFile));
  const auto json = parse_json(text);
  if (!json) return fail(json.error().kind, "{} {}", path, json.error().message);
  auto head = GRAMIAN_TRY(check_shape(*json, path));
  return StudyFile{path, std::move(head.study), head.order, std::move(text)};
}

// Inside a script element HTML looks for "</script", and "<!--" changes what ends it. In JSON
// "<" can only be in a text, where it may be written as an escape.
std::string without_markup(std::string_view json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

Expected<std::vector<StudyFile>> read_results(const std::string& directory) {
  const auto paths = GRAMIAN_TRY(result_paths(directory));
  std::vector<StudyFile> results;
  for (const std::string& path : paths) {
    auto result = GRAMIAN_TRY(read_result(path));
    for (const StudyFile& other : results) {
      if (other.study == result.study) {
        return fail(ErrorKind::format, "{} and {} are both results of the study '{}'; keep one",
                    other.path, path, other.study);
      }
    }
    results.push_back(std::move(result));
  }
  std::sort(results.begin(), results.end(),
            [](const StudyFile& a, const StudyFile& b) { return rank(a) < rank(b); });
  return results;
}

Expected<std::string> render_report(std::span<const StudyFile> results) {
  const std::string_view page = report_template();
  const std::size_t at = page.find(kPlace);
  if (at == page.npos || page.find(kPlace, at + 1) != page.npos) {
    return fail(ErrorKind::format, "the template of the report must have the element {} once",
                kPlace);
  }
  const std::size_t content = at + kPlace.find("null");
  std::string filled(page.substr(0, content));
  filled += R"({"generator": "gramian )" GRAMIAN_VERSION R"(", "results": [)";
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i > 0) filled += ",\n";
    filled += without_markup(results[i].text);
  }
  filled += "]}";
  filled += page.substr(content + std::string_view("null").size());
  return filled;
}

Expected<ReportSummary> write_report(const std::string& directory, const std::string& path) {
  const auto results = GRAMIAN_TRY(read_results(directory));
  const auto page = GRAMIAN_TRY(render_report(results));
  GRAMIAN_TRY(write_file_atomically(path, page));
  ReportSummary summary{{}, page.size()};
  for (const StudyFile& result : results) summary.studies.push_back(result.study);
  return summary;
}

}  // namespace gramian
