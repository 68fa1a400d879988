#include "gramian/papers/gd/tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/papers/gd/setting.h"

namespace gramian::gd {

namespace {

constexpr std::int64_t kQuickTokenSteps = 150;
constexpr int kSnapshots = 40;

struct Problem {
  std::string id, title;
  std::vector<std::string> settings;
};

std::vector<std::string> linear_settings(const char* layout) {
  const std::vector<double> diagonal(kDimension, 1.0 / 12);
  return {"task.n=10", fmt::format("task.d={}", kDimension), "task.inputs=uniform",
          fmt::format("task.covariance=[{}]", fmt::join(diagonal, ", ")),
          fmt::format("task.layout={}", layout)};
}

const Problem& problem_named(std::string_view id) {
  static const std::vector<Problem> list{
      {"sines-correlated",
       "sines, amplitude and phase from one number",
       {"task.family=sine", "task.n=10", "task.correlated=true"}},
      {"sines", "sines", {"task.family=sine", "task.n=10"}},
      {"interleaved", "x and y in tokens of their own, n = 10", linear_settings("interleaved")},
      {"joined", "x ~ U(-1/2, 1/2), n = 10", linear_settings("joined")}};
  const auto found = std::ranges::find(list, id, &Problem::id);
  GRAMIAN_ASSERT(found != list.end());
  return *found;
}

struct Model {
  std::string_view name;
  std::int64_t steps;
  int batch;
  std::vector<std::string> settings;
};

const Model& model_named(std::string_view name) {
  static const std::vector<Model> list{
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
      {"copying",
       10'000,
       512,
       {"model.positions=10", "model.softmax_layers=1", "model.init_noise=1",
        "train.learning_rate=0.003"}},
      {"softmax-1-head",
       10'000,
       1024,
       {"model.softmax_layers=1", "model.init_noise=0.2", "train.learning_rate=0.005"}},
      {"softmax-2-heads",
       10'000,
       1024,
       {"model.softmax_layers=1", "model.heads=2", "model.init_noise=0.2",
        "train.learning_rate=0.005"}}};
  const auto found = std::ranges::find(list, name, &Model::name);
  GRAMIAN_ASSERT(found != list.end());
  return *found;
}

std::vector<Config> starts(const Model& model, int layers, const Problem& problem, int seed,
                           const Effort& effort) {
  const std::int64_t steps = effort.steps > 0 ? effort.steps
                             : effort.quick   ? kQuickTokenSteps
                                              : model.steps;
  std::vector<std::string> settings{"model.kind=transformer",
                                    "task.noise=constant",
                                    "task.sigma=0",
                                    fmt::format("model.layers={}", layers),
                                    fmt::format("train.seed={}", seed),
                                    fmt::format("train.steps={}", steps),
                                    fmt::format("train.batch={}", effort.quick ? 256 : model.batch),
                                    fmt::format("train.snapshots={}", kSnapshots),
                                    "train.robust=0",
                                    "train.final_learning_rate=0",
                                    "train.threads=1"};
  for (const auto& more : {problem.settings, model.settings}) {
    settings.insert(settings.end(), more.begin(), more.end());
  }
  return {parse_config("", "recipe", settings).value()};
}

Examination token_examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 1'000 : 50'000;
  return e;
}

Cell cell_of(std::string_view name, int layers, std::string_view id) {
  const Problem& problem = problem_named(id);
  const Model& model = model_named(name);
  return {.name = cell_name(name, layers, false, id),
          .title = cell_title(name, layers, false, problem.title),
          .group = problem.id,
          .kind = std::string(name),
          .layers = layers,
          .problem = problem.title,
          .starts =
              [&model, layers, &problem](int seed, const Effort& effort) {
                return starts(model, layers, problem, seed, effort);
              },
          .examination = token_examination};
}

}  // namespace

std::string token_recipe(const Effort& effort) {
  const auto steps = [&](std::int64_t full) {
    return fmt::format("{}", effort.steps > 0 ? effort.steps
                             : effort.quick   ? kQuickTokenSteps
                                              : full);
  };
  return fmt::format(
      "Transformers on tokens from random weights; Adam on fresh batches, one sampled query a "
      "prompt, squared error, a cosine to zero after a warm-up of 5%, gradient norm at most 10. "
      "The published recipe has batches of 2,048.\n"
      "Sines: n = 10, x ~ U(-5, 5), amplitude U(0.1, 0.5), phase U(0, pi); embedding of 40, MLP "
      "40-160-40 (GELU, residual), one layer of linear attention or one fixed step of gradient "
      "descent; {} steps of 512 prompts, rate 0.002.\n"
      "Interleaved tokens: d = n = 10, x ~ U(-1/2, 1/2), 10 numbers of sinusoidal encoding, a "
      "layer of softmax and a linear one; {} steps of 512 prompts, rate 0.003, weights of "
      "deviation 1 over the root of their rows.\n"
      "Softmax: the same task in joint tokens, one layer; {} steps of 1,024 prompts, rate 0.005.\n",
      steps(8'000), steps(10'000), steps(10'000));
}

Cell sine_cell(std::string_view network, bool correlated) {
  return cell_of(network, 1, correlated ? "sines-correlated" : "sines");
}

Cell interleaved_cell() { return cell_of("copying", 2, "interleaved"); }

Cell softmax_cell(int heads) {
  GRAMIAN_ASSERT(heads == 1 || heads == 2);
  return cell_of(heads == 1 ? "softmax-1-head" : "softmax-2-heads", 1, "joined");
}

Expected<std::unique_ptr<TokenCell>> load_token_cell(const Archive& archive, const Cell& cell,
                                                     const StudyOptions& options) {
  const Trained* trained = archive.best(cell.name);
  if (trained == nullptr) return nullptr;
  const std::string directory = fmt::format("{}/{}", options.directory, trained->directory);
  auto run = GRAMIAN_TRY(load_token_run(directory));
  return std::make_unique<TokenCell>(TokenCell{trained, directory, std::move(run)});
}

}  // namespace gramian::gd
