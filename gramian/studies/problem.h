// What networks are trained on. The ten noise problems of Table 1 of Vladymyrov et al. (2024), and
// its published numbers; problems of other papers are in the files of their studies.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/models/network.h"

namespace gramian {

struct Recipe;                         // how cells are trained: recipe.h
extern const Recipe versatile_recipe;  // of Vladymyrov et al.

struct Problem {
  std::string_view id;     // "uniform-5", in file names
  std::string_view title;  // "sigma ~ U(0, 5)"
  std::string_view label;  // "5" or "{1,3}", as the paper heads its columns
  std::string_view noise;  // value of task.noise
  std::string_view sigma;  // value of task.sigma, TOML
  double max;              // the largest sigma
  const Recipe* recipe = &versatile_recipe;

  bool noiseless() const { return max == 0; }
  bool uniform() const { return noise == "uniform"; }
};

std::span<const Problem> problems();  // of Table 1
inline constexpr int kTableLayers = 7;

std::string_view title_of(Parametrisation kind);  // "FULL", as in papers
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

}  // namespace gramian
