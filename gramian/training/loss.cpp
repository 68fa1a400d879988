#include "gramian/training/loss.h"

#include <cmath>

namespace gramian {

template <class T>
BlockLoss<T> loss_gradient(const LossSpec& spec, const std::vector<double>& covariance,
                           const PromptBlock<T>& block, T* weights) {
  const auto d = static_cast<std::size_t>(block.d);
  for (std::size_t i = 0; i < d * kLanes; ++i) weights[i] -= block.truth[i];

  // `slope` is half the derivative of r^2: S delta, or <delta, x> x.
  T squared[kLanes] = {};
  if (spec.query == QueryMode::sampled) {
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p)
        squared[p] += weights[i * kLanes + p] * block.query[i * kLanes + p];
    }
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p)
        weights[i * kLanes + p] = squared[p] * block.query[i * kLanes + p];
    }
    for (std::size_t p = 0; p < kLanes; ++p) squared[p] *= squared[p];
  } else if (covariance.empty()) {
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p)
        squared[p] += weights[i * kLanes + p] * weights[i * kLanes + p];
    }
  } else {
    T slope[kMaxDimension];
    for (std::size_t p = 0; p < kLanes; ++p) {
      for (std::size_t i = 0; i < d; ++i) {
        slope[i] = T(0);
        for (std::size_t j = 0; j < d; ++j)
          slope[i] += static_cast<T>(covariance[i * d + j]) * weights[j * kLanes + p];
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
  for (std::size_t p = 0; p < static_cast<std::size_t>(spec.guards); ++p) {
    T zero = T(0);  // r_0^2, for S = I: close enough for a threshold
    for (std::size_t i = 0; i < d; ++i)
      zero += block.truth[i * kLanes + p] * block.truth[i * kLanes + p];
    share[p] *= squared[p] > zero ? T(1) - zero / squared[p] : T(0);
  }
  for (std::size_t p = 0; p < kLanes; ++p) loss.weight[p] = static_cast<double>(share[p]);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t p = 0; p < kLanes; ++p) weights[i * kLanes + p] *= share[p];
  }
  return loss;
}

template <class T>
void curvature_cotangent(const LossSpec& spec, const RegressionTask& task,
                         const PhiloxAddress& address, const PromptBlock<T>& block,
                         const BlockLoss<T>& loss, T* v) {
  const auto d = static_cast<std::size_t>(block.d);
  const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(address.seed),
                                         static_cast<std::uint32_t>(address.seed >> 32)};
  double sign[kMaxDimension];
  for (std::size_t p = 0; p < kLanes; ++p) {
    const double weight = std::sqrt(loss.weight[p]);
    std::array<std::uint32_t, 4> bits{};
    for (std::size_t i = 0; i < d; ++i) {
      if (i % 128 == 0) {
        const auto draw = static_cast<std::uint32_t>(i / 128);
        bits = philox(key, {draw, address.first + static_cast<std::uint32_t>(p), address.step,
                            kCurvatureStream});
      }
      sign[i] = (bits[i % 128 / 32] >> (i % 32)) & 1 ? weight : -weight;
    }
    if (spec.query == QueryMode::sampled) {
      for (std::size_t i = 0; i < d; ++i)
        v[i * kLanes + p] = static_cast<T>(sign[0]) * block.query[i * kLanes + p];
      continue;
    }
    for (std::size_t i = 0; i < d; ++i) {
      double sum = sign[i];
      if (!task.identity_covariance()) {
        sum = 0;
        for (std::size_t j = 0; j <= i; ++j) sum += task.factor()[i * d + j] * sign[j];
      }
      v[i * kLanes + p] = static_cast<T>(sum);
    }
  }
}

double robust_loss(double squared_error, double c) {
  return c > 0 ? 0.5 * c * std::log1p(squared_error / c) : 0.5 * squared_error;
}

template BlockLoss<float> loss_gradient(const LossSpec&, const std::vector<double>&,
                                        const PromptBlock<float>&, float*);
template BlockLoss<double> loss_gradient(const LossSpec&, const std::vector<double>&,
                                         const PromptBlock<double>&, double*);
template void curvature_cotangent(const LossSpec&, const RegressionTask&, const PhiloxAddress&,
                                  const PromptBlock<float>&, const BlockLoss<float>&, float*);
template void curvature_cotangent(const LossSpec&, const RegressionTask&, const PhiloxAddress&,
                                  const PromptBlock<double>&, const BlockLoss<double>&, double*);

}  // namespace gramian
