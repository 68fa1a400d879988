#include "gramian/io/key_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

// Changes of one letter, and swaps of two neighbours, between two words.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min(
          {cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

constexpr std::size_t kLongestName = 64;  // keeps a hostile file from buying quadratic work

// Near enough to be a slip of the hand: a third of the letters may differ.
bool is_near(std::string_view written, std::string_view meant, std::size_t distance) {
  return distance <= std::max(written.size(), meant.size()) / 3;
}

// Of one quoted name, "train.steps" in TOML: the key is right, and its place is not.
std::string place_of(const Key& key) {
  return fmt::format("; write [{}], and {} below it", key.section(), key.last_name());
}

}  // namespace

KeyTable::KeyTable(std::vector<Section> sections, const std::vector<std::span<const Key>>& groups)
    : sections_(std::move(sections)) {
  for (const std::span<const Key> group : groups) {
    for (const Key& key : group) {
      GRAMIAN_ASSERT(find(key.name) == nullptr);
      GRAMIAN_ASSERT(std::ranges::count(sections_, key.section(), &Section::name) == 1);
      keys_.push_back(key);
    }
  }
}

const Key* KeyTable::find(std::string_view name) const {
  const auto found = std::ranges::find(keys_, name, &Key::name);
  return found == keys_.end() ? nullptr : &*found;
}

std::string KeyTable::suggest_key(std::string_view name) const {
  if (name.size() > kLongestName) return "";
  const std::size_t dot = name.find('.');
  const std::string_view section = dot == name.npos ? "" : name.substr(0, dot);
  const std::string_view last = dot == name.npos ? name : name.substr(dot + 1);
  if (const Key* same = find(name); same != nullptr) return place_of(*same);
  const Key* best = nullptr;
  std::pair<std::size_t, std::size_t> best_distance;
  for (const Key& key : keys_) {
    // The last name must be near; the section only decides between equals.
    const std::pair distance(edit_distance(last, key.last_name()),
                             edit_distance(section, key.section()));
    if (!is_near(last, key.last_name(), distance.first)) continue;
    if (best == nullptr || distance < best_distance) {
      best = &key;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : fmt::format("; did you mean '{}'?", best->name);
}

std::string KeyTable::suggest_section(std::string_view name) const {
  if (name.size() > kLongestName || sections_.empty()) return "";
  if (const Key* same = find(name); same != nullptr) return place_of(*same);
  const auto distance = [&](const Section& section) { return edit_distance(name, section.name); };
  const auto best = std::ranges::min_element(sections_, {}, distance);
  return is_near(name, best->name, distance(*best))
             ? fmt::format("; did you mean [{}]?", best->name)
             : "";
}

std::string KeyTable::help_text() const {
  std::string text;
  for (const Section& section : sections_) {
    text += fmt::format("{}[{}] {}\n", text.empty() ? "" : "\n", section.name, section.help);
    for (const Key& key : keys_) {
      if (key.section() != section.name) continue;
      text += fmt::format("  {} = {}\n      {}{}\n      {}\n", key.name, key.fallback,
                          key.only.empty() ? "" : fmt::format("({} only) ", key.only), key.help,
                          key.rule());
    }
  }
  return text;
}

std::string KeyTable::reference_markdown() const {
  std::string text =
      "# Configuration reference\n\n"
      "Generated from the keys that the rooms declare in `gramian/*/keys.cpp`; do not edit by "
      "hand.\n\n"
      "A configuration is a TOML file. Every key has a default, so an empty file is valid. A key "
      "can also be set on\n"
      "the command line, which wins over the file: `task.d=5`, `task.noise=constant`, "
      "`'task.sigma=[0, 1]'`.\n"
      "An integer may be written as `1e6`. Unknown keys are errors, and so is a key that is set "
      "for a model of a\n"
      "family that does not have it, unless it is a key of an evaluation, which such a model does "
      "not read: the\n"
      "column \"for\" names the family that has it, and is empty for keys that all models have.\n";
  for (const Section& section : sections_) {
    text += fmt::format("\n## [{}]\n\n{}\n\n", section.name, section.help);
    text += "| key | default | meaning | must be | for |\n| --- | --- | --- | --- | --- |\n";
    for (const Key& key : keys_) {
      if (key.section() != section.name) continue;
      text += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", key.name, key.fallback, key.help,
                          key.rule(), key.only);
    }
  }
  return text;
}

}  // namespace gramian
