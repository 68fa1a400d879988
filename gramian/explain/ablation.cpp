#include "gramian/explain/ablation.h"

#include <fmt/format.h>

#include <cmath>

#include "gramian/explain/weights.h"
#include "gramian/theory/gd_family.h"
#include "gramian/training/retraining.h"
#include "gramian/training/units.h"

namespace gramian {

namespace {

Restriction restricted(std::string name, const Network& network, auto keep) {
  Restriction r{.name = std::move(name), .network = network, .keep = {}};
  for (std::size_t i = 0; i < network.theta.size(); ++i) {
    r.keep.push_back(keep(i % network.spec.parameters_per_layer()));
    if (!r.keep.back()) r.network.theta[i] = 0;
  }
  return r;
}

bool everything(std::size_t) { return true; }

// Places of the omegas in the parameters of a diagonal layer.
void add_without(std::vector<Restriction>& list, const Network& diag, const std::string& whose) {
  const auto without = [&](const char* name, std::size_t a, std::size_t b) {
    list.push_back(restricted(whose + "without " + name, diag,
                              [=](std::size_t i) { return i != a && i != b; }));
  };
  without("omega_xy", 1, 1);
  without("omega_yy", 3, 3);
  without("omega_xy and omega_yy (GD++)", 1, 3);
  list.back().gdpp = true;
  without("omega_xx", 0, 0);
}

}  // namespace

std::vector<Restriction> restrictions(const Network& network) {
  std::vector<Restriction> list{restricted("as trained", network, everything)};
  if (network.spec.is_dense()) {
    const std::size_t rows = network.spec.rows();
    list.push_back(
        restricted("P and Q without entries off their diagonals", network,
                   [rows](std::size_t i) { return i % (rows * rows) % (rows + 1) == 0; }));
    const Network nearest = nearest_diagonal(network);
    list.push_back(restricted("nearest DIAG", nearest, everything));
    add_without(list, nearest, "nearest DIAG ");
  } else if (network.spec.kind == Parametrisation::diag) {
    add_without(list, network, "");
  } else {
    list.push_back(restricted("without omega_xx", network, [](std::size_t i) { return i != 0; }));
  }
  return list;
}

namespace {

constexpr double kGain = 0.98;  // a round that does not lower the loss so far is the last
constexpr std::uint64_t kSelectionSeed = 500;  // added to the seed of evaluation
constexpr const char* kCut = "the cut network";
constexpr double kRare = 1e-6;  // eigenvalues rarer than this do not count

// A network within a restriction, and its loss on prompts of selection.
struct Found {
  Network network;
  std::string from;
  std::int64_t steps = 0;
  bool computed = false;  // not to be trained on
  double loss = 0;
};

// The search for the best network of one restriction.
class PartSearch {
 public:
  PartSearch(const RegressionTask& task, const Restriction& part, const TrainSpec& trained,
             const AblationPlan& plan, const EvalSpec& eval, ThreadPool& pool,
             const ProgressFunction& progress)
      : task_(task),
        part_(part),
        trained_(trained),
        plan_(plan),
        selection_(eval),
        pool_(pool),
        progress_(progress) {
    selection_.seed += kSelectionSeed;
  }

  // Fills in where it was found. Errors: interrupted.
  Expected<Found> best(Ablation& told) {
    GRAMIAN_TRY(consider({.network = part_.network, .from = kCut}));
    GRAMIAN_TRY(start(part_.network, kCut, retraining(trained_, plan_.steps), told));
    for (int k = 1; k < plan_.starts; ++k) GRAMIAN_TRY(start_afresh(k, told));
    if (part_.gdpp) GRAMIAN_TRY(consider_optimum());
    for (int round = 1; round < plan_.rounds && !told.converged; ++round) {
      if (best_->computed) break;
      const double before = best_->loss;
      TrainSpec spec = retraining(trained_, plan_.steps);
      spec.seed += static_cast<std::uint64_t>(round);
      Found from = *best_;
      GRAMIAN_TRY(start(from.network, from.from, spec, told, from.steps));
      told.converged = !(best_->loss < kGain * before);
    }
    told.from = best_->from;
    told.steps = best_->steps;
    if (best_->computed) told.converged = true;
    if (came_to_an_end_) told.failure.clear();
    return *best_;
  }

