#include "gramian/models/pass.h"

#include <algorithm>

#include "gramian/models/kernels.h"

namespace gramian {

template <class T>
PassMemory<T>::PassMemory(const NetworkSpec& spec, Layout layout)
    : spec_(spec),
      layout_(layout),
      heads_(spec.kind == Parametrisation::full ? spec.heads : 1),
      matrix_((layout == Layout::rows ? matrix_stride(spec.rows()) : spec.rows() * spec.rows()) * kLanes),
      vector_((layout == Layout::rows ? vector_stride(spec.rows()) : spec.rows()) * kLanes) {
  const auto layers = static_cast<std::size_t>(spec.layers);
  // The diagonal kernels keep up to five vectors [d] in one matrix of scratch.
  if (spec.kind != Parametrisation::full) matrix_ = std::max(matrix_, 5 * vector_);
  gram_ = 0;
  map_ = gram_ + layers * matrix_;
  values_ = map_ + layers * matrix_;
  row_ = values_ + layers * static_cast<std::size_t>(heads_) * matrix_;
  row_adjoint_ = row_ + (layers + 1) * vector_;
  scratch_ = row_adjoint_ + (layers + 1) * vector_;
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
    for (std::size_t i = 0; i < rows; ++i, theta += rows) std::copy_n(theta, rows, shared(k) + i * padded(rows));
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

template <class T>
Layout NetworkPass<T>::best_layout(const NetworkSpec& spec) {
  return layout_for(spec.kind == Parametrisation::full ? spec.rows() : static_cast<std::size_t>(spec.d));
}

template <class T>
void NetworkPass<T>::forward(const T* theta, const PromptBlock<T>& block, double factor, T* weights) {
  theta_ = theta;
  const bool rows = memory_.layout() == Layout::rows;
  switch (spec().kind) {
    case Parametrisation::full:
      return rows ? full_rows_forward(memory_, theta, block, factor, weights)
                  : full_forward(memory_, theta, block, factor, weights);
    case Parametrisation::diag:
      return rows ? diag_rows_forward(memory_, theta, block, factor, weights)
                  : diag_forward(memory_, theta, block, factor, weights);
    case Parametrisation::gdpp:
      return rows ? gdpp_rows_forward(memory_, theta, block, factor, weights)
                  : gdpp_forward(memory_, theta, block, factor, weights);
  }
}

template <class T>
void NetworkPass<T>::read_out(T* weights) {
  const bool rows = memory_.layout() == Layout::rows;
  switch (spec().kind) {
    case Parametrisation::full:
      return rows ? full_rows_read_out(memory_, theta_, weights) : full_read_out(memory_, theta_, weights);
    case Parametrisation::diag:
      return rows ? diag_rows_read_out(memory_, theta_, weights) : diag_read_out(memory_, theta_, weights);
    case Parametrisation::gdpp:
      return rows ? gdpp_rows_read_out(memory_, theta_, weights) : gdpp_read_out(memory_, theta_, weights);
  }
}

template <class T>
void NetworkPass<T>::backward(const T* dweights, T* dtheta) {
  const bool rows = memory_.layout() == Layout::rows;
  switch (spec().kind) {
    case Parametrisation::full:
      return rows ? full_rows_backward(memory_, theta_, dweights, dtheta)
                  : full_backward(memory_, theta_, dweights, dtheta);
    case Parametrisation::diag:
      return rows ? diag_rows_backward(memory_, theta_, dweights, dtheta)
                  : diag_backward(memory_, theta_, dweights, dtheta);
    case Parametrisation::gdpp:
      return rows ? gdpp_rows_backward(memory_, theta_, dweights, dtheta)
                  : gdpp_backward(memory_, theta_, dweights, dtheta);
  }
}

template class PassMemory<float>;
template class PassMemory<double>;
template class NetworkPass<float>;
template class NetworkPass<double>;

}  // namespace gramian
