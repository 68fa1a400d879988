// The text whose hash names a run of a study.
//
// Names of finished runs must stay, whatever becomes of the tables of keys: which keys are part of
// a name, in which order and spelling, is a list of its own, and it is frozen. It holds
//
//   - the keys of the first version of the program, with any value;
//   - the keys that came later and stood in the table among them, where they are not at their
//     defaults.
//
// A key that is not in the list needs no entry: where it is not at its default and changes the
// weights (base/key.h), it comes after all others, by its whole name and in the order of the
// alphabet. Keys that do not change the weights are no part of a name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gramian/io/config.h"

namespace gramian {

struct NamingKey {
  std::string_view name;
  bool later = false;  // left out at its default
};
std::span<const NamingKey> naming_keys();

std::string naming_text(const Config& config);

}  // namespace gramian
