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

// The sums of masked.h, of an input behind its feature map and with the column of its normaliser.
// The first `moving_` columns of v have momentum: token s counts c_(t-s) times in what token t
// reads of them, c_n = 1 + mu + .. + mu^n, which is 1 without momentum.
class MaskedSums {
 public:
  MaskedSums(const CausalMixer& mixer, const MixerInput<double>& in)
      : in_(in),
        tokens_(in.tokens),
        key_(in.key),
        value_(in.value),
        moving_(in.value - (mixer.normalise ? 1 : 0)),
        scale_(mixer.scale),
        mu_(mixer.momentum.value_or(0)),
        is_delta_(mixer.rule == StateRule::delta),
        has_velocity_(mixer.momentum.has_value()),
        zeta_(tokens_ * tokens_),
        zeta0_(tokens_),
        c_(tokens_, 1),
        power_(tokens_ + 1, 1),
        u_(tokens_ * value_),
        left_(tokens_ * value_) {
    for (std::size_t t = 0; t < tokens_; ++t) {
      zeta(t, t) = 1;
      for (std::size_t s = 0; s < t; ++s) zeta(t, s) = decay(t) * zeta(t - 1, s);
      zeta0_[t] = decay(t) * (t == 0 ? 1 : zeta0_[t - 1]);
      power_[t + 1] = mu_ * power_[t];
      if (t > 0) c_[t] = 1 + mu_ * c_[t - 1];
    }
    for (std::size_t t = 0; t < tokens_; ++t) write(t);
  }

  void read(Rows<double> o, double* final) const {
    for (std::size_t t = 0; t < tokens_; ++t) {
      std::vector<double> sum(value_);
      add_initial_times(scale_ * zeta0_[t], t, q(t), sum.data());
      for (std::size_t s = 0; s <= t; ++s)
        add_moved(scale_ * zeta_at(t, s) * dot_of(q(t), k(s), key_), c_[t - s], u(s), sum.data());
      std::copy(sum.begin(), sum.end(), o.row(t));
    }
    if (final == nullptr) return;
    const std::size_t last = tokens_ - 1;
    for (std::size_t i = 0; i < key_; ++i) {
      double* const row = final + i * value_;
      std::vector<double> unit(key_);
      unit[i] = 1;
      std::fill_n(row, value_, 0.0);
      for (std::size_t j = 0; tokens_ == 0 && j < value_; ++j) row[j] = initial(i, j);
      if (tokens_ > 0) add_initial_times(zeta0_[last], last, unit.data(), row);
      for (std::size_t s = 0; s < tokens_; ++s)
        add_moved(zeta_at(last, s) * k(s)[i], c_[last - s], u(s), row);
      for (std::size_t j = 0; has_velocity_ && j < moving_; ++j) {
        double sum = (tokens_ == 0 ? 1 : zeta0_[last]) * power_[tokens_] * velocity(i, j);
        for (std::size_t s = 0; s < tokens_; ++s)
          sum += power_[last - s] * zeta_at(last, s) * k(s)[i] * u(s)[j];
        final[key_ * value_ + i * moving_ + j] = sum;
      }
    }
  }

  void adjoint(const MixerAdjoint<double>& to) {
    dzeta_.assign(tokens_ * tokens_, 0);
    dzeta0_.assign(tokens_, 0);
    dc_.assign(tokens_, 0);
    dreach_.assign(tokens_, 0);
    dpower_.assign(tokens_ + 1, 0);
    du_.assign(tokens_ * value_, 0);
    dq_.assign(tokens_ * key_, 0);
    dk_.assign(tokens_ * key_, 0);
    dinitial_.assign(key_ * (value_ + (has_velocity_ ? moving_ : 0)), 0);
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
    if (to.dmomentum != nullptr && has_velocity_) *to.dmomentum = momentum_adjoint();
  }

 private:
  double decay(std::size_t t) const { return in_.decay == nullptr ? 1 : in_.decay[t]; }
  double strength(std::size_t t) const { return in_.strength == nullptr ? 1 : in_.strength[t]; }
  double initial(std::size_t i, std::size_t j) const {
    return in_.initial == nullptr ? 0 : in_.initial[i * value_ + j];
  }
  double velocity(std::size_t i, std::size_t j) const {
    const bool there = has_velocity_ && in_.initial != nullptr && j < moving_;
    return there ? in_.initial[key_ * value_ + i * moving_ + j] : 0;
  }
  double& zeta(std::size_t t, std::size_t s) { return zeta_[t * tokens_ + s]; }
  double zeta_at(std::size_t t, std::size_t s) const { return zeta_[t * tokens_ + s]; }
  double& dzeta(std::size_t t, std::size_t s) { return dzeta_[t * tokens_ + s]; }
  const double* q(std::size_t t) const { return in_.q.row(t); }
  const double* k(std::size_t t) const { return in_.k.row(t); }
  const double* u(std::size_t t) const { return u_.data() + t * value_; }
  // How often M_0 counts in what token t reads.
  double reach(std::size_t t) const { return mu_ * c_[t]; }

  // b += factor a, where the columns that have momentum count c times.
  void add_moved(double factor, double c, const double* a, double* b) const {
    add_times(factor * c, a, b, moving_);
    add_times(factor, a + moving_, b + moving_, value_ - moving_);
  }

  // sum += factor (S_0 + reach of t M_0) x
  void add_initial_times(double factor, std::size_t t, const double* x, double* sum) const {
    for (std::size_t i = 0; i < key_; ++i) {
      for (std::size_t j = 0; j < value_; ++j)
        sum[j] += factor * (initial(i, j) + reach(t) * velocity(i, j)) * x[i];
    }
  }

