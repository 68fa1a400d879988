// The families of scalar tasks that a configuration can name in [task.family], in one array. A new
// family is a file that implements PairTask (pair_task.h) and defines its TokenFamily, with the
// keys that it alone has, and its line in token_families.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "gramian/base/error.h"
#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/tasks/pair_task.h"

namespace gramian {

struct TokenFamily {
  std::string_view name;      // a value of [task.family]
  std::span<const Key> keys;  // of this family alone
  // Errors: config, with the place.
  Expected<std::shared_ptr<const PairTask>> (*make)(const Settings& settings);
};

std::span<const TokenFamily* const> token_families();
std::span<const std::string_view> token_family_names();

// Requires: `name` is one of token_family_names().
const TokenFamily& token_family(std::string_view name);

}  // namespace gramian
