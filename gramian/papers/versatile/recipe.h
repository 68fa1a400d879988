// How the cells of Vladymyrov et al. (2024) are trained and examined.
#pragma once

#include "gramian/studies/recipe.h"

namespace gramian::versatile {

extern const Recipe recipe;

}  // namespace gramian::versatile
