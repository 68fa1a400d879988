// What networks are trained on.
#pragma once

#include <string_view>

#include "gramian/models/network.h"

namespace gramian {

struct Recipe;  // how cells are trained: recipe.h

struct Problem {
  std::string_view id;     // "uniform-5", in file names
  std::string_view title;  // "sigma ~ U(0, 5)"
  std::string_view label;  // "5" or "{1,3}", as the paper heads its columns
  std::string_view noise;  // value of task.noise
  std::string_view sigma;  // value of task.sigma, TOML
  double max;              // the largest sigma
  const Recipe* recipe = nullptr;

  bool noiseless() const { return max == 0; }
  bool uniform() const { return noise == "uniform"; }
};

std::string_view title_of(Parametrisation kind);  // "FULL", as in papers

}  // namespace gramian
