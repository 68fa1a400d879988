#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/cli/outputs.h"
#include "gramian/cli/sources.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/runs/trained_run.h"
#include "gramian/tabular/cross_validation.h"
#include "gramian/tabular/network_regressor.h"

namespace gramian::cli {

namespace {

struct PredictArguments {
  ModelSource model;
  std::string data;
  std::string target;
  std::vector<std::string> features;
  bool whiten = false;
  std::string output;
  int folds = 0;  // 0: predictions, not errors
  int repeats = 1;
  std::uint64_t seed = 0;
  int context = 0;
  std::string json;
};

constexpr std::string_view kPredictions = "line,";  // the first column of what is written

void warn(const std::string& message) {
  std::fputs(fmt::format("gramian: warning: {}\n", message).c_str(), stderr);
}

Status predict_queries(const PredictArguments& arguments, const NetworkRegressor& regressor,
                       const Dataset& data) {
  if (data.query_lines.empty()) {
    return fail(
        ErrorKind::format,
        "{}: no row to predict: leave the cell of '{}' empty in such rows, or see --cross-validate",
        arguments.data, data.target);
  }
  const auto problem = GRAMIAN_TRY(standardise(data.context, false));
  if (problem.y_deviation == 0) {
    return fail(ErrorKind::format,
                "{}: column '{}' is constant over all {} rows that have it: nothing to learn",
                arguments.data, data.target, data.context.size());
  }
  for (const std::size_t column : problem.constants) {
    warn(fmt::format("{}: column '{}' is constant over the rows with a target, and left out",
                     arguments.data, data.features[column]));
  }
  const auto fit = GRAMIAN_TRY(regressor.fit(data.context));
  if (fit.exploded) warn("the network explodes on these rows; the mean of the target is predicted");

  std::string text = fmt::format("{}{}\n", kPredictions, csv_cell(data.target));
  const std::size_t d = data.context.d;
  for (std::size_t k = 0; k < data.query_lines.size(); ++k) {
    text += fmt::format("{},{}\n", data.query_lines[k],
                        fit.model.predict(std::span(data.queries).subspan(k * d, d)));
  }
  if (arguments.output.empty() || arguments.output == "/dev/stdout") {
    fmt::print("{}", text);
    return {};
  }
  GRAMIAN_TRY(write_file_atomically(arguments.output, text));
  fmt::print("-> {}\n", arguments.output);
  return {};
}

Status compare(const PredictArguments& arguments, const NetworkRegressor& regressor,
               const NoisePrior& prior, const Dataset& data) {
  const CrossValidationSpec spec{arguments.folds, arguments.repeats, arguments.seed,
                                 arguments.context};
  const auto baselines = make_baselines(prior, data.context.size());
  std::vector<const Regressor*> regressors{&regressor};
  for (const auto& baseline : baselines) regressors.push_back(baseline.get());

  catch_signals(AtSignal::leave);
  Progress bar("cross-validate", std::int64_t{spec.folds} * spec.repeats, "splits");
  const auto result =
      cross_validate(data.context, regressors, spec, [&](std::int64_t done, std::int64_t) {
        bar.update(done);
        return !interrupted();
      });
  bar.finish();
  if (!result) return std::unexpected(result.error());
  fmt::print("{} rows, {} inputs -> {}; {} folds x {}, seed {}{}{}\n", result->rows, result->d,
             data.target, spec.folds, spec.repeats, spec.seed,
             spec.context > 0 ? fmt::format(", contexts of {} rows", spec.context) : "",
             arguments.whiten ? ", whitened for the model" : "");
  fmt::print("{}", to_table(*result));
  if (arguments.json.empty()) return {};
  GRAMIAN_TRY(write_file_atomically(arguments.json, to_json(*result)));
  fmt::print("-> {}\n", arguments.json);
  return {};
}

Status predict(PredictArguments arguments) {
  read_dash(arguments.output);
  read_dash(arguments.json);
  GRAMIAN_TRY(check_source(arguments.model));
  GRAMIAN_TRY(check_output({.option = "--output",
                            .path = arguments.output,
                            .inputs = {arguments.data},
                            .beginning = kPredictions}));
  GRAMIAN_TRY(check_output(
      {.option = "--json", .path = arguments.json, .inputs = {arguments.data}, .beginning = "{"}));
  const auto run = GRAMIAN_TRY(load_trained_source(arguments.model));
  const auto regressor =
      GRAMIAN_TRY(NetworkRegressor::create(run.network, run.experiment.task, arguments.whiten));

  const auto bytes = GRAMIAN_TRY(read_file(arguments.data));
  const auto table = GRAMIAN_TRY(parse_csv(bytes, arguments.data));
  const auto data = GRAMIAN_TRY(make_dataset(table, arguments.target, arguments.features));
  if (data.context.d != static_cast<std::size_t>(run.network.spec.d)) {
    return fail(ErrorKind::config,
                "{} has {} input columns ({}), but the model of {} has d = {}: choose columns with "
                "--features, or "
                "train with task.d={}",
                arguments.data, data.context.d, fmt::join(data.features, ", "),
                arguments.model.path, run.network.spec.d, data.context.d);
  }
  if (arguments.folds > 0)
    return compare(arguments, regressor, run.experiment.task.spec().noise, data);
  return predict_queries(arguments, regressor, data);
}

}  // namespace

void add_predict(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("predict", "Use a trained model as a regressor on a CSV file.");
  auto arguments = std::make_shared<PredictArguments>();
  add_source(command, arguments->model);
  command->add_option("data", arguments->data, "a CSV file with a header row")
      ->required()
      ->type_name("DATA.csv");
  command->add_option("--target", arguments->target, "the column to predict")
      ->required()
      ->type_name("COLUMN");
  command
      ->add_option("--features", arguments->features,
                   "input columns, d of them; default: all but the target")
      ->delimiter(',')
      ->type_name("A,B,..");
  command->add_flag("--whiten", arguments->whiten,
                    "decorrelate the inputs too (not only standardise them)");
  CLI::Option* output =
      command->add_option("-o,--output", arguments->output, "write the predictions to this file")
          ->type_name("FILE");
  CLI::Option* folds = command
                           ->add_option("--cross-validate", arguments->folds,
                                        "instead: compare with OLS, ridge and others, in K folds")
                           ->check(CLI::Range(2, 1'000'000))
                           ->excludes(output)
                           ->type_name("K");
  command->add_option("--repeats", arguments->repeats, "so many times, with other folds")
      ->check(CLI::Range(1, 1'000'000))
      ->needs(folds)
      ->type_name("R");
  command->add_option("--seed", arguments->seed, "seed of the folds; default 0")
      ->needs(folds)
      ->type_name("S");
  command
      ->add_option("--context", arguments->context,
                   "learn from N random rows of the other folds; default: all")
      ->check(CLI::Range(2, 1'000'000'000))
      ->needs(folds)
      ->type_name("N");
  command->add_option("--json", arguments->json, "also write the comparison to this file")
      ->needs(folds)
      ->type_name("FILE");
  command->footer(
      "Rows with a target are the context, rows with an empty cell there are queries. Prints a "
      "line number\n"
      "and a prediction for each query, as CSV. There is nothing to tune: inputs are standardised "
      "by the\n"
      "context, the target is centred and scaled to what the model was trained on, and any number "
      "of\n"
      "context rows becomes the Gram matrix of as many tokens as in training. docs/predict.md says "
      "how\n"
      "well that does. A constant input is left out, with a warning.\n");
  command->callback(
      [&program, arguments] { program.run = [arguments] { return predict(*arguments); }; });
}

}  // namespace gramian::cli
