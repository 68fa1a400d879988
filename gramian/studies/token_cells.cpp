#include "gramian/studies/token_cells.h"

#include "gramian/evaluation/token_alignment.h"
#include "gramian/io/files.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/train_run.h"
#include "gramian/runs/transformer_file.h"

namespace gramian {

namespace {

struct Opened {
  RunDirectory directory;
  Config config;
  TokenExperiment experiment;
};

Expected<Opened> open(const std::string& path) {
  auto directory = GRAMIAN_TRY(RunDirectory::open(path));
  auto config = GRAMIAN_TRY(load_config(directory.config()));
  auto experiment = GRAMIAN_TRY(make_experiment(config));
  if (!experiment.tokens)
    return fail(ErrorKind::format, "{} is not the run of a transformer on tokens", path);
  return Opened{std::move(directory), std::move(config), *std::move(experiment.tokens)};
}

}  // namespace

Expected<TokenRun> load_token_run(const std::string& directory) {
  auto run = GRAMIAN_TRY(open(directory));
  auto transformer =
      GRAMIAN_TRY(load_transformer(run.directory.model(), run.experiment.transformer));
  return TokenRun{std::move(run.experiment), std::move(transformer)};
}

Expected<std::vector<TransformerSnapshot>> load_transformer_snapshots(
    const std::string& directory) {
  const auto run = GRAMIAN_TRY(open(directory));
  std::vector<TransformerSnapshot> list;
  const auto count = static_cast<int>(run.config.integer("train.snapshots"));
  for (const std::int64_t step : snapshot_steps(run.config.integer("train.steps"), count)) {
    auto transformer =
        GRAMIAN_TRY(load_transformer(run.directory.snapshot(step), run.experiment.transformer));
    list.push_back({step, std::move(transformer)});
  }
  return list;
}

Expected<double> token_selection_loss(const std::string& directory, std::uint64_t prompts,
                                      std::uint64_t seed) {
  const auto run = GRAMIAN_TRY(load_token_run(directory));
  ThreadPool pool(1);
  const TokenTask& task = run.experiment.task;
  return token_loss(task, predictor(task, run.transformer), prompts, seed, pool).mean();
}

Status examine_tokens(const std::string& directory, std::uint64_t prompts, std::uint64_t seed,
                      const std::string& path) {
  const auto run = GRAMIAN_TRY(load_token_run(directory));
  ThreadPool pool(1);
  const TokenTask& task = run.experiment.task;
  const Alignment both = align_tokens(task, predictor(task, run.transformer), zero_predictor(task),
                                      prompts, seed, pool);
  return write_file_atomically(path, token_scores_json(prompts, both.loss, both.other_loss));
}

}  // namespace gramian
