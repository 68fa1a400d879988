// The family of networks on graphs: prompts that are graphs (tasks/graph_task.h), and a network in
// its efficient form (models/graph_network.h) or with full weights (models/graph_transformer.h).
//
// Losses are r^2 of training/graph_objective.h, and 1 for predicting zero (k for eigenvectors).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/graph_network.h"
#include "gramian/models/keys.h"
#include "gramian/runs/family.h"
#include "gramian/runs/graph_file.h"
#include "gramian/tasks/graph_task.h"

namespace gramian {

extern const Family graph_family;

class GraphModel final : public Model {
 public:
  explicit GraphModel(AnyGraphNetwork network) : network_(std::move(network)) {}

  Status save(const std::string& path) const override { return save_graph_network(path, network_); }
  std::span<const double> weights() const override { return network_.theta(); }
  std::vector<WeightMatrix> matrices() const override;
  const AnyGraphNetwork& network() const { return network_; }

 private:
  AnyGraphNetwork network_;
};

struct GraphExperiment final : public Experiment {
  // Errors: config, with the place.
  static Expected<GraphExperiment> make(const Config& config);

  const Family& family() const override { return graph_family; }
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
  std::uint64_t selection_prompts() const override { return 2'000; }
  Expected<std::string> examine(const Model& model, const Examination& how, Shared& shared,
                                ThreadPool& pool, const ProgressFunction& progress) const override;
  std::unique_ptr<Shared> shared(const std::string&) const override {
    return std::make_unique<Shared>();
  }
  double cost() const override;
  Expected<double> seconds_per_cost() const override;
  // Products of small blocks and of full weights have different speeds.
  std::string speed_group() const override {
    return form == GraphForm::full ? "graph, full weights" : "graph";
  }

  // The network without weights, recorded for prompts of another task with its loss. Errors:
  // config, where the task does not fit.
  Expected<RecordedGraphNetwork> recorded_for(const GraphTaskSpec& prompts) const;

  GraphTaskSpec task;
  GraphForm form = GraphForm::efficient;
  GraphNetworkSpec efficient;
  TransformerSpec full;
  TransformerStart start;

 private:
  using Experiment::Experiment;
  std::vector<double> initial_weights() const;
  std::shared_ptr<const RecordedGraphNetwork> recorded_;
};

}  // namespace gramian
