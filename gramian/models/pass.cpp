#include "gramian/models/pass.h"

#include <algorithm>
#include <cstdint>

#include "gramian/base/assert.h"
#include "gramian/models/kernels.h"

namespace gramian {

namespace {

[[maybe_unused]] constexpr std::size_t kRegisterBytes = 64;  // of the widest instruction set

}  // namespace

template <class T>
PassMemory<T>::PassMemory(const NetworkSpec& spec, Layout layout)
    : spec_(spec),
      layout_(layout),
      heads_(spec.kind == Parametrisation::full ? spec.heads : 1),
      matrix_((layout == Layout::rows ? matrix_stride(spec.rows()) : spec.rows() * spec.rows()) *
              kLanes),
      vector_((layout == Layout::rows ? vector_stride(spec.rows()) : spec.rows()) * kLanes) {
  GRAMIAN_ASSERT(spec.check().has_value() && !spec.is_written_out());
  const auto layers = static_cast<std::size_t>(spec.layers);
  // The diagonal kernels keep up to five vectors [d] in one matrix of scratch.
  if (spec.kind != Parametrisation::full) matrix_ = std::max(matrix_, 5 * vector_);
  gram_ = 0;
  map_ = gram_ + layers * matrix_;
  values_ = map_ + layers * matrix_;
  row_ = values_ + layers * static_cast<std::size_t>(heads_) * matrix_;
  row_adjoint_ = row_ + (layers + 1) * vector_;
  lists_ = row_adjoint_ + (layers + 1) * vector_;
  scratch_ = lists_ + lists() * (2 * static_cast<std::size_t>(heads_) + 2) * vector_;
  std::size_t size = scratch_ + kScratch * matrix_;
  if (layout == Layout::rows) {
    const std::size_t one = matrix_stride(spec.rows());
    panel_ = size;
    size += one;
    if (spec.kind == Parametrisation::full) {
      const std::size_t all = spec.parameters() / (spec.rows() * spec.rows()) * one;
      shared_ = size;
      shared_adjoint_ = shared_ + all;
      size = shared_adjoint_ + all;
    }
  }
  memory_ = AlignedArray<T>(size);
}

template <class T>
void PassMemory<T>::copy_theta(const T* theta) {
  const std::size_t rows = spec_.rows(), count = spec_.parameters() / (rows * rows);
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < rows; ++i, theta += rows)
      std::copy_n(theta, rows, shared(k) + i * padded(rows));
  }
}

template <class T>
void PassMemory<T>::begin_adjoint() {
  const std::size_t count = spec_.parameters() / (spec_.rows() * spec_.rows());
  std::fill_n(shared_adjoint(0), count * matrix_stride(spec_.rows()), T(0));
}

template <class T>
void PassMemory<T>::add_adjoint(T* dtheta) {
  const std::size_t rows = spec_.rows(), count = spec_.parameters() / (rows * rows);
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < rows; ++i) {
      const T* row = shared_adjoint(k) + i * padded(rows);
      for (std::size_t j = 0; j < rows; ++j, dtheta += kLanes) *dtheta += row[j];
    }
  }
}

namespace {

NetworkSpec seen_by_kernels(NetworkSpec spec) {
  if (spec.is_dense()) spec.kind = Parametrisation::full;
  return spec;
}

}  // namespace

template <class T>
NetworkPass<T>::NetworkPass(const NetworkSpec& spec, Layout layout)
    : spec_(spec), memory_(seen_by_kernels(spec), layout) {
  if (!spec.is_written_out()) return;
  dense_ = AlignedArray<T>(memory_.spec().parameters());
  dense_adjoint_ = AlignedArray<T>(memory_.spec().parameters() * kLanes);
}

template <class T>
Layout NetworkPass<T>::best_layout(const NetworkSpec& spec) {
  return layout_for(spec.is_dense() ? spec.rows() : static_cast<std::size_t>(spec.d));
}

