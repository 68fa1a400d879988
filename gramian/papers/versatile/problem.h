// The ten noise problems of Table 1 of Vladymyrov et al. (2024), and its published numbers.
#pragma once

#include <span>
#include <string_view>

#include "gramian/models/network.h"
#include "gramian/studies/problem.h"

namespace gramian::versatile {

std::span<const Problem> problems();  // of Table 1
inline constexpr int kTableLayers = 7;

inline constexpr Parametrisation kKinds[] = {Parametrisation::gdpp, Parametrisation::diag,
                                             Parametrisation::full};

struct Published {
  double value;
  double rounding;  // half a unit of its last digit
};

// Adjusted loss of a trained network, layers in [1, 7].
Published published(Parametrisation kind, int layers, const Problem& problem);
// Of "constrr", "adarr" or "tunedrr".
Published published(std::string_view solver, const Problem& problem);

}  // namespace gramian::versatile
