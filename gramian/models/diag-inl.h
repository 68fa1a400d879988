// DIAG and GD++: four (two) numbers a layer. Forward and adjoint of one vector of prompts,
// on S = sum x x^T, alpha = sum y x, lambda = sum y^2 (scaled by c), without ever forming
// P, Q or the map T. Per-target header.
//
// With A = omega_xx, B = omega_xy, C = omega_yx, E = omega_yy and eq. 10,
//
//     x' = S1 x + B y alpha,  S1 = I + A S          y' = s y + C <alpha, x>,  s = 1 + E lambda
//
// so that with tau = S alpha, rho = S tau, q = |alpha|^2:
//
//     beta   = alpha + A tau                            (= S1 alpha)
//     gamma  = beta + B lambda alpha                    (= sum x' y)
//     delta  = tau + A rho + B q alpha                  (= sum x' <alpha, x>)
//     S'     = S + 2A S^2 + A^2 S^3 + B (beta alpha^T + alpha beta^T) + B^2 lambda alpha alpha^T
//     alpha' = s gamma + C delta
//     lambda'= s^2 lambda + 2 s C q + C^2 <alpha, tau>
//
// The last layer reads alpha and lambda only, so the inner layer before it need not find S', and
// its adjoint has no dS' to carry; the first layer's adjoint ends at the omegas. S^2 and S^3
// are symmetric, so an inner layer between them costs d^3 multiply-adds forward and 2.5 d^3 backward.
//
// GD++ is B = E = 0. Then s = 1, lambda reaches nothing, and all terms with a B go; the formulas
// are one text, and `if constexpr (!kGdpp)` marks what is left out.
#if defined(GRAMIAN_MODELS_DIAG_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_MODELS_DIAG_INL_H
#undef GRAMIAN_MODELS_DIAG_INL_H
#else
#define GRAMIAN_MODELS_DIAG_INL_H
#endif

#include "gramian/lanes/layout-inl.h"
#include "gramian/models/pass.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T, bool kGdpp>
class DiagonalPass {
 public:
  using V = Vec<T>;
  using In = InLanes<T>;

  DiagonalPass(PassMemory<T>& memory, const T* theta, size_t place)
      : spec_(memory.spec()),
        memory_(memory),
        theta_(theta),
        v_(place * kRegister<T>),
        d_(static_cast<size_t>(spec_.d)),
        in_(d_, place, nullptr) {}

  T* Row(int l) const { return memory_.row(l) + v_; }
  T* Scratch(int k) const { return memory_.scratch(k) + v_; }
  void StoreWeights(const T* z, T* weights) const { in_.StoreNegated(d_, z, weights); }
  void LoadAdjoint(const T* dweights) const {
    in_.LoadNegated(d_, dweights, memory_.row_adjoint(0) + v_);
    Put<T>(hn::Zero(Tag<T>()), memory_.row_adjoint(0) + v_, d_);
  }

  void Load(const PromptBlock<T>& block, T factor) {
    const V c = Constant(factor);
    const T* gram = block.gram.data() + v_;
    const size_t rows = d_ + 1;
    for (size_t i = 0; i < d_; ++i) {
      for (size_t j = 0; j < d_; ++j) {
        V entry = Get(gram, i * rows + j);
        if (spec_.query_in_keys) {
          const T* x = block.query.data() + v_;
          entry = hn::MulAdd(Get(x, i), Get(x, j), entry);
        }
        Put<T>(hn::Mul(c, entry), S(0), i * d_ + j);
      }
      Put<T>(hn::Mul(c, Get(gram, d_ * rows + i)), Alpha(0), i);
    }
    if constexpr (!kGdpp) Put<T>(hn::Mul(c, Get(gram, d_ * rows + d_)), Lambda(0));
  }

  void Forward() {
    const int last = spec_.layers - 1;
    for (int l = 0; l < last; ++l) ForwardLayer(l);
    RowOfY(last, memory_.row(last) + v_);
    for (int l = last - 1; l >= 0; --l) StepRow(l, memory_.row(l + 1) + v_, memory_.row(l) + v_);
  }

