// What the operations on sequences (causal_mix, mesa_mix, causal_softmax) share outside of their
// kernels: where decay and strength are among the operands, the rule of shapes, and the operands of
// one prompt as the room `sequence` takes them.
#pragma once

#include <algorithm>

#include "gramian/lanes/block.h"
#include "gramian/sequence/mixer.h"
#include "gramian/tape/operation.h"

namespace gramian::ops {

// decay and strength stand behind the first operands, in this order, where they are there.
struct MixedOperands {
  std::size_t first = 3;
  bool decays = false, strengthens = false;

  std::size_t decay() const { return first; }
  std::size_t strength() const { return first + (decays ? 1 : 0); }
  std::size_t count() const { return strength() + (strengthens ? 1 : 0); }
};

// The distance between matrices of `count` numbers of two prompts by rows: a multiple of a cache
// line, and an odd one, so that prompts do not compete for a few sets of the cache.
constexpr std::size_t prompt_stride(std::size_t count) {
  return ((count + kLanes - 1) / kLanes | 1) * kLanes;
}

// Columns of a state that go through the tokens together (lane_mixer-inl.h), and tokens from one
// state that is kept for the way back to the next.
inline constexpr std::size_t kLaneGroup = 4;
constexpr std::size_t stretch_of(std::size_t tokens) {
  std::size_t root = 1;
  while (root * root < tokens) ++root;
  return root;
}

// q, k [T, key] and v [T, value], both sizes at most `most`, and decay and strength [T, 1].
inline Shapes::Result shape_of_mixed(const Shapes& in, const MixedOperands& at, std::size_t most) {
  if (in.size() != at.count()) {
    return broken(
        fmt::format("it needs {} operands, as its attributes say, got {}", at.count(), in.size()));
  }
  if (in[0] != in[1] || in[2].rows != in[0].rows)
    return broken("queries and keys must have one shape, and values as many rows");
  if (static_cast<std::size_t>(std::max(in[0].columns, in[2].columns)) > most)
    return broken(fmt::format("keys and values must have at most {} columns", most));
  for (std::size_t k = at.first; k < in.size(); ++k) {
    if (in[k] != Shape{in[0].rows, 1}) return broken("decay and strength must be one column");
  }
  return Shape{in[0].rows, in[2].columns};
}

// Numbers of one prompt that its matrices by rows take: q, k, v, the gates, o or dout, and the
// adjoints.
inline std::size_t mixed_scratch(const Shapes& in) {
  return 4 * prompt_stride(in[0].size()) + 3 * prompt_stride(in[2].size()) +
         4 * prompt_stride(static_cast<std::size_t>(in[0].rows));
}

// The same where the states are in lanes.
inline std::size_t lane_scratch(const Shapes& in) {
  const auto tokens = static_cast<std::size_t>(in[0].rows),
             key = static_cast<std::size_t>(in[0].columns),
             value = static_cast<std::size_t>(in[2].columns);
  const std::size_t stretch = stretch_of(tokens), stretches = (tokens + stretch - 1) / stretch;
  return key + kLaneGroup * std::max(key * (stretch + stretches + 2), value);
}

template <class T>
Rows<T> rows_of(const MatrixView<T>& matrix) {
  return {matrix.data, static_cast<std::ptrdiff_t>(matrix.columns)};
}

inline MixerInput<double> mixer_input(const Operands& in, const MixedOperands& at) {
  return {.tokens = in[0].rows,
          .key = in[0].columns,
          .value = in[2].columns,
          .q = rows_of(in[0]),
          .k = rows_of(in[1]),
          .v = rows_of(in[2]),
          .decay = at.decays ? in[at.decay()].data : nullptr,
          .strength = at.strengthens ? in[at.strength()].data : nullptr};
}

}  // namespace gramian::ops
