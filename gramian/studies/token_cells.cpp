#include "gramian/studies/token_cells.h"

#include <fmt/format.h>

#include "gramian/runs/run_directory.h"
#include "gramian/runs/train_run.h"
#include "gramian/runs/transformer_file.h"

namespace gramian {

namespace {

struct Opened {
  RunDirectory directory;
  TransformerExperiment experiment;
};

Expected<Opened> open(const std::string& path) {
  auto directory = GRAMIAN_TRY(RunDirectory::open(path));
  const auto config = GRAMIAN_TRY(load_config(directory.config()));
  auto experiment = GRAMIAN_TRY(transformer_experiment(config));
  return Opened{std::move(directory), std::move(experiment)};
}

}  // namespace

Expected<TokenRun> load_token_run(const std::string& directory) {
  auto run = GRAMIAN_TRY(open(directory));
  auto transformer =
      GRAMIAN_TRY(load_transformer(run.directory.model(), run.experiment.transformer));
  return TokenRun{std::move(run.experiment), std::move(transformer)};
}

Expected<TokenRun> load_token_run(const Trained& trained, const StudyOptions& options) {
  return load_token_run(fmt::format("{}/{}", options.directory, trained.directory));
}

Expected<std::vector<TokenSeed>> load_token_seeds(const Archive& archive, const std::string& cell,
                                                  const StudyOptions& options) {
  std::vector<TokenSeed> seeds;
  for (const Trained* trained : archive.seeds(cell))
    seeds.push_back({trained, GRAMIAN_TRY(load_token_run(*trained, options))});
  return seeds;
}

Expected<std::vector<TransformerSnapshot>> load_transformer_snapshots(
    const std::string& directory) {
  const auto run = GRAMIAN_TRY(open(directory));
  std::vector<TransformerSnapshot> list;
  const TransformerExperiment& experiment = run.experiment;
  for (const std::int64_t step : snapshot_steps(experiment.train.steps, experiment.run.snapshots)) {
    auto transformer =
        GRAMIAN_TRY(load_transformer(run.directory.snapshot(step), run.experiment.transformer));
    list.push_back({step, std::move(transformer)});
  }
  return list;
}

}  // namespace gramian
