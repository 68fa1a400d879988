// The family of transformers on tokens (models/transformer.h): linear regression and sines, from
// prompts as tokens (tasks/token_task.h).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/transformer.h"
#include "gramian/runs/family.h"
#include "gramian/tasks/token_task.h"

namespace gramian {

extern const Family transformer_family;

class TransformerModel final : public Model {
 public:
  explicit TransformerModel(Transformer transformer) : transformer_(std::move(transformer)) {}

  Status save(const std::string& path) const override;
  std::span<const double> weights() const override { return transformer_.theta; }
  std::vector<WeightMatrix> matrices() const override { return transformer_.matrices(); }
  const Transformer& transformer() const { return transformer_; }

 private:
  Transformer transformer_;
};

struct TransformerExperiment final : public Experiment {
  // Errors: config, with the place.
  static Expected<TransformerExperiment> make(const Config& config);
  // With prompts and a network that the configuration does not name; sections [train] and [eval]
  // and the size of the initial weights are its own.
  static Expected<TransformerExperiment> make(const Config& config, TokenTask prompts,
                                              TransformerSpec network);

  const Family& family() const override { return transformer_family; }
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
  // A prompt with answers at many positions says more than one with a single answer.
  std::uint64_t selection_prompts() const override {
    return task.answers().positions > 1 ? 2'000 : 20'000;
  }
  Expected<std::string> examine(const Model& model, const Examination& how, Shared& shared,
                                ThreadPool& pool, const ProgressFunction& progress) const override;
  std::unique_ptr<Shared> shared(const std::string&) const override {
    return std::make_unique<Shared>();
  }
  double cost() const override;
  Expected<double> seconds_per_cost() const override;
  std::string speed_group() const override { return "transformer"; }

  TokenTask task;
  TransformerSpec transformer;  // of a network that only its file describes: tokens and width alone
  TransformerStart start = {};
  bool described = false;  // [model.described]
  // Of experiments that a study makes itself: the network that a run begins with, in place of
  // random weights, and what is done to the weights after each of its steps, such as to hold some
  // of them (training/loop.h). Empty: neither.
  std::function<Expected<Transformer>()> begin_with = {};
  StepHook after_step = {};

 private:
  TransformerExperiment(const Config& from, TokenTask prompts, TransformerSpec network);
};

// TransformerExperiment::make with prompts and a network of one's own, for Cell::make.
Expected<std::unique_ptr<Experiment>> make_transformer_experiment(const Config& config,
                                                                  TokenTask prompts,
                                                                  TransformerSpec network);

// The experiment of a configuration, for whoever needs a transformer. Errors: config; usage for
// other families.
Expected<TransformerExperiment> transformer_experiment(const Config& config);

}  // namespace gramian
