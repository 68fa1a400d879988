// AdamW (Loshchilov and Hutter 2019), or plain gradient descent, with a learning-rate schedule and
// a bound on the norm of the gradient:
//
//     theta <- theta - rate (g + weight_decay theta)                                        descent
//
//     m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2
//     theta <- theta - rate (m_hat / (sqrt(v_hat) + epsilon) + weight_decay theta)
//
// with m_hat and v_hat corrected for their beginning at zero. Shapes: g, m, v and theta are
// [parameters], in double: there are few of them. Cost: linear in the parameters.
#pragma once

#include <cstdint>
#include <vector>

namespace gramian {

enum class Schedule { cosine, linear, constant };

struct OptimiserSpec {
  double learning_rate = 0.01;        // the peak
  double final_learning_rate = 0.01;  // at the last step, as a fraction of the peak
  Schedule schedule = Schedule::cosine;
  double warmup = 0.05;  // fraction of the steps over which the rate rises from 0
  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  // decoupled, per step and unit of learning rate
  double clip_norm = 10.0;    // bound on the 2-norm of the gradient; 0 = none
};

// The height of the schedule at a step, 1 at its peak. Requires: 0 <= step <= steps (asserted).
double schedule_height(const OptimiserSpec& spec, std::int64_t step, std::int64_t steps);

// The rate at a step: the peak times the height.
double learning_rate(const OptimiserSpec& spec, std::int64_t step, std::int64_t steps);

struct AdamState {
  std::int64_t step = 0;  // steps done
  std::vector<double> first;
  std::vector<double> second;
};

// Scales the gradient down to norm <= clip_norm, if clip_norm > 0. Returns the norm it had.
double clip(double clip_norm, std::vector<double>& gradient);

// One update of theta; advances state.step. Requires: gradient and theta of the same size
// (asserted).
void adam_step(const OptimiserSpec& spec, double rate, const std::vector<double>& gradient,
               AdamState& state, std::vector<double>& theta);

// One update of theta by the gradient itself; advances state.step. Requires: as adam_step.
void descent_step(const OptimiserSpec& spec, double rate, const std::vector<double>& gradient,
                  AdamState& state, std::vector<double>& theta);

}  // namespace gramian
