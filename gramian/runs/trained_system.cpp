#include "gramian/runs/trained_system.h"

#include "gramian/training/retraining.h"

namespace gramian {

TrainedSystem system_of(const Experiment& experiment, const Model& model, std::vector<double> start,
                        const LossPrompts& how, ThreadPool& pool) {
  TrainedSystem system{.matrices = model.matrices(),
                       .trained = {model.weights().begin(), model.weights().end()},
                       .start = std::move(start),
                       .loss_name = "mean loss"};
  system.loss = [&experiment, how, &pool](const std::vector<double>& theta,
                                          const ProgressFunction&) {
    return experiment.mean_loss(*experiment.model(theta), how.prompts, how.seed, pool);
  };
  system.retrain = [&experiment, &pool](
                       const std::vector<double>& theta, const std::vector<bool>& keep,
                       std::int64_t steps,
                       const ProgressFunction& progress) -> Expected<std::vector<double>> {
    const auto loop =
        GRAMIAN_TRY(experiment.loop_from(theta, retraining(experiment.train, steps), pool));
    GRAMIAN_TRY(train_kept(*loop, keep, progress));
    return loop->theta();
  };
  return system;
}

}  // namespace gramian
