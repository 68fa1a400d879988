#include "gramian/training/loop.h"

#include <algorithm>
#include <cmath>

namespace gramian {

namespace {

// Where errors are small, as without noise, the scale of the robust loss and Adam's rate shrink
// with them: both are meant for errors of size one. This is how fast the running mean forgets.
constexpr double kErrorMemory = 0.9;

// More than this share of exploded prompts is no accident: training has diverged.
constexpr double kMostDropped = 0.5;

}  // namespace

void ChunkSums::give_up(int count) {
  std::fill(gradient.begin(), gradient.end(), 0.0);
  squared_error = robust_error = 0;
  dropped = count;
}

TrainingLoop::TrainingLoop(const TrainSpec& spec, std::size_t parameters)
    : spec_(spec), gradient_(parameters) {
  adam_.first.resize(parameters);
  adam_.second.resize(parameters);
}

void TrainingLoop::restore(TrainState state) {
  mutable_theta() = std::move(state.theta);
  adam_ = std::move(state.adam);
  soap_ = std::move(state.soap);
  gauss_newton_ = std::move(state.gauss_newton);
  error_ = state.error;
}

int TrainingLoop::count_in(int chunk) const {
  return std::min(kChunkPrompts, spec_.batch - chunk * kChunkPrompts);
}

LossSpec TrainingLoop::current_loss() const {
  LossSpec loss = spec_.loss;
  if (loss.robust > 0 && spec_.robust_final > 0 && spec_.steps > 1) {
    const double progress = static_cast<double>(adam_.step) / static_cast<double>(spec_.steps - 1);
    loss.robust *= std::pow(spec_.robust_final / loss.robust, progress);
  }
  if (error_ > 0) loss.robust *= std::min(1.0, error_);
  return loss;
}

int TrainingLoop::learners() const {
  const int blocks = spec_.batch / kLanes, rest = spec_.batch % kLanes;
  return blocks * (kLanes - spec_.loss.guards) + std::max(0, rest - spec_.loss.guards);
}

Expected<StepReport> TrainingLoop::reduce(std::span<const ChunkSums> chunks) {
  StepReport report;
  report.step = adam_.step + 1;
  std::fill(gradient_.begin(), gradient_.end(), 0.0);
  double squared_error = 0.0, robust_error = 0.0;
  for (const ChunkSums& chunk : chunks) {  // in order: the bits do not depend on the threads
    squared_error += chunk.squared_error;
    robust_error += chunk.robust_error;
    report.dropped += chunk.dropped;
    for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] += chunk.gradient[i];
  }
  for (double& g : gradient_) g /= learners();
  const int kept = learners() - report.dropped;
  report.loss = kept > 0 ? 0.5 * squared_error / kept : std::nan("");
  report.gradient_norm = clip(spec_.optimiser.clip_norm, gradient_);
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm) ||
      report.dropped > kMostDropped * spec_.batch) {
    return fail(ErrorKind::numeric,
                "training diverged at step {}: the network exploded on {} of {} prompts, mean loss "
                "of the others {}; "
                "a lower [train.learning_rate] or [train.robust] may help",
                report.step, report.dropped, spec_.batch, report.loss);
  }
  robust_error_ = robust_error / learners();
  error_ = error_ > 0 ? kErrorMemory * error_ + (1 - kErrorMemory) * robust_error_ : robust_error_;
  return report;
}

}  // namespace gramian
