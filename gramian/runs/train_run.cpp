#include "gramian/runs/train_run.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <sstream>

#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/lanes/target.h"
#include "gramian/runs/checkpoint.h"
#include "gramian/runs/experiment.h"
#include "gramian/runs/manifest.h"
#include "gramian/runs/metrics.h"
#include "gramian/runs/model_file.h"

namespace gramian {

namespace {

// Keys that do not change the weights; a resumed run may have others.
bool is_free(std::string_view line) {
  for (std::string_view key : {"threads", "checkpoint_every", "log_every"}) {
    if (line.starts_with(key)) return true;
  }
  return false;
}

// Both texts are resolved configurations: the same keys in the same order.
Status require_same(const Config& config, const std::string& saved_path) {
  const auto saved = Config::load(saved_path);
  if (!saved) return std::unexpected(saved.error());
  std::istringstream now(config.to_toml()), then(saved->to_toml());
  std::string section, a, b;
  while (std::getline(now, a) && std::getline(then, b)) {
    if (a.starts_with("[")) section = a.substr(1, a.find(']') - 1);
    if (section == "eval" || a == b || is_free(a)) continue;
    return fail(ErrorKind::config,
                "a resumed run must keep its configuration: [{}] {} was asked for, but {} has {}; use another --out",
                section, a, saved_path, b);
  }
  return {};
}

class Run {
 public:
  Run(const Experiment& experiment, const Network& initial, RunDirectory directory, const TrainRunOptions& options,
      Manifest manifest)
      : experiment_(experiment),
        directory_(std::move(directory)),
        options_(options),
        manifest_(std::move(manifest)),
        pool_(experiment.threads) {
    trainer_ = Trainer::create(experiment.task, initial, experiment.train, pool_);
  }

  Expected<TrainRunResult> train() {
    if (std::filesystem::exists(directory_.checkpoint())) {
      auto checkpoint =
          load_checkpoint(directory_.checkpoint(), trainer_->network().theta.size(), experiment_.train.method);
      if (!checkpoint) return std::unexpected(checkpoint.error());
      seconds_before_ = checkpoint->seconds;
      dropped_ = checkpoint->dropped;
      trainer_->restore(std::move(checkpoint->state));
      saved_step_ = trainer_->steps_done();
    }
    const std::int64_t first = trainer_->steps_done();
    if (trainer_->done()) return result(first, true);

    auto metrics = MetricsLog::open(directory_.metrics(), first == 0 ? -1 : first);
    if (!metrics) return std::unexpected(metrics.error());
    if (Status ok = write_manifest(directory_.manifest(), manifest_); !ok) return std::unexpected(ok.error());

    start_ = std::chrono::steady_clock::now();
    Progress progress("train", experiment_.train.steps, "steps", first, stderr,
                      options_.quiet ? Progress::Clock::duration::max() / 2 : std::chrono::seconds(2));
    while (!trainer_->done()) {
      const auto report = trainer_->step();
      if (!report) return diverged(report.error());
      dropped_ += report->dropped;
      progress.update(report->step, fmt::format("loss {:.4f}", report->loss));
      if (report->step % experiment_.log_every == 0 || trainer_->done()) {
        const MetricsRow row{report->step,          report->loss, report->gradient_norm,
                             report->learning_rate, seconds(),    dropped_};
        if (Status ok = metrics->append(row); !ok) return std::unexpected(ok.error());
      }
      const bool stop = !trainer_->done() && options_.interrupted && options_.interrupted();
      if (stop || trainer_->done() || report->step % experiment_.checkpoint_every == 0) {
        if (Status ok = save(); !ok) return std::unexpected(ok.error());
      }
      if (stop) {
        return fail(ErrorKind::interrupted,
                    "interrupted at step {} of {}; all is saved in {}; --resume goes on from there", report->step,
                    experiment_.train.steps, directory_.path());
      }
    }
    progress.finish();
    manifest_.finished = utc_now();
    manifest_.seconds = seconds();
    if (Status ok = write_manifest(directory_.manifest(), manifest_); !ok) return std::unexpected(ok.error());
    return result(first, false);
  }

