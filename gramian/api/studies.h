// Runs in directories and studies of papers, for whatever family of models: what the commands
// train, eval, explain and reproduce do, as functions.
//
// Errors: those of the functions of runs/ and studies/, and interrupted.
#pragma once

#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/papers/papers.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/model_file.h"
#include "gramian/runs/train_run.h"
#include "gramian/runs/trained_run.h"
#include "gramian/studies/study.h"

namespace gramian::api {

// The evaluation of the model of a run, as gramian eval makes it (it writes DIR/eval.json).
// `settings`: "task.n=40", "eval.prompts=1000". Errors: config, for a setting of training.
Expected<EvaluationReport> evaluate_run(const std::string& directory,
                                        const std::vector<std::string>& settings,
                                        const StageProgress& progress = {});

// One unit of a study by its name, such as a scheduler is given: trained and evaluated, not drawn.
// Errors: usage, for a name that the study does not have with these options.
struct UnitSummary {
  std::string name;
  double cost = 0;  // multiply-adds
  bool done = false;
};
Expected<std::vector<UnitSummary>> units_of_study(const Study& study, const StudyOptions& options);
Status carry_out_unit(const Study& study, const std::string& unit, const StudyOptions& options);

// Errors: usage, with the names that there are.
Expected<const Study*> require_study(const std::string& name);

}  // namespace gramian::api
