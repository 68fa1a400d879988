#include "gramian/studies/study.h"

#include <fmt/format.h>

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/figures/csv.h"
#include "gramian/lanes/target.h"
#include "gramian/runs/manifest.h"
#include "gramian/studies/results_file.h"

namespace gramian {

namespace {

void add_runs(const std::vector<Cell>& cells, const Archive& archive, StudyResult& result) {
  for (const Cell& cell : cells) {
    for (const Trained* t : archive.seeds(cell.name)) {
      result.runs.push_back({.name = cell.title,
                             .kind = cell.kind,
                             .problem = cell.problem,
                             .layers = cell.layers,
                             .seed = static_cast<std::uint64_t>(t->seed),
                             .steps = t->steps,
                             .seconds = t->seconds,
                             .directory = t->directory});
      result.provenance.train_seconds += t->seconds;
    }
  }
}

// Those of the last cell; of a study that trains nothing there are none.
std::string settings_of(const std::vector<Cell>& cells, const Effort& effort) {
  return cells.empty() ? "" : cells.back().starts(0, effort).front().to_toml();
}

}  // namespace

std::vector<Study> studies_of(std::span<const Paper* const> papers) {
  std::vector<Study> list;
  for (const Paper* paper : papers) {
    for (Study study : paper->studies) {
      study.paper = paper;
      study.order = static_cast<int>(list.size());
      list.push_back(study);
    }
  }
  return list;
}

Expected<StudyResult> reproduce(const Study& study, const StudyOptions& options) {
  GRAMIAN_ASSERT(study.paper != nullptr);  // from studies_of()
  const std::vector<Cell> cells = study.cells();
  StudyOptions asked = options;  // with the number of seeds that cells say where none is asked for
  asked.seeds = std::max(options.seeds, 1);
  for (const Cell& cell : cells) asked.seeds = std::max(asked.seeds, seeds_of(cell, options));
  GRAMIAN_TRY(check_replacement(study.name, asked));
  const auto archive = GRAMIAN_TRY(carry_out(cells, options));

  StudyResult result{.study = std::string(study.name), .title = std::string(study.title)};
  const Paper& paper = *study.paper;
  result.paper =
      fmt::format("{}, {}", paper.name, study.place.empty() ? "beyond its figures" : study.place);
  result.publication = {.short_name = std::string(paper.name),
                        .authors = std::string(paper.authors),
                        .title = std::string(paper.title),
                        .venue = std::string(paper.venue),
                        .arxiv = std::string(paper.arxiv),
                        .losses = std::string(paper.losses)};
  result.order = study.order;
  result.caption = study.recipe(options.effort);
  result.quick = options.effort.quick;
  const Manifest manifest = Manifest::begin(0, options.command_line, simd_target());
  result.provenance = provenance_of(manifest, settings_of(cells, options.effort));
  add_runs(cells, archive, result);
  GRAMIAN_TRY(study.draw(archive, options, result));

  const std::string csv = study.csv != nullptr ? study.csv(archive, options) : figures_csv(result);
  GRAMIAN_TRY(write_results(result, csv, asked));
  return result;
}

}  // namespace gramian
