// The recurrent mixer of sequence/mixer.h for the prompts of one register, in lanes: without
// feature map and normaliser, and with states that begin as zero.
//
//     additive   S_t = gamma_t S_{t-1} + k_t u_t^T,    u_t = beta_t v_t
//     delta      the same with u_t = beta_t (v_t - gamma_t S_{t-1}^T k_t)
//     output     o_t = scale S_t^T q_t                                      S [key, value]
//
// Columns of a state do not depend on each other: a group of them goes through all tokens, with its
// part of the state in the first-level cache. The adjoint runs back in time. With A_t that of S_t,
// do_t read by the output and du_t = A_t^T k_t,
//
//     dq_t = scale S_t do_t      dk_t = A_t u_t      dbeta_t = du_t . u_t / beta_t
//     dv_t = beta_t du_t         dgamma_t = <A_t, S_{t-1}>
//     A_{t-1} = gamma_t A_t + scale q_{t-1} do_{t-1}^T
//
// and of the delta rule, with p_t = S_{t-1}^T k_t and dp_t = -beta_t gamma_t du_t, also
// dk_t += S_{t-1} dp_t, A_{t-1} += k_t dp_t^T and dgamma_t -= beta_t du_t . p_t. The states that it
// needs are found again: that before each sqrt(T)-th token from a run forward, and those between
// two of these from there. Of the additive rule without decay each adjoint is a pass of the rule
// itself (sequence/mixer.cpp), which needs none of them.
//
// Memory: (2 sqrt(T) + 4) states of a group in the scratch of the call. Cost in multiply-adds a
// token and prompt: forward 2 key value, of delta 3; back 6 key value, with decay 7, of delta 10.
// Per-target header.
#if defined(GRAMIAN_TAPE_LANE_MIXER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_TAPE_LANE_MIXER_INL_H
#undef GRAMIAN_TAPE_LANE_MIXER_INL_H
#else
#define GRAMIAN_TAPE_LANE_MIXER_INL_H
#endif

#include <type_traits>

#include "gramian/sequence/mixer.h"
#include "gramian/tape/lanes-inl.h"
#include "gramian/tape/sequence_operands.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
class LaneMixer {
  using V = Vec<T>;

 public:
  LaneMixer(const CausalMixer& mixer, const LaneCall<T>& call, const ops::MixedOperands& at)
      : call_(call),
        delta_(mixer.rule == StateRule::delta),
        scale_(hn::Set(Tag<T>(), static_cast<T>(mixer.scale))),
        tokens_(call.rows),
        key_(call.in[1].columns),
        value_(call.columns),
        decay_(at.decays ? &call.in[at.decay()] : nullptr),
        strength_(at.strengthens ? &call.in[at.strength()] : nullptr) {}

  void Forward() const {
    if (is_plain()) {
      return RunLinear({Q(0), K(0), call_.in[2].values, key_, value_, strength_},
                       [&](size_t, size_t e, V o) HWY_ATTR { Put<T>(o, call_.out, e); });
    }
    ForGroups(value_, [&](auto size, size_t column) HWY_ATTR {
      constexpr size_t J = size();
      T* state = call_.scratch;
      Clear(state, key_ * J);
      for (size_t t = 0; t < tokens_; ++t)
        Advance<J>(t, column, state, state, call_.out + (t * value_ + column) * kLanes);
    });
  }

  void Backward() const {
    if (is_plain()) return BackwardPlain();
    const Sum dq = Begin(&call_.in[0]), dk = Begin(&call_.in[1]), dgamma = Begin(decay_),
              dbeta = Begin(strength_);
    ForGroups(value_, [&](auto size, size_t column) HWY_ATTR {
      BackwardGroup<size()>(column, Sums{dq, dk, dgamma, dbeta});
    });
  }

 private:
  // Adjoints that all groups add to. What nobody wants is added up where it does not matter.
  struct Sum {
    T* first;
    size_t stride;  // numbers from token to token
    T* at(size_t t) const { return first + t * stride; }
  };
  struct Sums {
    Sum dq, dk, dgamma, dbeta;
  };

  Sum Begin(const LaneOperand<T>* of) const {
    if (of == nullptr || !of->wanted()) {
      Clear(call_.scratch, key_);
      return {call_.scratch, 0};
    }
    if (of->sets) Clear(of->adjoint, of->size());
    return {of->adjoint, of->columns * kLanes};
  }

  static void Clear(T* numbers, size_t count) {
    for (size_t e = 0; e < count; ++e) Put<T>(hn::Zero(Tag<T>()), numbers, e);
  }

