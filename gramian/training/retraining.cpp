#include "gramian/training/retraining.h"

#include "gramian/base/assert.h"

namespace gramian {

TrainSpec retraining(const TrainSpec& trained, std::int64_t steps) {
  TrainSpec spec = trained;
  spec.seed += 1'000'003;
  spec.steps = steps;
  spec.method = Method::adam;
  spec.optimiser.learning_rate = OptimiserSpec{}.learning_rate / 3;
  spec.optimiser.schedule = Schedule::cosine;
  return spec;
}

Status train_through(TrainingLoop& loop, const TrainingProgress& progress) {
  while (!loop.done()) {
    GRAMIAN_TRY(loop.step());
    const auto done = static_cast<std::uint64_t>(loop.steps_done());
    if (progress && !progress(done, static_cast<std::uint64_t>(loop.spec().steps)))
      return fail(ErrorKind::interrupted, "stopped after {} of {} steps", done, loop.spec().steps);
  }
  return {};
}

Status train_kept(TrainingLoop& loop, const std::vector<bool>& keep,
                  const TrainingProgress& progress) {
  GRAMIAN_ASSERT(loop.spec().method == Method::adam && keep.size() == loop.theta().size());
  // Adam works on each parameter by itself, so that one that is put back has no effect on the
  // others.
  const std::vector<double> before = loop.theta();
  loop.after_step([&](const StepReport&, std::vector<double>& theta) {
    for (std::size_t i = 0; i < theta.size(); ++i) {
      if (!keep[i]) theta[i] = before[i];
    }
  });
  GRAMIAN_TRY(train_through(loop, progress));
  loop.after_step({});
  return {};
}

Expected<Network> retrain(const RegressionTask& task, const Network& network,
                          const std::vector<bool>& keep, const TrainSpec& spec, ThreadPool& pool,
                          const TrainingProgress& progress) {
  GRAMIAN_TRY(check(task, network.spec, spec));
  const auto trainer = Trainer::create(task, network, spec, pool);
  GRAMIAN_TRY(train_kept(*trainer, keep, progress));
  return trainer->network();
}

}  // namespace gramian
