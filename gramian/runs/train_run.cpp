#include "gramian/runs/train_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>

#include "gramian/io/files.h"
#include "gramian/io/lock.h"
#include "gramian/io/progress.h"
#include "gramian/lanes/target.h"
#include "gramian/runs/checkpoint.h"
#include "gramian/runs/family.h"
#include "gramian/runs/manifest.h"
#include "gramian/runs/metrics.h"

namespace gramian {

namespace {

// The weights of a resumed run must be those of an uninterrupted one.
Status require_same(const Config& config, const std::string& saved_path) {
  const auto saved = GRAMIAN_TRY(load_config(saved_path));
  for (const Key& key : config.table().keys()) {
    if (!key.changes_weights() || config.same(key, saved)) continue;
    return fail(ErrorKind::config,
                "a resumed run must keep its configuration: [{}] {} = {} was asked for, but {} has "
                "{} = {}; use another --out",
                key.section(), key.last_name(), config.printed(key), saved_path, key.last_name(),
                saved.printed(key));
  }
  return {};
}

class Run {
 public:
  Run(const Experiment& experiment, RunDirectory directory, const TrainRunOptions& options,
      Manifest manifest)
      : experiment_(experiment),
        directory_(std::move(directory)),
        options_(options),
        manifest_(std::move(manifest)),
        pool_(experiment.run.threads),
        snapshots_(snapshot_steps(experiment.train.steps, experiment.run.snapshots)) {}

  ThreadPool& pool() { return pool_; }
  Status set_loop(std::unique_ptr<TrainingLoop> loop, const Config& config) {
    loop_ = std::move(loop);
    if (options_.begun) options_.begun();
    loop_->abandon_when(options_.abandon);
    if (options_.crew)
      loop_->share_with(*GRAMIAN_TRY(options_.crew(config, loop_->theta(), pool_)));
    return {};
  }

  Expected<TrainRunResult> train() {
    GRAMIAN_TRY(restore());
    const std::int64_t first = loop_->steps_done();
    if (loop_->done() && saved_step_ == first) return complete(first);

    auto metrics = GRAMIAN_TRY(MetricsLog::open(directory_.metrics(), first == 0 ? -1 : first));
    GRAMIAN_TRY(write_manifest(directory_.manifest(), manifest_));

    GRAMIAN_TRY(keep_snapshot());
    start_ = std::chrono::steady_clock::now();
    if (loop_->done()) {  // no steps were asked for: the initial weights are the model
      GRAMIAN_TRY(save(metrics));
    }
    Progress progress("train", experiment_.train.steps, "steps", first, stderr,
                      options_.quiet ? Progress::kNever : Progress::kSoon);
    while (!loop_->done()) {
      const auto report = loop_->step();
      if (!report && report.error().kind == ErrorKind::interrupted) return stop(metrics);
      if (!report) return diverged(report.error());
      dropped_ += report->dropped;
      progress.update(report->step, fmt::format("loss {:.4f}", report->loss));
      if (report->step % experiment_.run.log_every == 0 || loop_->done()) {
        const MetricsRow row{report->step,          report->loss, report->gradient_norm,
                             report->learning_rate, seconds(),    dropped_};
        GRAMIAN_TRY(metrics.append(row));
      }
      GRAMIAN_TRY(keep_snapshot());
      if (!loop_->done() && options_.interrupted && options_.interrupted()) return stop(metrics);
      if (loop_->done() || report->step % experiment_.run.checkpoint_every == 0) {
        GRAMIAN_TRY(save(metrics));
      }
    }
    progress.finish();
    manifest_.finished = utc_now();
    manifest_.seconds = seconds();
    GRAMIAN_TRY(write_manifest(directory_.manifest(), manifest_));
    return result(first, false);
  }

