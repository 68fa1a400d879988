#include "gramian/papers/mesanet/measure.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "gramian/evaluation/position_losses.h"
#include "gramian/io/progress.h"
#include "gramian/studies/token_cells.h"

namespace gramian::mesanet {

namespace {

constexpr int kItemCounts[] = {2, 4, 8, 12, 16, 24, 32};
constexpr int kSolverSteps[] = {1, 2, 3, 4, 5, 6, kKeySize, 0};  // 0: exactly
// Of the prompts of lengths, items and solvers, which no training and no evaluation of a run has.
constexpr std::uint64_t kPromptSeed = 91'000;

std::uint64_t prompts_of(int tokens, const StudyOptions& options) {
  if (options.effort.quick) return 16;
  return static_cast<std::uint64_t>(std::clamp(65'536 / tokens, 64, 256));
}
// Of the solvers, whose differences are small.
std::uint64_t solver_prompts(const StudyOptions& options) {
  return options.effort.quick ? 16 : 2'048;
}

using Count = std::function<void()>;

// Right answers of these weights in a network of this description.
Expected<Estimate> right_of(const TokenTask& task, const TransformerSpec& spec,
                            const std::vector<double>& theta, std::uint64_t prompts,
                            const StudyOptions& options) {
  const Transformer network = GRAMIAN_TRY(Transformer::create(spec, theta));
  const std::vector<NamedPredictor> one{{"model", predictor(task, network)}};
  ThreadPool pool(1);
  const auto losses =
      GRAMIAN_TRY(position_losses(task, one, prompts, kPromptSeed, pool,
                                  [&](std::uint64_t, std::uint64_t) { return options.goes_on(); }));
  return estimate_of(losses.front().right);
}

// Of every seed of this mixer, with the description that `change` makes of the trained one.
template <class Change>
Expected<std::vector<Estimate>> each_seed(const Archive& archive, Mixing mixing, const Size& size,
                                          std::uint64_t prompts, const StudyOptions& options,
                                          Change change) {
  std::vector<Estimate> list;
  const auto seeds =
      GRAMIAN_TRY(load_token_seeds(archive, Setting{.mixing = mixing}.name(), options));
  const TokenTask task = task_of(RecallKind::associative, size);
  for (const TokenSeed& seed : seeds) {
    TransformerSpec spec = seed.run.transformer.spec();
    spec.stem.tokens = size.tokens;
    change(spec);
    list.push_back(GRAMIAN_TRY(right_of(task, spec, seed.run.transformer.theta, prompts, options)));
  }
  return list;
}

Expected<std::vector<RecallNumbers>> trained_numbers(const Archive& archive,
                                                     const StudyOptions& options) {
  std::vector<RecallNumbers> list;
  for (const Setting& setting : settings()) {
    RecallNumbers numbers{.setting = setting};
    for (const Trained* trained : archive.seeds(setting.name())) {
      numbers.seeds.push_back(trained->scores.right.at("model"));
      const auto curve = GRAMIAN_TRY(training_curve(*trained, options));
      if (const auto step = learned_at(curve, guessing_loss(setting.kind)))
        numbers.learned.push_back(*step);
    }
    if (!numbers.seeds.empty()) list.push_back(std::move(numbers));
  }
  return list;
}

Expected<std::vector<AskedNumbers>> asked_numbers(const Archive& archive,
                                                  const std::vector<Size>& sizes,
                                                  const StudyOptions& options, const Count& count) {
  std::vector<AskedNumbers> list;
  for (const Mixing mixing : kMixings) {
    for (const Size& size : sizes) {
      auto seeds = GRAMIAN_TRY(each_seed(archive, mixing, size, prompts_of(size.tokens, options),
                                         options, [](TransformerSpec&) {}));
      if (!seeds.empty()) list.push_back({mixing, size, std::move(seeds)});
      count();
    }
  }
  return list;
}

Expected<std::vector<SolverNumbers>> solver_numbers(const Archive& archive,
                                                    const StudyOptions& options,
                                                    const Count& count) {
  std::vector<SolverNumbers> list;
  for (const int steps : kSolverSteps) {
    const auto solve_by = [&](TransformerSpec& spec) {
      for (Block& block : spec.blocks) {
        if (steps == 0) continue;
        block.mixer.mesa.solver = MesaSolver::conjugate_gradients;
        block.mixer.mesa.steps = steps;
        block.mixer.mesa.tolerance = 0;
      }
    };
    auto seeds = GRAMIAN_TRY(
        each_seed(archive, Mixing::mesa, kMainSize, solver_prompts(options), options, solve_by));
    if (!seeds.empty()) list.push_back({steps, std::move(seeds)});
    count();
  }
  return list;
}

}  // namespace

double guessing_loss(RecallKind kind) { return std::log(static_cast<double>(answers_of(kind))); }

std::optional<double> learned_at(const std::vector<Point>& curve, double guessing) {
  for (std::size_t i = kWindow; i <= curve.size(); ++i) {
    double sum = 0;
    for (std::size_t j = i - kWindow; j < i; ++j) sum += curve[j].y;
    if (sum < kLearnedShare * guessing * static_cast<double>(kWindow)) return curve[i - 1].x;
  }
  return std::nullopt;
}

std::vector<Setting> settings() {
  std::vector<Setting> list;
  for (const RecallKind kind : kKinds) {
    for (const Mixing mixing : kMixings) list.push_back({kind, mixing, main_size(kind)});
  }
  return list;
}

Expected<Measured> measure_recall(const Archive& archive, const StudyOptions& options) {
  std::vector<Size> lengths, counts;
  for (const int items : {kKeySize, kMainSize.items}) {
    for (const int tokens : kLengths) {
      if (3 * items <= tokens) lengths.push_back({tokens, items});
    }
  }
  for (const int items : kItemCounts) counts.push_back({kItemTokens, items});
  const std::size_t all =
      std::size(kMixings) * (lengths.size() + counts.size()) + std::size(kSolverSteps);
  Progress bar("measure", static_cast<std::int64_t>(all), "networks");
  std::int64_t done = 0;
  const Count count = [&] { bar.update(++done); };
  Measured measured;
  measured.trained = GRAMIAN_TRY(trained_numbers(archive, options));
  measured.lengths = GRAMIAN_TRY(asked_numbers(archive, lengths, options, count));
  measured.items = GRAMIAN_TRY(asked_numbers(archive, counts, options, count));
  measured.solvers = GRAMIAN_TRY(solver_numbers(archive, options, count));
  return measured;
}

}  // namespace gramian::mesanet
