#include "gramian/theory/token_construction.h"

#include <fmt/format.h>

#include <algorithm>

#include "gramian/base/assert.h"

namespace gramian {

Columns columns_of(const TokenConstruction& construction, std::string_view name) {
  const auto found = std::ranges::find(construction.state, name, &StateBlock::name);
  GRAMIAN_ASSERT(found != construction.state.end());
  return found->columns;
}

void add_entry(Transformer& network, std::string_view name, int row, int column, double value) {
  const auto& parameters = network.recorded().parameters;
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  GRAMIAN_ASSERT(found != parameters.end());
  GRAMIAN_ASSERT(row >= 0 && row < found->rows && column >= 0 && column < found->columns);
  network.weights(name)[static_cast<std::size_t>(row * found->columns + column)] += value;
}

void add_identity(Transformer& network, std::string_view name, Columns from, Columns to,
                  double factor) {
  GRAMIAN_ASSERT(from.count == to.count);
  for (int i = 0; i < from.count; ++i)
    add_entry(network, name, from.first + i, to.first + i, factor);
}

void write_head(Transformer& network, int layer, int head, const HeadColumns& columns) {
  GRAMIAN_ASSERT(columns.query.count == columns.key.count);
  const std::string name = fmt::format("layers.{}.heads.{}.", layer, head);
  const auto first = [](const Columns& block) { return Columns{0, block.count}; };
  add_identity(network, name + "Q", columns.query, first(columns.query));
  add_identity(network, name + "K", columns.key, first(columns.key));
  add_identity(network, name + "V", columns.value, first(columns.value));
  int next = 0;
  for (const HeadColumns::Out& out : columns.out) {
    add_identity(network, name + "P", {next, out.columns.count}, out.columns, out.factor);
    next += out.columns.count;
  }
  GRAMIAN_ASSERT(next == columns.value.count);
}

}  // namespace gramian
