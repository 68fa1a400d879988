// The results of a study in a directory: DIR/results/<study>.json and .csv.
#pragma once

#include <string>
#include <string_view>

#include "gramian/figures/result.h"
#include "gramian/studies/runner.h"

namespace gramian {

// Refuses to replace results by those of less work: full ones by a rehearsal, those of more steps
// or of more seeds by those of fewer. The runs themselves are kept side by side in any case. There
// may be no results yet. Errors: usage; format, for a file there that is no results of a study.
Status check_replacement(std::string_view study, const StudyOptions& options);

// check_replacement, and writes both files, while no other process writes results there.
// Errors: io, too.
Status write_results(const StudyResult& result, const std::string& csv,
                     const StudyOptions& options);

}  // namespace gramian
