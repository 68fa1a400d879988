// A causal mixer in its chunked form, which is parallel in time: what a chunk of tokens does to the
// state that enters it is an affine map, found for each chunk by itself.
//
//     S_end = zeta S_start - sum_s zeta_s (S_start w_s) k_s^T + sum_s zeta_s u_s k_s^T
//
// over the tokens s of a chunk, with zeta the product of its decays and zeta_s that of the tokens
// behind s. u_s are the writes of a chunk that begins with no state, as in masked.h; w_s, of the
// delta rule alone (zero for the additive rule), is what they have less for each unit of state:
//
//     w_t = beta_t ( zeta_t k_t - sum_{s<t} zeta_ts (k_t . k_s) w_s ),    zeta_t of the tokens .. t
//
// With momentum it is done for each of the two sums of momentum.h.
//
// Three steps: the sums of each chunk (parallel), the states between chunks (one after the other),
// the outputs of each chunk (parallel). This is Yang et al. (2024) without exponentials: products
// of decays are products, so that a decay of 0 is nothing special.
//
// It computes what mix() computes, up to rounding, on one thread and in plain loops: the form for
// processors on which the tokens of one sequence must be shared out, and a check of the states that
// are handed over. mix() needs fewer operations.
//
// Shapes and preconditions: those of mixer.h, chunk >= 1 (asserted). Errors: none. Cost in
// multiply-adds a token: 2 key * value + chunk * (key + value), about twice that for delta; memory
// of a state a chunk, and of copies of q, k, u and w.
#pragma once

#include "gramian/sequence/mixer.h"

namespace gramian {

void mix_chunked(const CausalMixer& mixer, const MixerInput<double>& in,
                 const MixerOutput<double>& out, std::size_t chunk);

}  // namespace gramian
