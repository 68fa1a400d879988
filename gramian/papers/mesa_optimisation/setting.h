// What the studies of von Oswald et al. (2023) train: causal linear attention on sequences of a
// dynamical system (tasks/sequence_task.h), each token of which is to predict the next.
//
// One and two layers have the sizes of the publication, observations of d = 10 numbers and T = 50
// tokens. The studies of depth have sizes of ours, for minutes of one core: d = 5, T = 25. Batches
// are of 64 in place of 256, for a few thousand steps.
#pragma once

#include <string>
#include <vector>

#include "gramian/studies/token_cells.h"
#include "gramian/tasks/sequence_task.h"
#include "gramian/tasks/token_task.h"

namespace gramian::mesa_optimisation {

inline constexpr int kD = 5, kPublishedD = 10;
inline constexpr int kDepths[] = {1, 2, 3, 4, 6};

enum class System { linear, contracting, fixed };
std::string_view title_of(System system);

// Block-scalar products (measure.h): each [d, d] block of every Q K^T and V P is a multiple of the
// identity throughout, from the block-scalar products of the same random start on. After each step
// of training the products are put back to their block-scalars.
enum class Products { free, block_scalar };

// Linear attention without embedding on tokens that hold a pair, (0, s_t, s_t, s_{t-1}), and of one
// layer (0, s_t, s_{t-1}).
struct Setting {
  int layers = 1;
  System system = System::linear;
  int d = kD;
  Products products = Products::free;
  int snapshots = 0;  // models that are kept along the training

  int tokens() const { return 5 * d; }
  std::string name()
      const;  // "lsa-L2-linear-d5", "lsa-L2-linear-d5-scalar", "lsa-L2-linear-d5-along"
  std::string title() const;  // in words
  SequenceSpec sequence() const;
  TokenTask task() const;
  Cell cell() const;
};

std::string recipe(const Effort& effort);  // of these cells, in words

}  // namespace gramian::mesa_optimisation
