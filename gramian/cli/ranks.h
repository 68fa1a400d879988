// Training one model with the processes that mpirun has started (parallel/ranks.h). Rank 0 trains
// as a process does that is alone, but that others carry out a part of each step.
#pragma once

#include <functional>
#include <string>

#include "gramian/base/error.h"
#include "gramian/runs/train_run.h"

namespace gramian::cli {

// Sets those of the options that concern other processes and signals, and calls `lead`; on other
// ranks works for it instead, without a word. Errors: those of `lead`, and of joining.
Status on_all_ranks(const std::string& command_line,
                    const std::function<Status(TrainRunOptions&)>& lead);

}  // namespace gramian::cli
