// All configuration keys of a program, in sections: what parsing, errors, --help and the reference
// page come from. The keys themselves are declared by the rooms that they belong to (base/key.h);
// here is only the mechanism.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/key.h"

namespace gramian {

struct Section {
  std::string_view name;
  std::string_view help;
};

class KeyTable {
 public:
  // `groups`: tables of keys, those of one section one after the other.
  // Requires: names differ, and every key is in one of the sections (asserted).
  KeyTable(std::vector<Section> sections, const std::vector<std::span<const Key>>& groups);

  std::span<const Section> sections() const { return sections_; }
  std::span<const Key> keys() const { return keys_; }  // in the order of the groups
  const Key* find(std::string_view name) const;        // null if there is none
  std::size_t index(const Key& key) const { return static_cast<std::size_t>(&key - keys_.data()); }

  // "; did you mean 'train.learning_rate'?", or "" when nothing is near. `name` may lack its
  // section.
  std::string suggest_key(std::string_view name) const;
  std::string suggest_section(std::string_view name) const;

  std::string help_text() const;           // for a terminal
  std::string reference_markdown() const;  // docs/reference.md

 private:
  std::vector<Section> sections_;
  std::vector<Key> keys_;
};

}  // namespace gramian
