// mesa-fig5: linear attention in place of a layer of softmax.
#include <fmt/format.h>

#include "gramian/evaluation/position_losses.h"
#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/linearised.h"
#include "gramian/papers/mesa_optimisation/raw.h"
#include "gramian/papers/mesa_optimisation/studies.h"
#include "gramian/training/retraining.h"
#include "gramian/training/transformer_trainer.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr int kSizesOfSystems[] = {4, 6, 10};
constexpr std::int64_t kDistilSteps = 1500, kQuickDistilSteps = 5;
constexpr std::uint64_t kDistilSeed = 99'000;
constexpr double kDistilNoise = 0.3;

RawSetting softmax_setting(int d) {
  return {.network = Stack::softmax, .sizes = {.d = d, .tokens = 4 * d, .width = 40, .key = 20}};
}

// The linear attention of a layer, after its training.
Expected<Transformer> distilled(const TokenTask& pairs, const Transformer& network, int layer,
                                int seed, const StudyOptions& options) {
  const TrainSpec how{.seed = kDistilSeed + static_cast<std::uint64_t>(seed),
                      .steps = options.effort.quick ? kQuickDistilSteps : kDistilSteps,
                      .batch = 64,
                      .loss = {.query = QueryMode::sampled, .robust = 0},
                      .method = Method::adam,
                      .optimiser = {.learning_rate = 0.003, .clip_norm = 1},
                      .gauss_newton = {}};
  const TransformerSpec spec = linear_layer(network, layer);
  GRAMIAN_TRY(check(pairs, spec, how));
  const auto initial = GRAMIAN_TRY(Transformer::initial(spec, kDistilNoise, how.seed));
  ThreadPool pool(options.threads);
  const auto loop = TransformerTrainer::create(pairs, initial, how, pool);
  GRAMIAN_TRY(
      train_through(*loop, [&options](std::uint64_t, std::uint64_t) { return options.goes_on(); }));
  return loop->transformer();
}

// Both layers of one seed.
Expected<std::vector<LinearisedNumbers>> linearised_numbers(const Trained& trained, int d,
                                                            const StudyOptions& options) {
  const TokenTask task = softmax_setting(d).task();
  const auto network = GRAMIAN_TRY(load_raw(trained, options));
  const std::uint64_t prompts = prompts_for(options);
  const Estimate own = GRAMIAN_TRY(loss_of(task, network, prompts));
  std::vector<LinearisedNumbers> layers;
  for (const int layer : {0, 1}) {
    const TokenTask pairs = layer_task(task, network, layer);
    const auto linear = GRAMIAN_TRY(distilled(pairs, network, layer, trained.seed, options));
    const auto swapped = GRAMIAN_TRY(with_linear_layer(network, layer, linear));
    LinearisedNumbers numbers{.d = d, .seed = trained.seed, .layer = layer + 1, .own = own};
    numbers.linear = GRAMIAN_TRY(loss_of(task, swapped, prompts));
    numbers.without = GRAMIAN_TRY(loss_of(task, without_mixer(network, layer), prompts));
    ThreadPool pool(1);
    const std::vector<NamedPredictor> two{{"linear", predictor(pairs, linear)},
                                          {"zero", zero_predictor(pairs)}};
    const auto errors = GRAMIAN_TRY(position_losses(pairs, two, prompts, kEvaluationSeed, pool));
    numbers.left = errors[0].loss.mean() / errors[1].loss.mean();
    layers.push_back(numbers);
  }
  return layers;
}

Expected<std::vector<LinearisedNumbers>> all_layers(const Archive& archive,
                                                    const StudyOptions& options) {
  std::vector<LinearisedNumbers> list;
  for (const int d : kSizesOfSystems) {
    for (const Trained* trained : archive.seeds(softmax_setting(d).name())) {
      const auto layers = GRAMIAN_TRY(linearised_numbers(*trained, d, options));
      list.insert(list.end(), layers.begin(), layers.end());
    }
  }
  return list;
}

Table linearised_table(const std::vector<LinearisedNumbers>& layers) {
  Table table{.id = "mesa-fig5",
              .title = "Losses with linear attention in place of a layer of softmax",
              .columns = {"d", "seed", "layer", "two layers of softmax", "with linear attention",
                          "without the layer", "more", "not reproduced"},
              .rows = {},
              .notes = {"More: loss with linear attention over that of the network, minus 1. Not "
                        "reproduced: share of the squares of what the layer adds to its tokens."}};
  for (const LinearisedNumbers& at : layers) {
    table.rows.push_back({static_cast<double>(at.d), static_cast<double>(at.seed),
                          static_cast<double>(at.layer), cell_of(at.own), cell_of(at.linear),
                          cell_of(at.without), at.more(), at.left});
  }
  return table;
}

Figure linearised_figure(const std::vector<LinearisedNumbers>& layers) {
  Figure figure{.id = "mesa-fig5",
                .title = "Linear attention in place of a layer of softmax",
                .caption = "Every seed. Of the loss of the network: 1 is the network as it is.",
                .columns = 2,
                .panels = {}};
  for (const int layer : {1, 2}) {
    Panel panel{.title = fmt::format("Layer {}", layer),
                .x = {.label = "d"},
                .y = {.label = "loss / loss of the network", .log = true}};
    Series linear{.name = "linear attention", .role = Role::full, .mark = Mark::points};
    Series without{.name = "without the layer", .role = Role::other, .mark = Mark::points};
    for (const LinearisedNumbers& at : layers) {
      if (at.layer != layer) continue;
      linear.points.push_back({.x = static_cast<double>(at.d), .y = 1 + at.more()});
      without.points.push_back(
          {.x = static_cast<double>(at.d), .y = at.without.mean / at.own.mean});
    }
    panel.series = {std::move(linear), std::move(without)};
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

std::vector<Cell> linearised_cells() { return cells_of(kSizesOfSystems, softmax_setting); }

Status draw_linearised(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto layers = GRAMIAN_TRY(all_layers(archive, options));
  result.claims = linearised_claims(layers);
  result.claims.push_back(finite_claim(losses_of(archive, linearised_cells())));
  result.tables.push_back(linearised_table(layers));
  result.figures.push_back(linearised_figure(layers));
  return {};
}

std::string linearised_recipe(const Effort& effort) {
  return raw_recipe(effort) +
         fmt::format(
             "Here two layers of softmax at d = 4, 6 and 10, T = 4 d, tokens embedded to 40 "
             "numbers and heads of 20. Linear attention learns from what enters a layer and what "
             "it adds, for {} steps of Adam on batches of 64 fresh prompts, rate 0.003 with cosine "
             "decay.\n",
             kDistilSteps);
}

}  // namespace gramian::mesa_optimisation
