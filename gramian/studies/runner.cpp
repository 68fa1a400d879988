#include "gramian/studies/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "gramian/base/exceptions.h"
#include "gramian/base/json_number.h"
#include "gramian/io/files.h"
#include "gramian/io/lock.h"
#include "gramian/io/progress.h"
#include "gramian/parallel/cores.h"
#include "gramian/runs/family.h"
#include "gramian/runs/train_run.h"
#include "gramian/studies/kept_networks.h"

namespace gramian {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kSelectionSeed = 2;
constexpr std::uint64_t kFewer = 20;  // in a rehearsal, starts are compared on so many times fewer
constexpr auto kPoll = std::chrono::milliseconds(100);

int threads_of(const StudyOptions& options) {
  return options.threads > 0 ? options.threads : available_cores();
}

class Runner {
 public:
  Runner(const StudyOptions& options, std::vector<Unit> units)
      : options_(options), units_(std::move(units)) {
    // The longest first, so that no core waits long for the last.
    std::ranges::stable_sort(units_, std::greater{}, &Unit::cost);
    taken_ = std::vector<std::atomic<bool>>(units_.size());
    for (const Unit& unit : units_) {
      total_ += unit.cost();
      shared_[unit.cell.group];  // no thread adds to the map later
    }
  }

  Status run() {
    std::error_code error;
    for (const char* folder : {"runs", "cells", "locks", "results"}) {
      fs::create_directories(fmt::format("{}/{}", options_.directory, folder), error);
      if (error)
        return fail(ErrorKind::io, "cannot create {}/{}: {}", options_.directory, folder,
                    error.message());
    }
    for (std::size_t u = 0; u < units_.size(); ++u) {
      if (is_done(units_[u], options_.directory)) {
        GRAMIAN_TRY(keep_network(units_[u]));
        taken_[u] = true;
        finish(units_[u]);
      }
    }
    Progress progress("reproduce", 1000, "per mille",
                      static_cast<std::int64_t>(1000 * done_cost_ / total_), stderr,
                      options_.quiet ? Progress::kNever : Progress::kSoon);
    std::atomic<int> running = 0;
    std::vector<std::jthread> workers = start_workers(running);
    while (running > 0) {
      std::this_thread::sleep_for(kPoll);
      const double share = (done_cost_ + step_cost_) / total_;
      progress.update(static_cast<std::int64_t>(1000 * std::min(share, 1.0)),
                      fmt::format("{} of {} cells", done_units_.load(), units_.size()));
    }
    workers.clear();
    progress.finish();
    return status_;
  }

 private:
  // As many as the system lets start; if it is none, this thread does the work and returns when all
  // is done.
  std::vector<std::jthread> start_workers(std::atomic<int>& running) {
    std::vector<std::jthread> workers;
    workers.reserve(static_cast<std::size_t>(threads_of(options_)));
    for (int t = 0; t < threads_of(options_); ++t) {
      ++running;
      try {
        workers.emplace_back([this, &running] {
          work();
          --running;
        });
      } catch (const std::system_error&) {
        --running;
        break;
      }
    }
    if (workers.empty()) work();
    return workers;
  }

  void finish(const Unit& unit) {
    done_cost_ += unit.cost();
    ++done_units_;
  }

  bool stopped() const { return failed_ || !options_.goes_on(); }

  static Error interruption() {
    return {ErrorKind::interrupted, "interrupted; all is saved, the same command goes on"};
  }

  void fail_with(Error error) {
    const std::scoped_lock guard(mutex_);
    if (status_) status_ = std::unexpected(std::move(error));
    failed_ = true;
  }

  // Takes units until none is left. One that another process works at is looked at again at the
  // end.
  void work() {
    for (bool waiting = true; waiting;) {
      waiting = false;
      for (std::size_t u = 0; u < units_.size(); ++u) {
        if (stopped()) {
          if (!failed_) fail_with(interruption());
          return;
        }
        if (taken_[u].exchange(true)) continue;
        const auto lock = Lock::try_take(units_[u].lock);
        if (!lock) return fail_with(lock.error());
        if (!lock->has_value()) {
          taken_[u] = false;
          waiting = true;
          continue;
        }
        const auto done = without_exceptions(units_[u]);
        if (!done) {
          return fail_with(done.error().kind == ErrorKind::interrupted ? interruption()
                                                                       : done.error());
        }
        if (*done) finish(units_[u]);
      }
      if (waiting) std::this_thread::sleep_for(5 * kPoll);
    }
  }

