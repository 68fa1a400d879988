#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/cli/numbers.h"
#include "gramian/evaluation/table.h"
#include "gramian/io/progress.h"
#include "gramian/runs/blowup_collection.h"
#include "gramian/runs/collection.h"

namespace gramian::cli {

namespace {

struct CollectArguments {
  std::string source;
  std::vector<std::string> overrides;
  double standard_error = 0;
  double prompts = 0;  // so that 1e9 can be said
  bool blowups = false;
};

// The share of the way to the nearest goal; errors fall with the square root of the prompts.
double share_of_way(const Collection::Goal& goal, const EvalResult& result) {
  const double error = result.model().adjusted.standard_error();
  const double by_error = goal.standard_error > 0 ? std::pow(goal.standard_error / error, 2) : 0;
  const double by_prompts =
      goal.prompts > 0 ? static_cast<double>(result.prompts) / static_cast<double>(goal.prompts)
                       : 0;
  const double share = std::max(by_error, by_prompts);
  return std::isfinite(share) ? std::min(share, 1.0) : 0;
}

bool goes_on(std::uint64_t, std::uint64_t) { return !interrupted(); }

Expected<Collection::Sum> collect_until(Collection& collection, const Collection::Goal& goal) {
  Progress progress("collect", 1000, "per mille");
  while (true) {
    auto sum = GRAMIAN_TRY(collection.sum(goal));
    const RunningMean& adjusted = sum.result.model().adjusted;
    const bool is_no_number = sum.result.prompts > 0 && !std::isfinite(adjusted.mean());
    if (sum.met || is_no_number) return sum;
    progress.update(static_cast<std::int64_t>(1000 * share_of_way(goal, sum.result)),
                    fmt::format("{} prompts", sum.result.prompts));
    GRAMIAN_TRY(collection.add_batch(goes_on));
  }
}

Status collect_blowups(const RunDirectory& directory, const TrainedRun& run, std::uint64_t prompts,
                       ThreadPool& pool) {
  const auto baselines = GRAMIAN_TRY(collected_solvers(directory, run, pool, interrupted));
  auto collection =
      GRAMIAN_TRY(BlowUpCollection::open(directory.path(), run, baselines.blowup_threshold, pool));
  Progress progress("collect", static_cast<std::int64_t>(prompts), "prompts");
  while (true) {
    const auto sum = GRAMIAN_TRY(collection.sum(prompts));
    if (sum.met) {
      const BlowUpCount& count = sum.count;
      const auto [low, high] = poisson_interval(count.count);
      const double million = 1e6 / static_cast<double>(count.prompts);
      fmt::print(
          "blow-ups: {} of {} prompts have a loss over {:.4g}; per million {:.3g}, 95% "
          "interval {:.2g} to {:.2g}; the largest loss is {:.3g}\n-> {}\n",
          count.count, count.prompts, count.threshold, static_cast<double>(count.count) * million,
          low * million, high * million, count.largest, sum.path);
      return {};
    }
    progress.update(static_cast<std::int64_t>(sum.count.prompts));
    GRAMIAN_TRY(collection.add_batch(goes_on));
  }
}

Status collect(const CollectArguments& arguments) {
  const Collection::Goal goal{arguments.standard_error,
                              static_cast<std::uint64_t>(std::ceil(arguments.prompts))};
  if (goal.standard_error == 0 && goal.prompts == 0)
    return fail(ErrorKind::usage, "give a goal: --until-se S, or --prompts N");
  if (arguments.blowups && goal.standard_error != 0)
    return fail(ErrorKind::usage, "--blowups counts, and takes --prompts N as its goal");
  const auto directory = GRAMIAN_TRY(RunDirectory::open(arguments.source));
  GRAMIAN_TRY(refuse_settings_of_training(arguments.overrides, arguments.source));
  const auto run = GRAMIAN_TRY(load_trained_run(directory, arguments.overrides));
  fmt::print("{}", run.experiment.describe());
  catch_signals(AtSignal::leave);
  ThreadPool pool(run.experiment.run.threads);
  if (arguments.blowups) return collect_blowups(directory, run, goal.prompts, pool);
  auto collection = GRAMIAN_TRY(Collection::open(directory, run, pool, interrupted));
  const auto sum = GRAMIAN_TRY(collect_until(collection, goal));
  const std::string table = to_table(sum.result);
  fmt::print("{}-> {}\n", table, sum.path);
  if (!sum.met) {
    return fail(ErrorKind::numeric,
                "the loss of a prompt left the finite numbers, so that its mean has no error: no "
                "number of prompts meets the goal");
  }
  return require_numbers(table, "this evaluation");
}

}  // namespace

void add_collect(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "collect", "Evaluate a trained model with as many prompts as an error asks for.");
  auto arguments = std::make_shared<CollectArguments>();
  command->add_option("run", arguments->source, "run directory of gramian train")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("overrides", arguments->overrides,
                   "settings of task.*, eval.* and train.threads that replace those of the run")
      ->type_name("key=value");
  command
      ->add_option("--until-se", arguments->standard_error,
                   "stop when the standard error of the model's adjusted loss is at most S")
      ->check(CLI::Range(1e-12, 1e12))
      ->type_name("S");
  command->add_option("--prompts", arguments->prompts, "stop when there are at least N prompts")
      ->check(CLI::Range(1.0, 1e18))
      ->type_name("N");
  command->add_flag("--blowups", arguments->blowups,
                    "count blow-ups alone, without solvers, on prompts of their own");
  command->footer(
      "Prompts come in batches of 65,536. Each leaves a row of sums in DIR/collect/<hash>.csv, "
      "and\n"
      "what is there is not done again: the same command, or one with a farther goal, goes on.\n"
      "Any number of processes may work on one DIR. The result is the sum of the rows, in the\n"
      "order of their prompts, up to the first at which a goal is met: the same bits, whoever\n"
      "computed them. The hash is that of the model, the task and the settings of [eval] (but\n"
      "for eval.prompts, which counts nothing here). Rows of another machine can be appended to\n"
      "the file; rows of the same prompts twice are an error.\n"
      "\n"
      "--blowups counts prompts with a loss over 1000 times the oracle's mean, in batches of\n"
      "200,000, for gramian reproduce blowups too. What gramian collect finds without it on a run\n"
      "of a study takes the place of the evaluation of its cell where it has more prompts.\n"
      "\n"
      "Beware of an error of few prompts where blow-ups are rare: it knows nothing of those that\n"
      "have not come yet.\n");
  command->callback(
      [&program, arguments] { program.run = [arguments] { return collect(*arguments); }; });
}

}  // namespace gramian::cli
