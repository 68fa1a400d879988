// The list of the fields of a transformer's description: each with its name, its value and its
// limits, said once. The check and the JSON form are visitors of it.
//
//   visitor(name, value)              bool, enum or a part that has fields itself
//   visitor(name, number, bounds)     int or double within [low, high]
//   visitor(name, list, bounds)       a vector: the limits of its length
//
// A part of type T is visited by fields(visitor, part); it may be const. In each of these functions
// a structured binding names all members, so that a member which is not listed does not compile.
// Words of an enum: words_of(E{}), in the order of its enumerators.
#pragma once

#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>

#include "gramian/models/network.h"
#include "gramian/models/transformer/spec.h"

namespace gramian {

template <class T>
struct Bounds {
  T low, high;
};

constexpr auto words_of(PositionKind) {
  return std::to_array<std::string_view>({"none", "sinusoidal", "one_hot", "learned"});
}
constexpr auto words_of(PositionPlace) {
  return std::to_array<std::string_view>({"beside", "added"});
}
constexpr auto words_of(NormKind) {
  return std::to_array<std::string_view>({"none", "layer", "rms", "frobenius", "columns"});
}
constexpr auto words_of(MixerKind) {
  return std::to_array<std::string_view>(
      {"none", "linear", "softmax", "gradient_step", "delta", "mesa"});
}
constexpr auto words_of(RidgeKind) {
  return std::to_array<std::string_view>({"exponential", "softplus", "fixed"});
}
constexpr auto words_of(MesaSolver) {
  return std::to_array<std::string_view>({"direct", "recursive", "conjugate_gradients"});
}
constexpr auto words_of(Mask) {
  return std::to_array<std::string_view>({"context", "all", "causal", "window"});
}
constexpr auto words_of(Scale) { return std::to_array<std::string_view>({"one", "mean", "root"}); }
constexpr auto words_of(MlpKind) {
  return std::to_array<std::string_view>({"none", "gelu", "relu", "silu", "swiglu"});
}
constexpr auto words_of(MlpPlace) {
  return std::to_array<std::string_view>({"before", "after", "beside"});
}
constexpr auto words_of(SkipKind) {
  return std::to_array<std::string_view>({"identity", "none", "linear", "momentum"});
}
constexpr auto words_of(ReadoutRows) {
  return std::to_array<std::string_view>({"query", "every", "mean"});
}
constexpr auto words_of(ReadoutMap) {
  return std::to_array<std::string_view>({"columns", "matrix", "signs", "symbols"});
}

template <class E>
requires std::is_enum_v<E> std::string_view word(E value) {
  constexpr auto words = words_of(E{});
  const auto index = static_cast<std::size_t>(value);
  return index < words.size() ? words[index] : std::string_view("?");
}

template <class S, class T>
concept Described = std::same_as<std::remove_const_t<S>, T>;

template <class Visitor, Described<Positions> S>
void fields(Visitor& visitor, S& part) {
  auto& [kind, place, width] = part;
  visitor("kind", kind);
  visitor("place", place);
  visitor("width", width, Bounds{0, kMaxWidth});
}

template <class Visitor, Described<Stem> S>
void fields(Visitor& visitor, S& part) {
  auto& [tokens, width, vocabulary, zeros, positions, embedding, prefix] = part;
  visitor("tokens", tokens, Bounds{2, kMaxTokens});
  visitor("width", width, Bounds{1, kMaxWidth});
  visitor("vocabulary", vocabulary, Bounds{0, 65536});
  visitor("zeros", zeros, Bounds{0, kMaxWidth});
  visitor("positions", positions);
  visitor("embedding", embedding, Bounds{0, kMaxWidth});
  visitor("prefix", prefix, Bounds{0, kMaxTokens});
}

template <class Visitor, Described<Norm> S>
void fields(Visitor& visitor, S& part) {
  auto& [kind, lead, first, count] = part;
  visitor("kind", kind);
  visitor("lead", lead, Bounds{0, kMaxWidth});
  visitor("first", first, Bounds{0, kMaxWidth});
  visitor("count", count, Bounds{0, kMaxWidth});
}

template <class Visitor, Described<Gates> S>
void fields(Visitor& visitor, S& part) {
  auto& [decay, strength, cap, momentum] = part;
  visitor("decay", decay);
  visitor("strength", strength);
  visitor("cap", cap, Bounds{0.0, 1.0});
  visitor("momentum", momentum, Bounds{0.0, kMaxMomentum});
}

template <class Visitor, Described<Mesa> S>
void fields(Visitor& visitor, S& part) {
  auto& [ridge, least, solver, steps, tolerance] = part;
  visitor("ridge", ridge);
  visitor("least", least, Bounds{0.0, 1e6});
  visitor("solver", solver);
  visitor("steps", steps, Bounds{1, 1000});
  visitor("tolerance", tolerance, Bounds{0.0, 1.0});
}

template <class Visitor, Described<Mixer> S>
void fields(Visitor& visitor, S& part) {
  auto& [kind, mask, window, heads, key_size, value_size, width, scale, bias, convolution,
         unit_keys, gates, mesa, norm_heads] = part;
  visitor("kind", kind);
  visitor("mask", mask);
  visitor("window", window, Bounds{0, kMaxTokens});
  visitor("heads", heads, Bounds{1, kMaxHeads});
  visitor("key_size", key_size, Bounds{0, kMaxWidth});
  visitor("value_size", value_size, Bounds{0, kMaxWidth});
  visitor("width", width, Bounds{0, kMaxWidth});
  visitor("scale", scale);
  visitor("bias", bias);
  visitor("convolution", convolution, Bounds{0, kMaxConvolution});
  visitor("unit_keys", unit_keys);
  visitor("gates", gates);
  visitor("mesa", mesa);
  visitor("norm_heads", norm_heads);
}

template <class Visitor, Described<Mlp> S>
void fields(Visitor& visitor, S& part) {
  auto& [kind, hidden, bias, place] = part;
  visitor("kind", kind);
  visitor("hidden", hidden, Bounds{0, kMaxWidth});
  visitor("bias", bias);
  visitor("place", place);
}

template <class Visitor, Described<Skip> S>
void fields(Visitor& visitor, S& part) {
  auto& [kind, mu, gamma] = part;
  visitor("kind", kind);
  visitor("mu", mu, Bounds{0.0, 1.0});
  visitor("gamma", gamma, Bounds{0.0, 1e6});
}

template <class Visitor, Described<Block> S>
void fields(Visitor& visitor, S& part) {
  auto& [before_mixer, mixer, mixer_skip, after_mixer, before_mlp, mlp, mlp_skip, after_mlp, clip] =
      part;
  visitor("before_mixer", before_mixer);
  visitor("mixer", mixer);
  visitor("mixer_skip", mixer_skip);
  visitor("after_mixer", after_mixer);
  visitor("before_mlp", before_mlp);
  visitor("mlp", mlp);
  visitor("mlp_skip", mlp_skip);
  visitor("after_mlp", after_mlp);
  visitor("clip", clip, Bounds{0.0, 1e300});
}

template <class Visitor, Described<Readout> S>
void fields(Visitor& visitor, S& part) {
  auto& [norm, rows, map, first, outputs, factor] = part;
  visitor("norm", norm);
  visitor("rows", rows);
  visitor("map", map);
  visitor("first", first, Bounds{-65536, 65535});
  visitor("outputs", outputs, Bounds{1, 65536});
  visitor("factor", factor, Bounds{-1e6, 1e6});
}

template <class Visitor, Described<TransformerSpec> S>
void fields(Visitor& visitor, S& part) {
  auto& [stem, blocks, weights_of, readout] = part;
  visitor("stem", stem);
  visitor("blocks", blocks, Bounds{1, kMaxLayers});
  visitor("weights_of", weights_of, Bounds{0, kMaxLayers});
  visitor("readout", readout);
}

}  // namespace gramian
