#include "gramian/explain/ablation.h"

#include "gramian/explain/weights.h"
#include "gramian/training/retraining.h"

namespace gramian {

namespace {

Restriction restricted(std::string name, const Network& network, auto keep) {
  Restriction r{std::move(name), network, {}};
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

Expected<Network> retrain(const RegressionTask& task, const Restriction& restriction,
                          const TrainSpec& spec, ThreadPool& pool,
                          const ProgressFunction& progress) {
  GRAMIAN_TRY(check(task, restriction.network.spec, spec));
  const auto trainer = Trainer::create(task, restriction.network, spec, pool);
  GRAMIAN_TRY(train_kept(*trainer, restriction.keep, progress));
  return trainer->network();
}

Expected<std::vector<Ablation>> ablate(const RegressionTask& task, const Network& network,
                                       const TrainSpec& trained, std::int64_t steps,
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
    if (steps > 0) {
      const auto rest = retrain(task, restriction, retraining(trained, steps), pool, within);
      if (rest) {
        const auto after = GRAMIAN_TRY(adjusted_losses(task, *rest, spec, pool, within));
        part.after = after.back();
      } else if (rest.error().kind == ErrorKind::interrupted) {
        return std::unexpected(rest.error());
      } else {
        part.failure = rest.error().message;
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace gramian