  template <class Body>
  HWY_INLINE static void ForGroups(size_t columns, Body body) {
    size_t c = 0;
    for (; c + ops::kLaneGroup <= columns; c += ops::kLaneGroup)
      body(std::integral_constant<size_t, ops::kLaneGroup>(), c);
    for (; c < columns; ++c) body(std::integral_constant<size_t, 1>(), c);
  }

  HWY_INLINE V Gate(const LaneOperand<T>* gate, size_t t) const {
    return gate == nullptr ? hn::Set(Tag<T>(), T(1)) : gate->at(t);
  }
  const T* K(size_t t) const { return call_.in[1].values + t * key_ * kLanes; }
  const T* Q(size_t t) const { return call_.in[0].values + t * key_ * kLanes; }

  bool is_plain() const { return !delta_ && decay_ == nullptr; }

  // S = S + in_t k_t v_t^T and sink(t, e, scale S^T q_t) for each token in turn, or from the last
  // to the first; e is the number of an element of a matrix [tokens, value]. A matrix [tokens, key]
  // or [tokens, value] in lanes may stand for each of q, k and v.
  struct LinearPass {
    const T *q, *k, *v;
    size_t key, value;
    const LaneOperand<T>* in = nullptr;
    bool back = false;
  };

  template <class Sink>
  void RunLinear(const LinearPass& pass, Sink sink) const {
    // Two tokens of four columns fit 32 registers.
    constexpr size_t kTokens = HWY_TARGET <= HWY_AVX3 ? 2 : 1;
    T* state = call_.scratch + key_ * kLanes;  // behind the row that Begin gives away
    ForGroups(pass.value, [&](auto size, size_t column) HWY_ATTR {
      Clear(state, pass.key * size());
      size_t n = 0;
      for (; n + kTokens <= tokens_; n += kTokens)
        LinearTile<size(), kTokens>(pass, column, n, state, sink);
      for (; n < tokens_; ++n) LinearTile<size(), 1>(pass, column, n, state, sink);
    });
  }

  template <size_t J, size_t R, class Sink>
  HWY_INLINE void LinearTile(const LinearPass& pass, size_t column, size_t n, T* state,
                             Sink sink) const {
    size_t t[R];
    V v[R][J], o[R][J];
    for (size_t r = 0; r < R; ++r) {
      t[r] = pass.back ? tokens_ - 1 - n - r : n + r;
      const V in = Gate(pass.in, t[r]);
      for (size_t j = 0; j < J; ++j) {
        v[r][j] = hn::Mul(in, Get(pass.v, t[r] * pass.value + column + j));
        o[r][j] = hn::Zero(Tag<T>());
      }
    }
    for (size_t i = 0; i < pass.key; ++i) {
      V s[J];
      for (size_t j = 0; j < J; ++j) s[j] = Get(state, i * J + j);
      for (size_t r = 0; r < R; ++r) {
        const V k = Get(pass.k, t[r] * pass.key + i), q = Get(pass.q, t[r] * pass.key + i);
        for (size_t j = 0; j < J; ++j) {
          s[j] = hn::MulAdd(k, v[r][j], s[j]);
          o[r][j] = hn::MulAdd(q, s[j], o[r][j]);
        }
      }
      for (size_t j = 0; j < J; ++j) Put<T>(s[j], state, i * J + j);
    }
    for (size_t r = 0; r < R; ++r) {
      for (size_t j = 0; j < J; ++j)
        sink(t[r], t[r] * pass.value + column + j, hn::Mul(scale_, o[r][j]));
    }
  }

  // dq = M(do, v, k), and dk, dv back in time.
  void BackwardPlain() const {
    const LaneOperand<T>&q = call_.in[0], &k = call_.in[1], &v = call_.in[2];
    if (q.wanted()) {
      RunLinear({call_.dout, v.values, k.values, value_, key_, strength_},
                [&](size_t, size_t e, V dq) HWY_ATTR { q.give(dq, e); });
    }
    if (k.wanted()) {
      RunLinear({v.values, call_.dout, q.values, value_, key_, nullptr, true},
                [&](size_t t, size_t e, V dk)
                    HWY_ATTR { k.give(hn::Mul(Gate(strength_, t), dk), e); });
    }
    const Sum dbeta = Begin(strength_);
    RunLinear({k.values, q.values, call_.dout, key_, value_, nullptr, true},
              [&](size_t t, size_t e, V du) HWY_ATTR {
                if (v.wanted()) v.give(hn::Mul(Gate(strength_, t), du), e);
                T* sum = dbeta.at(t);
                Put<T>(hn::MulAdd(du, Get(v.values, e), Get(sum)), sum);
              });
  }

