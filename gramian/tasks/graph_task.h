// Prompts that are graphs: tokens are nodes, and token v is row v of [B | Psi], its row of the
// incidence matrix and its demands. The target is the exact answer (graph_answers.h) divided by its
// Frobenius norm; of eigenvectors, the eigenvectors, and Psi is then the random start of an
// iteration.
//
//     tokens [n, d + k]    B [n, d], padded with zero columns to the most edges of the kind
//     target [n, k]
//
// Each prompt has its own graph, weights, order of nodes and edges, and normal demands, which are
// centred (each sums to 0) unless `centred` is false. Numbers depend on the address of the prompt
// alone.
//
// Letters: n nodes, d columns of B, k columns of Psi. Errors: config, of create(). Cost: the
// eigenvectors of L, about 10 n^3 a prompt.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gramian/base/aligned.h"
#include "gramian/base/error.h"
#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/lanes/block.h"
#include "gramian/tasks/graph.h"
#include "gramian/tasks/graph_question.h"

namespace gramian {

inline constexpr int kMaxPromptNodes = 64, kMaxDemands = 64;

struct GraphTaskSpec {
  GraphSpec graph = {};
  GraphQuestion question = GraphQuestion::potential;
  int demands = 10;  // k
  bool centred = true;
  double heat_time = 0.5;     // s
  bool largest_first = true;  // eigenvectors: of the largest eigenvalues; false: of the least

  int columns() const { return graph.most_edges(); }  // d
  int width() const { return columns() + demands; }   // of a token
  std::string describe() const;
  // Errors: config.
  Status check() const;
};

std::span<const Key> graph_task_keys();
// Errors: config, with the key.
Expected<GraphTaskSpec> graph_task_spec(const Settings& settings);

template <class T>
struct GraphBlock {
  AlignedArray<T> tokens = {};  // [n, d + k, lanes]
  AlignedArray<T> target = {};  // [n, k, lanes]
};

struct GraphPrompt;

// Draws blocks of prompts; one a thread.
template <class T>
class GraphSampler {
 public:
  explicit GraphSampler(const GraphTaskSpec& spec);
  ~GraphSampler();
  GraphSampler(GraphSampler&&) noexcept;
  // The other lanes hold the first prompt again, since a graph of nothing has no answer.
  void sample(const PhiloxAddress& address, int count, GraphBlock<T>& block);

 private:
  GraphTaskSpec spec_;
  std::unique_ptr<GraphPrompt> prompt_;  // graph_prompt.h
};

}  // namespace gramian
