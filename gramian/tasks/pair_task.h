// A scalar task in context: a prompt has pairs (x_j, y_j) of one function, and a query x_q whose
// target is to be predicted; or it has inputs alone, and the target is a label of all of them. What
// a family of such tasks implements; token_task.h makes tokens of the pairs.
//
// Shapes: n pairs, x of d numbers, y one number. Preconditions and errors: those of the families
// (token_families.h). Cost: that of the draws.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "gramian/random/philox.h"

namespace gramian {

// Where a sampler writes: [.., lanes] each, all zero before.
template <class T>
class PairPlaces {
 public:
  virtual ~PairPlaces() = default;
  virtual T* x(std::size_t j) = 0;  // [d, lanes]; j = n: of the query
  virtual T* y(std::size_t j) = 0;  // [lanes]; not of a task that labels its inputs
  virtual T* target() = 0;          // [lanes], the answer to the query, without noise, or the label
  virtual T* truth() = 0;           // [PairTask::truth(), lanes]
};

// Draws pairs of one task; they depend on their addresses alone. One sampler a thread.
template <class T>
class PairSampler {
 public:
  virtual ~PairSampler() = default;
  // Fills `count` <= kLanes lanes.
  virtual void sample(const PhiloxAddress& address, int count, PairPlaces<T>& to) = 0;
};

class PairTask {
 public:
  virtual ~PairTask() = default;
  virtual int n() const = 0;
  virtual int d() const = 0;
  virtual int truth() const = 0;  // numbers that say which function a prompt has
  // Whether the target is a label of all inputs together: then there are neither y nor a query.
  virtual bool labels_inputs() const { return false; }
  // Whether targets are labels, 1 or -1.
  virtual bool has_labels() const { return labels_inputs(); }
  virtual std::string describe() const = 0;  // "linear regression, d = 10"
  // The samplers must not outlive the task.
  virtual std::unique_ptr<PairSampler<float>> sampler(float) const = 0;
  virtual std::unique_ptr<PairSampler<double>> sampler(double) const = 0;
};

}  // namespace gramian