  // u_t of a group, from S_{t-1}^T k_t for delta.
  template <size_t J>
  HWY_INLINE void Write(size_t t, size_t column, const V (&read)[J], V (&u)[J]) const {
    const V gamma = Gate(decay_, t), beta = Gate(strength_, t);
    for (size_t j = 0; j < J; ++j) {
      const V v = Get(call_.in[2].values, t * value_ + column + j);
      u[j] = hn::Mul(beta, delta_ ? hn::NegMulAdd(gamma, read[j], v) : v);
    }
  }

  // From the state [key, J] before token t to that after it, which may be in the same place; and o
  // of the token, unless it is null.
  template <size_t J>
  HWY_NOINLINE void Advance(size_t t, size_t column, const T* from, T* to, T* o) const {
    const Tag<T> d;
    const T *k = K(t), *q = Q(t);
    V read[J], u[J];
    for (size_t j = 0; j < J; ++j) read[j] = hn::Zero(d);
    for (size_t i = 0; delta_ && i < key_; ++i) {
      for (size_t j = 0; j < J; ++j) read[j] = hn::MulAdd(Get(k, i), Get(from, i * J + j), read[j]);
    }
    Write<J>(t, column, read, u);
    for (size_t j = 0; j < J; ++j) read[j] = hn::Zero(d);
    const V gamma = Gate(decay_, t);
    const auto all_rows = [&](auto reads) HWY_ATTR {
      for (size_t i = 0; i < key_; ++i) {
        const V ki = Get(k, i), qi = reads() ? Get(q, i) : ki;
        for (size_t j = 0; j < J; ++j) {
          const V s = Get(from, i * J + j);
          const V next = hn::MulAdd(ki, u[j], hn::Mul(gamma, s));
          Put<T>(next, to, i * J + j);
          if (reads()) read[j] = hn::MulAdd(qi, next, read[j]);
        }
      }
    };
    if (o == nullptr) return all_rows(std::false_type());
    all_rows(std::true_type());
    for (size_t j = 0; j < J; ++j) Put<T>(hn::Mul(scale_, read[j]), o, j);
  }

  template <size_t J>
  void BackwardGroup(size_t column, const Sums& sums) const {
    const size_t size = key_ * J, stretch = ops::stretch_of(tokens_),
                 stretches = (tokens_ + stretch - 1) / stretch;
    // The scratch begins with the row that Begin gives away.
    T* adjoint = call_.scratch + key_ * kLanes;
    T* kept = adjoint + size * kLanes;             // the state before each stretch
    T* states = kept + stretches * size * kLanes;  // those of one stretch
    const auto at = [&](T* list, size_t n) { return list + n * size * kLanes; };
    Clear(adjoint, size);
    Clear(kept, size);
    for (size_t s = 1; s < stretches; ++s) {
      const T* from = at(kept, s - 1);
      for (size_t t = (s - 1) * stretch; t < s * stretch; ++t, from = at(kept, s))
        Advance<J>(t, column, from, at(kept, s), nullptr);
    }
    for (size_t s = stretches; s-- > 0;) {
      const size_t first = s * stretch, count = std::min(stretch, tokens_ - first);
      Copy(size, at(kept, s), states);
      for (size_t r = 0; r < count; ++r)
        Advance<J>(first + r, column, at(states, r), at(states, r + 1), nullptr);
      for (size_t r = count; r-- > 0;) {
        const Step step{first + r, column, at(states, r), at(states, r + 1), adjoint};
        if (delta_) {
          BackDelta<J>(step, sums);
        } else {
          BackGated<J>(step, sums);
        }
      }
    }
  }

  // One token of a group on the way back.
  struct Step {
    size_t t, column;
    const T *before, *after;  // S_{t-1}, S_t [key, J]
    T* adjoint;               // [key, J]: of S_t without what reads it in, on return of S_{t-1}
  };

  template <size_t J>
  HWY_INLINE void ReadDout(const Step& step, V (&dout)[J]) const {
    for (size_t j = 0; j < J; ++j)
      dout[j] = hn::Mul(scale_, Get(call_.dout, step.t * value_ + step.column + j));
  }