 private:
  double seconds() const {
    return seconds_before_ +
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  // Goes on from the checkpoint, if there is one. Since a checkpoint is written before its model, a
  // model without one comes from elsewhere, or its checkpoint is lost: it is not overwritten.
  Status restore() {
    if (!std::filesystem::exists(directory_.checkpoint())) {
      if (!std::filesystem::exists(directory_.model())) return {};
      return fail(ErrorKind::io,
                  "{} is there without {}: nothing says how its training goes on. Put the "
                  "checkpoint back, or train in another --out",
                  directory_.model(), directory_.checkpoint());
    }
    auto checkpoint = GRAMIAN_TRY(
        load_checkpoint(directory_.checkpoint(), loop_->theta().size(), experiment_.train.method));
    if (checkpoint.state.adam.step > experiment_.train.steps) {
      return fail(ErrorKind::format,
                  "{}: must be of one of the {} steps of this run, is of step {}",
                  directory_.checkpoint(), experiment_.train.steps, checkpoint.state.adam.step);
    }
    seconds_before_ = checkpoint.seconds;
    dropped_ = checkpoint.dropped;
    loop_->restore(std::move(checkpoint.state));
    saved_step_ = loop_->steps_done();
    return {};
  }

  Expected<TrainRunResult> stop(MetricsLog& metrics) {
    GRAMIAN_TRY(save(metrics));
    return fail(ErrorKind::interrupted,
                "interrupted at step {} of {}; all is saved in {}; --resume goes on from there",
                loop_->steps_done(), experiment_.train.steps, directory_.path());
  }

  // The checkpoint is of the last step: what else a finished run has is there, or is written from
  // the checkpoint. What cannot be computed from it is missing for good.
  Expected<TrainRunResult> complete(std::int64_t first) {
    const auto logged = GRAMIAN_TRY(last_logged_step(directory_.metrics()));
    if (first > 0 && logged != first)
      return incomplete("the last row of its " + directory_.metrics());
    for (const std::int64_t step : snapshots_) {
      const std::string path = directory_.snapshot(step);
      if (!std::filesystem::exists(path)) return incomplete(path);
    }
    auto done = result(first, true);
    const bool finished = says_finished(directory_.manifest());
    if (!std::filesystem::exists(directory_.model()) || !finished) {
      if (!has_these_weights(directory_.model())) {
        GRAMIAN_TRY(save_model(directory_.model()));
        done.restored.push_back("model.safetensors");
      }
    } else if (!has_these_weights(directory_.model())) {
      return fail(ErrorKind::format,
                  "{} is not the model of {}, though the run is finished; move the model away, "
                  "and --resume writes that of the checkpoint",
                  directory_.model(), directory_.checkpoint());
    }
    if (!finished) {
      manifest_.finished = utc_now();
      manifest_.seconds = seconds_before_;
      GRAMIAN_TRY(write_manifest(directory_.manifest(), manifest_));
      done.restored.push_back("manifest.json");
    }
    return done;
  }

  std::unexpected<Error> incomplete(const std::string& what) const {
    return fail(ErrorKind::io,
                "the run in {} is finished, but {} is missing and cannot be made from its "
                "checkpoint; train in another --out for all of it",
                directory_.path(), what);
  }

  // Whether the model there is that of the loop. In the file P is divided by n and on loading
  // multiplied again, which rounds.
  bool has_these_weights(const std::string& path) const {
    const auto model = experiment_.load(path);
    if (!model) return false;
    return std::ranges::equal((*model)->weights(), loop_->theta(), [](double a, double b) {
      constexpr double kTiny = 1e-300;  // below it numbers lose digits
      return std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b)) + kTiny;
    });
  }

  // The checkpoint first: a model without one is not ours (restore), and one that is older than the
  // checkpoint is written again from it (complete).
  Status save(MetricsLog& metrics) {
    GRAMIAN_TRY(metrics.sync());
    GRAMIAN_TRY(save_checkpoint(directory_.checkpoint(), {loop_->state(), seconds(), dropped_}));
    saved_step_ = loop_->steps_done();
    return save_model(directory_.model());
  }