 private:
  double seconds() const {
    return seconds_before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  // The model first: a checkpoint of the last step says that the model of that step is there.
  Status save() {
    if (Status ok = save_model(directory_.model(), trainer_->network(), experiment_.task.n()); !ok) return ok;
    saved_step_ = trainer_->steps_done();
    return save_checkpoint(directory_.checkpoint(), {trainer_->state(), seconds(), dropped_});
  }

  std::unexpected<Error> diverged(Error error) const {
    if (saved_step_ > 0) {
      error.message += fmt::format(" (the checkpoint of step {} is kept in {})", saved_step_, directory_.checkpoint());
    }
    return std::unexpected(std::move(error));
  }

  TrainRunResult result(std::int64_t first, bool already_done) const {
    const double spent = already_done ? seconds_before_ : seconds();
    return {directory_, first, trainer_->steps_done(), spent, dropped_, already_done};
  }

  const Experiment& experiment_;
  RunDirectory directory_;
  const TrainRunOptions& options_;
  Manifest manifest_;
  ThreadPool pool_;
  std::unique_ptr<Trainer> trainer_;
  double seconds_before_ = 0;
  std::int64_t dropped_ = 0;
  std::int64_t saved_step_ = 0;
  std::chrono::steady_clock::time_point start_;
};

// The weights to begin with. A GD++ network that has to be trained first is a run of its own inside
// the directory: it resumes, and is there to look at.
Expected<Network> initial_network(const Experiment& experiment, const Config& config, const RunDirectory& directory,
                                  const TrainRunOptions& options) {
  if (!experiment.from_gdpp) {
    return Network::initial(experiment.network, experiment.initial, experiment.task.n(), experiment.train.seed);
  }
  // Its rate is the usual one: [train.learning_rate] is that of the network that begins as it.
  const auto first =
      Config::parse(config.to_toml(), directory.config(),
                    {"model.kind=gdpp", "model.init=gd", "train.optimiser=automatic", "train.learning_rate=0.01"});
  if (!first) return std::unexpected(first.error());
  TrainRunOptions resume = options;
  resume.resume = true;
  const auto done = train_run(*first, directory.path() + "/gdpp", resume);
  if (!done) return std::unexpected(done.error());
  const auto gdpp = load_model(done->directory.model());
  if (!gdpp) return std::unexpected(gdpp.error());
  return experiment.network.kind == Parametrisation::diag ? gdpp->as_diag() : gdpp->as_full();
}

}  // namespace

Expected<TrainRunResult> train_run(const Config& config, const std::string& path, const TrainRunOptions& options) {
  const auto experiment = make_experiment(config);
  if (!experiment) return std::unexpected(experiment.error());

  auto directory = RunDirectory::open(path);
  if (options.resume && directory) {
    if (Status ok = require_same(config, directory->config()); !ok) return std::unexpected(ok.error());
  } else {
    // What --resume cannot open is begun, unless something else is there.
    std::error_code ignored;
    const bool foreign =
        options.resume && std::filesystem::is_directory(path, ignored) && !std::filesystem::is_empty(path, ignored);
    if (foreign) return std::unexpected(directory.error());
    directory = RunDirectory::create(path);
    if (!directory) return std::unexpected(directory.error());
    if (Status ok = write_file_atomically(directory->config(), config.to_toml()); !ok)
      return std::unexpected(ok.error());
  }
  Manifest manifest = Manifest::begin(experiment->train.seed, options.command_line, simd_target());
  const auto initial = initial_network(*experiment, config, *directory, options);
  if (!initial) return std::unexpected(initial.error());
  return Run(*experiment, *initial, *directory, options, std::move(manifest)).train();
}

}  // namespace gramian
