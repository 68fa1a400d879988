// An objective whose prompts are worked on in blocks of sixteen, side by side in lanes
// (lanes/block.h). What is the same for every network stands here, once: the loop over the blocks
// of a chunk, prompts that are left out, and the sums. A network states what it does with one
// block.
//
// T is the number type of its kernels, float or double.
#pragma once

#include <array>
#include <memory>

#include "gramian/base/aligned.h"
#include "gramian/training/loss.h"
#include "gramian/training/objective.h"

namespace gramian {

// One block of prompts on its way through a network, with all memory for that. One a thread.
template <class T>
class BlockPass {
 public:
  virtual ~BlockPass() = default;

  // Draws `count` prompts; the other lanes become empty.
  virtual void sample(const PhiloxAddress& address, int count) = 0;

  // After sample or leave_out. theta: [parameters], unchanged until backward is done. c: `robust`
  // of the chunk. Sets squared_error, which is zero in lanes that are empty or left out.
  virtual void forward(const T* theta, double c) = 0;

  // From the next forward pass on, the prompt of this lane has neither a loss nor a gradient.
  virtual void leave_out(std::size_t lane) = 0;

  // After forward, with the same c. Adds the gradient of the sum of the losses, each weighted as
  // the network's loss says, to dtheta [parameters, lanes]; in which lane is left open.
  virtual void backward(double c, T* dtheta) = 0;

  // After backward. Adds J^T v of each prompt to slopes [parameters, lanes], v random with E[v v^T]
  // the curvature of the loss (gauss_newton.h). Only where the objective offers slopes.
  virtual void add_slopes(const PhiloxAddress& address, double c, T* slopes);

  const std::array<double, kLanes>& squared_error() const { return squared_error_; }

 protected:
  std::array<double, kLanes> squared_error_{};  // r^2 of each prompt; may be infinite or NaN
};

template <class T>
class LaneObjective : public Objective {
 public:
  Precision precision() const final { return kPrecisionOf<T>; }
  std::unique_ptr<Scratch> scratch(bool slopes) const final;
  void run(const Chunk& chunk, Scratch& scratch, ChunkSums& sums) const final;
  int learners(int batch) const final;

 protected:
  virtual std::unique_ptr<BlockPass<T>> block_pass() const = 0;

  // The first lanes of a block that hold guards (loss.h): they have a gradient, but do not count in
  // the mean loss.
  virtual int guards() const { return 0; }
};

}  // namespace gramian
