// The families of tasks on tokens that a configuration can name in [task.family], in one array. A
// new family is a file that implements PairTask (pair_task.h), or TokenSource (token_source.h) if
// prompts are not pairs of a scalar function, and defines its TokenFamily, with the keys that it
// alone has, and its line in token_families.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "gramian/base/error.h"
#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/tasks/pair_task.h"
#include "gramian/tasks/token_source.h"

namespace gramian {

// A key of [task] that has no meaning for a family, and what to set instead.
struct UnusedKey {
  std::string_view key, instead;
};

struct TokenFamily {
  std::string_view name;                          // a value of [task.family]
  std::span<const Key> keys;                      // of this family alone
  std::span<const std::string_view> shares = {};  // keys of other families that it has, too
  std::span<const UnusedKey> unused = {};
  // One of the two; the other is null. Errors: config, with the place.
  Expected<std::shared_ptr<const PairTask>> (*make)(const Settings& settings) = nullptr;
  Expected<std::shared_ptr<const TokenSource>> (*make_source)(const Settings& settings) = nullptr;
};

std::span<const TokenFamily* const> token_families();
std::span<const std::string_view> token_family_names();

// Requires: `name` is one of token_family_names().
const TokenFamily& token_family(std::string_view name);

}  // namespace gramian
