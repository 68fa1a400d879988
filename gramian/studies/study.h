// A study reproduces one table or figure of a paper: the cells that it needs, and how it draws
// them. A paper is its metadata and its studies; gramian/papers/papers.h lists the papers.
//
//   const auto archive = GRAMIAN_TRY(carry_out(study.cells(), options));
//   StudyResult result;
//   GRAMIAN_TRY(study.draw(archive, options, result));    // reproduce() does all that
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/studies/runner.h"

namespace gramian {

struct Paper;

struct Study {
  std::string_view name;   // on the command line and of its files: unique among all papers
  std::string_view title;  // one line, for help and headings
  std::string_view place;  // where in the paper it is published; empty: it goes beyond the paper
  std::vector<Cell> (*cells)();
  // Fills in tables, figures and claims. Errors: io and format of files that it reads.
  Status (*draw)(const Archive& archive, const StudyOptions& options, StudyResult& result);
  std::string (*recipe)(const Effort& effort);  // how its cells are trained, in words
  // The text of its .csv file; null: every point of every figure, one a line.
  std::string (*csv)(const Archive& archive, const StudyOptions& options) = nullptr;
  // Filled in by studies_of():
  const Paper* paper = nullptr;
  int order = 0;  // among the studies of all papers
};

struct Paper {
  std::string_view name;     // as results and the report call it: authors and year
  std::string_view authors;  // in full
  std::string_view title;
  std::string_view venue;
  std::string_view arxiv;   // "2212.07677"
  std::string_view losses;  // the convention of its losses, in words
  std::span<const Study> studies;
};

// The studies of these papers, paper by paper, each with its paper and its place in this list.
std::vector<Study> studies_of(std::span<const Paper* const> papers);

// Carries a study out and writes DIR/results/<name>.json and .csv. Errors: those of carry_out, and
// of write_results (results_file.h) before anything is trained.
Expected<StudyResult> reproduce(const Study& study, const StudyOptions& options);

}  // namespace gramian
