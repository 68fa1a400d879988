// What several studies of Giannou et al. (2024) draw with.
#pragma once

#include <iterator>
#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/newton/claims.h"
#include "gramian/papers/newton/measure.h"
#include "gramian/studies/draw.h"

namespace gramian::newton {

// The errors over d of all seeds of a cell.
TrainedErrors errors_of(const Archive& archive, const Setting& setting);

// Of the iterations of iteration_errors, in their order.
inline constexpr Role kIterationRoles[] = {Role::constrr, Role::adarr, Role::tunedrr,
                                           Role::bayes,   Role::paper, Role::other};
static_assert(std::size(kIterationRoles) == std::size(kOrders) + 2);

// A line of a figure: the errors of an iteration by steps.
Series series_of(const StepErrors& iteration, Role role);

// Trained networks by layers.
Series series_of(const std::vector<TrainedErrors>& networks, std::string name, Role role);

// How many prompts an iteration is measured on.
std::uint64_t prompts_for(const StudyOptions& options);

}  // namespace gramian::newton