  // The row of y of layer l: (C alpha, s).
  void RowOfY(int l, T* z) const {
    for (size_t i = 0; i < d_; ++i) Put<T>(hn::Mul(Constant(C(l)), Get(Alpha(l), i)), z, i);
    Put<T>(Shrink(l), z, d_);
  }

  // z_l = T_l^T z_{l+1} = (S1 z_x + C z_y alpha,  B <alpha, z_x> + s z_y)
  void StepRow(int l, const T* from, T* to) const {
    const V zy = Get(from, d_);
    MatrixVector<Into::set>(S(l), from, to);
    Combine(d_, Constant(1), from, Constant(A(l)), to, to);
    Axpy(d_, hn::Mul(Constant(C(l)), zy), Alpha(l), to);
    V y = hn::Mul(Shrink(l), zy);
    if constexpr (!kGdpp) y = hn::MulAdd(Constant(B(l)), Dot(d_, Alpha(l), from), y);
    Put<T>(y, to, d_);
  }

  void Backward(T* dtheta) {
    const int last = spec_.layers - 1;
    for (int l = 0; l < last; ++l) StepRowAdjoint(l);
    T* ds = memory_.scratch(0) + v_;      // twice dloss/dS of the layer's input, [d, d]
    T* dalpha = memory_.scratch(3) + v_;  // [d]
    V dlambda = BackwardLast(last, dalpha, dtheta);
    for (int l = last - 1; l >= 0; --l) dlambda = BackwardLayer(l, ds, dalpha, dlambda, dtheta);
  }

 private:
  static V Constant(T value) { return hn::Set(Tag<T>(), value); }

  // Layer l's entries in the shared memory of the pass.
  T* S(int l) const { return memory_.gram(l) + v_; }
  T* Alpha(int l) const { return S(l) + d_ * d_ * kLanes; }
  T* Lambda(int l) const { return Alpha(l) + d_ * kLanes; }
  T* S2(int l) const { return memory_.map(l) + v_; }
  T* Tau(int l) const { return memory_.values(l) + v_; }
  T* Rho(int l) const { return Tau(l) + d_ * kLanes; }
  T* Beta(int l) const { return Rho(l) + d_ * kLanes; }
  T* Image(int l) const { return Beta(l) + d_ * kLanes; }  // S dz

  // Whether somebody reads S of the output of inner layer l.
  bool NeedsNextS(int l) const { return l + 2 < spec_.layers; }

  T Parameter(int l, int k) const { return theta_[spec_.offset(l) + static_cast<size_t>(k)]; }
  T A(int l) const { return Parameter(l, 0); }
  T B(int l) const { return kGdpp ? T(0) : Parameter(l, 1); }
  T C(int l) const { return Parameter(l, kGdpp ? 1 : 2); }
  T E(int l) const { return kGdpp ? T(0) : Parameter(l, 3); }
  V Shrink(int l) const {  // s
    if constexpr (kGdpp) return Constant(1);
    return hn::MulAdd(Constant(E(l)), Get(Lambda(l)), Constant(1));
  }

  void AddOmega(int l, V xx, V xy, V yx, V yy, T* dtheta) const {
    T* out = dtheta + spec_.offset(l) * kLanes + v_;
    Increase<T>(xx, out, 0);
    if constexpr (kGdpp) {
      Increase<T>(yx, out, 1);
    } else {
      Increase<T>(xy, out, 1);
      Increase<T>(yx, out, 2);
      Increase<T>(yy, out, 3);
    }
  }

  LaneMatrix<T> Square(const T* data) const { return {data, d_}; }

  // y (= or +=) M x for the [d, d] matrix M.
  template <Into kInto>
  void MatrixVector(const T* m, const T* x, T* y) const {
    MultiplyVector<kInto>(d_, d_, Square(m), LaneColumn<T>{x, 1}, y);
  }