  Status keep_snapshot() const {
    if (!std::ranges::binary_search(snapshots_, loop_->steps_done())) return {};
    std::error_code error;
    std::filesystem::create_directories(directory_.snapshots(), error);
    if (error)
      return fail(ErrorKind::io, "cannot create {}: {}", directory_.snapshots(), error.message());
    return save_model(directory_.snapshot(loop_->steps_done()));
  }

  Status save_model(const std::string& path) const {
    return experiment_.model(loop_->theta())->save(path);
  }

  std::unexpected<Error> diverged(Error error) const {
    if (saved_step_ > 0) {
      error.message += fmt::format(" (the checkpoint of step {} is kept in {})", saved_step_,
                                   directory_.checkpoint());
    }
    return std::unexpected(std::move(error));
  }

  TrainRunResult result(std::int64_t first, bool already_done) const {
    const double spent = already_done ? seconds_before_ : seconds();
    return {directory_, first, loop_->steps_done(), spent, dropped_, already_done, {}};
  }

  const Experiment& experiment_;
  RunDirectory directory_;
  const TrainRunOptions& options_;
  Manifest manifest_;
  ThreadPool pool_;
  std::vector<std::int64_t> snapshots_;  // steps
  std::unique_ptr<TrainingLoop> loop_;
  double seconds_before_ = 0;
  std::int64_t dropped_ = 0;
  std::int64_t saved_step_ = -1;  // of the checkpoint that is there; -1: none
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

std::vector<std::int64_t> snapshot_steps(std::int64_t steps, int count) {
  std::vector<std::int64_t> list;
  for (int k = 1; k <= count; ++k) {
    const double part = count == 1 ? 1 : static_cast<double>(k - 1) / (count - 1);
    list.push_back(std::llround(part * part * static_cast<double>(steps)));
  }
  const auto [first, last] = std::ranges::unique(list);
  list.erase(first, last);
  return list;
}

namespace {

Expected<Lock> lock_directory(const std::string& path, const TrainRunOptions& options) {
  if (options.wait) return Lock::take(path, options.abandon);
  auto lock = GRAMIAN_TRY(Lock::try_take(path));
  if (lock) return *std::move(lock);
  return fail(ErrorKind::io,
              "{} is in use: another process trains in it; wait for its end, or choose another "
              "--out",
              path);
}

// Requires: the lock on the folder.
Expected<RunDirectory> open_or_begin(const Config& config, const std::string& path, bool resume) {
  auto existing = RunDirectory::open(path);
  if (resume && existing) {
    GRAMIAN_TRY(require_same(config, existing->config()));
    existing->remove_old_temporaries();
    return existing;
  }
  // What --resume cannot open is begun, unless something else is there.
  auto directory = RunDirectory::create(path);
  if (!directory) return resume ? existing : directory;
  directory->remove_old_temporaries();
  GRAMIAN_TRY(write_file_atomically(directory->config(), config.to_toml()));
  return directory;
}

}  // namespace

Expected<TrainRunResult> train_run(const Config& config, const std::string& path,
                                   const TrainRunOptions& options) {
  const auto experiment = GRAMIAN_TRY(options.make(config));

  GRAMIAN_TRY(RunDirectory::make_folder(path));
  const Lock lock = GRAMIAN_TRY(lock_directory(path, options));
  const RunDirectory directory = GRAMIAN_TRY(open_or_begin(config, path, options.resume));
  const auto train_first = [&](const Config& first,
                               const std::string& name) -> Expected<std::string> {
    TrainRunOptions resume = options;
    resume.resume = true;
    const auto done = GRAMIAN_TRY(train_run(first, directory.path() + "/" + name, resume));
    return done.directory.model();
  };
  Manifest manifest = Manifest::begin(experiment->train.seed, options.command_line, simd_target());
  Run run(*experiment, directory, options, std::move(manifest));
  auto loop = GRAMIAN_TRY(experiment->begin(run.pool(), train_first));
  GRAMIAN_TRY(run.set_loop(std::move(loop), config));
  return run.train();
}

}  // namespace gramian
