// The keys of section [task], and what they say: where prompts come from.
#pragma once

#include <span>

#include "gramian/base/error.h"
#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/base/words.h"
#include "gramian/tasks/query.h"
#include "gramian/tasks/task.h"
#include "gramian/tasks/token_task.h"

namespace gramian {

inline constexpr auto kQueryModes =
    words<QueryMode>({{QueryMode::integrated, "integrated"}, {QueryMode::sampled, "sampled"}});

std::span<const Key> task_keys();

// Errors: config, where sigma does not fit the kind of noise, or the covariance the dimension.
// RegressionTask::create still checks sizes, and that S is positive definite.
Expected<TaskSpec> task_spec(const Settings& settings);

// The task of the same settings for a network that reads tokens. Errors: config.
Expected<TokenTask> token_task(const Settings& settings);

}  // namespace gramian
