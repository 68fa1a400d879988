// The ten noise problems of Table 1 of Vladymyrov et al. (2024), and its published numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gramian/models/network.h"

namespace gramian::versatile {

struct Problem {
  std::string id;      // "uniform-5", in file names
  std::string title;   // "sigma ~ U(0, 5)"
  std::string label;   // "5" or "{1,3}", as the paper heads its columns
  std::string noise;   // value of task.noise
  std::string sigma;   // value of task.sigma, TOML
  double max;          // the largest sigma
  std::size_t column;  // of Table 1, from 0

  bool noiseless() const { return max == 0; }
  bool uniform() const { return noise == "uniform"; }
};

std::span<const Problem> problems();                // of Table 1, by column
const Problem& problem_named(std::string_view id);  // must exist
const Problem& main_problem();                      // sigma ~ U(0, 5)

inline constexpr int kTableLayers = 7;
// Of the paper's evaluation, each with one query.
inline constexpr std::uint64_t kPaperPrompts = 100'000;
inline constexpr Parametrisation kKinds[] = {Parametrisation::gdpp, Parametrisation::diag,
                                             Parametrisation::full};

struct Published {
  double value;
  double rounding;  // half a unit of its last digit

  // Standard deviation of what rounding changes, which is uniform.
  double rounding_error() const { return rounding / std::sqrt(3.0); }
};

// Adjusted loss of a trained network of one of kKinds, layers in [1, 7].
Published published(Parametrisation kind, int layers, const Problem& problem);
// Of "constrr", "adarr" or "tunedrr".
Published published(std::string_view solver, const Problem& problem);

}  // namespace gramian::versatile
