#include "gramian/papers/gd/tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "gramian/papers/gd/setting.h"

namespace gramian::gd {

namespace {

constexpr std::int64_t kQuickSteps = 150;
constexpr int kSnapshots = 40;

struct TokenProblem {
  Problem problem;
  std::vector<std::string> settings;
};

std::vector<std::string> linear_settings(const char* layout) {
  const std::vector<double> diagonal(kDimension, 1.0 / 12);
  return {"task.n=10", fmt::format("task.d={}", kDimension), "task.inputs=uniform",
          fmt::format("task.covariance=[{}]", fmt::join(diagonal, ", ")),
          fmt::format("task.layout={}", layout)};
}

const std::vector<TokenProblem>& token_problems() {
  static const std::vector<TokenProblem> list = [] {
    const auto problem = [](std::string_view id, std::string_view title) {
      return Problem{.id = id,
                     .title = title,
                     .label = id,
                     .noise = "constant",
                     .sigma = "0",
                     .max = 0,
                     .recipe = &token_recipe};
    };
    return std::vector<TokenProblem>{
        {problem("sines-correlated", "sines, amplitude and phase from one number"),
         {"task.family=sine", "task.n=10", "task.correlated=true"}},
        {problem("sines", "sines"), {"task.family=sine", "task.n=10"}},
        {problem("interleaved", "x and y in tokens of their own, n = 10"),
         linear_settings("interleaved")},
        {problem("joined", "x ~ U(-1/2, 1/2), n = 10"), linear_settings("joined")}};
  }();
  return list;
}

const TokenProblem& token_problem(std::string_view id) {
  return *std::ranges::find(token_problems(), id,
                            [](const TokenProblem& p) { return p.problem.id; });
}

struct Trainee {
  std::string_view name;
  std::int64_t steps;
  int batch;
  std::vector<std::string> settings;
};

const Trainee& trainee_of(const Cell& cell) {
  static const std::vector<Trainee> list{
      {kMlp,
       8'000,
       512,
       {"model.embedding=40", "model.hidden=160", "model.context_scale=sum",
        "model.init_noise=0.05", "train.learning_rate=0.002"}},
      {kMlpDescent,
       8'000,
       512,
       {"model.embedding=40", "model.hidden=160", "model.attention=gradient_descent",
        "train.learning_rate=0.002"}},
      // From small weights the plateau of predicting zero lasts longer than this run.
      {kCopying,
       10'000,
       512,
       {"model.positions=10", "model.softmax_layers=1", "model.init_noise=1",
        "train.learning_rate=0.003"}},
      {kSoftmaxOne,
       10'000,
       1024,
       {"model.softmax_layers=1", "model.init_noise=0.2", "train.learning_rate=0.005"}},
      {kSoftmaxTwo,
       10'000,
       1024,
       {"model.softmax_layers=1", "model.heads=2", "model.init_noise=0.2",
        "train.learning_rate=0.005"}}};
  return *std::ranges::find(list, cell.network, &Trainee::name);
}

std::vector<Config> token_starts(const Cell& cell, int seed, const Effort& effort) {
  const Trainee& network = trainee_of(cell);
  const std::int64_t steps = effort.steps > 0 ? effort.steps
                             : effort.quick   ? kQuickSteps
                                              : network.steps;
  std::vector<std::string> settings{
      "model.kind=transformer",
      "task.noise=constant",
      "task.sigma=0",
      fmt::format("model.layers={}", cell.layers),
      fmt::format("train.seed={}", seed),
      fmt::format("train.steps={}", steps),
      fmt::format("train.batch={}", effort.quick ? 256 : network.batch),
      fmt::format("train.snapshots={}", kSnapshots),
      "train.robust=0",
      "train.final_learning_rate=0",
      "train.threads=1"};
  for (const auto& more : {token_problem(cell.problem->id).settings, network.settings}) {
    settings.insert(settings.end(), more.begin(), more.end());
  }
  return {parse_config("", "recipe", settings).value()};
}

Examination token_examination(const Cell&, const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 1'000 : 50'000;
  return e;
}

std::string token_text(const Effort& effort) {
  const auto steps = [&](std::int64_t full) {
    return fmt::format("{}", effort.steps > 0 ? effort.steps : effort.quick ? kQuickSteps : full);
  };
  return fmt::format(
      "Transformers on tokens from random weights; Adam on fresh batches, one sampled query a "
      "prompt, squared error, a "
      "cosine to zero after a warm-up of 5%, gradient norm at most 10. The published recipe has "
      "batches of 2,048.\n"
      "Sines: n = 10, x ~ U(-5, 5), amplitude U(0.1, 0.5), phase U(0, pi); embedding of 40, MLP "
      "40-160-40 (GELU, "
      "residual), one "
      "layer of linear attention or one fixed step of gradient descent; {} steps of 512 prompts, "
      "rate 0.002.\n"
      "Interleaved tokens: d = n = 10, x ~ U(-1/2, 1/2), 10 numbers of sinusoidal encoding, a "
      "layer of softmax and a "
      "linear one; "
      "{} steps of 512 prompts, rate 0.003, weights of deviation 1 over the root of their rows.\n"
      "Softmax: the same task in joint tokens, one layer; {} steps of 1,024 prompts, rate 0.005.\n",
      steps(8'000), steps(10'000), steps(10'000));
}

}  // namespace

const Recipe token_recipe{token_starts, token_examination, token_text};

Cell sine_cell(std::string_view network, bool correlated) {
  return {.kind = Parametrisation::full,
          .layers = 1,
          .problem = &token_problem(correlated ? "sines-correlated" : "sines").problem,
          .network = network};
}

Cell interleaved_cell() {
  return {.kind = Parametrisation::full,
          .layers = 2,
          .problem = &token_problem("interleaved").problem,
          .network = kCopying};
}

Cell softmax_cell(std::string_view network) {
  return {.kind = Parametrisation::full,
          .layers = 1,
          .problem = &token_problem("joined").problem,
          .network = network};
}

Expected<std::unique_ptr<TokenCell>> load_token_cell(const Archive& archive, const Cell& cell,
                                                     const StudyOptions& options) {
  const Trained* trained = archive.best(cell);
  if (trained == nullptr) return nullptr;
  const std::string directory = fmt::format("{}/{}", options.directory, trained->directory);
  auto run = GRAMIAN_TRY(load_token_run(directory));
  return std::make_unique<TokenCell>(TokenCell{trained, directory, std::move(run)});
}

}  // namespace gramian::gd
