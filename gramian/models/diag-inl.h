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
// The last layer reads alpha and lambda only, so the inner layer before it does not compute S', and
// there is no dS' in its adjoint; the adjoint of the first layer computes the omegas only. S^2 and
// S^3 are symmetric, so an inner layer between these costs d^3 multiply-adds forward and 2.5 d^3
// backward.
//
// GD++ is B = E = 0. Then s = 1, nothing depends on lambda, and all terms with a B vanish; they are
// marked with `if constexpr (!kGdpp)`.
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

// L: InLanes or InRows.
template <class T, bool kGdpp, class L>
class DiagonalPass {
 public:
  using V = Vec<T>;
  using In = L;

  DiagonalPass(PassMemory<T>& memory, const T* theta, size_t place)
      : spec_(memory.spec()),
        memory_(memory),
        theta_(theta),
        d_(static_cast<size_t>(spec_.d)),
        in_(d_, spec_.rows(), place, memory.panel()) {}

  void Load(const PromptBlock<T>& block, T factor) {
    const T* gram = block.gram.data();
    const T* last_row = gram + d_ * spec_.rows() * kLanes;
    in_.LoadScaled(gram, factor, S(0), spec_.query_in_keys ? block.query.data() : nullptr);
    in_.LoadScaledVector(last_row, factor, Alpha(0));
    if constexpr (!kGdpp) in_.SetEntry(in_.FromBlock(last_row, d_, factor), Lambda(0), 0);
  }

  // A row z is (z_x, z_y). w = -z_x of z_0 is the result; its adjoint begins the backward pass.
  T* Row(int l) const { return in_.Vector(memory_.row(l)); }
  T* Scratch(int k) const { return in_.Matrix(memory_.scratch(k)); }
  void StoreWeights(const T* z, T* weights) const { in_.StoreNegated(d_, z, weights); }
  void LoadAdjoint(const T* dweights) const {
    in_.LoadNegated(d_, dweights, RowAdjoint(0));
    SetY(Constant(0), RowAdjoint(0));
  }

  void Forward() {
    const int last = spec_.layers - 1;
    for (int l = 0; l < last; ++l) ForwardLayer(l);
    RowOfY(last, Row(last));
    for (int l = last - 1; l >= 0; --l) StepRow(l, Row(l + 1), Row(l));
  }

  // The row of y of layer l: (C alpha, s).
  void RowOfY(int l, T* z) const {
    for (size_t i = 0; i < in_.Registers(d_); ++i)
      In::Put(hn::Mul(Constant(C(l)), In::Get(Alpha(l), i)), z, i);
    SetY(Shrink(l), z);
  }

  // z_l = T_l^T z_{l+1} = (S1 z_x + C z_y alpha,  B <alpha, z_x> + s z_y)
  void StepRow(int l, const T* from, T* to) const {
    const V zy = Y(from);
    MatrixVector<Into::set>(S(l), from, to);
    in_.CombineVectors(Constant(1), from, Constant(A(l)), to, to);
    in_.AddScaled(hn::Mul(Constant(C(l)), zy), Alpha(l), to);
    V y = hn::Mul(Shrink(l), zy);
    if constexpr (!kGdpp) y = hn::MulAdd(Constant(B(l)), in_.VectorDot(Alpha(l), from), y);
    SetY(y, to);
  }

  void Backward(T* dtheta) {
    const int last = spec_.layers - 1;
    for (int l = 0; l < last; ++l) StepRowAdjoint(l);
    T* ds = Scratch(0);      // twice dloss/dS of the layer's input, [d, d]
    T* dalpha = Scratch(3);  // [d]
    V dlambda = BackwardLast(last, dalpha, dtheta);
    for (int l = last - 1; l >= 0; --l) dlambda = BackwardLayer(l, ds, dalpha, dlambda, dtheta);
  }

 private:
  static V Constant(T value) { return hn::Set(Tag<T>(), value); }

  // Layer l's entries in the shared memory of the pass.
  T* S(int l) const { return in_.Matrix(memory_.gram(l)); }
  T* Alpha(int l) const { return in_.Row(S(l), d_); }
  T* Lambda(int l) const { return in_.Row(S(l), d_ + 1); }
  T* S2(int l) const { return in_.Matrix(memory_.map(l)); }
  T* Tau(int l) const { return Values(l, 0); }
  T* Rho(int l) const { return Values(l, 1); }
  T* Beta(int l) const { return Values(l, 2); }
  T* Image(int l) const { return Values(l, 3); }  // S dz
  T* Values(int l, size_t k) const { return in_.Row(in_.Matrix(memory_.values(l)), k); }
  T* RowAdjoint(int l) const { return in_.Vector(memory_.row_adjoint(l)); }
  // z_y of a row, behind z_x and its padding.
  V Y(const T* z) const { return in_.Entry(in_.Behind(z), 0); }
  void SetY(V value, T* z) const { in_.SetEntry(value, in_.Behind(z), 0); }

