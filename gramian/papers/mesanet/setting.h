// What the studies of MesaNet train: two blocks that differ in their mixer alone, on questions that
// only what stood before can answer (tasks/recall_tokens.h).
//
//     block   E + sum_h P_h norm(mix(q, k, v)),  q, k, v = convolution of four tokens of norm(E)
//
// with SiLU on q and k, which have length 1 but for softmax and linear attention without gates. The
// mesa layer and the delta rule have the gates of their publications. There are no positions and no
// MLP. The sizes are ours, for two cores: T = 64, a vocabulary of 64, tokens of 32 numbers, two
// heads of 16.
#pragma once

#include <string>
#include <string_view>

#include "gramian/studies/recipe.h"
#include "gramian/tasks/recall_tokens.h"
#include "gramian/tasks/token_task.h"

namespace gramian::mesanet {

enum class Mixing { mesa, delta, gated, linear, softmax };
inline constexpr Mixing kMixings[] = {Mixing::mesa, Mixing::delta, Mixing::gated, Mixing::linear,
                                      Mixing::softmax};
inline constexpr RecallKind kKinds[] = {RecallKind::associative, RecallKind::noisy,
                                        RecallKind::copying};
inline constexpr int kTokens = 64, kHeadSize = 16;

std::string_view title_of(Mixing mixing);    // "mesa layer"
std::string_view title_of(RecallKind kind);  // "associative recall"

// Numbers that a head carries from token to token, after T of them.
int state_size(Mixing mixing, int tokens);

struct Setting {
  RecallKind kind = RecallKind::associative;
  Mixing mixing = Mixing::mesa;

  std::string name() const;
  TokenTask task(int tokens = kTokens) const;
  Cell cell() const;
};

std::string recipe(const Effort& effort);

}  // namespace gramian::mesanet