  void write(std::size_t t) {
    double* w = left_.data() + t * value_;  // v, less what the state has of it already
    std::copy_n(in_.v.row(t), value_, w);
    if (is_delta_) {
      add_initial_times(-zeta0_[t], t, k(t), w);
      for (std::size_t s = 0; s < t; ++s)
        add_times(-zeta(t, s) * dot_of(k(t), k(s), key_), u(s), w, value_);
    }
    for (std::size_t j = 0; j < value_; ++j) u_[t * value_ + j] = strength(t) * w[j];
  }

  // Of out_t += factor (zeta_t0 (S_0 + reach M_0) x_t + sum zeta_ts c_(t-s) (x_t . k_s) u_s) over
  // s < end, x = q or k.
  void sum_adjoint(double factor, std::size_t t, std::size_t end, const double* x, double* dx,
                   const double* dout) {
    for (std::size_t s = 0; s < end; ++s) {
      const double moving = factor * dot_of(dout, u(s), moving_), c = c_[t - s],
                   still = factor * dot_of(dout + moving_, u(s) + moving_, value_ - moving_);
      const double slope = c * moving + still, score = dot_of(x, k(s), key_);
      dzeta(t, s) += slope * score;
      dc_[t - s] += moving * zeta(t, s) * score;
      add_times(slope * zeta(t, s), k(s), dx, key_);
      add_times(slope * zeta(t, s), x, dk_.data() + s * key_, key_);
      add_moved(factor * zeta(t, s) * score, c, dout, du_.data() + s * value_);
    }
    for (std::size_t i = 0; i < key_; ++i) {
      for (std::size_t j = 0; j < value_; ++j)
        dx[i] += initial_adjoint(factor * dout[j], t, x[i], i, j);
    }
  }

  // Of out_t += slope zeta_t0 (S_0 + reach M_0)_ij x; returns dx.
  double initial_adjoint(double slope, std::size_t t, double x, std::size_t i, std::size_t j) {
    const double start = initial(i, j) + reach(t) * velocity(i, j);
    dzeta0_[t] += slope * start * x;
    dreach_[t] += slope * zeta0_[t] * velocity(i, j) * x;
    dinitial_[i * value_ + j] += slope * zeta0_[t] * x;
    if (has_velocity_ && j < moving_)
      dinitial_[key_ * value_ + i * moving_ + j] += slope * zeta0_[t] * reach(t) * x;
    return slope * zeta0_[t] * start;
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
      std::copy_n(dfinal, dinitial_.size(), dinitial_.data());
      return;
    }
    const std::size_t last = tokens_ - 1;
    for (std::size_t i = 0; i < key_; ++i) {
      for (std::size_t j = 0; j < value_; ++j) {
        const double d = dfinal[i * value_ + j];
        for (std::size_t s = 0; s < tokens_; ++s) {
          const double c = j < moving_ ? c_[last - s] : 1, write = k(s)[i] * u(s)[j];
          du_[s * value_ + j] += c * zeta(last, s) * d * k(s)[i];
          dk_[s * key_ + i] += c * zeta(last, s) * d * u(s)[j];
          dzeta(last, s) += c * d * write;
          if (j < moving_) dc_[last - s] += zeta(last, s) * d * write;
        }
        initial_adjoint(d, last, 1, i, j);
        if (has_velocity_ && j < moving_)
          velocity_adjoint(dfinal[key_ * value_ + i * moving_ + j], i, j);
      }
    }
  }

  // Of entry (i, j) of M after the last token.
  void velocity_adjoint(double d, std::size_t i, std::size_t j) {
    const std::size_t last = tokens_ - 1;
    for (std::size_t s = 0; s < tokens_; ++s) {
      const double power = power_[last - s], write = k(s)[i] * u(s)[j];
      du_[s * value_ + j] += power * zeta(last, s) * d * k(s)[i];
      dk_[s * key_ + i] += power * zeta(last, s) * d * u(s)[j];
      dzeta(last, s) += power * d * write;
      dpower_[last - s] += zeta(last, s) * d * write;
    }
    dzeta0_[last] += power_[tokens_] * d * velocity(i, j);
    dpower_[tokens_] += zeta0_[last] * d * velocity(i, j);
    dinitial_[key_ * value_ + i * moving_ + j] += zeta0_[last] * power_[tokens_] * d;
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

  // Returns dmu, by the slopes of c_n, of mu c_n and of mu^n.
  double momentum_adjoint() const {
    double sum = 0, slope = 0, power_slope = 0;
    for (std::size_t n = 0; n < tokens_; ++n) {
      if (n > 0) slope = c_[n - 1] + mu_ * slope;
      sum += dc_[n] * slope + dreach_[n] * (c_[n] + mu_ * slope);
    }
    for (std::size_t n = 1; n <= tokens_; ++n) {
      power_slope = power_[n - 1] + mu_ * power_slope;
      sum += dpower_[n] * power_slope;
    }
    return sum;
  }

  const MixerInput<double>& in_;
  std::size_t tokens_, key_, value_, moving_;
  double scale_, mu_;
  bool is_delta_, has_velocity_;
  std::vector<double> zeta_, zeta0_, c_, power_, u_, left_;
  std::vector<double> dzeta_, dzeta0_, dc_, dreach_, dpower_, du_, dq_, dk_, dinitial_;
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