 private:
  // Without the part from the beginning, at the usual rate.
  Status start_afresh(int k, Ablation& told) {
    const auto seed = static_cast<std::uint64_t>(k);
    Network network = initial_network(task_, part_.network.spec, InitialWeights{}, seed);
    for (std::size_t i = 0; i < network.theta.size(); ++i) {
      if (!part_.keep[i]) network.theta[i] = 0;
    }
    TrainSpec spec = retraining(trained_, plan_.steps);
    spec.seed += 1000 * seed;
    spec.optimiser.learning_rate = OptimiserSpec{}.learning_rate;
    return start(network, fmt::format("gradient descent, seed {}", k), spec, told);
  }

  Status start(const Network& network, const std::string& from, const TrainSpec& spec,
               Ablation& told, std::int64_t before = 0) {
    auto rest = retrain(task_, network, part_.keep, spec, pool_, progress_);
    if (!rest) {
      if (rest.error().kind == ErrorKind::interrupted) return std::unexpected(rest.error());
      told.failure = rest.error().message;
      return {};
    }
    came_to_an_end_ = true;
    return consider({.network = std::move(*rest), .from = from, .steps = before + spec.steps});
  }

  // The GD++ network of least expected loss, where it can be computed.
  Status consider_optimum() {
    NetworkSpec spec = part_.network.spec;
    const auto law = eigenvalue_law(task_);
    if (spec.tied || !law) return {};
    const double noise = task_.spec().noise.mean_square();
    spec.kind = Parametrisation::gdpp;
    const GdOptimum optimum =
        best_gd(*law, noise, spec.layers, {.curvature = true}, noise > 0 ? 0 : kRare);
    return consider({.network = gdpp_network(optimum.layers, spec, task_.n()).as_diag(),
                     .from = "the network of least expected loss",
                     .computed = true});
  }

  Status consider(Found found) {
    const auto losses =
        GRAMIAN_TRY(adjusted_losses(task_, found.network, selection_, pool_, progress_));
    found.loss = losses.back().mean();
    if (!std::isfinite(found.loss)) found.loss = INFINITY;
    if (!best_ || found.loss < best_->loss) best_ = std::move(found);
    return {};
  }

  const RegressionTask& task_;
  const Restriction& part_;
  const TrainSpec& trained_;
  const AblationPlan& plan_;
  EvalSpec selection_;
  ThreadPool& pool_;
  const ProgressFunction& progress_;
  std::optional<Found> best_ = {};
  bool came_to_an_end_ = false;  // a training, at least one
};

}  // namespace

Expected<std::vector<Ablation>> ablate(const RegressionTask& task, const Network& network,
                                       const TrainSpec& trained, const AblationPlan& plan,
                                       const EvalSpec& spec, ThreadPool& pool,
                                       const ProgressFunction& progress) {
  const std::vector<Restriction> list = restrictions(network);
  std::vector<Ablation> parts;
  for (const Restriction& restriction : list) {
    const ProgressFunction within = [&](std::uint64_t, std::uint64_t) {
      return !progress || progress(parts.size(), list.size());
    };
    if (!within(0, 0)) {
      return fail(ErrorKind::interrupted, "stopped after {} of {} parts", parts.size(),
                  list.size());
    }
    const auto before = GRAMIAN_TRY(adjusted_losses(task, restriction.network, spec, pool, within));
    Ablation part{.name = restriction.name, .before = before.back(), .after = {}};
    if (plan.steps > 0) {
      PartSearch search(task, restriction, trained, plan, spec, pool, within);
      const Found best = GRAMIAN_TRY(search.best(part));
      const auto after = GRAMIAN_TRY(adjusted_losses(task, best.network, spec, pool, within));
      part.after = after.back();
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace gramian
