// How models of the family gram are evaluated, compared and examined.
#include <algorithm>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "gramian/base/assert.h"
#include "gramian/base/json_number.h"
#include "gramian/evaluation/blowups.h"
#include "gramian/evaluation/estimate_json.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/evaluation/table.h"
#include "gramian/runs/gram_family.h"
#include "gramian/runs/kept_baselines.h"
#include "gramian/theory/eigenvalue_law.h"
#include "gramian/theory/gd_family.h"

namespace gramian {

namespace {

// Baselines are tuned once for a task, and asked once for each prompt.
struct SharedBaselines final : Shared {
  explicit SharedBaselines(std::string kept_in) : folder(std::move(kept_in)) {}

  std::string folder;
  std::mutex mutex;  // held while they are tuned
  std::optional<Baselines> baselines;
  SolverLosses losses;
};

const Network& network_of(const Model& model) {
  const Network* network = model.gram();
  GRAMIAN_ASSERT(network != nullptr);
  return *network;
}

// Expected losses of GD++ without noise by the exact law of the eigenvalues: over the whole law,
// and without its largest eigenvalues, of which a prompt has so many on average.
constexpr double kRareEigenvalues = 1e-6;
struct ExactLosses {
  double whole, common;
};
// Nothing where there is no such law (eigenvalue_law.h), or the network is no GD++.
std::optional<ExactLosses> exact_losses(const RegressionTask& task, const Network& network) {
  if (network.spec.kind != Parametrisation::gdpp || network.spec.query_in_keys ||
      task.spec().weights != WeightLaw::isotropic || task.spec().pool > 0 ||
      !check_eigenvalue_law(task)) {
    return std::nullopt;
  }
  const EigenvalueLaw law = eigenvalue_law(task).value();
  const std::vector<GdLayer> layers = gd_layers(network, task.n());
  return ExactLosses{gd_loss(law, 0, layers),
                     gd_loss(law.without_largest(kRareEigenvalues), 0, layers)};
}

ProgressFunction stage(const StageProgress& progress, std::string_view name) {
  if (!progress) return {};
  return [&progress, name](std::uint64_t done, std::uint64_t total) {
    return progress(name, done, total);
  };
}

// The network without solvers, on network_prompts prompts: mean and quantiles of its loss, and the
// means over each sample_prompts of them, in order, without what is left at the end.
Expected<nlohmann::ordered_json> examine_alone(const RegressionTask& task, Predictor& network,
                                               const Examination& how, ThreadPool& pool,
                                               const ProgressFunction& progress) {
  using Json = nlohmann::ordered_json;
  const std::uint64_t sample = how.sample_prompts > 0 ? how.sample_prompts : how.network_prompts;
  RunningMean loss;
  LossHistogram losses;
  Json means = Json::array();
  for (std::uint64_t first = 0; first < how.network_prompts; first += sample) {
    const PromptSeries prompts{
        .seed = how.seed, .first = first, .count = std::min(sample, how.network_prompts - first)};
    const auto some =
        GRAMIAN_TRY(count_blowups(task, network, std::numeric_limits<double>::infinity(), prompts,
                                  pool, [&](std::uint64_t done, std::uint64_t) {
                                    return !progress || progress(first + done, how.network_prompts);
                                  }));
    loss.merge(some.loss);
    losses.merge(some.losses);
    if (prompts.count == how.sample_prompts) means.push_back(number_or_null(some.loss.mean()));
  }
  Json json = {{"prompts", how.network_prompts},
               {"loss", estimate_json(loss)},
               {"quantiles", Json::array()}};
  for (const double q : {0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999})
    json["quantiles"].push_back({q, number_or_null(losses.quantile(q))});
  if (how.sample_prompts > 0)
    json["samples"] = {{"prompts", how.sample_prompts}, {"means", std::move(means)}};
  return json;
}

}  // namespace

Expected<EvaluationReport> GramExperiment::compare(const Network* other, ThreadPool& pool,
                                                   const StageProgress& progress) const {
  std::unique_ptr<NetworkPredictor> predictor;
  if (other != nullptr)
    predictor = std::make_unique<NetworkPredictor>(*other, task.n(), pool.threads());
  const Baselines baselines = tune_baselines(task, task.spec().noise, eval, pool);
  const auto result = GRAMIAN_TRY(
      gramian::evaluate(task, baselines, predictor.get(), eval, pool, stage(progress, "evaluate")));
  const auto points = GRAMIAN_TRY(gramian::profile(task, baselines, predictor.get(), profile, eval,
                                                   pool, stage(progress, "profile")));
  return EvaluationReport{to_table(result, points), to_json(result, points)};
}

Expected<EvaluationReport> GramExperiment::evaluate(const Model& model, ThreadPool& pool,
                                                    const StageProgress& progress) const {
  return compare(&network_of(model), pool, progress);
}

Expected<RunningMean> GramExperiment::mean_loss(const Model& model, std::uint64_t prompts,
                                                std::uint64_t seed, ThreadPool& pool) const {
  NetworkPredictor predictor(network_of(model), task.n(), pool.threads());
  const auto count =
      GRAMIAN_TRY(count_blowups(task, predictor, std::numeric_limits<double>::infinity(),
                                {.seed = seed, .count = prompts}, pool));
  return count.loss;
}

double GramExperiment::zero_loss(const Model&, ThreadPool&) const {
  return 0.5 * task.mean_square_signal();
}

std::unique_ptr<Shared> GramExperiment::shared(const std::string& folder) const {
  return std::make_unique<SharedBaselines>(folder);
}

Expected<std::string> GramExperiment::examine(const Model& model, const Examination& how,
                                              Shared& shared, ThreadPool& pool,
                                              const ProgressFunction& progress) const {
  using Json = nlohmann::ordered_json;
  auto* const common = dynamic_cast<SharedBaselines*>(&shared);
  GRAMIAN_ASSERT(common != nullptr);
  {
    const std::scoped_lock guard(common->mutex);
    if (!common->baselines) {
      EvalSpec tuning = eval;
      tuning.tuning_prompts = how.tuning_prompts;
      tuning.gd_steps = how.gd_steps;
      common->baselines = GRAMIAN_TRY(kept_baselines(task, tuning, common->folder, pool, [&] {
        return progress && !progress(0, how.prompts);
      }));
    }
  }
  const Baselines& baselines = *common->baselines;  // which do not change any more
  NetworkPredictor predictor(network_of(model), task.n(), pool.threads());
  const auto losses = [&](const EvalSpec& spec) {
    return gramian::evaluate(task, baselines, &predictor, spec, pool, progress, &common->losses);
  };
  EvalSpec spec{.prompts = how.prompts, .seed = how.seed};
  const auto result = GRAMIAN_TRY(losses(spec));
  Json single;
  if (how.single_query_prompts > 0) {
    const auto published = GRAMIAN_TRY(losses({.prompts = how.single_query_prompts,
                                               .seed = how.seed,
                                               .query = QueryMode::sampled,
                                               .covariances = true}));
    single = Json::parse(to_json(published));
  }
  spec.prompts = how.profile_prompts;
  const auto points = GRAMIAN_TRY(gramian::profile(task, baselines, &predictor, how.sigmas, spec,
                                                   pool, progress, &common->losses));
  Json json = Json::parse(to_json(result, points));
  if (!single.is_null()) {
    json["single_query"] = {{"prompts", single["prompts"]},
                            {"adjusted", single["adjusted"]["model"]},
                            {"covariance", single["covariance"]}};
  }
  if (how.network_prompts > 0) {
    json["network"] = GRAMIAN_TRY(examine_alone(task, predictor, how, pool, progress));
    const bool lossless = task.spec().noise.max() == 0 && task.n() >= task.d();
    if (lossless) json["adjusted"]["model"] = json["loss"]["model"] = json["network"]["loss"];
    if (const auto exact = lossless ? exact_losses(task, network_of(model)) : std::nullopt) {
      json["network"]["exact"] = {{"loss", number_or_null(exact->whole)},
                                  {"without_rare", number_or_null(exact->common)},
                                  {"rare", kRareEigenvalues}};
    }
  }
  return json.dump(2) + "\n";
}

}  // namespace gramian
