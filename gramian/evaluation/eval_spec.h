// The settings of an evaluation.
#pragma once

#include <cstdint>

#include "gramian/tasks/query.h"

namespace gramian {

struct EvalSpec {
  std::uint64_t prompts = 100'000;  // >= 1
  std::uint64_t seed = 1;
  QueryMode query = QueryMode::integrated;
  std::uint64_t tuning_prompts = 100'000;  // >= 1; fewer are drawn where d is large
  int gd_steps = 10;                       // >= 1, of the descent that is a baseline
  std::uint64_t first = 0;                 // number of the first prompt; a multiple of kLanes
  bool covariances = false;  // also how the adjusted losses of solvers and model vary together
};

}  // namespace gramian
