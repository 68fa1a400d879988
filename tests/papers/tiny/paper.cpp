#include "tests/papers/tiny/paper.h"

#include <fmt/format.h>

#include "gramian/runs/transformer_family.h"
#include "gramian/studies/draw.h"
#include "tests/papers/tiny/task.h"

namespace gramian::tiny {

namespace {

constexpr std::int64_t kSteps = 300;

// An MLP with ReLU and one layer of softmax attention. No key of a configuration names the task, so
// the study makes its experiment itself.
Expected<std::unique_ptr<Experiment>> make(const Config& config) {
  const auto pairs = bent_pairs(static_cast<int>(config.integer("task.n")));
  auto task = GRAMIAN_TRY(TokenTask::create(pairs, TokenLayout::joined));
  TransformerSpec network{.stem = {.tokens = task.tokens(), .width = task.width(), .embedding = 8},
                          .blocks = {{.mixer = {.kind = MixerKind::softmax, .scale = Scale::one},
                                      .mlp = {.kind = MlpKind::relu, .hidden = 16}}}};
  auto experiment =
      GRAMIAN_TRY(TransformerExperiment::make(config, std::move(task), std::move(network)));
  return std::make_unique<TransformerExperiment>(std::move(experiment));
}

std::vector<Config> starts(int seed, const Effort& effort) {
  return {parse_config("", "recipe",
                       {"model.kind=transformer", "task.n=8", "train.batch=256", "train.threads=1",
                        "train.learning_rate=0.01", fmt::format("train.seed={}", seed),
                        fmt::format("train.steps={}", effort.steps > 0 ? effort.steps : kSteps)})
              .value()};
}

Examination examination(const Effort&) { return {.prompts = 5'000, .sigmas = {}}; }

std::vector<Cell> cells() {
  return {{.name = "relu-L1-bent",
           .title = "softmax with ReLU, L = 1, bent lines",
           .group = "bent",
           .kind = "transformer",
           .layers = 1,
           .problem = "bent lines",
           .starts = starts,
           .examination = examination,
           .make = make}};
}

std::string recipe(const Effort& effort) {
  return fmt::format("{} steps of Adam on 256 fresh prompts.\n",
                     effort.steps > 0 ? effort.steps : kSteps);
}

Table table_of(const Numbers& numbers) {
  Table table{.id = "tiny-fig1",
              .title = "Bent lines",
              .columns = {"predictor", "loss"},
              .rows = {},
              .notes = {}};
  table.rows.push_back({"network", TableCell{.value = numbers.model.mean, .se = numbers.model.se}});
  table.rows.push_back({"zero", TableCell{.value = numbers.zero.mean, .se = numbers.zero.se}});
  return table;
}

Figure figure_of(const Numbers& numbers, std::vector<Point> training) {
  Panel panel{.title = "Training", .x = {.label = "step"}, .y = {.label = "loss of the batch"}};
  panel.series = {{.name = "network", .points = std::move(training)},
                  {.name = "zero", .mark = Mark::rule, .points = {{.y = numbers.zero.mean}}}};
  return {.id = "tiny-fig1", .title = "Bent lines", .caption = "", .panels = {std::move(panel)}};
}

Status draw(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const Trained* trained = archive.best(cells().front().name);
  if (trained == nullptr) return {};
  const Numbers numbers{trained->scores.loss.at("model"), trained->scores.loss.at("zero")};
  auto training = GRAMIAN_TRY(training_curve(*trained, options));
  result.tables.push_back(table_of(numbers));
  result.figures.push_back(figure_of(numbers, std::move(training)));
  result.claims = claims(numbers);
  return {};
}

constexpr Study kStudies[] = {{.name = "tiny-fig1",
                               .title = "A transformer learns bent lines in context",
                               .place = "Fig. 1",
                               .cells = cells,
                               .draw = draw,
                               .recipe = recipe}};

}  // namespace

std::vector<Claim> claims(const Numbers& numbers) {
  const double slack = 2 * (numbers.model.se + numbers.zero.se);
  return {{.text = "The network has at most half of the loss of predicting zero, by more than two "
                   "standard errors",
           .holds = numbers.model.mean + slack <= numbers.zero.mean / 2,
           .detail = fmt::format("{} against {}", text(numbers.model), text(numbers.zero))}};
}

const Paper paper{.name = "Nobody 2026",
                  .authors = "Nobody",
                  .title = "Bent lines in context",
                  .venue = "the tests of Gramian",
                  .arxiv = "0000.00000",
                  .losses = "Losses are halves of squared errors. Lower is better.",
                  .studies = kStudies};

}  // namespace gramian::tiny
