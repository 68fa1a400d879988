// gd-fig4: sines. An MLP before one trained layer, beside one fixed step of gradient descent on
// what an MLP makes of the tokens.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/evaluation/token_alignment.h"
#include "gramian/papers/gd/studies.h"
#include "gramian/papers/gd/tokens.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/blocks.h"
#include "gramian/tasks/sine_pairs.h"

namespace gramian::gd {

namespace {

constexpr std::uint64_t kFig4Seed = 4;
constexpr int kSines = 3, kGrid = 64;

// The prediction of a prompt as a function of its query, before and after the attention.
struct Curve {
  std::vector<Point> before = {}, after = {};
};

Curve query_curve(const TokenRun& run, const TokenBlock<double>& block, std::size_t prompt) {
  const RecordedTransformer& recorded = run.transformer.recorded();
  const Value entering = recorded.value("blocks.0.mixer.in").value();
  TapeRun<double> tape(recorded.tape);
  const TokenTask& task = run.experiment.task;
  const auto query = static_cast<std::size_t>(task.row_of_x(task.n()));
  const LaneView<double> tokens(tape.values(recorded.tokens),
                                static_cast<std::size_t>(task.tokens()),
                                static_cast<std::size_t>(task.width()));
  std::vector<double> context(tokens.rows() * tokens.columns());
  lane_view(block.tokens).copy_out(prompt, context.data());
  Curve curve;
  for_lanes(kGrid, [&](std::size_t first, int lanes) {
    const auto count = static_cast<std::size_t>(lanes);
    const auto x = [&](std::size_t p) {
      return kSineRange *
             (2 * (static_cast<double>(first) + static_cast<double>(p)) / (kGrid - 1) - 1);
    };
    for (std::size_t p = 0; p < count; ++p) {  // the same context in every lane
      tokens.copy_in(p, context.data());
      tokens.at(query, 0, p) = x(p);
    }
    tape.forward(run.transformer.theta.data());
    const double* after = tape.values(recorded.output);
    // The last number of the query that enters the attention; the prediction is minus it.
    const LaneView<const double> state(tape.values(entering), recorded.tape.node(entering).size());
    const double* before = state.lanes(state.rows() - 1);
    for (std::size_t p = 0; p < count; ++p) {
      curve.before.push_back({.x = x(p), .y = -before[p]});
      curve.after.push_back({.x = x(p), .y = after[p]});
    }
  });
  return curve;
}

// Some prompts, with what both networks make of every query.
Figure curves(const TokenRun& trained, const TokenRun& control) {
  Figure figure{.id = "gd-fig4-curves",
                .title = "A few sines",
                .caption =
                    "Prediction for every query, from the ten examples. Dashed: before the "
                    "attention, that is before the step of gradient descent.",
                .columns = kSines,
                .panels = {}};
  const TokenTask& task = trained.experiment.task;
  TokenBlock<double> block;
  TokenSampler<double>(task).sample(address_of(kFig4Seed, kEvaluationStream, 0), kSines, block);
  const auto amplitudes_and_phases = lane_view(block.truth), tokens = lane_view(block.tokens);
  for (std::size_t p = 0; p < kSines; ++p) {
    const double a = amplitudes_and_phases.at(0, 0, p), phase = amplitudes_and_phases.at(1, 0, p);
    Panel panel{.title = fmt::format("a = {:.2f}, phase {:.2f}", a, phase),
                .x = {.label = "x"},
                .y = {.label = "y"}};
    Series truth{.name = "truth", .role = Role::bayes, .mark = Mark::line};
    for (int i = 0; i < kGrid; ++i) {
      const double x = kSineRange * (2.0 * i / (kGrid - 1) - 1);
      truth.points.push_back({.x = x, .y = a * std::sin(x + phase)});
    }
    Series context{.name = "examples", .role = Role::paper, .mark = Mark::points};
    for (std::size_t j = 0; j < static_cast<std::size_t>(task.n()); ++j) {
      context.points.push_back({.x = tokens.at(2 * j, 0, p), .y = tokens.at(2 * j + 1, 0, p)});
    }
    Curve ours = query_curve(trained, block, p), theirs = query_curve(control, block, p);
    panel.series = {std::move(truth),
                    std::move(context),
                    {.name = "trained, before",
                     .role = Role::full,
                     .mark = Mark::dashes,
                     .points = std::move(ours.before)},
                    {.name = "trained",
                     .role = Role::full,
                     .mark = Mark::line,
                     .points = std::move(ours.after)},
                    {.name = "gradient descent, before",
                     .role = Role::gdpp,
                     .mark = Mark::dashes,
                     .points = std::move(theirs.before)},
                    {.name = "gradient descent",
                     .role = Role::gdpp,
                     .mark = Mark::line,
                     .points = std::move(theirs.after)}};
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

// What stands before the attention, as a predictor of its own: the same network with its last step
// taken away.
Transformer without_attention(Transformer transformer) {
  for (const Parameter& parameter : transformer.recorded().parameters) {
    if (parameter.name.ends_with(".step") || parameter.name.ends_with(".P"))
      std::ranges::fill(transformer.weights(parameter.name), 0.0);
  }
  return transformer;
}

// One of the two networks.
struct SineNumbers {
  Estimate loss = {}, zero = {};  // of the network, and of predicting zero
  RunningMean before = {};        // loss without the attention
  double seconds = 0;
  std::vector<Point> training = {};
};

// Sines of one law: a trained layer and a fixed step of gradient descent.
struct Fig4Numbers {
  bool correlated = false;
  SineNumbers layer = {}, descent = {};
  Alignment alignment = {};
  std::vector<Along> along = {};
  std::optional<Figure> curves = {};  // of correlated sines

  const char* law() const { return correlated ? "correlated" : "independent"; }
};

Expected<SineNumbers> measure_one(const TokenCell& cell, const StudyOptions& options,
                                  ThreadPool& pool) {
  const TokenTask& task = cell.run.experiment.task;
  const Transformer start = without_attention(cell.run.transformer);
  SineNumbers numbers{.loss = cell.trained->scores.loss.at("model"),
                      .zero = cell.trained->scores.loss.at("zero"),
                      .before = token_loss(task, predictor(task, start),
                                           options.effort.quick ? 500 : 20'000, kFig4Seed, pool),
                      .seconds = cell.trained->seconds};
  numbers.training = GRAMIAN_TRY(training_curve(*cell.trained, options));
  return numbers;
}

// Nothing if one of the two networks is missing.
Expected<std::optional<Fig4Numbers>> measure_fig4(bool correlated, const Archive& archive,
                                                  const StudyOptions& options) {
  const bool quick = options.effort.quick;
  const auto trained = GRAMIAN_TRY(load_token_cell(archive, sine_cell(kMlp, correlated), options));
  const auto control =
      GRAMIAN_TRY(load_token_cell(archive, sine_cell(kMlpDescent, correlated), options));
  if (trained == nullptr || control == nullptr) return std::nullopt;
  const TokenRun &one = trained->run, &two = control->run;
  const TokenTask& task = one.experiment.task;
  ThreadPool pool(options.threads);
  const auto beside = [&](const Transformer& transformer, std::uint64_t prompts) {
    return align_tokens(task, predictor(task, transformer), predictor(task, two.transformer),
                        prompts, kFig4Seed, pool);
  };
  Fig4Numbers numbers{.correlated = correlated};
  numbers.alignment = beside(one.transformer, quick ? 500 : 20'000);
  numbers.layer = GRAMIAN_TRY(measure_one(*trained, options, pool));
  numbers.descent = GRAMIAN_TRY(measure_one(*control, options, pool));
  const auto snapshots = GRAMIAN_TRY(load_transformer_snapshots(trained->directory));
  for (const TransformerSnapshot& snapshot : snapshots) {
    numbers.along.push_back(
        {static_cast<double>(snapshot.step), beside(snapshot.transformer, quick ? 100 : 2'000)});
  }
  if (correlated) numbers.curves = curves(one, two);
  return numbers;
}

std::vector<Claim> claims(const Fig4Numbers& numbers) {
  const Estimate &ours = numbers.layer.loss, &theirs = numbers.descent.loss;
  const Alignment& alignment = numbers.alignment;
  const double before = numbers.descent.before.mean();
  return {
      {.text = fmt::format("Sines ({}): an MLP before one trained layer ends at a loss of about "
                           "1e-3 (axis reading), at most 2e-3",
                           numbers.law()),
       .holds = ours.mean <= 2e-3,
       .detail = fmt::format("{} in {:.0f} s; predicting zero {:.3g}", text(ours),
                             numbers.layer.seconds, numbers.layer.zero.mean)},
      {.text = fmt::format("Sines ({}): it is as good as one step of gradient descent on trained "
                           "features, within a quarter",
                           numbers.law()),
       .holds = ours.mean <= 1.25 * theirs.mean && theirs.mean <= 1.25 * ours.mean,
       .detail = against(ours, theirs)},
      {.text = fmt::format(
           "Sines ({}): their sensitivities to the query agree: mean cosine at least 0.95",
           numbers.law()),
       .holds = alignment.cosine.mean() >= 0.95,
       .detail = fmt::format(
           "cosine {:.4f}, differences of predictions {:.4f} and sensitivities {:.4f}",
           alignment.cosine.mean(), alignment.prediction.mean(), alignment.sensitivity.mean())},
      {.text = fmt::format("Sines ({}): the step of gradient descent, and not the features, fits "
                           "the prompt: without it the loss is at least ten times as large",
                           numbers.law()),
       .holds = before >= 10 * theirs.mean,
       .detail = fmt::format("{:.4g} before the step, {:.4g} after it", before, theirs.mean)}};
}

void add_row(const char* name, const char* law, const SineNumbers& one, Table& table) {
  table.rows.push_back({std::string(name), std::string(law), cell_of(one.loss),
                        TableCell{.value = one.before.mean(), .se = one.before.standard_error()},
                        one.zero.mean, one.seconds});
}

Table table_of(const std::vector<Fig4Numbers>& laws) {
  Table table{.id = "gd-fig4",
              .title = "Sines from ten examples",
              .columns = {"network", "amplitude and phase", "loss", "loss without the attention",
                          "predicting zero", "seconds"},
              .rows = {},
              .notes = {"Correlated: amplitude and phase from one uniform number, as the published "
                        "code draws them."}};
  for (const Fig4Numbers& at : laws) {
    add_row("MLP and trained layer", at.law(), at.layer, table);
    add_row("MLP and gradient descent", at.law(), at.descent, table);
  }
  return table;
}

Figure figure_of(const std::vector<Fig4Numbers>& laws) {
  Figure figure{.id = "gd-fig4",
                .title = "Sines",
                .caption =
                    "Left: training. Right: the trained layer at that step beside gradient descent "
                    "on deep features.",
                .columns = 2,
                .panels = {}};
  for (const Fig4Numbers& at : laws) {
    figure.panels.push_back({.title = fmt::format("Training, {}", at.law()),
                             .x = {.label = "step"},
                             .y = {.label = "loss of the batch", .log = true},
                             .series = {{.name = "trained layer",
                                         .role = Role::full,
                                         .mark = Mark::line,
                                         .points = at.layer.training},
                                        {.name = "gradient descent",
                                         .role = Role::gdpp,
                                         .mark = Mark::line,
                                         .points = at.descent.training}}});
    figure.panels.push_back({.title = fmt::format("Alignment, {}", at.law()),
                             .x = {.label = "step"},
                             .y = {.label = "difference or cosine"},
                             .series = along_series(at.along, kTokenNames)});
  }
  return figure;
}

}  // namespace

std::vector<Cell> fig4_cells() {
  return {sine_cell(kMlp, true), sine_cell(kMlpDescent, true), sine_cell(kMlp, false),
          sine_cell(kMlpDescent, false)};
}

Status draw_fig4(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<Fig4Numbers> laws;
  for (const bool correlated : {true, false}) {
    auto numbers = GRAMIAN_TRY(measure_fig4(correlated, archive, options));
    if (!numbers) continue;
    if (numbers->curves) result.figures.push_back(*numbers->curves);
    add_claims(claims(*numbers), result);
    laws.push_back(std::move(*numbers));
  }
  result.tables.push_back(table_of(laws));
  result.figures.push_back(figure_of(laws));
  return {};
}

}  // namespace gramian::gd
