#include "gramian/models/pass.h"

#include <algorithm>

#include "gramian/models/kernels.h"

namespace gramian {

template <class T>
PassMemory<T>::PassMemory(const NetworkSpec& spec)
    : spec_(spec),
      matrix_(spec.rows() * spec.rows() * kLanes),
      vector_(spec.rows() * kLanes),
      heads_(spec.kind == Parametrisation::full ? static_cast<std::size_t>(spec.heads) : 1) {
  const auto layers = static_cast<std::size_t>(spec.layers);
  // The diagonal kernels keep up to five vectors [d] in one matrix of scratch.
  if (spec.kind != Parametrisation::full) matrix_ = std::max(matrix_, 5 * vector_);
  gram_ = 0;
  map_ = gram_ + layers * matrix_;
  values_ = map_ + layers * matrix_;
  row_ = values_ + layers * heads_ * matrix_;
  row_adjoint_ = row_ + (layers + 1) * vector_;
  scratch_ = row_adjoint_ + (layers + 1) * vector_;
  memory_ = AlignedArray<T>(scratch_ + kScratch * matrix_);
}

template <class T>
void NetworkPass<T>::forward(const T* theta, const PromptBlock<T>& block, double factor, T* weights) {
  theta_ = theta;
  switch (spec().kind) {
    case Parametrisation::full:
      return full_forward(memory_, theta, block, factor, weights);
    case Parametrisation::diag:
      return diag_forward(memory_, theta, block, factor, weights);
    case Parametrisation::gdpp:
      return gdpp_forward(memory_, theta, block, factor, weights);
  }
}

template <class T>
void NetworkPass<T>::read_out(T* weights) {
  switch (spec().kind) {
    case Parametrisation::full:
      return full_read_out(memory_, theta_, weights);
    case Parametrisation::diag:
      return diag_read_out(memory_, theta_, weights);
    case Parametrisation::gdpp:
      return gdpp_read_out(memory_, theta_, weights);
  }
}

template <class T>
void NetworkPass<T>::backward(const T* dweights, T* dtheta) {
  switch (spec().kind) {
    case Parametrisation::full:
      return full_backward(memory_, theta_, dweights, dtheta);
    case Parametrisation::diag:
      return diag_backward(memory_, theta_, dweights, dtheta);
    case Parametrisation::gdpp:
      return gdpp_backward(memory_, theta_, dweights, dtheta);
  }
}

template class PassMemory<float>;
template class PassMemory<double>;
template class NetworkPass<float>;
template class NetworkPass<double>;

}  // namespace gramian
