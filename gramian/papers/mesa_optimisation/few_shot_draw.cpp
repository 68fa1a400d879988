// mesa-fig8: networks that continue dynamical systems, on prompts of regression: as they are, and
// with learned vectors.
#include <fmt/format.h>

#include <array>

#include "gramian/models/transformer/learned_tokens.h"
#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/few_shot.h"
#include "gramian/papers/mesa_optimisation/raw.h"
#include "gramian/papers/mesa_optimisation/studies.h"
#include "gramian/training/retraining.h"
#include "gramian/training/transformer_trainer.h"

namespace gramian::mesa_optimisation {

namespace {

// T = 50 tokens have room for 25 examples, or for 17 with separators; d = 5. Of the first states
// the law is that of the inputs of a regression.
constexpr RawSizes kFewShotSizes{.tokens = 50, .start = SequenceStart::normal};
constexpr Stack kFewShotStacks[] = {Stack::hybrid, Stack::softmax};
constexpr FewShotSpec kPlain{.d = kFewShotSizes.d, .tokens = kFewShotSizes.tokens};
constexpr FewShotSpec kSeparated{.d = kPlain.d, .tokens = kPlain.tokens, .separated = true};
constexpr FewShotSpec kChanged{.d = kPlain.d, .tokens = kPlain.tokens, .change_after = 12};
constexpr int kLearnedInFront = 20;
constexpr std::int64_t kTuningSteps = 1000, kQuickTuningSteps = 5;
constexpr std::uint64_t kTuningSeed = 88'000;  // of the vectors, and of the prompts they learn from

RawSetting few_shot_setting(Stack network) { return {.network = network, .sizes = kFewShotSizes}; }

// The ridge of least squares that is the posterior mean: W has N(0, 1/d).
double exact_ridge(const FewShotSpec& spec) { return spec.noise * spec.noise * spec.d; }

TrainSpec tuning(int seed, const StudyOptions& options) {
  return {.seed = kTuningSeed + static_cast<std::uint64_t>(seed),
          .steps = options.effort.quick ? kQuickTuningSteps : kTuningSteps,
          .batch = 64,
          .loss = {.query = QueryMode::sampled, .robust = 0},
          .method = Method::adam,
          .optimiser = {.learning_rate = 0.02, .clip_norm = 0},
          .gauss_newton = {}};
}

// The network with learned vectors after their training on these prompts.
Expected<Transformer> tuned(const Transformer& trained, const LearnedTokens& which,
                            const TokenTask& task, int seed, const StudyOptions& options) {
  const TrainSpec how = tuning(seed, options);
  const auto more = GRAMIAN_TRY(with_learned_tokens(trained, which, how.seed));
  GRAMIAN_TRY(check(task, more.network.spec(), how));
  ThreadPool pool(options.threads);
  const auto loop = TransformerTrainer::create(task, more.network, how, pool);
  GRAMIAN_TRY(train_kept(*loop, more.learned,
                         [&options](std::uint64_t, std::uint64_t) { return options.goes_on(); }));
  return loop->transformer();
}

std::vector<Estimate> of_network(const FewShotSpec& spec, const Transformer& network,
                                 const StudyOptions& options) {
  const TokenTask task = few_shot_task(spec);
  return losses_by_examples(spec, task, {{"model", predictor(task, network)}}, prompts_for(options))
      .front();
}

Expected<std::vector<Estimate>> of_tuned(const FewShotSpec& spec, const Transformer& trained,
                                         const LearnedTokens& which, int seed,
                                         const StudyOptions& options) {
  const auto network = GRAMIAN_TRY(tuned(trained, which, few_shot_task(spec), seed, options));
  return of_network(spec, network, options);
}

Expected<std::vector<FewShotNumbers>> few_shot_numbers(const Archive& archive,
                                                       const StudyOptions& options) {
  std::vector<FewShotNumbers> list;
  for (const Stack stack : kFewShotStacks) {
    for (const Trained* trained : archive.seeds(few_shot_setting(stack).name())) {
      const auto network = GRAMIAN_TRY(load_raw(*trained, options));
      const int seed = trained->seed;
      FewShotNumbers numbers{.network = std::string(title_of(stack)),
                             .is_hybrid = stack == Stack::hybrid,
                             .plain = of_network(kPlain, network, options),
                             .changed = of_network(kChanged, network, options),
                             .change_after = kChanged.change_after};
      const LearnedTokens eos{.separator = true}, front{.prefix = kLearnedInFront};
      const LearnedTokens all{.separator = true, .prefix = kLearnedInFront};
      numbers.separated = GRAMIAN_TRY(of_tuned(kSeparated, network, eos, seed, options));
      numbers.prefixed = GRAMIAN_TRY(of_tuned(kPlain, network, front, seed, options));
      numbers.both = GRAMIAN_TRY(of_tuned(kSeparated, network, all, seed, options));
      list.push_back(std::move(numbers));
    }
  }
  return list;
}

// What stands beside the networks: no pair of neighbours but (x, y), or all of them.
struct BesideNetworks {
  std::vector<Estimate> squares, neighbours, zero;
};
BesideNetworks beside_networks(const FewShotSpec& spec, const StudyOptions& options) {
  const TokenTask task = few_shot_task(spec);
  const double ridge = exact_ridge(spec);
  auto all = losses_by_examples(spec, task,
                                {{"squares", least_squares_predictor(task, ridge, 1)},
                                 {"neighbours", least_squares_of_neighbours(task, ridge)},
                                 {"zero", zero_predictor(task)}},
                                prompts_for(options));
  return {std::move(all[0]), std::move(all[1]), std::move(all[2])};
}

// A way to give the prompt: its words, and the losses of one seed.
struct Way {
  const char* words;
  std::vector<Estimate> FewShotNumbers::*losses;
  Role role;
};
constexpr Way kWays[] = {
    {"as it was trained", &FewShotNumbers::plain, Role::full},
    {"learned EOS", &FewShotNumbers::separated, Role::diag},
    {"20 learned vectors in front", &FewShotNumbers::prefixed, Role::gdpp},
    {"both", &FewShotNumbers::both, Role::adarr},
};

// The mean over seeds of a network after each number of examples.
std::vector<Estimate> mean_course(const std::vector<FewShotNumbers>& seeds, Stack network,
                                  std::vector<Estimate> FewShotNumbers::*losses) {
  std::vector<Estimate> means;
  for (std::size_t k = 0;; ++k) {
    std::vector<Estimate> at;
    for (const FewShotNumbers& seed : seeds) {
      if (seed.network == title_of(network) && k < (seed.*losses).size())
        at.push_back((seed.*losses)[k]);
    }
    if (at.empty()) return means;
    means.push_back(over_seeds(at));
  }
}

// After 0, 1, .. examples.
Series course_of(const std::vector<Estimate>& losses, std::string name, Role role,
                 Mark mark = Mark::line) {
  Series series = series_of(losses, 0, std::move(name), role);
  series.mark = mark;
  return series;
}

Figure few_shot_figure(const std::vector<FewShotNumbers>& seeds, const BesideNetworks& plain,
                       const BesideNetworks& changed) {
  Figure figure{.id = "mesa-fig8",
                .title = "Loss of y by examples",
                .caption =
                    "Means over seeds, and bars of two standard errors. The networks were "
                    "trained to continue dynamical systems. Least squares knows which "
                    "tokens are pairs; of neighbours it fits every token to the one before.",
                .columns = 2,
                .panels = {}};
  const Axis examples{.label = "examples before"}, loss{.label = "1/2 |error|^2", .log = true};
  for (const Stack stack : kFewShotStacks) {
    Panel panel{.title = std::string(title_of(stack)), .x = examples, .y = loss};
    for (const Way& way : kWays)
      panel.series.push_back(course_of(mean_course(seeds, stack, way.losses), way.words, way.role));
    panel.series.push_back(
        course_of(plain.neighbours, "least squares of neighbours", Role::constrr, Mark::dashes));
    panel.series.push_back(course_of(plain.squares, "least squares", Role::bayes));
    figure.panels.push_back(std::move(panel));
  }
  Panel panel{.title = fmt::format("Another W after {} examples", kChanged.change_after),
              .x = examples,
              .y = loss};
  panel.series = {
      course_of(mean_course(seeds, Stack::hybrid, &FewShotNumbers::changed),
                std::string(title_of(Stack::hybrid)), Role::full),
      course_of(mean_course(seeds, Stack::softmax, &FewShotNumbers::changed),
                std::string(title_of(Stack::softmax)), Role::diag),
      course_of(changed.neighbours, "least squares of neighbours", Role::constrr, Mark::dashes),
      course_of(changed.squares, "least squares", Role::bayes)};
  figure.panels.push_back(std::move(panel));
  return figure;
}

constexpr std::size_t kTold[] = {0, 1, 2, 3, 5, 8, 11, 12, 16, 24};

Table few_shot_table(const std::vector<FewShotNumbers>& seeds, const BesideNetworks& plain,
                     const BesideNetworks& changed) {
  Table table{.id = "mesa-fig8",
              .title = "Loss of y after so many examples, d = 5",
              .columns = {"network", "prompt"},
              .rows = {},
              .notes = {"Means over seeds. With EOS a prompt has room for 17 examples."}};
  for (const std::size_t k : kTold) table.columns.push_back(fmt::format("{}", k));
  const auto add = [&table](std::string_view who, const std::string& what,
                            const std::vector<Estimate>& losses) {
    if (losses.empty()) return;
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(who));
    row.emplace_back(what);
    for (const std::size_t k : kTold) {
      if (k < losses.size()) {
        row.emplace_back(cell_of(losses[k]));
      } else {
        row.emplace_back(std::string("-"));
      }
    }
  };
  for (const Stack stack : kFewShotStacks) {
    for (const Way& way : kWays)
      add(title_of(stack), way.words, mean_course(seeds, stack, way.losses));
    add(title_of(stack), "another W after 12", mean_course(seeds, stack, &FewShotNumbers::changed));
  }
  add("least squares", "pairs", plain.squares);
  add("least squares", "pairs, another W after 12", changed.squares);
  add("least squares of neighbours", "every token and the next", plain.neighbours);
  add("zero", "", plain.zero);
  return table;
}

}  // namespace

std::vector<Cell> few_shot_cells() { return cells_of(kFewShotStacks, few_shot_setting); }

Status draw_few_shot(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto seeds = GRAMIAN_TRY(few_shot_numbers(archive, options));
  const BesideNetworks plain = beside_networks(kPlain, options);
  const BesideNetworks changed = beside_networks(kChanged, options);
  result.claims = few_shot_claims(seeds);
  result.claims.push_back(finite_claim(losses_of(archive, few_shot_cells())));
  result.tables.push_back(few_shot_table(seeds, plain, changed));
  result.figures.push_back(few_shot_figure(seeds, plain, changed));
  return {};
}

std::string few_shot_recipe(const Effort& effort) {
  return raw_recipe(effort) +
         fmt::format(
             "Here T = {} and first states are N(0, I), which is the law of the inputs of the "
             "regressions. Learned vectors: {} steps of Adam on batches of 64 prompts of "
             "regression, rate 0.02 with cosine decay, from N(0, I), all weights of the network "
             "held; EOS is one vector, and {} vectors stand in front.\n",
             kFewShotSizes.tokens, kTuningSteps, kLearnedInFront);
}

}  // namespace gramian::mesa_optimisation
