#include "gramian/sequence/masked.h"

#include <algorithm>
#include <vector>

#include "gramian/sequence/features.h"

namespace gramian {
namespace {

double dot_of(const double* a, const double* b, std::size_t size) {
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

void add_times(double factor, const double* a, double* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) b[i] += factor * a[i];
}

// The sums of masked.h, of an input without feature map and normaliser.
class MaskedSums {
 public:
  MaskedSums(const CausalMixer& mixer, const MixerInput<double>& in)
      : in_(in),
        tokens_(in.tokens),
        key_(in.key),
        value_(in.value),
        scale_(mixer.scale),
        is_delta_(mixer.rule == StateRule::delta),
        zeta_(tokens_ * tokens_),
        zeta0_(tokens_),
        u_(tokens_ * value_),
        left_(tokens_ * value_) {
    for (std::size_t t = 0; t < tokens_; ++t) {
      zeta(t, t) = 1;
      for (std::size_t s = 0; s < t; ++s) zeta(t, s) = decay(t) * zeta(t - 1, s);
      zeta0_[t] = decay(t) * (t == 0 ? 1 : zeta0_[t - 1]);
    }
    for (std::size_t t = 0; t < tokens_; ++t) write(t);
  }

  void read(Rows<double> o, double* final) const {
    for (std::size_t t = 0; t < tokens_; ++t) {
      std::vector<double> sum(value_);
      add_initial_times(scale_ * zeta0_[t], q(t), sum.data());
      for (std::size_t s = 0; s <= t; ++s)
        add_times(scale_ * zeta_at(t, s) * dot_of(q(t), k(s), key_), u(s), sum.data(), value_);
      std::copy(sum.begin(), sum.end(), o.row(t));
    }
    if (final == nullptr) return;
    for (std::size_t i = 0; i < key_; ++i) {
      for (std::size_t j = 0; j < value_; ++j) {
        double sum = tokens_ == 0 ? initial(i, j) : zeta0_.back() * initial(i, j);
        for (std::size_t s = 0; s < tokens_; ++s)
          sum += zeta_at(tokens_ - 1, s) * k(s)[i] * u(s)[j];
        final[i * value_ + j] = sum;
      }
    }
  }

  void adjoint(const MixerAdjoint<double>& to) {
    dzeta_.assign(tokens_ * tokens_, 0);
    dzeta0_.assign(tokens_, 0);
    du_.assign(tokens_ * value_, 0);
    dq_.assign(tokens_ * key_, 0);
    dk_.assign(tokens_ * key_, 0);
    dinitial_.assign(key_ * value_, 0);
    for (std::size_t t = 0; t < tokens_; ++t) read_adjoint(t, to.dout.row(t));
    if (to.dfinal != nullptr) final_adjoint(to.dfinal);
    std::vector<double> dv(tokens_ * value_), dstrength(tokens_), ddecay(tokens_);
    for (std::size_t t = tokens_; t-- > 0;) dstrength[t] = write_adjoint(t, dv.data() + t * value_);
    for (std::size_t t = tokens_; t-- > 0;) ddecay[t] = zeta_adjoint(t);
    for (std::size_t t = 0; t < tokens_; ++t) {
      if (to.dq.data != nullptr) std::copy_n(dq_.data() + t * key_, key_, to.dq.row(t));
      if (to.dk.data != nullptr) std::copy_n(dk_.data() + t * key_, key_, to.dk.row(t));
      if (to.dv.data != nullptr) std::copy_n(dv.data() + t * value_, value_, to.dv.row(t));
    }
    if (to.dstrength != nullptr) std::copy(dstrength.begin(), dstrength.end(), to.dstrength);
    if (to.ddecay != nullptr) std::copy(ddecay.begin(), ddecay.end(), to.ddecay);
    if (to.dinitial != nullptr) std::copy(dinitial_.begin(), dinitial_.end(), to.dinitial);
  }

 private:
  double decay(std::size_t t) const { return in_.decay == nullptr ? 1 : in_.decay[t]; }
  double strength(std::size_t t) const { return in_.strength == nullptr ? 1 : in_.strength[t]; }
  double initial(std::size_t i, std::size_t j) const {
    return in_.initial == nullptr ? 0 : in_.initial[i * value_ + j];
  }
  double& zeta(std::size_t t, std::size_t s) { return zeta_[t * tokens_ + s]; }
  double zeta_at(std::size_t t, std::size_t s) const { return zeta_[t * tokens_ + s]; }
  double& dzeta(std::size_t t, std::size_t s) { return dzeta_[t * tokens_ + s]; }
  const double* q(std::size_t t) const { return in_.q.row(t); }
  const double* k(std::size_t t) const { return in_.k.row(t); }
  const double* u(std::size_t t) const { return u_.data() + t * value_; }

  // sum += factor S_0 x
  void add_initial_times(double factor, const double* x, double* sum) const {
    for (std::size_t i = 0; i < key_; ++i) {
      for (std::size_t j = 0; j < value_; ++j) sum[j] += factor * initial(i, j) * x[i];
    }
  }

  void write(std::size_t t) {
    double* w = left_.data() + t * value_;  // v, less what the state has of it already
    std::copy_n(in_.v.row(t), value_, w);
    if (is_delta_) {
      add_initial_times(-zeta0_[t], k(t), w);
      for (std::size_t s = 0; s < t; ++s)
        add_times(-zeta(t, s) * dot_of(k(t), k(s), key_), u(s), w, value_);
    }
    for (std::size_t j = 0; j < value_; ++j) u_[t * value_ + j] = strength(t) * w[j];
  }

