#include "gramian/training/trainer.h"

#include "gramian/base/memory.h"
#include "gramian/training/gram_objective.h"

namespace gramian {

namespace {

Status check_optimiser(const NetworkSpec& network, const TrainSpec& train) {
  if (train.method == Method::gauss_newton && network.parameters() > kMaxGaussNewtonParameters) {
    return fail(
        ErrorKind::config,
        "[train.optimiser] gauss_newton is for at most {} parameters, this model has {}; use adam",
        kMaxGaussNewtonParameters, network.parameters());
  }
  if (train.method == Method::soap && network.kind != Parametrisation::full) {
    return fail(ErrorKind::config,
                "[train.optimiser] soap is for the matrices of [model.kind] full, got {}",
                name_of(network.kind));
  }
  return {};
}

Status check_bytes(const NetworkSpec& network, const TrainSpec& train) {
  return check_memory(fmt::format("d = {}, L = {}, H = {}, B = {}", network.d, network.layers,
                                  network.heads, train.batch),
                      chunk_bytes(train, network.parameters()) + thread_bytes(network),
                      kMostThreadBytes);
}

}  // namespace

Status check(const RegressionTask& task, const NetworkSpec& network, const TrainSpec& train) {
  GRAMIAN_TRY(network.check());
  if (network.d != task.d()) {
    return fail(ErrorKind::config, "the model is for d = {}, the task has d = {}", network.d,
                task.d());
  }
  if (network.query_in_keys && train.loss.query == QueryMode::integrated) {
    return fail(ErrorKind::config,
                "[train.query] integrated needs [model.query_in_keys] false: with the query among "
                "the keys the prediction is not linear in it; use sampled");
  }
  const int shortest = train.loss.shortest_context;
  if (shortest > task.n()) {
    return fail(ErrorKind::config,
                "[train.shortest_context] must be at most [task.n] = {}, the longest, got {}",
                task.n(), shortest);
  }
  if (shortest > 0 && network.query_in_keys) {
    return fail(ErrorKind::config,
                "[train.shortest_context] needs [model.query_in_keys] false: with the query among "
                "the keys a mean over the context is not one over its examples");
  }
  GRAMIAN_TRY(check_sizes(train));
  GRAMIAN_TRY(check_sizes_of_numbers(task));
  GRAMIAN_TRY(check_optimiser(network, train));
  return check_bytes(network, train);
}

double thread_bytes(const NetworkSpec& network) {
  const auto rows = static_cast<double>(network.rows());
  const double numbers = network.layers * (2.0 + network.heads) * rows * rows +
                         static_cast<double>(network.parameters());
  return numbers * kLanes * sizeof(double);
}

Trainer::Trainer(const RegressionTask& task, std::unique_ptr<Network> network,
                 const TrainSpec& spec, ThreadPool& pool)
    : TrainingLoop(gram_objective(task, network->spec, spec.loss, spec.precision), network->theta,
                   spec, pool),
      network_(std::move(network)) {}

std::unique_ptr<Trainer> Trainer::create(const RegressionTask& task, const Network& initial,
                                         const TrainSpec& spec, ThreadPool& pool) {
  GRAMIAN_ASSERT(check(task, initial.spec, spec).has_value());
  return std::unique_ptr<Trainer>(
      new Trainer(task, std::make_unique<Network>(initial), spec, pool));
}

}  // namespace gramian
