// One block of sixteen prompts through a network, forward and back.
//
// The forward pass is a recurrence on the Gram matrix, whatever the context length:
//
//     A = sum_h P_h G Q_h,   T = I + A,   G' = T G T^T
//
// and the prediction is linear in the query: x_t -> <w^L, x_t> (Theorem 4.1), with
// -w^L the x part of the last row of T_{L-1} ... T_0. That row is found by going from the
// last layer to the first, z <- T_l^T z, so the last layer needs one row of A only.
#pragma once

#include <cstddef>

#include "gramian/base/aligned.h"
#include "gramian/base/assert.h"
#include "gramian/lanes/layout.h"
#include "gramian/models/network.h"
#include "gramian/tasks/task.h"

namespace gramian {

// The values that the forward pass keeps for the backward pass, and scratch memory, all in one
// allocation. The functions return pointers into it; each entry is [..., lanes].
template <class T>
class PassMemory {
 public:
  PassMemory(const NetworkSpec& spec, Layout layout);

  const NetworkSpec& spec() const { return spec_; }
  Layout layout() const { return layout_; }
  // Layers in [0, L), heads in [0, H). Rows have one more, z_L = e_y.
  // [D, D] (diag: S [d, d], then alpha [d], lambda)
  T* gram(int layer) { return at(gram_, layer, spec_.layers, matrix_); }
  // [D, D] T_l (diag: S^2 [d, d])
  T* map(int layer) { return at(map_, layer, spec_.layers, matrix_); }
  // [D, D] G Q_h (diag: four vectors [d])
  T* values(int layer, int head = 0) {
    GRAMIAN_ASSERT(head >= 0 && head < heads_);
    return at(values_, layer * heads_ + head, spec_.layers * heads_, matrix_);
  }
  // [D] z_l, and its adjoint
  T* row(int layer) { return at(row_, layer, spec_.layers + 1, vector_); }
  T* row_adjoint(int layer) { return at(row_adjoint_, layer, spec_.layers + 1, vector_); }
  // Full: lists of 2 H + 2 vectors [D] of the layer before the last (full-inl.h).
  T* list(std::size_t k) {
    GRAMIAN_ASSERT(k < lists());
    return memory_.data() + lists_ + k * (2 * static_cast<std::size_t>(heads_) + 2) * vector_;
  }
  T* scratch(int k) { return at(scratch_, k, kScratch, matrix_); }  // [D, D]

  static constexpr int kScratch = 6;

  // Layout `rows`, full: padded copies of the matrices of theta, and the sums over prompts of their
  // adjoints. Matrix k of theta is P (q = 0) or Q (q = 1) of a head.
  std::size_t theta_matrix(int layer, int head, int q) const {
    return spec_.offset(layer) / (spec_.rows() * spec_.rows()) +
           static_cast<std::size_t>(2 * head + q);
  }
  bool has_shared() const { return shared_ > 0; }
  T* shared(std::size_t k) {
    GRAMIAN_ASSERT(has_shared() && k < theta_matrices());
    return memory_.data() + shared_ + k * matrix_stride(spec_.rows());
  }
  T* shared_adjoint(std::size_t k) {
    GRAMIAN_ASSERT(has_shared() && k < theta_matrices());
    return memory_.data() + shared_adjoint_ + k * matrix_stride(spec_.rows());
  }
  T* panel() { return memory_.data() + panel_; }  // one matrix of one prompt
  void copy_theta(const T* theta);                // into shared
  void begin_adjoint();                           // zero shared_adjoint
  void add_adjoint(T* dtheta);                    // to lane 0 of dtheta [parameters, lanes]

 private:
  std::size_t lists() const {
    return spec_.kind == Parametrisation::full ? 4 + 4 * static_cast<std::size_t>(heads_) : 0;
  }
  std::size_t theta_matrices() const { return spec_.parameters() / (spec_.rows() * spec_.rows()); }
  T* at(std::size_t base, int index, [[maybe_unused]] int count, std::size_t stride) {
    GRAMIAN_ASSERT(index >= 0 && index < count);
    return memory_.data() + base + static_cast<std::size_t>(index) * stride;
  }
  NetworkSpec spec_;
  Layout layout_;
  int heads_;
  std::size_t matrix_, vector_;  // sizes
  std::size_t shared_ = 0, shared_adjoint_ = 0, panel_ = 0;
  std::size_t gram_, map_, values_, row_, row_adjoint_, lists_, scratch_;
  AlignedArray<T> memory_;
};

template <class T>
class NetworkPass {
 public:
  // Both layouts compute the same numbers; best_layout is the faster one for this size.
  explicit NetworkPass(const NetworkSpec& spec, Layout layout);
  explicit NetworkPass(const NetworkSpec& spec) : NetworkPass(spec, best_layout(spec)) {}
  static Layout best_layout(const NetworkSpec& spec);

  // theta: [parameters], which must stay alive until the backward pass is done.
  // block: prompts of the network's d.
  // factor: c of G = c sum e e^T, i.e. spec.context_factor(n).
  // weights: [d, lanes], receives w^L of each prompt.
  void forward(const T* theta, const PromptBlock<T>& block, double factor, T* weights);

  // After forward. weights: [L, d, lanes], receives w^l of each layer l = 1..L.
  void read_out(T* weights);

  // After forward. Given dloss/dw^L [d, lanes], adds dloss/dtheta to dtheta [parameters, lanes],
  // which must be aligned as an AlignedArray is. The caller sums over lanes: layout `lanes` adds
  // the gradient of each prompt to its lane, layout `rows` adds the sum of all prompts to lane 0.
  void backward(const T* dweights, T* dtheta);

  const NetworkSpec& spec() const { return spec_; }

 private:
  NetworkSpec spec_;
  PassMemory<T> memory_;  // of the network as the kernels compute it
  const T* theta_ = nullptr;
  // For kind preconditioned: theta as P and Q, and the gradient of these [.., lanes].
  AlignedArray<T> dense_, dense_adjoint_;
};

}  // namespace gramian
