#include "gramian/tasks/token_families.h"

#include <algorithm>
#include <array>

#include "gramian/base/assert.h"

namespace gramian {

extern const TokenFamily linear_token_family, pattern_token_family, sine_token_family,
    conditioned_token_family, sequence_token_family, recall_token_family;

namespace {

constexpr std::array<const TokenFamily*, 6> kFamilies = {
    &linear_token_family,      &sine_token_family,     &pattern_token_family,
    &conditioned_token_family, &sequence_token_family, &recall_token_family,
};

}  // namespace

std::span<const TokenFamily* const> token_families() { return kFamilies; }

std::span<const std::string_view> token_family_names() {
  static const auto names = [] {
    std::array<std::string_view, kFamilies.size()> all;
    std::ranges::transform(kFamilies, all.begin(), &TokenFamily::name);
    return all;
  }();
  return names;
}

const TokenFamily& token_family(std::string_view name) {
  const auto found = std::ranges::find(kFamilies, name, &TokenFamily::name);
  GRAMIAN_ASSERT(found != kFamilies.end());
  return **found;
}

}  // namespace gramian