  void ForwardLayer(int l) {
    const T *s = S(l), *alpha = Alpha(l);
    T *tau = Tau(l), *rho = Rho(l), *beta = Beta(l), *next_alpha = Alpha(l + 1);
    const V a = Constant(A(l)), c = Constant(C(l));
    MatrixVector<Into::set>(s, alpha, tau);
    MatrixVector<Into::set>(s, tau, rho);
    if constexpr (kGdpp) {
      for (size_t i = 0; i < d_; ++i) {
        const V beta_i = hn::MulAdd(a, Get(tau, i), Get(alpha, i));
        const V delta_i = hn::MulAdd(a, Get(rho, i), Get(tau, i));
        Put<T>(hn::MulAdd(c, delta_i, beta_i), next_alpha, i);
      }
    } else {
      const V b = Constant(B(l)), lambda = Get(Lambda(l)), shrink = Shrink(l);
      const V q = Dot(d_, alpha, alpha);
      for (size_t i = 0; i < d_; ++i) {
        const V alpha_i = Get(alpha, i), tau_i = Get(tau, i);
        const V beta_i = hn::MulAdd(a, tau_i, alpha_i);
        const V gamma_i = hn::MulAdd(hn::Mul(b, lambda), alpha_i, beta_i);
        const V delta_i = hn::MulAdd(a, Get(rho, i), hn::MulAdd(hn::Mul(b, q), alpha_i, tau_i));
        Put<T>(beta_i, beta, i);
        Put<T>(hn::MulAdd(shrink, gamma_i, hn::Mul(c, delta_i)), next_alpha, i);
      }
      const V s_c = hn::Mul(shrink, c);
      const V alpha_tau = Dot(d_, alpha, tau);
      Put<T>(hn::MulAdd(hn::Mul(shrink, shrink), lambda,
                        hn::MulAdd(hn::Add(s_c, s_c), q, hn::Mul(hn::Mul(c, c), alpha_tau))),
             Lambda(l + 1));
    }
    if (NeedsNextS(l)) ForwardS(l);
  }

  // S', after beta.
  void ForwardS(int l) {
    const T *s = S(l), *alpha = Alpha(l), *beta = Beta(l);
    T *s2 = S2(l), *next = S(l + 1);
    MultiplySymmetric<Into::set>(d_, d_, Square(s), Square(s), s2);
    MultiplyLower<Into::set>(d_, d_, Square(s), Square(s2), next);  // S^3
    const V a = Constant(A(l)), b = Constant(B(l));
    const V two_a = hn::Add(a, a), a2 = hn::Mul(a, a);
    V b2_lambda = Constant(0);
    if constexpr (!kGdpp) b2_lambda = hn::Mul(hn::Mul(b, b), Get(Lambda(l)));
    for (size_t i = 0; i < d_; ++i) {
      V with_alpha = Constant(0), with_beta = Constant(0);
      if constexpr (!kGdpp) {
        with_alpha = hn::MulAdd(b, Get(beta, i), hn::Mul(b2_lambda, Get(alpha, i)));
        with_beta = hn::Mul(b, Get(alpha, i));
      }
      for (size_t j = 0; j <= i; ++j) {
        const size_t ij = i * d_ + j;
        V entry = hn::MulAdd(a2, Get(next, ij), hn::MulAdd(two_a, Get(s2, ij), Get(s, ij)));
        if constexpr (!kGdpp) {
          entry = hn::MulAdd(with_alpha, Get(alpha, j), hn::MulAdd(with_beta, Get(beta, j), entry));
        }
        Put<T>(entry, next, ij);
      }
    }
    Mirror(d_, next);
  }

  // dz_{l+1} = T_l dz_l = (S1 dz_x + B dz_y alpha,  C <alpha, dz_x> + s dz_y). Keeps S dz_x.
  // dz_y enters through B and E only.
  void StepRowAdjoint(int l) const {
    const T* from = memory_.row_adjoint(l) + v_;
    T* to = memory_.row_adjoint(l + 1) + v_;
    MatrixVector<Into::set>(S(l), from, Image(l));
    Combine(d_, Constant(1), from, Constant(A(l)), Image(l), to);
    if constexpr (!kGdpp) {
      const V dzy = Get(from, d_);
      Axpy(d_, hn::Mul(Constant(B(l)), dzy), Alpha(l), to);
      Put<T>(hn::MulAdd(Constant(C(l)), Dot(d_, Alpha(l), from), hn::Mul(Shrink(l), dzy)), to, d_);
    }
  }

