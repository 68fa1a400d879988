// What the studies of MesaNet train: two blocks that differ in their mixer alone, on questions that
// only what stood before can answer (tasks/recall_tokens.h).
//
//     block   E + sum_h P_h norm(mix(q, k, v)),  q, k, v = convolution of four tokens of norm(E)
//
// with SiLU on q and k, which have length 1 but for softmax and linear attention without gates. The
// mesa layer and the delta rule have the gates of their publications. There are no positions and no
// MLP. The sizes are ours, for two cores, and such that a state of fixed size is short of room:
// there are twice as many items as a key has numbers.
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
inline constexpr int kKeySize = 8;

std::string_view title_of(Mixing mixing);    // "mesa layer"
std::string_view title_of(RecallKind kind);  // "associative recall"
constexpr bool has_fixed_state(Mixing mixing) { return mixing != Mixing::softmax; }

// Numbers that a head carries from token to token, after T of them; without the three tokens of its
// convolution, which all mixers have.
int state_size(Mixing mixing, int tokens);

// The length T of a prompt, and what it asks: K items.
struct Size {
  int tokens = 64, items = 16;

  bool operator==(const Size&) const = default;
};
inline constexpr Size kMainSize{};
// Of copying, which asks for the order of the symbols too: more items are learned by none.
inline constexpr Size kCopyingSize{64, 4};
constexpr Size main_size(RecallKind kind) {
  return kind == RecallKind::copying ? kCopyingSize : kMainSize;
}
TokenTask task_of(RecallKind kind, const Size& size);
int answers_of(RecallKind kind);  // symbols that can be an answer

struct Setting {
  RecallKind kind = RecallKind::associative;
  Mixing mixing = Mixing::mesa;
  Size size = kMainSize;

  std::string name() const;  // "mesa-associative-T128-K32"
  Cell cell() const;
};

std::string recipe(const Effort& effort);

}  // namespace gramian::mesanet