  // Of out_t += factor (zeta_t0 S_0 x_t + sum zeta_ts (x_t . k_s) u_s) over s < end, x = q or k.
  void sum_adjoint(double factor, std::size_t t, std::size_t end, const double* x, double* dx,
                   const double* dout) {
    for (std::size_t s = 0; s < end; ++s) {
      const double slope = factor * dot_of(dout, u(s), value_), score = dot_of(x, k(s), key_);
      dzeta(t, s) += slope * score;
      add_times(slope * zeta(t, s), k(s), dx, key_);
      add_times(slope * zeta(t, s), x, dk_.data() + s * key_, key_);
      add_times(factor * zeta(t, s) * score, dout, du_.data() + s * value_, value_);
    }
    for (std::size_t i = 0; i < key_; ++i) {
      for (std::size_t j = 0; j < value_; ++j) {
        dzeta0_[t] += factor * dout[j] * initial(i, j) * x[i];
        dx[i] += factor * zeta0_[t] * dout[j] * initial(i, j);
        dinitial_[i * value_ + j] += factor * zeta0_[t] * dout[j] * x[i];
      }
    }
  }

  void read_adjoint(std::size_t t, const double* dout) {
    sum_adjoint(scale_, t, t + 1, q(t), dq_.data() + t * key_, dout);
  }

  // Returns dstrength of token t. All later tokens must have given to du.
  double write_adjoint(std::size_t t, double* dv) {
    const double* du = du_.data() + t * value_;
    for (std::size_t j = 0; j < value_; ++j) dv[j] = strength(t) * du[j];
    if (is_delta_) sum_adjoint(-1, t, t, k(t), dk_.data() + t * key_, dv);
    return dot_of(du, left_.data() + t * value_, value_);
  }

  void final_adjoint(const double* dfinal) {
    if (tokens_ == 0) {
      std::copy_n(dfinal, key_ * value_, dinitial_.data());
      return;
    }
    const std::size_t last = tokens_ - 1;
    for (std::size_t i = 0; i < key_; ++i) {
      for (std::size_t j = 0; j < value_; ++j) {
        const double d = dfinal[i * value_ + j];
        for (std::size_t s = 0; s < tokens_; ++s) {
          du_[s * value_ + j] += zeta(last, s) * d * k(s)[i];
          dk_[s * key_ + i] += zeta(last, s) * d * u(s)[j];
          dzeta(last, s) += d * k(s)[i] * u(s)[j];
        }
        dzeta0_[last] += d * initial(i, j);
        dinitial_[i * value_ + j] += zeta0_[last] * d;
      }
    }
  }

  // Returns ddecay of token t; from the last token to the first.
  double zeta_adjoint(std::size_t t) {
    double sum = dzeta0_[t] * (t == 0 ? 1 : zeta0_[t - 1]);
    if (t == 0) return sum;
    dzeta0_[t - 1] += decay(t) * dzeta0_[t];
    for (std::size_t s = 0; s < t; ++s) {
      sum += dzeta(t, s) * zeta(t - 1, s);
      dzeta(t - 1, s) += decay(t) * dzeta(t, s);
    }
    return sum;
  }

  const MixerInput<double>& in_;
  std::size_t tokens_, key_, value_;
  double scale_;
  bool is_delta_;
  std::vector<double> zeta_, zeta0_, u_, left_;
  std::vector<double> dzeta_, dzeta0_, du_, dq_, dk_, dinitial_;
};

}  // namespace

void mix_masked(const CausalMixer& mixer, const MixerInput<double>& in,
                const MixerOutput<double>& out) {
  const MappedInput<double> mapped(mixer, in);
  const MaskedSums sums(mixer, mapped.get());
  if (!mixer.normalise) {
    sums.read(out.o, out.final);
    return;
  }
  const std::size_t wide = in.value + 1;
  std::vector<double> o(in.tokens * wide);
  sums.read({o.data(), static_cast<std::ptrdiff_t>(wide)}, out.final);
  divide_by_normaliser(mixer, in.tokens, in.value, o.data(), out.o);
}

void mix_masked_adjoint(const CausalMixer& mixer, const MixerInput<double>& in,
                        const MixerAdjoint<double>& adjoint) {
  const MappedInput<double> mapped(mixer, in);
  MaskedSums sums(mixer, mapped.get());
  const std::size_t wide = mapped.get().value;
  const auto stride = static_cast<std::ptrdiff_t>(wide);
  std::vector<double> o(in.tokens * wide), dv(in.tokens * wide);
  MixerAdjoint<double> inner = adjoint;
  if (mixer.normalise) {
    sums.read({o.data(), stride}, nullptr);
    divide_by_normaliser_adjoint(mixer, in.tokens, in.value, adjoint.dout, o.data());
    inner.dout = {o.data(), stride};
    inner.dv = {dv.data(), stride};
  }
  sums.adjoint(inner);
  for (std::size_t t = 0; t < in.tokens; ++t) {
    if (mixer.normalise && adjoint.dv.data != nullptr)
      std::copy_n(dv.data() + t * wide, in.value, adjoint.dv.row(t));
    for (std::size_t i = 0; i < in.key; ++i) {
      if (adjoint.dq.data != nullptr) {
        adjoint.dq.row(t)[i] *=
            feature_slope(mixer.features, in.q.row(t)[i], mapped.get().q.row(t)[i]);
      }
      if (adjoint.dk.data != nullptr) {
        adjoint.dk.row(t)[i] *=
            feature_slope(mixer.features, in.k.row(t)[i], mapped.get().k.row(t)[i]);
      }
    }
  }
}

}  // namespace gramian
