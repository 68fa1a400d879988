// A causal mixer in its masked form: the plain reference of all others.
//
// With zeta_ts the product of the decays of the tokens s + 1 .. t, and zeta_t0 that of 1 .. t,
//
//     o_t = scale ( zeta_t0 S_0 q_t + sum_{s<=t} zeta_ts (q_t . k_s) u_s )
//
//     additive    u_t = beta_t v_t
//     delta       u_t = beta_t ( v_t - zeta_t0 S_0 k_t - sum_{s<t} zeta_ts (k_t . k_s) u_s )
//
// With momentum the columns of v (but not that of a normaliser) have zeta_ts (1 + mu + .. +
// mu^(t-s)) in place of zeta_ts, and of the states before the first token zeta_t0 (S_0 + (mu + .. +
// mu^t) M_0). With a normaliser o is divided as in mixer.h. The adjoint is the chain rule through
// these sums, derived independently of that of the recurrent form.
//
// Shapes, preconditions and errors: those of mixer.h; loops over double and nothing else.
// Cost: T^2 (key + value) multiply-adds, and T^2 numbers of memory.
#pragma once

#include "gramian/sequence/mixer.h"

namespace gramian {

void mix_masked(const CausalMixer& mixer, const MixerInput<double>& in,
                const MixerOutput<double>& out);
void mix_masked_adjoint(const CausalMixer& mixer, const MixerInput<double>& in,
                        const MixerAdjoint<double>& adjoint);

}  // namespace gramian
