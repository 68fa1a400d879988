// Causal mixers: what token t of a sequence reads of the tokens up to t, through a state of fixed
// size that is carried from token to token.
//
//     additive    S_t = gamma_t S_{t-1} + beta_t v_t k_t^T
//     momentum    S_t = gamma_t S_{t-1} + M_t,  M_t = mu gamma_t M_{t-1} + beta_t v_t k_t^T
//     delta       S_t = gamma_t S_{t-1} (I - beta_t k_t k_t^T) + beta_t v_t k_t^T
//     output      o_t = scale S_t q_t
//     normalised  o_t = scale S_t q_t / (scale z_t^T q_t + epsilon), z_t the same sum with v = 1
//
// with q and k replaced by their feature map where there is one. additive is linear attention
// (Katharopoulos et al. 2020), with gamma gated linear attention; momentum is additive with heavy
// ball (Nguyen et al. 2022, with beta their step and gamma = 1), whose normaliser has none; delta
// is the rule of fast weight programmers (Schlag et al. 2021), with gamma the gated delta rule
// (Yang et al. 2024). gamma is the decay and beta the write strength of a token, and mu a number
// for all.
//
//   const CausalMixer mixer{.rule = StateRule::delta};
//   const MixerInput<float> in{.tokens = 256, .key = 32, .value = 32,
//                              .q = {q, 32}, .k = {k, 32}, .v = {v, 32}, .strength = beta};
//   mix(mixer, in, {.o = {o, 32}});
//   mix_adjoint(mixer, in, {.dout = {dout, 32}, .dq = {dq, 32}, .dk = {dk, 32}, .dv = {dv, 32}});
//
// One call is one sequence and one head, a work item for one thread. q, k and v are rows, a token a
// row; a head within rows of several heads is a matter of the stride. A sequence may be cut
// anywhere: `final` of the first part is `initial` of the second, and `dinitial` of the second is
// `dfinal` of the first.
//
// Shapes: q, k [T, key], v, o [T, value], gamma, beta [T], states [key, value]: entry (i, j) of a
// state is what coordinate i of k has of coordinate j of v, S_t transposed. With a normaliser a
// state has one more column, z. With momentum a state is S and, behind it, M [key, value].
// Preconditions (asserted): 1 <= key, value <= kMaxMixerSize; momentum with the additive rule
// alone, 0 <= mu < 1; the arrays of one call do not overlap. gamma may be 0, which forgets
// everything; decays are used as they are, never as logs. Errors: none.
//
// Cost in multiply-adds a token, n = key * value: additive 2n forward and 2n for each of dq, dk and
// dv that is wanted, 4n more where ddecay is; delta 3n and 11n, 5n more for ddecay; momentum twice
// that of additive, and 8n for dmomentum. Memory: q, k, v and nothing else are needed for the
// adjoint. That of additive takes two states, whatever T, and that of delta also two arrays like v.
// ddecay keeps 2 sqrt(T) states: one at each sqrt(T)-th token, from which the sqrt(T) states
// between are computed again. A feature map or a normaliser makes copies of q, k and v.
#pragma once

#include <cstddef>
#include <optional>

namespace gramian {

inline constexpr std::size_t kMaxMixerSize = 256;

enum class StateRule { additive, delta };

// By elements; elu_plus_one is x + 1 for x > 0 and exp(x) elsewhere.
enum class FeatureMap { identity, relu, elu_plus_one };

struct CausalMixer {
  StateRule rule = StateRule::additive;
  FeatureMap features = FeatureMap::identity;
  bool normalise = false;
  double scale = 1;
  double epsilon = 1e-6;                // of the normaliser
  std::optional<double> momentum = {};  // mu; none: as 0, but for the state M, which is not there

  std::size_t state_size(std::size_t key, std::size_t value) const {
    return key * (value + (normalise ? 1 : 0) + (momentum ? value : 0));
  }
};

// Row t of a matrix begins at data + t * stride.
template <class T>
struct Rows {
  T* data = nullptr;
  std::ptrdiff_t stride = 0;

  T* row(std::size_t t) const { return data + static_cast<std::ptrdiff_t>(t) * stride; }
};

template <class T>
struct MixerInput {
  std::size_t tokens = 0, key = 0, value = 0;
  Rows<const T> q = {}, k = {}, v = {};
  const T* decay = nullptr;     // gamma; null: 1
  const T* strength = nullptr;  // beta; null: 1
  const T* initial = nullptr;   // the state before the first token; null: 0
};

template <class T>
struct MixerOutput {
  Rows<T> o = {};
  T* final = nullptr;  // the state after the last token; null: not wanted
};

// Derivatives of a loss with respect to what stands without the d. Those that come in: dout and
// dfinal. All others are set, but with `adds` dq, dk and dv are added to what is there, and may be
// one array; a null pointer is one that is not wanted.
template <class T>
struct MixerAdjoint {
  Rows<const T> dout = {};
  const T* dfinal = nullptr;  // null: 0
  Rows<T> dq = {}, dk = {}, dv = {};
  T* ddecay = nullptr;
  T* dstrength = nullptr;
  T* dinitial = nullptr;
  T* dmomentum = nullptr;  // one number; for a mixer with momentum
  bool adds = false;       // of the additive rule without momentum, feature map and normaliser
};

// The recurrent form: kernels for each instruction set, SIMD along the columns of the state.
void mix(const CausalMixer& mixer, const MixerInput<float>& in, const MixerOutput<float>& out);
void mix(const CausalMixer& mixer, const MixerInput<double>& in, const MixerOutput<double>& out);
void mix_adjoint(const CausalMixer& mixer, const MixerInput<float>& in,
                 const MixerAdjoint<float>& adjoint);
void mix_adjoint(const CausalMixer& mixer, const MixerInput<double>& in,
                 const MixerAdjoint<double>& adjoint);

}  // namespace gramian
