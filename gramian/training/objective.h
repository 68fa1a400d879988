// What a training loop minimises: a loss of the weights theta, over prompts that are addressed by
// number. An objective is a task, a network and a loss together.
//
//     loss(theta) = mean over prompts of c/2 log(1 + r^2 / c),    r^2 the squared error of a prompt
//
// (training/loss.h; c = 0 stands for infinity, the plain 1/2 r^2.) The loop (training/loop.h) knows
// an objective by this interface alone. It cuts a batch into chunks, has each run by some thread,
// and adds their sums in the order of the chunks, so that the result does not depend on the number
// of threads.
//
// Shapes: theta and the gradient are [parameters].
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/tasks/blocks.h"
#include "gramian/training/units.h"

namespace gramian {

// The numbers that kernels calculate with. Sums over prompts, weights and the state of an optimiser
// are double in both cases.
enum class Precision { float32, float64 };

template <class T>
inline constexpr Precision kPrecisionOf =
    std::is_same_v<T, double> ? Precision::float64 : Precision::float32;

// The weights of one step, in the precision of the kernels.
class Theta {
 public:
  Theta(Precision precision, std::size_t parameters)
      : single_(precision == Precision::float32 ? parameters : 0),
        double_(precision == Precision::float64 ? parameters : 0) {}

  // Copies theta, rounded to the precision. Requires: theta has as many parameters (asserted).
  void assign(std::span<const double> theta) {
    GRAMIAN_ASSERT(theta.size() == single_.size() + double_.size());
    for (std::size_t i = 0; i < single_.size(); ++i) single_[i] = static_cast<float>(theta[i]);
    for (std::size_t i = 0; i < double_.size(); ++i) double_[i] = theta[i];
  }

  // [parameters]; T is the type of the precision (asserted).
  template <class T>
  const T* as() const {
    if constexpr (std::is_same_v<T, double>) {
      GRAMIAN_ASSERT(single_.empty());
      return double_.data();
    } else {
      GRAMIAN_ASSERT(double_.empty());
      return single_.data();
    }
  }

 private:
  std::vector<float> single_;
  std::vector<double> double_;
};

// A part of a batch, small enough to share out among threads, and how it is to be worked on.
struct Chunk {
  PromptSeries prompts;
  const Theta* theta = nullptr;  // never null
  double robust = 0;             // c of the loss in this step
  // A prompt with a squared error that is not <= this is left out: its numbers are about to leave
  // the range of float.
  double exploded = 0;
  bool slopes = false;  // whether the curvature is wanted
  // Asked before each block of prompts: whether to give the chunk up, whose sums are then worth
  // nothing. Null: never.
  const std::function<bool()>* abandon = nullptr;

  bool given_up() const { return abandon != nullptr && (*abandon)(); }
};

// What a chunk leaves.
struct ChunkSums {
  std::vector<double> gradient;  // [parameters], of the sum of the losses
  double squared_error = 0;      // sum of r^2
  double robust_error = 0;       // twice the loss, summed
  int dropped = 0;               // prompts that were left out
  // [parameters, parameters], lower triangle: sum of (J^T v)(J^T v)^T, see gauss_newton.h. Empty if
  // the loop never asks for it.
  std::vector<double> curvature;

  // Sets all sums to zero, and the number of prompts that were left out.
  void clear(int prompts_dropped = 0);

  // All of it as a list of numbers, and back; the curvature only where it is wanted. Requires: the
  // numbers are of sums of the same sizes (asserted).
  void write(bool slopes, std::vector<double>& numbers) const;
  void read(bool slopes, std::span<const double> numbers);
};

class Objective {
 public:
  // All memory that one thread works in.
  struct Scratch {
    virtual ~Scratch() = default;
  };

  virtual ~Objective() = default;
  virtual std::size_t parameters() const = 0;
  virtual Precision precision() const = 0;

  // `slopes`: whether chunks that ask for the curvature will be run with it.
  virtual std::unique_ptr<Scratch> scratch(bool slopes) const = 0;

  // Writes the sums over the prompts of the chunk, whatever they held before. Several threads run
  // it at once, each with a scratch of its own. Allocates nothing. The gradient may come out
  // infinite or NaN. Requires: `scratch` was made by this objective, `sums` has its sizes
  // (asserted).
  virtual void run(const Chunk& chunk, Scratch& scratch, ChunkSums& sums) const = 0;

  // How many prompts of a batch count in the mean loss.
  virtual int learners(int batch) const { return batch; }

  // Whether run() can write the curvature, for Gauss-Newton steps.
  virtual bool offers_slopes() const { return false; }

  // If theta is a list of square matrices, their number of rows, for SOAP; otherwise 0.
  virtual std::size_t matrix_rows() const { return 0; }

  // The sizes in which theta is trained; the loop keeps the reference.
  virtual const Units& units() const {
    static const Units ordinary;
    return ordinary;
  }

  // Whether the rate of Adam and SOAP shrinks with the error, as sqrt(E r^2) where that is below 1
  // (in its unit).
  virtual bool rate_follows_error() const { return false; }
};

}  // namespace gramian
