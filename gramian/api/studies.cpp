#include "gramian/api/studies.h"

#include <algorithm>

#include "gramian/io/files.h"
#include "gramian/parallel/pool.h"
#include "gramian/runs/run_directory.h"

namespace gramian::api {

namespace {

Expected<std::vector<Unit>> chosen_units(const Study& study, const StudyOptions& options) {
  const auto cells = selected_cells(study.cells(), options.effort.only);
  if (cells.empty() && !options.effort.only.empty()) {
    return fail(ErrorKind::usage, "no cell of {} is named by '{}'", study.name,
                options.effort.only);
  }
  auto units = GRAMIAN_TRY(units_of(cells, options));
  return without_repetitions(std::move(units));
}

}  // namespace

Expected<EvaluationReport> evaluate_run(const std::string& directory,
                                        const std::vector<std::string>& settings,
                                        const StageProgress& progress) {
  const auto folder = GRAMIAN_TRY(RunDirectory::open(directory));
  GRAMIAN_TRY(refuse_settings_of_training(settings, directory));
  const auto run = GRAMIAN_TRY(load_run(folder, settings));
  ThreadPool pool(run.experiment->run.threads);
  auto report = GRAMIAN_TRY(run.experiment->evaluate(*run.model, pool, progress));
  GRAMIAN_TRY(write_file_atomically(folder.eval(), report.json));
  return report;
}

Expected<std::vector<UnitSummary>> units_of_study(const Study& study, const StudyOptions& options) {
  std::vector<UnitSummary> summaries;
  for (const Unit& unit : GRAMIAN_TRY(chosen_units(study, options)))
    summaries.push_back({unit.name, unit.cost(), is_done(unit, options.directory)});
  return summaries;
}

Status carry_out_unit(const Study& study, const std::string& unit, const StudyOptions& options) {
  auto units = GRAMIAN_TRY(chosen_units(study, options));
  std::erase_if(units, [&](const Unit& other) { return other.name != unit; });
  if (units.empty())
    return fail(ErrorKind::usage, "'{}' is not a unit of {} with these options", unit, study.name);
  return carry_out(std::move(units), options);
}

Expected<const Study*> require_study(const std::string& name) {
  if (const Study* study = find_study(name)) return study;
  std::string names;
  for (const Study& study : all_studies())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", study.name);
  return fail(ErrorKind::usage, "'{}' is not a study; there are {}", name, names);
}

}  // namespace gramian::api