  // Adjoint of RowOfY: sets dalpha, returns dlambda.
  V BackwardLast(int l, T* dalpha, T* dtheta) const {
    const T* dz = memory_.row_adjoint(l) + v_;
    for (size_t i = 0; i < d_; ++i) Put<T>(hn::Mul(Constant(C(l)), Get(dz, i)), dalpha, i);
    const V zero = Constant(0), dyx = Dot(d_, dz, Alpha(l));
    if constexpr (kGdpp) {
      AddOmega(l, zero, zero, dyx, zero, dtheta);
      return zero;
    } else {
      const V dzy = Get(dz, d_);
      AddOmega(l, zero, zero, dyx, hn::Mul(Get(Lambda(l)), dzy), dtheta);
      return hn::Mul(Constant(E(l)), dzy);
    }
  }

  // What the adjoint of an inner layer passes from the omegas to its inputs.
  struct LayerAdjoint {
    T *dout, *dbeta, *dtau, *ddelta;  // vectors [d]; dout is dalpha of the output
    V dlambda, dq, dshrink;           // DIAG only
  };

  // Adjoint of ForwardLayer and of StepRow. On entry ds, dalpha and dlambda belong to the
  // layer's output, on return to its input: to nobody where l = 0.
  V BackwardLayer(int l, T* ds, T* dalpha, V dlambda_out, T* dtheta) {
    const bool has_ds = NeedsNextS(l), inner = l > 0;
    const T *alpha = Alpha(l), *tau = Tau(l), *rho = Rho(l), *beta = Beta(l);
    const V a = Constant(A(l)), b = Constant(B(l)), c = Constant(C(l)), zero = Constant(0);
    T* vectors = memory_.scratch(4) + v_;
    const auto vector = [&](size_t k) HWY_ATTR { return vectors + k * d_ * kLanes; };
    LayerAdjoint adjoint{vector(0), kGdpp ? vector(0) : vector(1), vector(2), vector(4), zero, zero, zero};
    T *dout = adjoint.dout, *dbeta = adjoint.dbeta, *ds_alpha = vector(3);
    Copy(d_, dalpha, dout);

    // S' = ... + B (beta alpha^T + alpha beta^T) + B^2 lambda alpha alpha^T, before ds changes.
    V dxy = zero;
    if constexpr (!kGdpp) {
      const V lambda = Get(Lambda(l));
      if (has_ds) {
        MatrixVector<Into::set>(ds, alpha, ds_alpha);
        const V alpha_ds_alpha = Dot(d_, alpha, ds_alpha);
        dxy = hn::MulAdd(hn::Mul(b, lambda), alpha_ds_alpha, Dot(d_, beta, ds_alpha));
        adjoint.dlambda = hn::Mul(hn::Mul(hn::Set(Tag<T>(), T(0.5)), hn::Mul(b, b)), alpha_ds_alpha);
        if (inner) {
          MatrixVector<Into::set>(ds, beta, dalpha);
          Combine(d_, b, dalpha, hn::Mul(hn::Mul(b, b), lambda), ds_alpha, dalpha);
        }
      }
      for (size_t i = 0; i < d_; ++i) Put<T>(has_ds ? hn::Mul(b, Get(ds_alpha, i)) : zero, dbeta, i);
      if (!has_ds) Fill(zero, dalpha);
    }

    T* m = memory_.scratch(5) + v_;
    V dxx = zero;
    if (has_ds) dxx = BackwardPolynomial(l, ds, inner ? m : nullptr);

    // The row recursion z = T^T z' gives T the adjoint z' dz^T.
    const T* z = memory_.row(l + 1) + v_;
    const T* dz = memory_.row_adjoint(l) + v_;
    const V zy = Get(z, d_);

    // alpha' = s gamma + C delta, gamma = beta + B lambda alpha, delta = tau + A rho + B q alpha,
    // beta = alpha + A tau, s = 1 + E lambda, lambda' = s^2 lambda + 2 s C q + C^2 <alpha, tau>
    const V dout_rho = Dot(d_, dout, rho);
    dxx = hn::MulAdd(c, dout_rho, dxx);
    dxx = hn::Add(dxx, Dot(d_, z, Image(l)));
    if constexpr (kGdpp) {
      dxx = hn::Add(dxx, Dot(d_, dout, tau));
      V dyx = hn::MulAdd(a, dout_rho, Dot(d_, dout, tau));
      dyx = hn::MulAdd(zy, Dot(d_, dz, alpha), dyx);
      AddOmega(l, dxx, zero, dyx, zero, dtheta);
    } else {
      const V lambda = Get(Lambda(l)), shrink = Shrink(l), dzy = Get(dz, d_);
      const V q = Dot(d_, alpha, alpha), alpha_tau = Dot(d_, alpha, tau);
      const V two_out = hn::Mul(hn::Set(Tag<T>(), T(2)), dlambda_out);
      const V dout_alpha = Dot(d_, dout, alpha), dout_beta = Dot(d_, dout, beta);
      const V dgamma_alpha = hn::Mul(shrink, dout_alpha), ddelta_alpha = hn::Mul(c, dout_alpha);
      const V with_lambda = hn::MulAdd(shrink, lambda, hn::Mul(c, q));
      Axpy(d_, shrink, dout, dbeta);
      dxx = hn::Add(dxx, Dot(d_, dbeta, tau));
      dxy = hn::MulAdd(lambda, dgamma_alpha, dxy);
      dxy = hn::MulAdd(q, ddelta_alpha, dxy);
      dxy = hn::MulAdd(dzy, Dot(d_, z, alpha), dxy);
      V dyx = hn::MulAdd(a, dout_rho, hn::MulAdd(hn::Mul(b, q), dout_alpha, Dot(d_, dout, tau)));
      dyx = hn::MulAdd(two_out, hn::MulAdd(shrink, q, hn::Mul(c, alpha_tau)), dyx);
      dyx = hn::MulAdd(zy, Dot(d_, dz, alpha), dyx);
      V dshrink = hn::MulAdd(hn::Mul(b, lambda), dout_alpha, dout_beta);
      dshrink = hn::MulAdd(two_out, with_lambda, dshrink);
      dshrink = hn::MulAdd(zy, dzy, dshrink);
      AddOmega(l, dxx, dxy, dyx, hn::Mul(dshrink, lambda), dtheta);
      adjoint.dshrink = dshrink;
      adjoint.dlambda = hn::MulAdd(b, dgamma_alpha, adjoint.dlambda);
      adjoint.dlambda = hn::MulAdd(hn::Mul(shrink, shrink), dlambda_out, adjoint.dlambda);
      adjoint.dq = hn::MulAdd(two_out, hn::Mul(shrink, c), hn::Mul(b, ddelta_alpha));
      if (inner) {
        Axpy(d_, hn::Mul(b, with_lambda), dout, dalpha);
        Axpy(d_, hn::Mul(hn::Mul(c, c), dlambda_out), tau, dalpha);
        Axpy(d_, hn::Mul(b, dzy), z, dalpha);
      }
    }
    if (!inner) return zero;
    BackwardAlpha(l, dlambda_out, adjoint, dalpha);
    if (has_ds) {
      BackwardS<Into::add>(l, adjoint, m, ds);
    } else {
      BackwardS<Into::set>(l, adjoint, m, ds);
    }
    return hn::MulAdd(adjoint.dshrink, Constant(E(l)), adjoint.dlambda);
  }

