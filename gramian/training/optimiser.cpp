#include "gramian/training/optimiser.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gramian/base/assert.h"

namespace gramian {

double schedule_height(const OptimiserSpec& spec, std::int64_t step, std::int64_t steps) {
  GRAMIAN_ASSERT(step >= 0 && step <= steps);
  const double done = static_cast<double>(step);
  const double warmup = std::floor(spec.warmup * static_cast<double>(steps));
  if (done < warmup) return (done + 1) / (warmup + 1);
  const double span = std::max(1.0, static_cast<double>(steps - 1) - warmup);
  const double progress = std::min(1.0, (done - warmup) / span);
  double height = 1.0;  // 1 at the start of the decay, 0 at its end
  if (spec.schedule == Schedule::cosine) height = 0.5 * (1 + std::cos(std::numbers::pi * progress));
  if (spec.schedule == Schedule::linear) height = 1 - progress;
  return spec.final_learning_rate + (1 - spec.final_learning_rate) * height;
}

double learning_rate(const OptimiserSpec& spec, std::int64_t step, std::int64_t steps) {
  return spec.learning_rate * schedule_height(spec, step, steps);
}

double clip(double clip_norm, std::vector<double>& gradient) {
  double sum = 0.0;
  for (double g : gradient) sum += g * g;
  const double norm = std::sqrt(sum);
  if (clip_norm > 0 && norm > clip_norm) {
    for (double& g : gradient) g *= clip_norm / norm;
  }
  return norm;
}

void adam_step(const OptimiserSpec& spec, double rate, const std::vector<double>& gradient,
               AdamState& state, std::vector<double>& theta) {
  GRAMIAN_ASSERT(gradient.size() == theta.size());
  state.step += 1;
  state.first.resize(theta.size());
  state.second.resize(theta.size());
  const double t = static_cast<double>(state.step);
  const double first_scale = 1 / (1 - std::pow(spec.beta1, t));
  const double second_scale = 1 / (1 - std::pow(spec.beta2, t));
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const double g = gradient[i];
    state.first[i] += (1 - spec.beta1) * (g - state.first[i]);
    state.second[i] += (1 - spec.beta2) * (g * g - state.second[i]);
    const double direction =
        state.first[i] * first_scale / (std::sqrt(state.second[i] * second_scale) + spec.epsilon);
    theta[i] -= rate * (direction + spec.weight_decay * theta[i]);
  }
}

void descent_step(const OptimiserSpec& spec, double rate, const std::vector<double>& gradient,
                  AdamState& state, std::vector<double>& theta) {
  GRAMIAN_ASSERT(gradient.size() == theta.size());
  state.step += 1;
  for (std::size_t i = 0; i < theta.size(); ++i)
    theta[i] -= rate * (gradient[i] + spec.weight_decay * theta[i]);
}

}  // namespace gramian
