// A tape on blocks of sixteen prompts, forward and back.
//
//   TapeRun<float> run(tape);
//   fill(run.values(e));                        // inputs: element (i, j) of prompt p at [(i *
//                                               columns + j) * kLanes +
//   p] run.forward(theta); read(run.values(prediction)); run.backward(seed, dtheta);
//
// All memory is taken at the start; nothing is allocated in a pass. One run a thread.
#pragma once

#include "gramian/base/aligned.h"
#include "gramian/lanes/block.h"
#include "gramian/tape/tape.h"

namespace gramian {

// Where everything lies. For the kernels.
template <class T>
struct TapeMemory {
  struct Place {
    const T* shared = nullptr;  // a parameter or a constant [rows, columns]
    T* values = nullptr;        // [rows, columns, lanes]
    T* adjoint =
        // the same; null if no gradient goes there. Of a parameter: set by each backward pass.
        nullptr;
    T* kept =
        // what the forward pass of gelu [rows, columns, lanes] and normalise [rows, lanes] keeps
        nullptr;
    bool sets = false;  // one operation alone writes the adjoint, all of it: no zeros, no addition
  };
  const Tape* tape = nullptr;
  std::vector<Place> places;  // of the nodes
  AlignedArray<T> numbers;
  std::vector<T> constants;
  T* added = nullptr;  // adjoints that begin as zeros, one after another
  std::size_t added_size = 0;
};

template <class T>
class TapeRun {
 public:
  // `tape` must outlive the run. With `input_adjoints` a backward pass fills in those of the inputs
  // too.
  explicit TapeRun(const Tape& tape, bool input_adjoints = false);

  // [rows, columns, lanes]. Those of an input are to be written, all others are there after
  // forward(). The value must not be shared.
  T* values(Value value) {
    return memory_.places[static_cast<std::size_t>(memory_.tape->index(value))].values;
  }
  // theta: [parameters], which must stay alive until the backward pass is done.
  void forward(const T* theta);

  // After forward. seed: [rows, columns, lanes], the adjoint of the output. Adds that of theta to
  // dtheta [parameters, lanes], aligned as an AlignedArray is; dtheta may be null where the tape
  // has no parameters.
  void backward(const T* seed, T* dtheta);
  // After backward, for runs with input_adjoints: d(output) / d(input), or of any value between,
  // [rows, columns, lanes]. Null for what the output does not depend on, and for values that depend
  // on neither theta nor an input.
  const T* adjoint(Value value) const {
    return memory_.places[static_cast<std::size_t>(memory_.tape->index(value))].adjoint;
  }

  const Tape& tape() const { return *memory_.tape; }

 private:
  TapeMemory<T> memory_;
};

}  // namespace gramian
