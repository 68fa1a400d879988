// Baselines (evaluation/baselines.h) whose tuned constants are kept in a file, so that of many
// processes that evaluate models on one task only the first tunes them:
//
//   FOLDER/<hash>.json    constants of each solver, threshold of blow-ups, and all that they are of
//
// The hash is that of the task and of the settings of tuning, so that others never meet. Numbers
// are written with all their digits: what is read back solves to the same bits.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gramian/base/error.h"
#include "gramian/evaluation/baselines.h"

namespace gramian {

// A task in words and numbers, with all their digits: other tasks have other texts.
std::string exact_text(const RegressionTask& task);
// All that tuned constants depend on, in words and numbers.
std::string tuned_to(const RegressionTask& task, const EvalSpec& spec);

// The text of such a file; `what` is tuned_to.
std::string to_kept(const std::string& what, const Baselines& baselines);
// The baselines that to_kept wrote. Nothing if the text is not of these baselines: another `what`,
// other solvers or constants, or no such JSON at all.
std::optional<Baselines> from_kept(std::string_view text, const std::string& what,
                                   const RegressionTask& task, const EvalSpec& spec);

// tune_baselines(task, task.spec().noise, spec, pool), or what another process has kept of it. With
// an empty folder nothing is kept. A folder that is missing is made; a file in it that is not of
// these baselines is written anew. While another process tunes the same, this one waits, and looks
// at `stopped` ten times a second.
// Errors: io; interrupted, when stopped.
Expected<Baselines> kept_baselines(const RegressionTask& task, const EvalSpec& spec,
                                   const std::string& folder, ThreadPool& pool,
                                   const std::function<bool()>& stopped = {});

}  // namespace gramian
