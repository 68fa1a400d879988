// Networks that read observations as they are, s_t alone, and have to find s_{t-1} themselves: two
// layers of softmax attention, linear attention or mesa layers, for three kinds of systems, and
// one mesa layer on tokens (0, s_t, s_{t-1}) that have both.
//
// Sizes are ours: tokens embedded to 32 numbers with one-hot positions beside them, two heads of 10
// numbers, T = 25; d = 5 of 5 numbers, or of a partially observed state 4 of 8 (published 5 of 15);
// on nonlinear systems an MLP of 64 before the first attention (published 300). Studies of
// prompts of regression and of linear attention in place of softmax have other lengths and sizes.
#pragma once

#include <string>
#include <vector>

#include "gramian/models/transformer.h"
#include "gramian/papers/mesa_optimisation/claims.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/unit.h"
#include "gramian/tasks/sequence_task.h"
#include "gramian/tasks/token_task.h"

namespace gramian::mesa_optimisation {

enum class Observation { linear, partial, nonlinear };
inline constexpr Observation kObservations[] = {Observation::linear, Observation::partial,
                                                Observation::nonlinear};
std::string_view title_of(Observation system);

enum class Stack {
  hybrid,         // softmax, then mesa
  hybrid_linear,  // softmax, then linear
  softmax,        // softmax twice
  mesa,           // mesa twice
  linear,         // linear twice
  one_mesa,       // one mesa layer, on tokens of pairs
};
inline constexpr Stack kTwoLayers[] = {Stack::hybrid, Stack::hybrid_linear, Stack::softmax,
                                       Stack::mesa, Stack::linear};
std::string_view title_of(Stack network);
// Whether its first layer is softmax.
bool begins_with_softmax(Stack network);

// How large prompts and network are, and how systems begin.
struct RawSizes {
  int d = 5;  // numbers of an observation, but of a partial one
  int tokens = 25;
  int width = 32, key = 10;
  SequenceStart start = SequenceStart::uniform;

  bool operator==(const RawSizes&) const = default;
};

struct RawSetting {
  Stack network = Stack::hybrid;
  Observation system = Observation::linear;
  RawSizes sizes = {};

  std::string name() const;  // "hybrid-partial", and sizes where they are others
  SequenceSpec sequence() const;
  TokenTask task() const;
  Cell cell() const;
};

std::string raw_recipe(const Effort& effort);

// The trained network of a seed of such a cell, whose description its configuration does not have.
// Errors: io and format.
Expected<Transformer> load_raw(const Trained& trained, const StudyOptions& options);

}  // namespace gramian::mesa_optimisation