  // True if layer l + 1 is an inner layer, the only kind that reads S.
  bool NeedsNextS(int l) const { return l + 2 < spec_.layers; }

  T Parameter(int l, int k) const { return theta_[spec_.offset(l) + static_cast<size_t>(k)]; }
  T A(int l) const { return Parameter(l, 0); }
  T B(int l) const { return kGdpp ? T(0) : Parameter(l, 1); }
  T C(int l) const { return Parameter(l, kGdpp ? 1 : 2); }
  T E(int l) const { return kGdpp ? T(0) : Parameter(l, 3); }
  V Shrink(int l) const {  // s
    if constexpr (kGdpp) return Constant(1);
    return hn::MulAdd(Constant(E(l)), in_.Entry(Lambda(l), 0), Constant(1));
  }

  void AddOmega(int l, V xx, V xy, V yx, V yy, T* dtheta) const {
    T* out = dtheta + spec_.offset(l) * kLanes;
    in_.AddToBlock(xx, out, 0);
    if constexpr (kGdpp) {
      in_.AddToBlock(yx, out, 1);
    } else {
      in_.AddToBlock(xy, out, 1);
      in_.AddToBlock(yx, out, 2);
      in_.AddToBlock(yy, out, 3);
    }
  }

  // y (= or +=) M x for the [d, d] matrix M.
  template <Into kInto>
  void MatrixVector(const T* m, const T* x, T* y) const {
    in_.template Apply<kInto>(in_.Square(m), in_.Column(x), y);
  }

  void ForwardLayer(int l) {
    const T *s = S(l), *alpha = Alpha(l);
    T *tau = Tau(l), *rho = Rho(l), *beta = Beta(l), *next_alpha = Alpha(l + 1);
    const V a = Constant(A(l)), c = Constant(C(l));
    MatrixVector<Into::set>(s, alpha, tau);
    MatrixVector<Into::set>(s, tau, rho);
    if constexpr (kGdpp) {
      for (size_t i = 0; i < in_.Registers(d_); ++i) {
        const V beta_i = hn::MulAdd(a, In::Get(tau, i), In::Get(alpha, i));
        const V delta_i = hn::MulAdd(a, In::Get(rho, i), In::Get(tau, i));
        In::Put(hn::MulAdd(c, delta_i, beta_i), next_alpha, i);
      }
    } else {
      const V b = Constant(B(l)), lambda = in_.Entry(Lambda(l), 0), shrink = Shrink(l);
      const V q = in_.VectorDot(alpha, alpha);
      for (size_t i = 0; i < in_.Registers(d_); ++i) {
        const V alpha_i = In::Get(alpha, i), tau_i = In::Get(tau, i);
        const V beta_i = hn::MulAdd(a, tau_i, alpha_i);
        const V gamma_i = hn::MulAdd(hn::Mul(b, lambda), alpha_i, beta_i);
        const V delta_i = hn::MulAdd(a, In::Get(rho, i), hn::MulAdd(hn::Mul(b, q), alpha_i, tau_i));
        In::Put(beta_i, beta, i);
        In::Put(hn::MulAdd(shrink, gamma_i, hn::Mul(c, delta_i)), next_alpha, i);
      }
      const V s_c = hn::Mul(shrink, c);
      const V alpha_tau = in_.VectorDot(alpha, tau);
      in_.SetEntry(hn::MulAdd(hn::Mul(shrink, shrink), lambda,
                              hn::MulAdd(hn::Add(s_c, s_c), q, hn::Mul(hn::Mul(c, c), alpha_tau))),
                   Lambda(l + 1), 0);
    }
    if (NeedsNextS(l)) ForwardS(l);
  }

