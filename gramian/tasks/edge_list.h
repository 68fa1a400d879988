// A graph from a text with an edge a line, `u v [weight]`:
//
//     # a comment
//     10 12        weight 1
//     12 7 2.5
//
// Nodes are whole numbers from 0 on, with gaps if you like; they are renumbered in their order. A
// weight is a conductance. Lines that are empty or begin with # or % are passed over; numbers are
// separated by blanks or tabs.
//
// Errors: format, with the file, the line, what is there and the rule: for a line that is none of
// these, loops, weights that are not positive and finite, a pair that is there twice, more than one
// part, and more than kMaxGraphEdges edges. Cost: O(d log d), 40 bytes an edge.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/tasks/graph.h"

namespace gramian {

inline constexpr std::size_t kMaxGraphEdges = 100'000'000;

struct NamedGraph {
  Graph graph;
  std::vector<long> names = {};  // of the nodes, increasing

  // The node of this name. Errors: config, where there is none.
  Expected<int> node(long name) const;
};

// `path` stands in messages.
Expected<NamedGraph> parse_edge_list(std::string_view text, const std::string& path);

// Demands from a text with a line `node value` for each node that has one, in the same manner: what
// enters the graph there (negative: leaves it). [nodes]; nodes without a line have 0. Errors:
// format, also for a node that the graph does not have or that is there twice, and for demands that
// do not sum to zero (to 1e-9 of their size), which no flow can meet.
Expected<std::vector<double>> parse_demands(std::string_view text, const std::string& path,
                                            const NamedGraph& graph);

}  // namespace gramian
