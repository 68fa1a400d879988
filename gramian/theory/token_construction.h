// Transformers on tokens whose weights are set by formula, with what is said about them: where each
// matrix of the algorithm stands in the tokens, what is computed, and how exactly.
//
// The tokens of a network are rows of E [N, W]. An algorithm on matrices keeps each of its matrices
// in a block of columns: column j of a matrix X [d, d] is what token j holds in the columns of X.
// A head with factors of the identity copies between blocks (write_head):
//
//     out_i += factor sum_j value_j <key_j, query_i>       i a token, j over the keys
//
// which for blocks of columns V, K, Q is the product of three matrices, V K^T Q.
//
// Preconditions: blocks within the width, and sizes of heads that hold them (asserted).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/models/transformer.h"

namespace gramian {

// Neighbouring columns of E.
struct Columns {
  int first = 0, count = 0;
};

struct StateBlock {
  std::string name;  // "X"
  Columns columns;
  std::string holds;  // in words: "column j of X in token j < d"
};

struct TokenConstruction {
  Transformer network;
  std::vector<StateBlock> state;  // the columns of E, in order
  std::string algorithm;          // what it computes, with equations, layer by layer
  std::string bound;              // how exactly, and for which inputs
};

// The columns of a block of this name. Requires that there is one (asserted).
Columns columns_of(const TokenConstruction& construction, std::string_view name);

// Places blocks one after the other.
class StateLayout {
 public:
  Columns add(std::string name, int count, std::string holds) {
    const Columns columns{width_, count};
    blocks_.push_back({std::move(name), columns, std::move(holds)});
    width_ += count;
    return columns;
  }
  int width() const { return width_; }
  const std::vector<StateBlock>& blocks() const { return blocks_; }

 private:
  int width_ = 0;
  std::vector<StateBlock> blocks_;
};

// Adds `value` to entry (row, column) of a parameter.
void add_entry(Transformer& network, std::string_view name, int row, int column, double value);

// Adds `factor` times the identity from rows `from` to columns `to` of a parameter.
void add_identity(Transformer& network, std::string_view name, Columns from, Columns to,
                  double factor = 1);

// What a head reads and where it writes. value.count == the sum over `out` of its counts, which
// take the values one after the other.
struct HeadColumns {
  Columns query, key, value;
  struct Out {
    Columns columns;
    double factor = 1;
  };
  std::vector<Out> out;
};
void write_head(Transformer& network, int layer, int head, const HeadColumns& columns);

}  // namespace gramian