  // S', after beta.
  void ForwardS(int l) {
    const T *s = S(l), *alpha = Alpha(l), *beta = Beta(l);
    T *s2 = S2(l), *next = S(l + 1);
    in_.template LowerProduct<Into::set>(in_.Square(s), in_.Square(s), s2);
    in_.MirrorLower(s2);
    in_.template LowerProduct<Into::set>(in_.Square(s), in_.Square(s2), next);  // S^3
    const V a = Constant(A(l)), b = Constant(B(l));
    const V two_a = hn::Add(a, a), a2 = hn::Mul(a, a);
    V b2_lambda = Constant(0);
    if constexpr (!kGdpp) b2_lambda = hn::Mul(hn::Mul(b, b), in_.Entry(Lambda(l), 0));
    for (size_t i = 0; i < d_; ++i) {
      V with_alpha = Constant(0), with_beta = Constant(0);
      if constexpr (!kGdpp) {
        with_alpha = hn::MulAdd(b, in_.Entry(beta, i), hn::Mul(b2_lambda, in_.Entry(alpha, i)));
        with_beta = hn::Mul(b, in_.Entry(alpha, i));
      }
      T* row = in_.Row(next, i);
      const T *s_row = in_.Row(s, i), *s2_row = in_.Row(s2, i);
      for (size_t j = 0; j < in_.Registers(i + 1); ++j) {
        V entry = hn::MulAdd(a2, In::Get(row, j),
                             hn::MulAdd(two_a, In::Get(s2_row, j), In::Get(s_row, j)));
        if constexpr (!kGdpp) {
          entry = hn::MulAdd(with_alpha, In::Get(alpha, j),
                             hn::MulAdd(with_beta, In::Get(beta, j), entry));
        }
        In::Put(entry, row, j);
      }
    }
    in_.MirrorLower(next);
  }

  // dz_{l+1} = T_l dz_l = (S1 dz_x + B dz_y alpha,  C <alpha, dz_x> + s dz_y). Keeps S dz_x.
  // dz_y enters through B and E only.
  void StepRowAdjoint(int l) const {
    const T* from = RowAdjoint(l);
    T* to = RowAdjoint(l + 1);
    MatrixVector<Into::set>(S(l), from, Image(l));
    in_.CombineVectors(Constant(1), from, Constant(A(l)), Image(l), to);
    if constexpr (!kGdpp) {
      const V dzy = Y(from);
      in_.AddScaled(hn::Mul(Constant(B(l)), dzy), Alpha(l), to);
      SetY(hn::MulAdd(Constant(C(l)), in_.VectorDot(Alpha(l), from), hn::Mul(Shrink(l), dzy)), to);
    }
  }

  // Adjoint of RowOfY: sets dalpha, returns dlambda.
  V BackwardLast(int l, T* dalpha, T* dtheta) const {
    const T* dz = RowAdjoint(l);
    for (size_t i = 0; i < in_.Registers(d_); ++i)
      In::Put(hn::Mul(Constant(C(l)), In::Get(dz, i)), dalpha, i);
    const V zero = Constant(0), dyx = in_.VectorDot(dz, Alpha(l));
    if constexpr (kGdpp) {
      AddOmega(l, zero, zero, dyx, zero, dtheta);
      return zero;
    } else {
      const V dzy = Y(dz);
      AddOmega(l, zero, zero, dyx, hn::Mul(in_.Entry(Lambda(l), 0), dzy), dtheta);
      return hn::Mul(Constant(E(l)), dzy);
    }
  }

  // What the adjoint of an inner layer passes from the omegas to its inputs.
  struct LayerAdjoint {
    T *dout, *dbeta, *dtau, *ddelta;  // vectors [d]; dout is dalpha of the output
    V dlambda, dq, dshrink;           // DIAG only
  };

