// The networks that are set by formula, by name: what `gramian construct` lists and writes.
//
//   const NamedConstruction* named = find_construction("regression");
//   const auto made = named->make(settings);          // of its keys, construct.d and so on
//
// Keys are in the section `construct` and differ by construction; each has a default, so that every
// construction can be made without a setting.
//
// Errors of make(): config and numeric, for numbers that no network or algorithm has. Cost: that of
// the construction.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/models/network.h"
#include "gramian/theory/token_construction.h"

namespace gramian {

// A network on Gram matrices, with what is said about it.
struct GramConstruction {
  Network network;
  int n = 20;             // context length that it is written for
  std::string algorithm;  // what it computes, with equations
  std::string bound;      // how exactly
};

struct Constructed {
  std::variant<GramConstruction, TokenConstruction> what;
  // Settings of a configuration whose prompts the network reads; empty where there is none.
  std::vector<std::string> settings = {};
};

struct NamedConstruction {
  std::string_view name;   // "symmetric-inverse"
  std::string_view title;  // one line
  std::span<const Key> keys;
  Expected<Constructed> (*make)(const Settings& settings);
};

std::span<const NamedConstruction> all_constructions();
const NamedConstruction* find_construction(std::string_view name);  // null if there is none

// Parts of the list, by what the network reads.
std::span<const NamedConstruction> gram_constructions();      // a Gram matrix
std::span<const NamedConstruction> token_constructions();     // tokens
std::span<const NamedConstruction> sequence_constructions();  // tokens of a sequence
std::span<const NamedConstruction> graph_constructions();     // tokens that are nodes of a graph

}  // namespace gramian
