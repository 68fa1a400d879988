// The learned matrices of a block: their names, shapes, order in theta and how they begin.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gramian/models/transformer/spec.h"

namespace gramian {

// What the numbers of a parameter are before training.
enum class InitialLaw {
  normal,       // N(0, 1 / rows)
  noisy,        // the same times the noise that is asked for: P
  noisy_key,    // the same plus the multiple of the identity that is asked for: Q and K
  noisy_value,  // the same with a multiple of its own: V
  zero,
  one,
  start,      // the number that the parameter names
  first_row,  // ones in the first row, zeros below: a convolution that gives the token itself
};

struct Parameter {
  std::string name;  // as in model files
  int rows = 0, columns = 0;
  InitialLaw law = InitialLaw::normal;
  double start = 0;  // of InitialLaw::start alone

  std::size_t size() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
  bool operator==(const Parameter&) const = default;
};

// The matrices of one part of a block, in the order of theta. Empty where there is none.
struct BlockParameters {
  std::vector<Parameter> mlp;    // gate, gate_bias of swiglu; in, in_bias, out, out_bias
  std::vector<Parameter> mixer;  // of each head Q, K, V, P and more (mixers.cpp); or the step
  std::vector<Parameter> before_mixer, after_mixer, before_mlp, after_mlp;  // gain, bias
  std::vector<Parameter> mixer_skip, mlp_skip;                              // S

  bool operator==(const BlockParameters&) const = default;
};

// Of a block at tokens of `width` numbers; the names begin with `prefix`, such as "layers.3.".
// Requires a block that has passed TransformerSpec::check().
BlockParameters block_parameters(const Block& block, int width, const std::string& prefix);

// Of a norm; the names begin with `name`, such as "readout".
std::vector<Parameter> norm_parameters(const Norm& norm, int width, const std::string& name);

// Calls f(list) for each part, in the order of theta.
template <class Parts, class F>
void for_each_part(Parts& parts, F f) {
  f(parts.mlp);
  f(parts.mixer);
  f(parts.before_mixer);
  f(parts.after_mixer);
  f(parts.before_mlp);
  f(parts.after_mlp);
  f(parts.mixer_skip);
  f(parts.mlp_skip);
}

}  // namespace gramian
