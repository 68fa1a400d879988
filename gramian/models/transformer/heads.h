// The heads of a mixer with queries, keys and values: what they learn, and the way from the tokens
// to what is read and back. The kinds of mixers (mixers.h) differ in how a head reads.
//
//     sum over h of read({q, k, v, ..}) P_h,    q = unit(silu(convolution(X Q_h + bias)))
//
// with those of the steps between that the description has (spec.h, Mixer).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "gramian/models/transformer/mixers.h"

namespace gramian {

// |r| of an exponential ridge is at most this, so that exp(r) is a number in float.
inline constexpr double kMaxLogRidge = 20;

// With the width of the tokens where the description says 0.
int key_size(const Mixer& mixer, int width);
int value_size(const Mixer& mixer, int width);
// c of the scores c q k^T, of so many keys.
double factor_of_scores(const Mixer& mixer, int width, int keys);

// In the order of theta. Of each head Q, K, V, P; with bias Q_bias, K_bias, V_bias; with a
// convolution Q_conv, K_conv, V_conv; decay, decay_bias and strength, strength_bias of gates; the
// ridge of the mesa layer, where it is learned; the gain of norm_heads. Then the bias of all.
std::vector<Parameter> head_parameters(const Mixer& mixer, int width);

// What a head reads with. Gates are [N, 1]; the ridge is [1, key size].
struct HeadValues {
  Value q, k, v;
  std::optional<Value> decay = {}, strength = {}, ridge = {};
};

// All tokens that anybody may read.
Value keys_of(const MixerWork& work);

// The sum over the heads, times `factor` where one is given, plus its bias: [q, width]. `read`
// gives [q, value size]; or, with `every_query`, what all tokens read, of which the last are taken,
// and it then has q of all of them.
Value over_heads(const MixerWork& work, bool every_query,
                 const std::function<Value(const HeadValues&)>& read,
                 std::optional<double> factor = {});

}  // namespace gramian