template <class T>
void NetworkPass<T>::forward(const T* theta, const PromptBlock<T>& block, double factor,
                             T* weights) {
  GRAMIAN_ASSERT(theta != nullptr && weights != nullptr && block.d == spec_.d);
  theta_ = theta;
  if (spec_.is_written_out()) {
    const std::size_t size = spec_.rows() * spec_.rows();
    for (std::size_t l = 0; l < spec_.stored_layers(); ++l) {
      T* p = dense_.data() + 2 * l * size;
      write_dense(spec_, theta + l * spec_.parameters_per_layer(), p, p + size);
    }
    theta_ = dense_.data();
  }
  const bool rows = memory_.layout() == Layout::rows;
  if (spec_.is_dense()) {
    return rows ? full_rows_forward(memory_, theta_, block, factor, weights)
                : full_forward(memory_, theta_, block, factor, weights);
  }
  if (spec_.kind == Parametrisation::diag) {
    return rows ? diag_rows_forward(memory_, theta, block, factor, weights)
                : diag_forward(memory_, theta, block, factor, weights);
  }
  return rows ? gdpp_rows_forward(memory_, theta, block, factor, weights)
              : gdpp_forward(memory_, theta, block, factor, weights);
}

template <class T>
void NetworkPass<T>::read_out(T* weights) {
  GRAMIAN_ASSERT(theta_ != nullptr && weights != nullptr);
  const bool rows = memory_.layout() == Layout::rows;
  if (spec_.is_dense()) {
    return rows ? full_rows_read_out(memory_, theta_, weights)
                : full_read_out(memory_, theta_, weights);
  }
  if (spec_.kind == Parametrisation::diag) {
    return rows ? diag_rows_read_out(memory_, theta_, weights)
                : diag_read_out(memory_, theta_, weights);
  }
  return rows ? gdpp_rows_read_out(memory_, theta_, weights)
              : gdpp_read_out(memory_, theta_, weights);
}

namespace {

// The chain rule of write_dense: from the adjoints of P and Q to those of theta (A and u), which
// are added to dtheta, [parameters, lanes].
template <class T>
void add_dense_adjoint(const NetworkSpec& spec, const T* adjoint, T* dtheta) {
  const std::size_t rows = spec.rows(), d = rows - 1, size = rows * rows;
  for (std::size_t l = 0; l < spec.stored_layers(); ++l) {
    const T* dp = adjoint + 2 * l * size * kLanes;
    const T* dq = dp + size * kLanes;
    T* da = dtheta + l * spec.parameters_per_layer() * kLanes;
    T* du = da + d * d * kLanes;
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t k = 0; k < d * kLanes; ++k)
        da[i * d * kLanes + k] += dq[i * rows * kLanes + k];
    }
    for (std::size_t k = 0; k < d * kLanes; ++k) du[k] -= dp[d * rows * kLanes + k];
  }
}

}  // namespace

template <class T>
void NetworkPass<T>::backward(const T* dweights, T* dtheta) {
  GRAMIAN_ASSERT(theta_ != nullptr && dweights != nullptr && dtheta != nullptr);
  GRAMIAN_ASSERT(reinterpret_cast<std::uintptr_t>(dtheta) % kRegisterBytes == 0);
  const bool rows = memory_.layout() == Layout::rows;
  if (spec_.is_written_out()) {
    dense_adjoint_.zero();
    rows ? full_rows_backward(memory_, theta_, dweights, dense_adjoint_.data())
         : full_backward(memory_, theta_, dweights, dense_adjoint_.data());
    return add_dense_adjoint(spec_, dense_adjoint_.data(), dtheta);
  }
  if (spec_.kind == Parametrisation::full) {
    return rows ? full_rows_backward(memory_, theta_, dweights, dtheta)
                : full_backward(memory_, theta_, dweights, dtheta);
  }
  if (spec_.kind == Parametrisation::diag) {
    return rows ? diag_rows_backward(memory_, theta_, dweights, dtheta)
                : diag_backward(memory_, theta_, dweights, dtheta);
  }
  return rows ? gdpp_rows_backward(memory_, theta_, dweights, dtheta)
              : gdpp_backward(memory_, theta_, dweights, dtheta);
}

template class PassMemory<float>;
template class PassMemory<double>;
template class NetworkPass<float>;
template class NetworkPass<double>;

}  // namespace gramian
