#include "gramian/training/loss.h"

#include <cmath>

namespace gramian {

template <class T>
BlockLoss<T> loss_gradient(const LossSpec& spec, const std::vector<double>& covariance, const PromptBlock<T>& block,
                           T* weights) {
  const auto d = static_cast<std::size_t>(block.d);
  for (std::size_t i = 0; i < d * kLanes; ++i) weights[i] -= block.truth[i];

  // `slope` is half the derivative of r^2: S delta, or <delta, x> x.
  T squared[kLanes] = {};
  if (spec.query == QueryMode::sampled) {
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p) squared[p] += weights[i * kLanes + p] * block.query[i * kLanes + p];
    }
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p) weights[i * kLanes + p] = squared[p] * block.query[i * kLanes + p];
    }
    for (std::size_t p = 0; p < kLanes; ++p) squared[p] *= squared[p];
  } else if (covariance.empty()) {
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p) squared[p] += weights[i * kLanes + p] * weights[i * kLanes + p];
    }
  } else {
    T slope[kMaxDimension];
    for (std::size_t p = 0; p < kLanes; ++p) {
      for (std::size_t i = 0; i < d; ++i) {
        slope[i] = T(0);
        for (std::size_t j = 0; j < d; ++j) slope[i] += static_cast<T>(covariance[i * d + j]) * weights[j * kLanes + p];
      }
      for (std::size_t i = 0; i < d; ++i) {
        squared[p] += slope[i] * weights[i * kLanes + p];
        weights[i * kLanes + p] = slope[i];
      }
    }
  }

  BlockLoss<T> loss;
  T share[kLanes];
  for (std::size_t p = 0; p < kLanes; ++p) {
    loss.squared_error[p] = static_cast<double>(squared[p]);
    share[p] = spec.robust > 0 ? T(1) / (T(1) + squared[p] / static_cast<T>(spec.robust)) : T(1);
  }
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t p = 0; p < kLanes; ++p) weights[i * kLanes + p] *= share[p];
  }
  return loss;
}

double robust_loss(double squared_error, double c) {
  return c > 0 ? 0.5 * c * std::log1p(squared_error / c) : 0.5 * squared_error;
}

template BlockLoss<float> loss_gradient(const LossSpec&, const std::vector<double>&, const PromptBlock<float>&, float*);
template BlockLoss<double> loss_gradient(const LossSpec&, const std::vector<double>&, const PromptBlock<double>&,
                                         double*);

}  // namespace gramian