  // Adjoint of ForwardLayer and of StepRow. On entry ds, dalpha and dlambda_out belong to the
  // layer's output. On return ds, dalpha and the returned dlambda belong to its input; for l = 0
  // there is none, and they are not set.
  V BackwardLayer(int l, T* ds, T* dalpha, V dlambda_out, T* dtheta) {
    const bool has_ds = NeedsNextS(l), inner = l > 0;
    const V zero = Constant(0);
    const auto vector = [&](size_t k) HWY_ATTR { return in_.Row(Scratch(4), k); };
    LayerAdjoint adjoint{vector(0), kGdpp ? vector(0) : vector(1), vector(2), vector(4), zero, zero,
                         zero};
    in_.CopyVector(dalpha, adjoint.dout);

    V dxy = zero;
    if constexpr (!kGdpp) dxy = BackwardOuterProducts(l, ds, vector(3), adjoint, dalpha);
    T* m = Scratch(5);
    V dxx = zero;
    if (has_ds) dxx = BackwardPolynomial(l, ds, inner ? m : nullptr);
    if constexpr (kGdpp) {
      BackwardOmegasOfGdpp(l, dxx, adjoint, dtheta);
    } else {
      BackwardOmegas(l, dxx, dxy, dlambda_out, adjoint, dalpha, dtheta);
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

  // Adjoint of B (beta alpha^T + alpha beta^T) + B^2 lambda alpha alpha^T in S', to be called
  // before ds changes. Begins dbeta, dlambda and (for l > 0) dalpha of the input; returns dB.
  // ds_alpha: memory for a vector [d].
  V BackwardOuterProducts(int l, const T* ds, T* ds_alpha, LayerAdjoint& adjoint, T* dalpha) {
    const bool has_ds = NeedsNextS(l);
    const T *alpha = Alpha(l), *beta = Beta(l);
    const V b = Constant(B(l)), zero = Constant(0), lambda = in_.Entry(Lambda(l), 0);
    V dxy = zero;
    if (has_ds) {
      MatrixVector<Into::set>(ds, alpha, ds_alpha);
      const V alpha_ds_alpha = in_.VectorDot(alpha, ds_alpha);
      dxy = hn::MulAdd(hn::Mul(b, lambda), alpha_ds_alpha, in_.VectorDot(beta, ds_alpha));
      adjoint.dlambda = hn::Mul(hn::Mul(hn::Set(Tag<T>(), T(0.5)), hn::Mul(b, b)), alpha_ds_alpha);
      if (l > 0) {
        MatrixVector<Into::set>(ds, beta, dalpha);
        in_.CombineVectors(b, dalpha, hn::Mul(hn::Mul(b, b), lambda), ds_alpha, dalpha);
      }
    }
    for (size_t i = 0; i < in_.Registers(d_); ++i)
      In::Put(has_ds ? hn::Mul(b, In::Get(ds_alpha, i)) : zero, adjoint.dbeta, i);
    if (!has_ds) in_.FillVector(zero, dalpha);
    return dxy;
  }

  // dxx with what A has done in alpha', by its term C A rho, and in the row recursion z = T^T z',
  // which gives T the adjoint z' dz^T. dout_rho: <dout, rho>; z_image: <z', S dz>.
  V WithRhoAndRow(int l, V dout_rho, V z_image, V dxx) const {
    return hn::Add(hn::MulAdd(Constant(C(l)), dout_rho, dxx), z_image);
  }

  // alpha' = beta + C delta, delta = tau + A rho, beta = alpha + A tau
  void BackwardOmegasOfGdpp(int l, V dxx, const LayerAdjoint& adjoint, T* dtheta) {
    const T *alpha = Alpha(l), *tau = Tau(l), *dout = adjoint.dout;
    V dots[4];
    in_.template VectorDots<4>({dout, dout, Row(l + 1), RowAdjoint(l)},
                               {Rho(l), tau, Image(l), alpha}, dots);
    const auto& [dout_rho, dout_tau, z_image, dz_alpha] = dots;
    const V zero = Constant(0);
    dxx = hn::Add(WithRhoAndRow(l, dout_rho, z_image, dxx), dout_tau);
    V dyx = hn::MulAdd(Constant(A(l)), dout_rho, dout_tau);
    dyx = hn::MulAdd(Y(Row(l + 1)), dz_alpha, dyx);
    AddOmega(l, dxx, zero, dyx, zero, dtheta);
  }

  // alpha' = s gamma + C delta, gamma = beta + B lambda alpha, delta = tau + A rho + B q alpha,
  // beta = alpha + A tau, s = 1 + E lambda, lambda' = s^2 lambda + 2 s C q + C^2 <alpha, tau>
  void BackwardOmegas(int l, V dxx, V dxy, V dlambda_out, LayerAdjoint& adjoint, T* dalpha,
                      T* dtheta) {
    const T *alpha = Alpha(l), *tau = Tau(l), *beta = Beta(l), *dout = adjoint.dout;
    const T *z = Row(l + 1), *dz = RowAdjoint(l);
    const V a = Constant(A(l)), b = Constant(B(l)), c = Constant(C(l));
    const V zy = Y(z), dzy = Y(dz), lambda = in_.Entry(Lambda(l), 0), shrink = Shrink(l);
    in_.AddScaled(shrink, dout, adjoint.dbeta);
    V dots[10];
    in_.template VectorDots<10>({dout, dout, dout, dout, alpha, alpha, z, z, dz, adjoint.dbeta},
                                {Rho(l), alpha, beta, tau, alpha, tau, Image(l), alpha, alpha, tau},
                                dots);
    const auto& [dout_rho, dout_alpha, dout_beta, dout_tau, q, alpha_tau, z_image, z_alpha,
                 dz_alpha, dbeta_tau] = dots;
    dxx = WithRhoAndRow(l, dout_rho, z_image, dxx);
    const V two_out = hn::Mul(hn::Set(Tag<T>(), T(2)), dlambda_out);
    const V dgamma_alpha = hn::Mul(shrink, dout_alpha), ddelta_alpha = hn::Mul(c, dout_alpha);
    const V with_lambda = hn::MulAdd(shrink, lambda, hn::Mul(c, q));
    dxx = hn::Add(dxx, dbeta_tau);
    dxy = hn::MulAdd(lambda, dgamma_alpha, dxy);
    dxy = hn::MulAdd(q, ddelta_alpha, dxy);
    dxy = hn::MulAdd(dzy, z_alpha, dxy);
    V dyx = hn::MulAdd(a, dout_rho, hn::MulAdd(hn::Mul(b, q), dout_alpha, dout_tau));
    dyx = hn::MulAdd(two_out, hn::MulAdd(shrink, q, hn::Mul(c, alpha_tau)), dyx);
    dyx = hn::MulAdd(zy, dz_alpha, dyx);
    V dshrink = hn::MulAdd(hn::Mul(b, lambda), dout_alpha, dout_beta);
    dshrink = hn::MulAdd(two_out, with_lambda, dshrink);
    dshrink = hn::MulAdd(zy, dzy, dshrink);
    AddOmega(l, dxx, dxy, dyx, hn::Mul(dshrink, lambda), dtheta);
    adjoint.dshrink = dshrink;
    adjoint.dlambda = hn::MulAdd(b, dgamma_alpha, adjoint.dlambda);
    adjoint.dlambda = hn::MulAdd(hn::Mul(shrink, shrink), dlambda_out, adjoint.dlambda);
    adjoint.dq = hn::MulAdd(two_out, hn::Mul(shrink, c), hn::Mul(b, ddelta_alpha));
    if (l > 0) {
      in_.AddScaled(hn::Mul(b, with_lambda), dout, dalpha);
      in_.AddScaled(hn::Mul(hn::Mul(c, c), dlambda_out), tau, dalpha);
      in_.AddScaled(hn::Mul(b, dzy), z, dalpha);
    }
  }

  // What remains of dalpha of the layer's input; sets ddelta and dtau.
  void BackwardAlpha(int l, V dlambda_out, const LayerAdjoint& adjoint, T* dalpha) {
    const T *s = S(l), *alpha = Alpha(l);
    const T* dz = RowAdjoint(l);
    const V a = Constant(A(l)), c = Constant(C(l)), zy = Y(Row(l + 1));
    T *dtau = adjoint.dtau, *ddelta = adjoint.ddelta;
    for (size_t i = 0; i < in_.Registers(d_); ++i)
      In::Put(hn::Mul(c, In::Get(adjoint.dout, i)), ddelta, i);
    MatrixVector<Into::set>(s, ddelta, dtau);
    in_.CombineVectors(Constant(1), ddelta, a, dtau, dtau);
    if constexpr (kGdpp) {
      in_.CopyVector(adjoint.dbeta, dalpha);
      in_.AddScaled(hn::Mul(c, zy), dz, dalpha);
    } else {
      in_.AddScaled(hn::Mul(hn::Mul(c, c), dlambda_out), alpha, dtau);
      in_.AddScaled(hn::Mul(c, zy), dz, dalpha);
      in_.AddScaled(Constant(1), adjoint.dbeta, dalpha);
      in_.AddScaled(hn::Add(adjoint.dq, adjoint.dq), alpha, dalpha);
    }
    in_.AddScaled(a, adjoint.dbeta, dtau);
    MatrixVector<Into::add>(s, dtau, dalpha);
  }

  // All that remains of dS in one sweep of its lower triangle: M + M^T of the polynomial (not
  // where there was no dS'), and the outer products of rho, of the row recursion and of tau.
  template <Into kInto>
  void BackwardS(int l, const LayerAdjoint& adjoint, const T* m, T* ds) {
    if (kInto == Into::add) in_.PrepareTransposed(m);
    const size_t pairs = d_ / 2 * 2;
    for (size_t i = 0; i < pairs; i += 2) {  // two rows at a time share what they read by columns
      const RowFactors upper = FactorsOfRow(l, adjoint, i), lower = FactorsOfRow(l, adjoint, i + 1);
      size_t j = 0;
      for (; j < in_.Registers(i + 1); ++j) {
        const ColumnFactors column = FactorsOfColumn(l, adjoint, j);
        BackwardEntry<kInto>(upper, column, m, i, j, ds);
        BackwardEntry<kInto>(lower, column, m, i + 1, j, ds);
      }
      for (; j < in_.Registers(i + 2); ++j)
        BackwardEntry<kInto>(lower, FactorsOfColumn(l, adjoint, j), m, i + 1, j, ds);
    }
    for (size_t i = pairs; i < d_; ++i) {
      const RowFactors row = FactorsOfRow(l, adjoint, i);
      for (size_t j = 0; j < in_.Registers(i + 1); ++j)
        BackwardEntry<kInto>(row, FactorsOfColumn(l, adjoint, j), m, i, j, ds);
    }
    in_.MirrorLower(ds);
  }

  // Of the outer products in dS: the factors of one row, and of one register of columns.
  struct RowFactors {
    V a_ddelta, a_tau, a_z, a_dz, dtau, alpha;
  };
  struct ColumnFactors {
    V ddelta, tau, z, dz, dtau, alpha;
  };
  HWY_INLINE RowFactors FactorsOfRow(int l, const LayerAdjoint& adjoint, size_t i) const {
    const V a = Constant(A(l));
    return {hn::Mul(a, in_.Entry(adjoint.ddelta, i)),
            hn::Mul(a, in_.Entry(Tau(l), i)),
            hn::Mul(a, in_.Entry(Row(l + 1), i)),
            hn::Mul(a, in_.Entry(RowAdjoint(l), i)),
            in_.Entry(adjoint.dtau, i),
            in_.Entry(Alpha(l), i)};
  }
  HWY_INLINE ColumnFactors FactorsOfColumn(int l, const LayerAdjoint& adjoint, size_t j) const {
    return {In::Get(adjoint.ddelta, j), In::Get(Tau(l), j),       In::Get(Row(l + 1), j),
            In::Get(RowAdjoint(l), j),  In::Get(adjoint.dtau, j), In::Get(Alpha(l), j)};
  }
  template <Into kInto>
  HWY_INLINE void BackwardEntry(const RowFactors& row, const ColumnFactors& column, const T* m,
                                size_t i, size_t j, T* ds) const {
    V first, second;
    if constexpr (kInto == Into::add) {
      first = hn::MulAdd(row.a_ddelta, column.tau, In::Get(in_.Row(m, i), j));
      second = hn::MulAdd(row.a_tau, column.ddelta, in_.GetTransposed(m, i, j));
    } else {
      first = hn::Mul(row.a_ddelta, column.tau);
      second = hn::Mul(row.a_tau, column.ddelta);
    }
    first = hn::MulAdd(row.a_z, column.dz, first);
    second = hn::MulAdd(row.a_dz, column.z, second);
    first = hn::MulAdd(row.dtau, column.alpha, first);
    second = hn::MulAdd(row.alpha, column.dtau, second);
    const V sum = hn::Add(first, second);
    T* out = in_.Row(ds, i);
    In::Put(kInto == Into::add ? hn::Add(In::Get(out, j), sum) : sum, out, j);
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
    T* n = Scratch(1);
    T* scaled = Scratch(2);
    in_.template Product<Into::set>(in_.Square(ds), in_.Square(s), n);
    V dots[2];
    in_.template MatrixDots<2>({n, n}, {s, s2}, dots);
    const V dxx = hn::MulAdd(Constant(a), dots[1], dots[0]);
    if (m == nullptr) return dxx;
    for (size_t i = 0; i < in_.MatrixRegisters(); ++i)
      In::Put(hn::Mul(Constant(a * a), In::Get(s, i)), scaled, i);
    in_.template LowerProduct<Into::add>(in_.Square(scaled), in_.Square(n), ds);
    in_.AddToDiagonal(2 * a, scaled);
    in_.template Product<Into::set>(in_.Square(n), in_.Square(scaled), m);
    return dxx;
  }

  const NetworkSpec& spec_;
  PassMemory<T>& memory_;
  const T* theta_;
  size_t d_;
  In in_;
};

template <class T>
using DiagPass = DiagonalPass<T, false, InLanes<T>>;
template <class T>
using GdppPass = DiagonalPass<T, true, InLanes<T>>;
template <class T>
using DiagRowsPass = DiagonalPass<T, false, InRows<T>>;
template <class T>
using GdppRowsPass = DiagonalPass<T, true, InRows<T>>;

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
