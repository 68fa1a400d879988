#include "gramian/models/transformer/heads.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

// Of the mean square of queries and keys that become rows of length 1: rows of zeros stay zeros.
constexpr double kUnitEpsilon = 1e-6;
// A decay of 0.98, a memory of fifty tokens, and a strength of 1/2.
constexpr double kDecayStart = 4, kStrengthStart = 0;

double ridge_start(const Mesa& mesa) {
  const double above = std::max(1.0, 2 * mesa.least) - mesa.least;
  return mesa.ridge == RidgeKind::softplus ? std::log(std::expm1(above)) : std::log(above);
}

bool learns_ridge(const Mixer& mixer) {
  return mixer.kind == MixerKind::mesa && mixer.mesa.ridge != RidgeKind::fixed;
}

// Takes the matrices of one mixer one after another.
class WeightList {
 public:
  explicit WeightList(std::span<const Value> list) : list_(list) {}
  Value next() {
    GRAMIAN_ASSERT(at_ < list_.size());
    return list_[at_++];
  }

 private:
  std::span<const Value> list_;
  std::size_t at_ = 0;
};

// One application of a mixer, head by head.
class HeadRecorder {
 public:
  HeadRecorder(const MixerWork& work, bool every_query)
      : work_(work),
        mixer_(work.mixer),
        r_(work.recorder),
        weights_(work.weights),
        every_query_(every_query),
        queries_(every_query || work.mixer.convolution > 0 ? work.all : work.from),
        keys_(keys_of(work)) {}

  // What the next head reads with; its P is then ready for out().
  HeadValues next() {
    HeadValues head{r_.product(queries_, weights_.next()), r_.product(keys_, weights_.next()),
                    r_.product(keys_, weights_.next())};
    p_ = weights_.next();
    if (mixer_.bias) {
      for (Value* rows : {&head.q, &head.k, &head.v}) *rows = r_.sum(*rows, weights_.next());
    }
    if (mixer_.convolution > 0) convolve(head);
    if (!every_query_) head.q = last_rows(head.q);
    if (mixer_.unit_keys) {
      head.q = unit(head.q);
      head.k = unit(head.k);
    }
    if (mixer_.gates.decay) head.decay = gate();
    if (mixer_.gates.strength) head.strength = gate();
    if (mixer_.gates.cap < 1) head.decay = capped(*head.decay, *head.strength);
    if (mixer_.kind == MixerKind::mesa) head.ridge = ridge(r_.columns_of(head.k));
    return head;
  }

  // From what it has read.
  Value out(Value read) {
    read = last_rows(read);
    if (mixer_.norm_heads) read = r_.times(r_.apply(ops::RmsNormalise{}, {read}), weights_.next());
    return r_.product(read, p_);
  }

  Value with_bias(Value all) { return mixer_.bias ? r_.sum(all, weights_.next()) : all; }

 private:
  // Those of the tokens to compute.
  Value last_rows(Value of) {
    const int rows = r_.rows_of(of), wanted = r_.rows_of(work_.from);
    return rows > wanted ? r_.rows(of, rows - wanted, wanted) : of;
  }

  void convolve(HeadValues& head) {
    for (Value* rows : {&head.q, &head.k, &head.v}) {
      *rows = r_.apply(ops::ShortConvolution{}, {*rows, weights_.next()});
      if (rows != &head.v) *rows = r_.apply(ops::Silu{}, {*rows});
    }
  }

  Value unit(Value rows) {
    const Value rms = r_.apply(ops::RmsNormalise{.epsilon = kUnitEpsilon}, {rows});
    return r_.scale(rms, 1 / std::sqrt(std::max(r_.columns_of(rows), 1)));
  }

  Value gate() {
    const Value map = r_.product(work_.all, weights_.next());
    return r_.apply(ops::Sigmoid{}, {r_.sum(map, weights_.next())});
  }

  Value number(double value) { return r_.constant(1, 1, std::span(&value, 1)); }

  Value capped(Value decay, Value strength) {
    const Value squares = r_.times(strength, strength);
    return r_.times(decay, r_.sum(r_.scale(squares, mixer_.gates.cap - 1), number(1)));
  }