  // What remains of dalpha of the layer's input; sets ddelta and dtau.
  void BackwardAlpha(int l, V dlambda_out, const LayerAdjoint& adjoint, T* dalpha) {
    const T *s = S(l), *alpha = Alpha(l);
    const T* dz = memory_.row_adjoint(l) + v_;
    const V a = Constant(A(l)), c = Constant(C(l)), zy = Get(memory_.row(l + 1) + v_, d_);
    T *dtau = adjoint.dtau, *ddelta = adjoint.ddelta;
    for (size_t i = 0; i < d_; ++i) Put<T>(hn::Mul(c, Get(adjoint.dout, i)), ddelta, i);
    MatrixVector<Into::set>(s, ddelta, dtau);
    Combine(d_, Constant(1), ddelta, a, dtau, dtau);
    if constexpr (kGdpp) {
      Copy(d_, adjoint.dbeta, dalpha);
      Axpy(d_, hn::Mul(c, zy), dz, dalpha);
    } else {
      Axpy(d_, hn::Mul(hn::Mul(c, c), dlambda_out), alpha, dtau);
      Axpy(d_, hn::Mul(c, zy), dz, dalpha);
      Axpy(d_, Constant(1), adjoint.dbeta, dalpha);
      Axpy(d_, hn::Add(adjoint.dq, adjoint.dq), alpha, dalpha);
    }
    Axpy(d_, a, adjoint.dbeta, dtau);
    MatrixVector<Into::add>(s, dtau, dalpha);
  }

