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

int chunks_of(const TrainSpec& spec) { return (spec.batch - 1) / kChunkPrompts + 1; }

bool all_finite(const std::vector<double>& numbers) {
  return std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); });
}

}  // namespace

Status check_sizes(const TrainSpec& spec) {
  if (spec.steps < 0 || spec.steps > 0xFFFFFFFFll)
    return fail(ErrorKind::config, "[train.steps] must be in [0, 2^32), got {}", spec.steps);
  if (spec.batch < 1)
    return fail(ErrorKind::config, "[train.batch] must be >= 1, got {}", spec.batch);
  return {};
}

double chunk_bytes(const TrainSpec& spec, std::size_t parameters) {
  return static_cast<double>(chunks_of(spec)) * static_cast<double>(parameters) * sizeof(double);
}

TrainingLoop::TrainingLoop(std::unique_ptr<const Objective> objective, std::vector<double>& theta,
                           const TrainSpec& spec, ThreadPool& pool)
    : objective_(std::move(objective)),
      units_(objective_->units()),
      theta_(&theta),
      spec_(spec),
      crew_(&pool),
      order_{.theta = theta},
      kernel_theta_(objective_->precision(), theta.size()),
      gradient_(theta.size()) {
  const std::size_t parameters = theta.size();
  GRAMIAN_ASSERT(objective_->parameters() == parameters);
  GRAMIAN_ASSERT(units_.theta.empty() || units_.theta.size() == parameters);
  GRAMIAN_ASSERT(check_sizes(spec).has_value());
  adam_.first.resize(parameters);
  adam_.second.resize(parameters);
  const bool slopes = spec.method == Method::gauss_newton;
  if (slopes) {
    GRAMIAN_ASSERT(objective_->offers_slopes());
    gauss_newton_step_ = std::make_unique<GaussNewton>(parameters);
    curvature_.resize(parameters * parameters);
    gauss_newton_.curvature.resize(parameters * parameters);
    gauss_newton_.momentum.resize(parameters);
  }
  if (spec.method == Method::soap) {
    GRAMIAN_ASSERT(objective_->matrix_rows() > 0);
    soap_step_ = std::make_unique<Soap>(objective_->matrix_rows());
    soap_ = soap_step_->initial(parameters);
  }
  chunks_.resize(static_cast<std::size_t>(chunks_of(spec)));
  for (ChunkSums& sums : chunks_) {
    sums.gradient.resize(parameters);
    sums.curvature.resize(curvature_.size());
  }
  for (int t = 0; t < pool.threads(); ++t) scratch_.push_back(objective_->scratch(slopes));
  give_up_ = [this] {
    if (!abandoned_ && abandon_ && abandon_()) abandoned_ = true;
    return abandoned_.load();
  };
}

void TrainingLoop::restore(TrainState state) {
  GRAMIAN_ASSERT(state.theta.size() == theta_->size());
  *theta_ = std::move(state.theta);
  adam_ = std::move(state.adam);
  soap_ = std::move(state.soap);
  gauss_newton_ = std::move(state.gauss_newton);
  error_ = state.error;
}

Expected<StepReport> TrainingLoop::step() {
  std::ranges::copy(*theta_, order_.theta.begin());
  order_.step = adam_.step;
  order_.robust = robust_scale();
  order_.second_order = spec_.method == Method::gauss_newton && adam_.step >= first_steps();
  begin_chunks();
  const Status status = crew_->carry_out(*this);
  if (!status && status.error().kind != ErrorKind::interrupted)
    return std::unexpected(status.error());
  if (!status || abandoned_) {
    return fail(ErrorKind::interrupted, "interrupted in step {} of {}", adam_.step + 1,
                spec_.steps);
  }
  StepReport report = GRAMIAN_TRY(add_chunks());
  report.learning_rate = move();
  if (hook_) hook_(report, *theta_);
  return report;
}

void TrainingLoop::begin_chunks() {
  kernel_theta_.assign(order_.theta);
  abandoned_ = false;
}

void TrainingLoop::write_order(std::vector<double>& numbers) const {
  numbers.assign(
      {static_cast<double>(order_.step), order_.robust, order_.second_order ? 1.0 : 0.0});
  numbers.insert(numbers.end(), order_.theta.begin(), order_.theta.end());
}

void TrainingLoop::take_order(std::span<const double> numbers) {
  constexpr std::size_t kHead = 3;
  GRAMIAN_ASSERT(numbers.size() == kHead + order_.theta.size());
  order_.step = static_cast<std::int64_t>(numbers[0]);
  order_.robust = numbers[1];
  order_.second_order = numbers[2] != 0;
  std::ranges::copy(numbers.subspan(kHead), order_.theta.begin());
  begin_chunks();
}

void TrainingLoop::write_left(int index, std::vector<double>& numbers) const {
  chunks_[static_cast<std::size_t>(index)].write(order_.second_order, numbers);
}

void TrainingLoop::read_left(int index, std::span<const double> numbers) {
  chunks_[static_cast<std::size_t>(index)].read(order_.second_order, numbers);
}

Chunk TrainingLoop::chunk(int index) const {
  const int first = index * kChunkPrompts;
  const int count = std::min(kChunkPrompts, spec_.batch - first);
  return {.prompts = {.seed = spec_.seed,
                      .stream = kTrainingStream,
                      .first = prompt_number(static_cast<std::uint32_t>(order_.step),
                                             static_cast<std::uint64_t>(first)),
                      .count = static_cast<std::uint64_t>(count)},
          .theta = &kernel_theta_,
          .robust = order_.robust,
          .exploded = kExploded[0],
          .slopes = order_.second_order,
          .abandon = &give_up_};
}