  Value ridge(int key) {
    const Mesa& mesa = mixer_.mesa;
    if (mesa.ridge == RidgeKind::fixed) {
      const std::vector<double> same(static_cast<std::size_t>(key), mesa.least);
      return r_.constant(1, key, same);
    }
    Value row = r_.apply(ops::Broadcast{.columns = key}, {weights_.next()});
    // exp must not become 0 or infinity in float.
    row = mesa.ridge == RidgeKind::softplus
              ? r_.apply(ops::Softplus{}, {row})
              : r_.apply(ops::Exponential{}, {r_.clip(row, -kMaxLogRidge, kMaxLogRidge)});
    return mesa.least > 0 ? r_.sum(row, number(mesa.least)) : row;
  }

  const MixerWork& work_;
  const Mixer& mixer_;
  Recorder& r_;
  WeightList weights_;
  bool every_query_;
  Value queries_, keys_, p_;
};

}  // namespace

int key_size(const Mixer& mixer, int width) { return mixer.key_size > 0 ? mixer.key_size : width; }

int value_size(const Mixer& mixer, int width) {
  return mixer.value_size > 0 ? mixer.value_size : key_size(mixer, width);
}

double factor_of_scores(const Mixer& mixer, int width, int keys) {
  switch (mixer.scale) {
    case Scale::one:
      return 1;
    case Scale::mean:
      return 1.0 / keys;
    case Scale::root:
      return 1 / std::sqrt(key_size(mixer, width));
  }
  return 1;
}

std::vector<Parameter> head_parameters(const Mixer& mixer, int width) {
  const int key = key_size(mixer, width), value = value_size(mixer, width);
  const int out = mixer.width > 0 ? mixer.width : width;
  std::vector<Parameter> list;
  for (int h = 0; h < mixer.heads; ++h) {
    const std::string head = fmt::format("heads.{}.", h);
    const auto add = [&](const char* name, int rows, int columns, InitialLaw law,
                         double start = 0) {
      list.push_back({head + name, rows, columns, law, start});
    };
    add("Q", width, key, InitialLaw::noisy_key);
    add("K", width, key, InitialLaw::noisy_key);
    add("V", width, value, InitialLaw::noisy_value);
    add("P", value, out, InitialLaw::noisy);
    if (mixer.bias) {
      add("Q_bias", 1, key, InitialLaw::zero);
      add("K_bias", 1, key, InitialLaw::zero);
      add("V_bias", 1, value, InitialLaw::zero);
    }
    if (mixer.convolution > 0) {
      add("Q_conv", mixer.convolution, key, InitialLaw::first_row);
      add("K_conv", mixer.convolution, key, InitialLaw::first_row);
      add("V_conv", mixer.convolution, value, InitialLaw::first_row);
    }
    if (mixer.gates.decay) {
      add("decay", width, 1, InitialLaw::noisy);
      add("decay_bias", 1, 1, InitialLaw::start, kDecayStart);
    }
    if (mixer.gates.strength) {
      add("strength", width, 1, InitialLaw::noisy);
      add("strength_bias", 1, 1, InitialLaw::start, kStrengthStart);
    }
    if (learns_ridge(mixer)) add("ridge", 1, key, InitialLaw::start, ridge_start(mixer.mesa));
    if (mixer.norm_heads) add("gain", 1, value, InitialLaw::one);
  }
  if (mixer.bias) list.push_back({"bias", 1, out, InitialLaw::zero});
  return list;
}

Value keys_of(const MixerWork& work) {
  if (work.mixer.mask != Mask::context) return work.all;
  return work.recorder.rows(work.all, 0, work.recorder.rows_of(work.all) - 1);
}

Value over_heads(const MixerWork& work, bool every_query,
                 const std::function<Value(const HeadValues&)>& read,
                 std::optional<double> factor) {
  HeadRecorder heads(work, every_query);
  Value all;
  for (int h = 0; h < work.mixer.heads; ++h) {
    const Value out = heads.out(read(heads.next()));
    all = h == 0 ? out : work.recorder.sum(all, out);
  }
  return heads.with_bias(factor ? work.recorder.scale(all, *factor) : all);
}

}  // namespace gramian