  // All that remains of dS in one sweep of its lower triangle: M + M^T of the polynomial (not
  // where there was no dS'), and the outer products of rho, of the row recursion and of tau.
  template <Into kInto>
  void BackwardS(int l, const LayerAdjoint& adjoint, const T* m, T* ds) {
    const T *alpha = Alpha(l), *tau = Tau(l), *dtau = adjoint.dtau, *ddelta = adjoint.ddelta;
    const T* z = memory_.row(l + 1) + v_;
    const T* dz = memory_.row_adjoint(l) + v_;
    const V a = Constant(A(l));
    const auto plus = [&](V x, V y, size_t ij)
                          HWY_ATTR { return kInto == Into::add ? hn::MulAdd(x, y, Get(m, ij)) : hn::Mul(x, y); };
    for (size_t i = 0; i < d_; ++i) {
      const V a_ddelta = hn::Mul(a, Get(ddelta, i)), a_tau = hn::Mul(a, Get(tau, i));
      const V a_z = hn::Mul(a, Get(z, i)), a_dz = hn::Mul(a, Get(dz, i));
      const V dtau_i = Get(dtau, i), alpha_i = Get(alpha, i);
      for (size_t j = 0; j <= i; ++j) {
        V first = plus(a_ddelta, Get(tau, j), i * d_ + j);
        V second = plus(a_tau, Get(ddelta, j), j * d_ + i);
        first = hn::MulAdd(a_z, Get(dz, j), first);
        second = hn::MulAdd(a_dz, Get(z, j), second);
        first = hn::MulAdd(dtau_i, Get(alpha, j), first);
        second = hn::MulAdd(alpha_i, Get(dtau, j), second);
        const V sum = hn::Add(first, second);
        Put<T>(kInto == Into::add ? hn::Add(Get(ds, i * d_ + j), sum) : sum, ds, i * d_ + j);
      }
    }
    Mirror(d_, ds);
  }

  // Adjoint of R = S + 2A S^2 + A^2 S^3. With N = dR S and M = N (2A I + A^2 S),
  //
  //     dS = dR + A^2 S N + M + M^T,      dA = <N, S> + A <N, S^2>   (ds is twice dloss/dR)
  //
  // Returns dA. Adds A^2 S N to the lower triangle of ds and leaves M to the caller, unless
  // m is null.
  V BackwardPolynomial(int l, T* ds, T* m) {
    const T *s = S(l), *s2 = S2(l);
    const T a = A(l);
    T* n = memory_.scratch(1) + v_;
    T* scaled = memory_.scratch(2) + v_;
    Multiply<Into::set>(d_, d_, d_, Square(ds), Square(s), n);
    const V dxx = hn::MulAdd(Constant(a), Dot(d_ * d_, n, s2), Dot(d_ * d_, n, s));
    if (m == nullptr) return dxx;
    for (size_t i = 0; i < d_ * d_; ++i) Put<T>(hn::Mul(Constant(a * a), Get(s, i)), scaled, i);
    MultiplyLower<Into::add>(d_, d_, Square(scaled), Square(n), ds);
    for (size_t i = 0; i < d_; ++i) Increase<T>(Constant(2 * a), scaled, i * d_ + i);
    Multiply<Into::set>(d_, d_, d_, Square(n), Square(scaled), m);
    return dxx;
  }

  void Fill(V value, T* x) const {
    for (size_t i = 0; i < d_; ++i) Put<T>(value, x, i);
  }

  const NetworkSpec& spec_;
  PassMemory<T>& memory_;
  const T* theta_;
  size_t v_, d_;
  In in_;
};

template <class T>
using DiagPass = DiagonalPass<T, false>;
template <class T>
using GdppPass = DiagonalPass<T, true>;

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