void TrainingLoop::run_chunk(int index, int thread) {
  if (abandoned_) return;
  Objective::Scratch& scratch = *scratch_[static_cast<std::size_t>(thread)];
  ChunkSums& sums = chunks_[static_cast<std::size_t>(index)];
  Chunk work = chunk(index);
  for (const double exploded : kExploded) {
    work.exploded = exploded * units_.squared_error;
    objective_->run(work, scratch, sums);
    if (all_finite(sums.gradient)) return;
  }
  sums.clear(static_cast<int>(work.prompts.count));
}

double TrainingLoop::robust_scale() const {
  double robust = spec_.loss.robust;
  if (robust > 0 && spec_.robust_final > 0 && spec_.steps > 1) {
    const double progress = static_cast<double>(adam_.step) / static_cast<double>(spec_.steps - 1);
    robust *= std::pow(spec_.robust_final / robust, progress);
  }
  if (error_ > 0) robust *= std::min(1.0, error_ / units_.squared_error);
  return robust * units_.squared_error;
}

Expected<StepReport> TrainingLoop::add_chunks() {
  StepReport report;
  report.step = adam_.step + 1;
  std::ranges::fill(gradient_, 0.0);
  double squared_error = 0.0, robust_error = 0.0;
  for (const ChunkSums& sums : chunks_) {  // in order: the bits do not depend on the threads
    squared_error += sums.squared_error;
    robust_error += sums.robust_error;
    report.dropped += sums.dropped;
    for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] += sums.gradient[i];
  }
  for (double& g : gradient_) g /= learners();
  for (std::size_t i = 0; i < units_.theta.size(); ++i)
    gradient_[i] *= units_.theta[i] / units_.squared_error;
  const int kept = learners() - report.dropped;
  report.loss = kept > 0 ? 0.5 * squared_error / kept : std::nan("");
  report.gradient_norm = clip(spec_.optimiser.clip_norm, gradient_);
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm) ||
      report.dropped > kMostDropped * spec_.batch) {
    return std::unexpected(diverged(report));
  }
  robust_error_ = robust_error / learners();
  error_ = error_ > 0 ? kErrorMemory * error_ + (1 - kErrorMemory) * robust_error_ : robust_error_;
  return report;
}

Error TrainingLoop::diverged(const StepReport& report) const {
  const char* const remedy =
      order_.second_order    ? "a larger [train.batch] or a lower [train.newton_trust] may help"
      : spec_.batch < kLanes ? "with so few prompts a rare one is enough: a larger [train.batch] "
                               "may help, or a lower [train.learning_rate]"
                             : "a lower [train.learning_rate] or [train.robust] may help";
  const std::string others =
      report.dropped < spec_.batch ? fmt::format(", mean loss of the others {}", report.loss) : "";
  return fail(ErrorKind::numeric,
              "training diverged at step {}: the network exploded on {} of {} prompts{}; {}",
              report.step, report.dropped, spec_.batch, others, remedy)
      .error();
}

double TrainingLoop::move() {
  for (std::size_t i = 0; i < units_.theta.size(); ++i) (*theta_)[i] /= units_.theta[i];
  const double rate = order_.second_order ? gauss_newton_step() : first_order_step();
  for (std::size_t i = 0; i < units_.theta.size(); ++i) (*theta_)[i] *= units_.theta[i];
  return rate;
}

double TrainingLoop::first_order_step() {
  const std::int64_t steps = spec_.method == Method::gauss_newton ? first_steps() : spec_.steps;
  double rate = learning_rate(spec_.optimiser, adam_.step, steps) * units_.rate;
  if (objective_->rate_follows_error())
    rate *= std::min(1.0, std::sqrt(error_ / units_.squared_error));
  if (spec_.method == Method::soap) {
    soap_step_->step(spec_.optimiser, rate, gradient_, adam_, soap_, *theta_);
  } else if (spec_.method == Method::sgd) {
    descent_step(spec_.optimiser, rate, gradient_, adam_, *theta_);
  } else {
    adam_step(spec_.optimiser, rate, gradient_, adam_, *theta_);
  }
  return rate;
}

std::int64_t TrainingLoop::first_steps() const {
  return static_cast<std::int64_t>(spec_.gauss_newton.first_share *
                                   static_cast<double>(spec_.steps));
}

void TrainingLoop::add_curvature() {
  std::ranges::fill(curvature_, 0.0);
  for (const ChunkSums& sums : chunks_) {
    for (std::size_t i = 0; i < curvature_.size(); ++i) curvature_[i] += sums.curvature[i];
  }
  const std::size_t n = theta_->size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double& c = curvature_[i * n + j];
      c /= learners();
      if (!units_.theta.empty()) c *= units_.theta[i] * units_.theta[j] / units_.squared_error;
      curvature_[j * n + i] = c;
    }
  }
}

double TrainingLoop::gauss_newton_step() {
  add_curvature();
  const double height =
      schedule_height(spec_.optimiser, adam_.step - first_steps(), spec_.steps - first_steps());
  gauss_newton_step_->step(spec_.gauss_newton, spec_.optimiser.beta1, height,
                           std::sqrt(robust_error_ / units_.squared_error), gradient_, curvature_,
                           gauss_newton_, *theta_);
  adam_.step += 1;
  return spec_.gauss_newton.rate * height;
}

}  // namespace gramian