  // dv and dbeta of a token from du.
  template <size_t J>
  HWY_INLINE void GiveWritten(const Step& step, const Sums& sums, const V (&du)[J],
                              const V (&read)[J]) const {
    const V gamma = Gate(decay_, step.t), beta = Gate(strength_, step.t);
    V sum = Get(sums.dbeta.at(step.t));
    for (size_t j = 0; j < J; ++j) {
      const size_t e = step.t * value_ + step.column + j;
      const V v = Get(call_.in[2].values, e);
      sum = hn::MulAdd(du[j], delta_ ? hn::NegMulAdd(gamma, read[j], v) : v, sum);
      if (call_.in[2].wanted()) call_.in[2].give(hn::Mul(beta, du[j]), e);
    }
    Put<T>(sum, sums.dbeta.at(step.t));
  }

  template <size_t J>
  HWY_NOINLINE void BackGated(const Step& step, const Sums& sums) const {
    const Tag<T> d;
    const T *k = K(step.t), *q = Q(step.t);
    T *dq = sums.dq.at(step.t), *dk = sums.dk.at(step.t);
    V dout[J], u[J], du[J];
    ReadDout<J>(step, dout);
    for (size_t j = 0; j < J; ++j) du[j] = hn::Zero(d);
    Write<J>(step.t, step.column, du, u);
    const V gamma = Gate(decay_, step.t);
    V dgamma = hn::Zero(d);
    for (size_t i = 0; i < key_; ++i) {
      const V qi = Get(q, i), ki = Get(k, i);
      V dqi = Get(dq, i), dki = Get(dk, i);
      for (size_t j = 0; j < J; ++j) {
        const size_t e = i * J + j;
        const V a = hn::MulAdd(qi, dout[j], Get(step.adjoint, e));
        dqi = hn::MulAdd(Get(step.after, e), dout[j], dqi);
        du[j] = hn::MulAdd(ki, a, du[j]);
        dki = hn::MulAdd(a, u[j], dki);
        dgamma = hn::MulAdd(a, Get(step.before, e), dgamma);
        Put<T>(hn::Mul(gamma, a), step.adjoint, e);
      }
      Put<T>(dqi, dq, i);
      Put<T>(dki, dk, i);
    }
    Increase<T>(dgamma, sums.dgamma.at(step.t));
    GiveWritten<J>(step, sums, du, u);
  }

  template <size_t J>
  HWY_NOINLINE void BackDelta(const Step& step, const Sums& sums) const {
    const Tag<T> d;
    const T *k = K(step.t), *q = Q(step.t);
    T *dq = sums.dq.at(step.t), *dk = sums.dk.at(step.t);
    V dout[J], read[J], u[J], du[J], dread[J];
    ReadDout<J>(step, dout);
    for (size_t j = 0; j < J; ++j) du[j] = read[j] = hn::Zero(d);
    for (size_t i = 0; i < key_; ++i) {
      const V qi = Get(q, i), ki = Get(k, i);
      V dqi = Get(dq, i);
      for (size_t j = 0; j < J; ++j) {
        const size_t e = i * J + j;
        const V a = hn::MulAdd(qi, dout[j], Get(step.adjoint, e));
        Put<T>(a, step.adjoint, e);
        dqi = hn::MulAdd(Get(step.after, e), dout[j], dqi);
        du[j] = hn::MulAdd(ki, a, du[j]);
        read[j] = hn::MulAdd(ki, Get(step.before, e), read[j]);
      }
      Put<T>(dqi, dq, i);
    }
    Write<J>(step.t, step.column, read, u);
    const V gamma = Gate(decay_, step.t), beta = Gate(strength_, step.t);
    V dgamma = hn::Zero(d);
    for (size_t j = 0; j < J; ++j) {
      const V along = hn::Mul(beta, du[j]);
      dread[j] = hn::Neg(hn::Mul(gamma, along));
      dgamma = hn::NegMulAdd(along, read[j], dgamma);
    }
    for (size_t i = 0; i < key_; ++i) {
      const V ki = Get(k, i);
      V dki = Get(dk, i);
      for (size_t j = 0; j < J; ++j) {
        const size_t e = i * J + j;
        const V a = Get(step.adjoint, e), s = Get(step.before, e);
        dki = hn::MulAdd(a, u[j], hn::MulAdd(s, dread[j], dki));
        dgamma = hn::MulAdd(a, s, dgamma);
        Put<T>(hn::MulAdd(ki, dread[j], hn::Mul(gamma, a)), step.adjoint, e);
      }
      Put<T>(dki, dk, i);
    }
    Increase<T>(dgamma, sums.dgamma.at(step.t));
    GiveWritten<J>(step, sums, du, read);
  }

  const LaneCall<T>& call_;
  bool delta_;
  V scale_;
  size_t tokens_, key_, value_;
  const LaneOperand<T>*decay_, *strength_;
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