  // carry_out of what is not done, or false where a library has thrown, for want of memory most
  // likely. That is kept as the error of the whole, and the other units go on: they may need less.
  Expected<bool> without_exceptions(const Unit& unit) {
    std::string what;
    try {
      if (!is_done(unit, options_.directory)) GRAMIAN_TRY(carry_out(unit));
      GRAMIAN_TRY(keep_network(unit));
      return true;
    } catch (const std::exception& error) {
      what = reason_of(error);
    }
    const std::scoped_lock guard(mutex_);
    if (status_) status_ = fail(ErrorKind::io, "{}, seed {}: {}", unit.cell.title, unit.seed, what);
    return false;
  }

  Status keep_network(const Unit& unit) const {
    return options_.networks.empty() ? Status{} : keep(unit, options_.directory, options_.networks);
  }

  Status carry_out(const Unit& unit) {
    if (options_.networks.empty()) return train_and_examine(unit);
    const auto run = GRAMIAN_TRY(take_kept(unit, options_.directory, options_.networks));
    return run ? examine(unit, *run) : train_and_examine(unit);
  }

  Status train_and_examine(const Unit& unit) {
    Json record = {{"cell", unit.cell.title},
                   {"seed", unit.seed},
                   {"directory", nullptr},
                   {"selection", nullptr},
                   {"steps", 0},
                   {"seconds", 0.0},
                   {"dropped", 0},
                   {"failed_starts", 0},
                   {"starts", Json::array()}};
    double best = std::numeric_limits<double>::infinity();
    double seconds = 0;
    int failures = 0;
    std::string chosen;
    for (std::size_t s = 0; s < unit.starts.size(); ++s) {
      const std::string& directory = unit.directories[s];
      const auto result = train_counted(unit.cell, unit.starts[s], directory);
      Json start = {{"directory", inside(directory)}};
      if (!result) {
        if (result.error().kind != ErrorKind::numeric) return std::unexpected(result.error());
        ++failures;
        start["error"] = result.error().message;
        record["starts"].push_back(std::move(start));
        continue;
      }
      seconds += result->seconds;
      const auto loss = GRAMIAN_TRY(selection_loss(unit.cell, unit.starts[s], directory));
      start["selection"] = number_or_null(loss);
      start["seconds"] = result->seconds;
      record["starts"].push_back(std::move(start));
      if (loss < best || chosen.empty()) {
        best = loss;
        chosen = directory;
        record["directory"] = inside(directory);
        record["selection"] = std::isfinite(best) ? best : std::numeric_limits<double>::max();
        record["steps"] = unit.starts[s].integer("train.steps");
        record["dropped"] = result->dropped;
      }
    }
    record["seconds"] = seconds;
    record["failed_starts"] = failures;
    if (!chosen.empty()) {
      GRAMIAN_TRY(examine(unit, chosen));
    }
    return write_file_atomically(unit.record, record.dump(2) + "\n");
  }

  std::string inside(const std::string& directory) const {
    return directory.substr(options_.directory.size() + 1);
  }

  // A run is being trained while this lives.
  class Training {
   public:
    explicit Training(Runner& runner) : runner_(runner) { runner_.count_training(1); }
    Training(const Training&) = delete;
    Training& operator=(const Training&) = delete;
    ~Training() { runner_.count_training(-1); }

   private:
    Runner& runner_;
  };

  void count_training(int change) {
    const std::scoped_lock guard(mutex_);
    const bool before = training_ > 0;
    training_ += change;
    if (options_.on_training && before != (training_ > 0)) options_.on_training(training_ > 0);
  }

  Expected<TrainRunResult> train_counted(const Cell& cell, const Config& config,
                                         const std::string& directory) {
    const auto experiment = GRAMIAN_TRY(cell.make(config));
    const double per_step = experiment->cost() /
                            static_cast<double>(std::max<std::int64_t>(1, experiment->train.steps));
    double counted = 0;
    const TrainRunOptions options{.resume = true,
                                  .command_line = options_.command_line,
                                  .interrupted =
                                      [&] {
                                        step_cost_ += per_step;
                                        counted += per_step;
                                        return stopped();
                                      },
                                  .quiet = true,
                                  .make = cell.make,
                                  .abandon = [this] { return stopped(); },
                                  .wait = true};
    const Training now(*this);
    auto result = train_run(config, directory, options);
    step_cost_ -= counted;  // the whole unit is counted when it is done
    return result;
  }

  Expected<double> selection_loss(const Cell& cell, const Config& config,
                                  const std::string& directory) const {
    const auto experiment = GRAMIAN_TRY(cell.make(config));
    const auto model = GRAMIAN_TRY(experiment->load(directory + "/model.safetensors"));
    const std::uint64_t prompts =
        experiment->selection_prompts() / (options_.effort.quick ? kFewer : 1);
    ThreadPool pool(1);
    const RunningMean loss =
        GRAMIAN_TRY(experiment->mean_loss(*model, prompts, kSelectionSeed, pool));
    return loss.mean();
  }

