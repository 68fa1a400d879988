// The family of networks on Gram matrices: linear transformers (models/network.h) on in-context
// linear regression.
#pragma once

#include <memory>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/keys.h"
#include "gramian/models/network.h"
#include "gramian/runs/family.h"
#include "gramian/tasks/task.h"

namespace gramian {

extern const Family gram_family;

// On which starts and seeds are compared.
inline constexpr std::uint64_t kSelectionPrompts = 100'000;

class GramModel final : public Model {
 public:
  // n: the context length of training.
  GramModel(Network network, int n) : network_(std::move(network)), n_(n) {}

  Status save(const std::string& path) const override;
  std::span<const double> weights() const override { return network_.theta; }
  std::vector<WeightMatrix> matrices() const override { return weight_matrices(network_.spec); }
  const Network* gram() const override { return &network_; }

 private:
  Network network_;
  int n_;
};

struct GramExperiment final : public Experiment {
  // Errors: config, with the place.
  static Expected<GramExperiment> make(const Config& config);

  const Family& family() const override { return gram_family; }
  std::string describe() const override;
  Expected<std::unique_ptr<TrainingLoop>> begin(ThreadPool& pool,
                                                const TrainFirst& train_first) const override;
  Expected<std::unique_ptr<TrainingLoop>> loop_from(std::vector<double> weights,
                                                    const TrainSpec& how,
                                                    ThreadPool& pool) const override;
  std::unique_ptr<Model> model(std::vector<double> weights) const override;
  Expected<std::unique_ptr<Model>> load(const std::string& path) const override;
  Expected<EvaluationReport> evaluate(const Model& model, ThreadPool& pool,
                                      const StageProgress& progress) const override;
  Expected<RunningMean> mean_loss(const Model& model, std::uint64_t prompts, std::uint64_t seed,
                                  ThreadPool& pool) const override;
  double zero_loss(const Model& model, ThreadPool& pool) const override;
  std::uint64_t selection_prompts() const override { return kSelectionPrompts; }
  Expected<std::string> examine(const Model& model, const Examination& how, Shared& shared,
                                ThreadPool& pool, const ProgressFunction& progress) const override;
  std::unique_ptr<Shared> shared(const std::string& folder) const override;
  double cost() const override;
  Expected<double> seconds_per_cost() const override;
  std::string speed_group() const override { return name_of(network.kind); }
  const GramExperiment* as_gram() const override { return this; }

  // The baselines, and the network beside them if it is not null.
  Expected<EvaluationReport> compare(const Network* network, ThreadPool& pool,
                                     const StageProgress& progress) const;

  RegressionTask task;
  NetworkSpec network;
  InitialWeights initial;
  Initialisation initialisation = Initialisation::gd;
  double init_rare = 0;         // of gdpp_optimum: EigenvalueLaw::without_largest
  std::vector<double> profile;  // sigmas, may be empty

 private:
  GramExperiment(const Config& from, RegressionTask regression);
  Status check_initialisation() const;
  Expected<Network> initial_network(const TrainFirst& train_first) const;
};

// The experiment of a configuration, for whoever needs a network on Gram matrices. Errors: config;
// usage for other families (require_gram). `what` as there.
Expected<GramExperiment> gram_experiment(const Config& config,
                                         std::string_view what = "the configuration");

}  // namespace gramian
