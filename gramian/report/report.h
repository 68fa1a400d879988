// The page that shows what studies found: DIR/results/*.json put into a page that carries its own
// scripts and styles. The numbers reach the page as the bytes that the studies wrote.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

struct StudyFile {
  std::string path;
  std::string study;                 // the value of its key "study"
  std::optional<double> order = {};  // of its key "order"; old files have none
  std::string text;                  // JSON, as it was read
};

// The files of directory/results that end in .json, in the order of the page: by their key "order",
// then those without it, by name. One that is not a study's result is an error which says why.
Expected<std::vector<StudyFile>> read_results(const std::string& directory);

// The template with the results in it.
Expected<std::string> render_report(std::span<const StudyFile> results);

// Reads the results and writes the page to `path`.
struct ReportSummary {
  std::vector<std::string> studies;
  std::size_t bytes = 0;
};
Expected<ReportSummary> write_report(const std::string& directory, const std::string& path);

}  // namespace gramian
