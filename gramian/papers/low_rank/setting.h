// What the studies of Li et al. (2024) train: tokens that show orthonormal patterns, labelled by
// the majority (tasks/pattern_pairs.h), and one layer
//
//     F(X) = 1/n sum_j a^T ReLU(W_O W_V X softmax(X^T W_K^T W_Q x_j)),   a_i = +-1 / sqrt(m),
//
// trained on the hinge loss by gradient descent on batches, from multiples of the identity with a
// little noise. The publication's sizes are not known to us: these are d = 20, ten patterns, m =
// 100 neurons and n = 40 tokens, where its claims can be tested in seconds.
#pragma once

#include <string>
#include <vector>

#include "gramian/studies/token_cells.h"
#include "gramian/tasks/pattern_pairs.h"

namespace gramian::low_rank {

struct Setting {
  int relevant = 2;       // patterns that decide the label
  bool mixed = false;     // tokens of a class show its patterns at random
  double gain = 0.1;      // W_Q and W_K begin with this multiple of the identity
  double noise = 0.1;     // about the norm of the noise of a token
  int tokens = 40;        // n
  double positive = 0.5;  // share of prompts with the label 1

  std::string name() const;   // "2-patterns": of what differs from the above
  std::string title() const;  // the same in words
  PatternSpec task() const;
  Cell cell() const;
};

std::string recipe(const Effort& effort);  // of these cells, in words

}  // namespace gramian::low_rank
