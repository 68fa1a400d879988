#include "gramian/explain/updates.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/assert.h"
#include "gramian/base/singular_values.h"
#include "gramian/evaluation/pruning.h"

namespace gramian {

namespace {

constexpr double kPrunedShares[] = {0.25, 0.5, 0.75, 0.9};
constexpr std::uint64_t kOrderSeed = 1;  // of pruning at random

// A matrix [D, D] of a network of kind full.
struct Place {
  std::string name;
  std::size_t first = 0;
};

// P and Q of each head and layer, in the order of theta (models/network.h).
std::vector<Place> places(const NetworkSpec& spec) {
  std::vector<Place> list;
  if (spec.kind != Parametrisation::full) return list;
  const std::size_t size = spec.rows() * spec.rows();
  const std::size_t matrices = spec.parameters() / size;
  const auto a_layer = spec.parameters_per_layer() / size;
  for (std::size_t m = 0; m < matrices; ++m) {
    std::string name =
        fmt::format("layer {}, {}", m / a_layer + 1, m % a_layer % 2 == 0 ? "P" : "Q");
    if (spec.heads > 1) name += fmt::format(" of head {}", m % a_layer / 2 + 1);
    list.push_back({std::move(name), m * size});
  }
  return list;
}

SingularValues update_at(const Network& start, const Network& trained, const Place& place) {
  const std::size_t rows = trained.spec.rows();
  std::vector<double> change;
  for (std::size_t i = place.first; i < place.first + rows * rows; ++i)
    change.push_back(trained.theta[i] - start.theta[i]);
  return singular_values(change, static_cast<int>(rows), static_cast<int>(rows));
}

double norm_at(const std::vector<double>& theta, std::size_t first, std::size_t size) {
  double squares = 0;
  for (std::size_t i = first; i < first + size; ++i) squares += theta[i] * theta[i];
  return std::sqrt(squares);
}

Error stopped(std::size_t done, std::size_t all) {
  return {ErrorKind::interrupted, fmt::format("stopped after {} of {} networks", done, all)};
}

}  // namespace

std::vector<MatrixUpdate> matrix_updates(const Network& start, const Network& trained) {
  GRAMIAN_ASSERT(start.theta.size() == trained.theta.size());
  std::vector<MatrixUpdate> updates;
  const std::size_t size = trained.spec.rows() * trained.spec.rows();
  for (const Place& place : places(trained.spec)) {
    const SingularValues change = update_at(start, trained, place);
    double squares = 0;
    for (const double s : change.sigma) squares += s * s;
    const double before = norm_at(start.theta, place.first, size);
    int rank = 0;
    while (rank < change.size() && change.energy(rank) < 0.99) ++rank;
    updates.push_back(
        {.name = place.name,
         .sigma = change.sigma,
         .size = before > 0 ? std::sqrt(squares) / before : std::numeric_limits<double>::infinity(),
         .rank_99 = rank});
  }
  return updates;
}

Network truncated_update(const Network& start, const Network& trained, int rank) {
  GRAMIAN_ASSERT(trained.spec.kind == Parametrisation::full);
  Network network = start;
  for (const Place& place : places(trained.spec)) {
    const std::vector<double> part = update_at(start, trained, place).truncated(rank);
    for (std::size_t i = 0; i < part.size(); ++i) network.theta[place.first + i] += part[i];
  }
  return network;
}

Expected<std::vector<TruncationCost>> truncation_costs(const RegressionTask& task,
                                                       const Network& start, const Network& trained,
                                                       const EvalSpec& spec, ThreadPool& pool,
                                                       const ProgressFunction& progress) {
  std::vector<TruncationCost> costs;
  if (trained.spec.kind != Parametrisation::full) return costs;
  std::vector<int> ranks{0};
  const auto rows = static_cast<int>(trained.spec.rows());
  for (int rank = 1; rank < rows; rank *= 2) ranks.push_back(rank);
  ranks.push_back(rows);
  for (const int rank : ranks) {
    if (progress && !progress(costs.size(), ranks.size()))
      return std::unexpected(stopped(costs.size(), ranks.size()));
    const auto losses =
        GRAMIAN_TRY(adjusted_losses(task, truncated_update(start, trained, rank), spec, pool));
    costs.push_back({rank, losses.back()});
  }
  return costs;
}

Expected<std::vector<PruningCost>> pruning_costs(const RegressionTask& task, const Network& network,
                                                 const TrainSpec& trained, std::int64_t steps,
                                                 const EvalSpec& spec, ThreadPool& pool,
                                                 const ProgressFunction& progress) {
  const auto weights = columns_as_units(0, 1, static_cast<int>(network.theta.size()));
  std::vector<PruningCost> costs;
  const std::size_t all = 2 * std::size(kPrunedShares);
  for (const bool at_random : {false, true}) {
    const auto order =
        pruning_order(network.theta, weights,
                      at_random ? PruningOrder::random : PruningOrder::small_first, kOrderSeed);
    for (const double share : kPrunedShares) {
      if (progress && !progress(costs.size(), all))
        return std::unexpected(stopped(costs.size(), all));
      Restriction rest{"", {network.spec, pruned(network.theta, weights, order, share)}, {}};
      const std::vector<double> ones(network.theta.size(), 1.0);
      for (const double one : pruned(ones, weights, order, share)) rest.keep.push_back(one != 0);
      const auto before = GRAMIAN_TRY(adjusted_losses(task, rest.network, spec, pool));
      PruningCost cost{
          .share = share, .at_random = at_random, .before = before.back(), .after = {}};
      if (steps > 0) {
        if (const auto again = retrain(task, rest, retraining(trained, steps), pool)) {
          const auto after = GRAMIAN_TRY(adjusted_losses(task, *again, spec, pool));
          cost.after = after.back();
        } else {
          cost.failure = again.error().message;
        }
      }
      costs.push_back(std::move(cost));
    }
  }
  return costs;
}

}  // namespace gramian
