// Feature maps of a mixer, by elements, and the columns that its normaliser needs; shared by all
// forms of a mixer.
//
//     relu           max(x, 0)                         slope 1 where x > 0, else 0
//     elu_plus_one   x + 1 for x > 0, else exp(x)      slope 1 where x > 0, else the value
//
// Shapes: as in mixer.h. Preconditions: none. Errors: none. Cost: one function of each element.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "gramian/sequence/mixer.h"

namespace gramian {

template <class T>
T feature(FeatureMap map, T x) {
  switch (map) {
    case FeatureMap::identity:
      return x;
    case FeatureMap::relu:
      return x > 0 ? x : T(0);
    case FeatureMap::elu_plus_one:
      return x > 0 ? x + 1 : std::exp(x);
  }
  return x;
}

// The slope at x, where the map has the value y.
template <class T>
T feature_slope(FeatureMap map, T x, T y) {
  switch (map) {
    case FeatureMap::identity:
      return 1;
    case FeatureMap::relu:
      return x > 0 ? T(1) : T(0);
    case FeatureMap::elu_plus_one:
      return x > 0 ? T(1) : y;
  }
  return 1;
}

// Copies of q, k and v behind the feature map, v with a column of ones where there is a normaliser:
// then o of the mixer is what a mixer without either computes of the copies, its first columns
// divided by its last one plus epsilon.
template <class T>
class MappedInput {
 public:
  // Of a mixer without either nothing is copied.
  MappedInput(const CausalMixer& mixer, const MixerInput<T>& in) : in_(in) {
    const auto map_rows = [&](Rows<const T>& rows, std::vector<T>& copy) {
      copy.resize(in.tokens * in.key);
      for (std::size_t t = 0; t < in.tokens; ++t) {
        for (std::size_t i = 0; i < in.key; ++i)
          copy[t * in.key + i] = feature(mixer.features, rows.row(t)[i]);
      }
      rows = {copy.data(), static_cast<std::ptrdiff_t>(in.key)};
    };
    if (mixer.features != FeatureMap::identity) {
      map_rows(in_.q, q_);
      map_rows(in_.k, k_);
    }
    if (!mixer.normalise) return;
    in_.value = in.value + 1;
    v_.resize(in.tokens * in_.value);
    for (std::size_t t = 0; t < in.tokens; ++t) {
      for (std::size_t j = 0; j < in.value; ++j) v_[t * in_.value + j] = in.v.row(t)[j];
      v_[t * in_.value + in.value] = 1;
    }
    in_.v = {v_.data(), static_cast<std::ptrdiff_t>(in_.value)};
  }
  MappedInput(const MappedInput&) = delete;
  MappedInput& operator=(const MappedInput&) = delete;

  const MixerInput<T>& get() const { return in_; }

 private:
  MixerInput<T> in_;
  std::vector<T> q_, k_, v_;
};

// o of the mixer from the output of the mapped input, [T, value + 1].
template <class T>
void divide_by_normaliser(const CausalMixer& mixer, std::size_t tokens, std::size_t value,
                          const T* mapped, Rows<T> o) {
  for (std::size_t t = 0; t < tokens; ++t) {
    const T* row = mapped + t * (value + 1);
    const T divisor = row[value] + static_cast<T>(mixer.epsilon);
    for (std::size_t j = 0; j < value; ++j) o.row(t)[j] = row[j] / divisor;
  }
}

// The adjoint of the above: from dout to that of the output of the mapped input. `mapped` holds
// that output on entry and its adjoint on return.
template <class T>
void divide_by_normaliser_adjoint(const CausalMixer& mixer, std::size_t tokens, std::size_t value,
                                  Rows<const T> dout, T* mapped) {
  for (std::size_t t = 0; t < tokens; ++t) {
    T* row = mapped + t * (value + 1);
    const T divisor = row[value] + static_cast<T>(mixer.epsilon);
    T along = 0;
    for (std::size_t j = 0; j < value; ++j) {
      along += dout.row(t)[j] * row[j];
      row[j] = dout.row(t)[j] / divisor;
    }
    row[value] = -along / (divisor * divisor);
  }
}

}  // namespace gramian
