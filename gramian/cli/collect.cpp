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
#include "gramian/runs/collection.h"

namespace gramian::cli {

namespace {

struct CollectArguments {
  std::string source;
  std::vector<std::string> overrides;
  double standard_error = 0;
  double prompts = 0;  // so that 1e9 can be said
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

Expected<Collection::Sum> collect_until(Collection& collection, const Collection::Goal& goal) {
  Progress progress("collect", 1000, "per mille");
  while (true) {
    auto sum = GRAMIAN_TRY(collection.sum(goal));
    const RunningMean& adjusted = sum.result.model().adjusted;
    const bool is_no_number = sum.result.prompts > 0 && !std::isfinite(adjusted.mean());
    if (sum.met || is_no_number) return sum;
    progress.update(static_cast<std::int64_t>(1000 * share_of_way(goal, sum.result)),
                    fmt::format("{} prompts", sum.result.prompts));
    GRAMIAN_TRY(collection.add_batch([](std::uint64_t, std::uint64_t) { return !interrupted(); }));
  }
}

Status collect(const CollectArguments& arguments) {
  const Collection::Goal goal{arguments.standard_error,
                              static_cast<std::uint64_t>(std::ceil(arguments.prompts))};
  if (goal.standard_error == 0 && goal.prompts == 0)
    return fail(ErrorKind::usage, "give a goal: --until-se S, or --prompts N");
  const auto directory = GRAMIAN_TRY(RunDirectory::open(arguments.source));
  GRAMIAN_TRY(refuse_settings_of_training(arguments.overrides, arguments.source));
  const auto run = GRAMIAN_TRY(load_trained_run(directory, arguments.overrides));
  fmt::print("{}", run.experiment.describe());
  catch_signals(AtSignal::leave);
  ThreadPool pool(run.experiment.run.threads);
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
      "Beware of an error of few prompts where blow-ups are rare: it knows nothing of those that\n"
      "have not come yet.\n");
  command->callback(
      [&program, arguments] { program.run = [arguments] { return collect(*arguments); }; });
}

}  // namespace gramian::cli
