#include "gramian/training/loss.h"

#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/lanes/view.h"
#include "gramian/random/lane_words.h"

namespace gramian {

namespace {

// The three below take the errors delta [d, lanes] in `slope`, leave half the derivative of r^2
// there (S delta, or <delta, x> x), and write r^2 to squared [lanes].

template <class T>
void sampled_slope(LaneView<const T> query, LaneView<T> slope, T* squared) {
  for (std::size_t i = 0; i < slope.rows(); ++i) {
    const T *delta = slope.lanes(i), *x = query.lanes(i);
    for (std::size_t p = 0; p < kLanes; ++p) squared[p] += delta[p] * x[p];
  }
  for (std::size_t i = 0; i < slope.rows(); ++i) {
    T* const out = slope.lanes(i);
    const T* const x = query.lanes(i);
    for (std::size_t p = 0; p < kLanes; ++p) out[p] = squared[p] * x[p];
  }
  for (std::size_t p = 0; p < kLanes; ++p) squared[p] *= squared[p];
}

template <class T>
void isotropic_slope(LaneView<T> slope, T* squared) {
  for (std::size_t i = 0; i < slope.rows(); ++i) {
    const T* const delta = slope.lanes(i);
    for (std::size_t p = 0; p < kLanes; ++p) squared[p] += delta[p] * delta[p];
  }
}

template <class T>
void correlated_slope(const std::vector<double>& s, LaneView<T> slope, T* squared) {
  const std::size_t d = slope.rows();
  T image[kMaxDimension];
  for (std::size_t p = 0; p < kLanes; ++p) {
    for (std::size_t i = 0; i < d; ++i) {
      image[i] = T(0);
      for (std::size_t j = 0; j < d; ++j)
        image[i] += static_cast<T>(s[i * d + j]) * slope.at(j, 0, p);
    }
    for (std::size_t i = 0; i < d; ++i) {
      squared[p] += image[i] * slope.at(i, 0, p);
      slope.at(i, 0, p) = image[i];
    }
  }
}

// The weight of each prompt's gradient, [lanes].
template <class T>
void gradient_weights(const LossSpec& spec, LaneView<const T> truth, const T* squared, T* weight) {
  for (std::size_t p = 0; p < kLanes; ++p)
    weight[p] = spec.robust > 0 ? T(1) / (T(1) + squared[p] / static_cast<T>(spec.robust)) : T(1);
  for (std::size_t p = 0; p < static_cast<std::size_t>(spec.guards); ++p) {
    T zero = T(0);  // r_0^2, for S = I: close enough for a threshold
    for (std::size_t i = 0; i < truth.rows(); ++i) zero += truth.at(i, 0, p) * truth.at(i, 0, p);
    weight[p] *= squared[p] > zero ? T(1) - zero / squared[p] : T(0);
  }
}

// row: [lanes], the numbers of `scale` with random signs, those of coordinate i. A draw has the
// signs of 128 coordinates; `words` [4, lanes] keeps it from one coordinate to the next.
void draw_signs(PhiloxAddress address, std::size_t i, const double* scale, std::uint32_t* words,
                double* row) {
  address.stream = kCurvatureStream;
  if (i % 128 == 0) draw_lane_words(address, static_cast<std::uint32_t>(i / 128), words);
  const std::uint32_t* const bits = words + i % 128 / 32 * kLanes;
  for (std::size_t p = 0; p < kLanes; ++p)
    row[p] = (bits[p] >> (i % 32)) & 1 ? scale[p] : -scale[p];
}

}  // namespace

double robust_loss(double squared_error, double c) {
  GRAMIAN_ASSERT(c >= 0);
  return c > 0 ? 0.5 * c * std::log1p(squared_error / c) : 0.5 * squared_error;
}

double implicit_loss(const RegressionTask& task, QueryMode query, const PromptBlock<double>& block,
                     const double* weights, std::size_t lane) {
  const auto d = static_cast<std::size_t>(task.d());
  const LaneView<const double> w(weights, d), truth(block.truth.data(), d);
  double error[kMaxDimension];
  for (std::size_t i = 0; i < d; ++i) error[i] = w.at(i, 0, lane) - truth.at(i, 0, lane);
  if (query == QueryMode::sampled) {
    const LaneView<const double> x(block.query.data(), d);
    double along = 0;
    for (std::size_t i = 0; i < d; ++i) along += error[i] * x.at(i, 0, lane);
    return 0.5 * along * along;
  }
  double square = 0;
  for (std::size_t j = 0; j < d; ++j) {
    double entry = error[j];
    if (!task.identity_covariance()) {  // delta^T S delta = |C^T delta|^2
      entry = 0;
      for (std::size_t i = j; i < d; ++i) entry += task.factor()[i * d + j] * error[i];
    }
    square += entry * entry;
  }
  return 0.5 * square;
}

template <class T>
BlockLoss<T> loss_gradient(const LossSpec& spec, const std::vector<double>& covariance,
                           const PromptBlock<T>& block, T* weights) {
  const auto d = static_cast<std::size_t>(block.d);
  GRAMIAN_ASSERT(spec.guards >= 0 && spec.guards < kLanes);
  GRAMIAN_ASSERT(covariance.empty() || covariance.size() == d * d);
  const LaneView<T> slope(weights, d);
  const LaneView<const T> truth(block.truth.data(), d), query(block.query.data(), d);
  for (std::size_t i = 0; i < d; ++i) {
    T* const w = slope.lanes(i);
    const T* const target = truth.lanes(i);
    for (std::size_t p = 0; p < kLanes; ++p) w[p] -= target[p];
  }
  T squared[kLanes] = {};
  if (spec.query == QueryMode::sampled) {
    sampled_slope(query, slope, squared);
  } else if (covariance.empty()) {
    isotropic_slope(slope, squared);
  } else {
    correlated_slope(covariance, slope, squared);
  }
  T weight[kLanes];
  gradient_weights(spec, truth, squared, weight);
  for (std::size_t i = 0; i < d; ++i) {
    T* const out = slope.lanes(i);
    for (std::size_t p = 0; p < kLanes; ++p) out[p] *= weight[p];
  }
  BlockLoss<T> loss;
  for (std::size_t p = 0; p < kLanes; ++p) {
    loss.squared_error[p] = static_cast<double>(squared[p]);
    loss.weight[p] = static_cast<double>(weight[p]);
  }
  return loss;
}

template <class T>
void curvature_cotangent(const LossSpec& spec, const RegressionTask& task,
                         const PhiloxAddress& address, const PromptBlock<T>& block,
                         const BlockLoss<T>& loss, T* v) {
  const auto d = static_cast<std::size_t>(block.d);
  GRAMIAN_ASSERT(block.d == task.d());
  const LaneView<T> out(v, d);
  alignas(64) std::uint32_t words[4 * kLanes];
  double scale[kLanes], signs[kMaxDimension * kLanes];
  for (std::size_t p = 0; p < kLanes; ++p) scale[p] = std::sqrt(loss.weight[p]);
  const std::size_t count = spec.query == QueryMode::sampled ? 1 : d;
  for (std::size_t i = 0; i < count; ++i) draw_signs(address, i, scale, words, signs + i * kLanes);
  for (std::size_t i = 0; i < d; ++i) {
    double sum[kLanes] = {};
    const double* row = signs + i * kLanes;
    T* const to = out.lanes(i);
    if (spec.query == QueryMode::sampled) {
      const T* const query = block.query.data() + i * kLanes;
      for (std::size_t p = 0; p < kLanes; ++p) to[p] = static_cast<T>(signs[p]) * query[p];
      continue;
    }
    if (!task.identity_covariance()) {
      for (std::size_t j = 0; j <= i; ++j) {
        for (std::size_t p = 0; p < kLanes; ++p)
          sum[p] += task.factor()[i * d + j] * signs[j * kLanes + p];
      }
      row = sum;
    }
    for (std::size_t p = 0; p < kLanes; ++p) to[p] = static_cast<T>(row[p]);
  }
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
