#include "gramian/evaluation/changes.h"

#include "gramian/base/assert.h"
#include "gramian/evaluation/pruning.h"
#include "gramian/models/weight_matrix.h"
#include "gramian/training/retraining.h"

namespace gramian {

namespace {

constexpr std::uint64_t kOrderSeed = 1;  // of pruning at random

std::vector<int> ranks_up_to(int full) {
  std::vector<int> ranks{0};
  for (int rank = 1; rank < full; rank *= 2) ranks.push_back(rank);
  ranks.push_back(full);
  return ranks;
}

// Each entry of a matrix by itself; each weight where there are no matrices.
std::vector<PruningUnit> single_weights(const TrainedSystem& system) {
  std::vector<PruningUnit> units;
  for (const WeightMatrix& matrix : system.matrices) {
    for (std::size_t i = 0; i < matrix.size(); ++i) units.push_back({matrix.first + i});
  }
  if (!units.empty()) return units;
  for (std::size_t i = 0; i < system.trained.size(); ++i) units.push_back({i});
  return units;
}

// Counts networks. Between two of them, and within the work on one, `progress` may stop it.
class Networks {
 public:
  Networks(std::size_t all, const ProgressFunction& progress) : all_(all), progress_(progress) {}

  // Errors: interrupted.
  Status next() {
    if (go_on()) return ++done_, Status{};
    return fail(ErrorKind::interrupted, "stopped after {} of {} networks", done_, all_);
  }
  ProgressFunction within() const {
    return [this](std::uint64_t, std::uint64_t) { return go_on(); };
  }

 private:
  bool go_on() const { return !progress_ || progress_(done_, all_); }
  std::size_t done_ = 0, all_;
  const ProgressFunction& progress_;
};

Expected<PruningCost> pruning_cost(const TrainedSystem& system,
                                   const std::vector<PruningUnit>& weights,
                                   const std::vector<std::size_t>& order, double share,
                                   std::int64_t steps, const Networks& networks) {
  const std::vector<double> rest = pruned(system.trained, weights, order, share);
  const RunningMean before = GRAMIAN_TRY(system.loss(rest, networks.within()));
  PruningCost cost{.share = share, .before = before, .after = {}};
  if (steps == 0) return cost;
  std::vector<bool> keep;
  for (const double one : pruned(std::vector<double>(rest.size(), 1.0), weights, order, share))
    keep.push_back(one != 0);
  const auto again = system.retrain(rest, keep, steps, networks.within());
  if (again) {
    cost.after = GRAMIAN_TRY(system.loss(*again, networks.within()));
  } else if (again.error().kind == ErrorKind::interrupted) {
    return std::unexpected(again.error());
  } else {
    cost.failure = again.error().message;
  }
  return cost;
}

}  // namespace

TrainedSystem gram_system(const RegressionTask& task, const Network& network,
                          const TrainSpec& trained, std::vector<double> start, const EvalSpec& eval,
                          ThreadPool& pool) {
  TrainedSystem system{.matrices = weight_matrices(network.spec),
                       .trained = network.theta,
                       .start = std::move(start),
                       .loss_name = "adjusted loss"};
  const NetworkSpec& spec = network.spec;
  system.loss = [&](const std::vector<double>& theta,
                    const ProgressFunction& progress) -> Expected<RunningMean> {
    const auto losses =
        GRAMIAN_TRY(adjusted_losses(task, Network{spec, theta}, eval, pool, progress));
    return losses.back();
  };
  system.retrain = [&](const std::vector<double>& theta, const std::vector<bool>& keep,
                       std::int64_t steps,
                       const ProgressFunction& progress) -> Expected<std::vector<double>> {
    const Network rest = GRAMIAN_TRY(
        gramian::retrain(task, {spec, theta}, keep, retraining(trained, steps), pool, progress));
    return rest.theta;
  };
  return system;
}

Expected<Changes> examine_changes(const TrainedSystem& system, const ChangesPlan& plan,
                                  const ProgressFunction& progress) {
  GRAMIAN_ASSERT(system.loss && system.retrain);
  GRAMIAN_ASSERT(system.start.empty() || system.start.size() == system.trained.size());
  const bool updated = !system.start.empty() && !system.matrices.empty();
  std::optional<Updates> updates;
  std::vector<int> ranks;
  if (updated) {
    updates.emplace(system.matrices, system.start, system.trained);
    ranks = ranks_up_to(updates->full_rank());
  }
  const std::size_t orders = plan.at_random ? 2 : 1;
  Networks networks(1 + ranks.size() + orders * plan.pruned_shares.size(), progress);
  Changes changes{.loss_name = system.loss_name, .retrain_steps = plan.retrain_steps};

  GRAMIAN_TRY(networks.next());
  changes.trained = GRAMIAN_TRY(system.loss(system.trained, networks.within()));
  if (updated) changes.updates = updates->list();
  for (const int rank : ranks) {
    GRAMIAN_TRY(networks.next());
    const RunningMean loss = GRAMIAN_TRY(system.loss(updates->truncated(rank), networks.within()));
    changes.truncations.push_back({rank, loss});
  }

  const std::vector<PruningUnit> weights = single_weights(system);
  for (const bool at_random : {false, true}) {
    if (at_random && !plan.at_random) continue;
    const auto order =
        pruning_order(system.trained, weights,
                      at_random ? PruningOrder::random : PruningOrder::small_first, kOrderSeed);
    for (const double share : plan.pruned_shares) {
      GRAMIAN_TRY(networks.next());
      PruningCost cost =
          GRAMIAN_TRY(pruning_cost(system, weights, order, share, plan.retrain_steps, networks));
      cost.at_random = at_random;
      changes.pruning.push_back(std::move(cost));
    }
  }
  return changes;
}

}  // namespace gramian
