// What this paper trains, how its cells are trained and how they are examined.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gramian/papers/versatile/problem.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/runner.h"

namespace gramian::versatile {

// A network of one kind and depth on one problem.
struct Setting {
  Parametrisation kind = Parametrisation::diag;
  int layers = 1;
  const Problem* problem = nullptr;
  bool guards = true;  // false: without guard prompts, to see what they are worth

  std::string name() const;  // of its cell
  std::string title() const;
  Cell cell() const;
};

// The prompts of Table 1 and of the figures on its networks: those of this seed. They judge, and
// nothing is ever chosen or tried on them; experiments (docs/results.md) were and are on others.
inline constexpr std::uint64_t kJudgingSeed = 15'011'130;

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort);
Examination examination(const Setting& setting, const Effort& effort);
std::string recipe(const Effort& effort);  // in words

// Every kind at each of these depths on this problem.
std::vector<Setting> settings_of(const Problem& problem, int first_layer, int last_layer);
// Every kind and depth of Table 1 on the uniform problems, or on the categorical ones.
std::vector<Setting> table_settings(bool uniform);

// What an archive has of a setting: its best seed, null if there is none, or all seeds.
const Trained* best(const Archive& archive, const Setting& setting);
std::vector<const Trained*> seeds(const Archive& archive, const Setting& setting);

// What claims take for a number that is not there: they are not judged.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
// The adjusted loss of a network, or of a solver beside it; unknown for null.
Estimate adjusted_loss(const Trained* trained, const std::string& key = "model");

}  // namespace gramian::versatile
