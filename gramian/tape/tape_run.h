// Runs a tape on blocks of sixteen prompts, forward and back.
//
//   TapeRun<float> run(tape);
//   // Element (i, j) of prompt p of an input is at [(i * columns + j) * kLanes + p].
//   std::copy(tokens.begin(), tokens.end(), run.values(e));
//   run.forward(theta);
//   use(run.values(prediction));
//   run.backward(cotangent, dtheta);
//
// The backward pass computes, for each prompt on its own, the product of a cotangent with the
// derivative of the output: with a cotangent c of the shape of the output y, d(sum_e c_e y_e) for
// theta and, if asked for, for the inputs. For a scalar loss backward(dtheta) takes c = 1.
//
// All memory is taken by the constructor, and nothing is allocated in a pass, but by the room
// `sequence` for its states where a tape has its operations. One run serves one thread; runs of one
// tape may work side by side.
#pragma once

#include <cstddef>
#include <vector>

#include "gramian/base/aligned.h"
#include "gramian/base/assert.h"
#include "gramian/lanes/block.h"
#include "gramian/tape/tape.h"

namespace gramian {

// Where the numbers of each node lie; for the kernels.
template <class T>
struct TapeMemory {
  struct OfNode {
    // Of a parameter or a constant: [rows, columns], the same for all prompts.
    const T* shared = nullptr;
    // Of the other nodes: [rows, columns, lanes].
    T* values = nullptr;
    // [rows, columns, lanes], or null if no gradient goes there. That of a parameter is given anew
    // to each backward pass.
    T* adjoint = nullptr;
    // What the forward pass keeps for the backward pass: kept() numbers of the operation, by lanes.
    T* kept = nullptr;
    // Whether one operation alone writes the adjoint, and all of it. It then sets the numbers,
    // where several operations would have to begin with zeros and add.
    bool sets = false;
  };
  const Tape* tape = nullptr;
  std::vector<OfNode> nodes;
  AlignedArray<T> numbers;
  std::vector<T> constants;
  AlignedArray<T> scratch;  // of one operation at a time
  T* added = nullptr;       // the adjoints that begin as zeros, one after another
  std::size_t added_size = 0;
};

template <class T>
class TapeRun {
 public:
  // `tape` must outlive the run. With `input_adjoints` a backward pass fills in those of the inputs
  // too.
  explicit TapeRun(const Tape& tape, bool input_adjoints = false);

  // The numbers of a value, [rows, columns, lanes]: those of an input are to be written before
  // forward(), those of an operation can be read after it. Precondition: the value belongs to the
  // tape and is not shared by all prompts.
  T* values(Value value) {
    T* found = of(value).values;
    GRAMIAN_ASSERT(found != nullptr);
    return found;
  }

  // theta: [parameters]. It must stay as it is until the backward pass is done. May be null where
  // the tape has no parameters.
  void forward(const T* theta);

  // After forward(). cotangent: [rows, columns, lanes] of the output. The gradient for theta is
  // added to dtheta, [parameters, lanes], aligned as an AlignedArray is; dtheta may be null, and
  // then only the adjoints of inputs are computed.
  void backward(const T* cotangent, T* dtheta);
  // The same with a cotangent of 1 for each prompt. Precondition: the output is [1, 1], a loss.
  void backward(T* dtheta);

  // After backward(), for runs with input_adjoints: what the cotangent gives for an input or any
  // value between, [rows, columns, lanes]. Null for what the output does not depend on (an index or
  // a mask among them), and for values that depend on neither theta nor an input. Precondition: the
  // value belongs to the tape.
  const T* adjoint(Value value) const { return of(value).adjoint; }

  const Tape& tape() const { return *memory_.tape; }

 private:
  using OfNode = typename TapeMemory<T>::OfNode;
  OfNode& of(Value value) {
    return memory_.nodes[static_cast<std::size_t>(memory_.tape->index(value))];
  }
  const OfNode& of(Value value) const {
    return memory_.nodes[static_cast<std::size_t>(memory_.tape->index(value))];
  }
  // Zeros what is added to, and gives parameters their adjoints. The adjoint of the output, null if
  // it depends on nothing that is asked for.
  T* begin_backward(T* dtheta);

  TapeMemory<T> memory_;
};

}  // namespace gramian