  // What the cells of one group share: baselines are tuned once, for all processes.
  Shared& shared(const Unit& unit, const Experiment& experiment) {
    SharedOnce& of_group = shared_.at(unit.cell.group);
    std::call_once(of_group.once,
                   [&] { of_group.shared = experiment.shared(options_.directory + "/tuned"); });
    return *of_group.shared;
  }

  Status examine(const Unit& unit, const std::string& directory) {
    const auto experiment = GRAMIAN_TRY(unit.cell.make(unit.starts.front()));
    const auto model = GRAMIAN_TRY(experiment->load(directory + "/model.safetensors"));
    Examination how = unit.examination;
    if (options_.effort.quick) how.tuning_prompts = 2'000;
    ThreadPool pool(1);
    const auto json = GRAMIAN_TRY(
        experiment->examine(*model, how, shared(unit, *experiment), pool,
                            [this](std::uint64_t, std::uint64_t) { return !stopped(); }));
    return write_file_atomically(directory + "/" + unit.eval_name, json);
  }

  struct SharedOnce {
    std::once_flag once;
    std::unique_ptr<Shared> shared;
  };

  const StudyOptions& options_;
  std::vector<Unit> units_;
  std::vector<std::atomic<bool>> taken_;
  std::map<std::string, SharedOnce> shared_;
  double total_ = 0;
  std::atomic<double> done_cost_ = 0, step_cost_ = 0;
  std::atomic<int> done_units_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  int training_ = 0;  // runs; this and the status under the mutex
  Status status_;
};

}  // namespace

void Archive::add(Trained trained) { cells_[trained.cell.name].push_back(std::move(trained)); }

std::vector<const Trained*> Archive::seeds(const std::string& cell) const {
  std::vector<const Trained*> list;
  const auto found = cells_.find(cell);
  if (found == cells_.end()) return list;
  for (const Trained& trained : found->second) list.push_back(&trained);
  return list;
}

const Trained* Archive::best(const std::string& cell) const {
  const auto list = seeds(cell);
  const auto least = std::ranges::min_element(list, {}, &Trained::selection);
  return least == list.end() ? nullptr : *least;
}

Expected<Outlook> look_ahead(const std::vector<Cell>& cells, const StudyOptions& options) {
  constexpr double kEvaluation = 2;  // seconds a cell, roughly
  const auto units = GRAMIAN_TRY(units_of(selected_cells(cells, options.effort.only), options));
  Outlook outlook{.runs = static_cast<int>(units.size())};
  std::map<std::string, double> speeds;  // seconds per multiply-add, by speed group
  double seconds = 0;
  for (const Unit& unit : units) {
    if (is_done(unit, options.directory)) {
      ++outlook.done;
      continue;
    }
    const auto experiment = GRAMIAN_TRY(unit.cell.make(unit.starts.front()));
    auto speed = speeds.find(experiment->speed_group());
    if (speed == speeds.end()) {
      const auto measured = GRAMIAN_TRY(experiment->seconds_per_cost());
      speed = speeds.emplace(experiment->speed_group(), measured).first;
    }
    seconds += unit.training_cost * speed->second + kEvaluation;
  }
  outlook.seconds_left = seconds / threads_of(options);
  return outlook;
}

Status carry_out(std::vector<Unit> units, const StudyOptions& options) {
  if (units.empty()) return {};
  return Runner(options, std::move(units)).run();
}

Expected<Archive> carry_out(const std::vector<Cell>& cells, const StudyOptions& options) {
  const auto selected = selected_cells(cells, options.effort.only);
  if (selected.empty() && !options.effort.only.empty())
    return fail(ErrorKind::usage, "no cell is named by '{}'", options.effort.only);
  auto selected_units = GRAMIAN_TRY(units_of(selected, options));
  GRAMIAN_TRY(carry_out(std::move(selected_units), options));
  const auto units = GRAMIAN_TRY(units_of(cells, options));
  Archive archive;
  for (const Unit& unit : units) {
    const bool asked_for = is_selected(unit.cell, options.effort.only);
    if (!asked_for && !is_done(unit, options.directory)) continue;
    auto trained = GRAMIAN_TRY(load_trained(unit, options.directory));
    if (trained.directory.empty()) continue;
    GRAMIAN_TRY(take_collected(options.directory + "/" + trained.directory, trained.scores));
    archive.add(std::move(trained));
  }
  return archive;
}

}  // namespace gramian
