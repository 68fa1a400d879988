#include "gramian/theory/catalogue.h"

#include <algorithm>

namespace gramian {

std::span<const NamedConstruction> all_constructions() {
  static const std::vector<NamedConstruction> all = [] {
    std::vector<NamedConstruction> list;
    for (const auto& part : {gram_constructions(), token_constructions(), sequence_constructions(),
                             graph_constructions()})
      list.insert(list.end(), part.begin(), part.end());
    return list;
  }();
  return all;
}

const NamedConstruction* find_construction(std::string_view name) {
  const auto all = all_constructions();
  const auto found = std::ranges::find(all, name, &NamedConstruction::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace gramian
