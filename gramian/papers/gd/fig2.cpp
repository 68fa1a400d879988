// gd-fig2: one trained layer beside one step of gradient descent.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "gramian/evaluation/network_predictor.h"
#include "gramian/papers/gd/claims.h"
#include "gramian/papers/gd/published.h"
#include "gramian/papers/gd/setting.h"
#include "gramian/papers/gd/studies.h"
#include "gramian/tasks/blocks.h"

namespace gramian::gd {

namespace {

constexpr int kMain = 10;  // n
constexpr int kRollOut = 50;
constexpr double kPublishedDamping = 0.75;
constexpr double kDampings[] = {1, 0.875, kPublishedDamping};
constexpr double kTargetScales[] = {0.5, 1, 2, 3, 4, 5};

Setting layer_at(int n) { return {.layers = 1, .n = n}; }

// The read-out of a layer that changes y alone, `damping` of it each time.
Network rolled_out(const Network& network, int steps, double damping) {
  Network result = repeated_layer(network, steps);
  const std::size_t rows = network.spec.rows();
  for (std::size_t i = 0; i + 1 < rows; ++i)
    std::fill_n(result.theta.begin() + static_cast<std::ptrdiff_t>(i * rows), rows, 0);
  for (std::size_t j = 0; j < rows; ++j) result.theta[(rows - 1) * rows + j] *= damping;
  return result;
}

// Microseconds a prompt costs, the least of several measurements.
double sampling_cost(const RegressionTask& task, int prompts) {
  PromptSampler<float> sampler(task, false);
  PromptBlock<float> block(task.d());
  double least = INFINITY;
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto begin = std::chrono::steady_clock::now();
    for_blocks({.seed = 1, .stream = kTrainingStream, .count = static_cast<std::uint64_t>(prompts)},
               [&](const SeriesBlock& b) { sampler.sample(b.address, b.count, block); });
    least = std::min(
        least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return 1e6 * least / prompts;
}

struct SamplingCost {
  int n = 0;
  double uniform = 0, tokens = 0, gram = 0;  // the last two: normal inputs
};

// The same moments by tokens and, as if inputs were normal, by the Gram matrix.
std::vector<SamplingCost> measure_sampling(bool quick) {
  std::vector<SamplingCost> costs;
  const int prompts = quick ? 160 : 800;
  for (const int n : {10, 50, 200}) {
    TaskSpec spec = task_of(n).spec();
    const auto cost = [&] { return sampling_cost(RegressionTask::create(spec).value(), prompts); };
    SamplingCost& at = costs.emplace_back(SamplingCost{.n = n});
    at.uniform = cost();
    spec.inputs = InputLaw::gaussian;
    spec.sampler = SamplerKind::tokens;
    at.tokens = cost();
    spec.sampler = SamplerKind::gram;
    at.gram = cost();
  }
  return costs;
}

// The layer trained for one n, beside the best step of gradient descent.
struct Length {
  int n = 0;
  GdOptimum best = {};
  const Trained* trained = nullptr;  // null: no run came to an end, and the rest is empty
  Network network = {};
  LayerWeights weights = {};  // normalised
  OneLayerNumbers numbers = {};
};

// Losses of the layer and of gradient descent.
struct Pair {
  double layer = 0, descent = 0;
};
struct Fig2AtScale {
  bool inputs = false;  // of the inputs, or else of the targets
  double scale = 1;
  Pair loss = {};
};
struct RollOut {
  double damping = 1;
  std::vector<Pair> losses = {};  // after 1, 2, .. kRollOut applications
};

// What is measured at n = kMain alone; all empty if the layer of that n is missing.
struct MainNumbers {
  double half_way = 0, trained = 0;  // losses half way to the construction, and of the layer
  std::vector<Fig2AtScale> scales = {};
  std::vector<RollOut> rolls = {};
  std::vector<Point> training = {};
  std::vector<Along> along = {};
};

struct Fig2Numbers {
  std::vector<SamplingCost> sampling = {};
  std::vector<Length> lengths = {};
  MainNumbers at_main = {};

  const Length* main() const {  // null if its layer is missing
    const auto found = std::ranges::find(lengths, kMain, &Length::n);
    return found == lengths.end() || found->trained == nullptr ? nullptr : &*found;
  }
};

Expected<Length> measure_length(int n, const Archive& archive, const StudyOptions& options) {
  const bool quick = options.effort.quick;
  const auto spectra = GRAMIAN_TRY(ContextSpectra::draw(task_of(n), quick ? 1'000 : 20'000, 3));
  Length at{.n = n, .best = best_gd(spectra, 1, {})};
  at.trained = archive.best(layer_at(n).name());
  if (at.trained == nullptr) return at;
  at.network = GRAMIAN_TRY(load_network(*at.trained, options));
  const Alignment alignment = compare(at.network, descent_network(at.best.layers), n, 1, 1, quick);
  at.weights = normalised(at.network);
  double off = 0;
  for (std::size_t i = 0; i < kDimension; ++i) {
    for (std::size_t j = 0; j < kDimension; ++j) {
      if (i != j) off = std::max(off, std::abs(at.weights.q[i * (kDimension + 1) + j]));
    }
  }
  at.numbers = {.loss = at.trained->scores.loss.at("model"),
                .seconds = at.trained->seconds,
                .cosine = alignment.cosine.mean(),
                .prediction = alignment.prediction.mean(),
                .sensitivity = alignment.sensitivity.mean(),
                .off_diagonal = off,
                .step = as_gd_layer(at.weights).step / n,
                .best_step = at.best.layers[0].step / n};
  return at;
}

// Half way between the products of the trained and of the constructed layer.
void measure_half_way(const Length& at, bool quick, MainNumbers& numbers) {
  Network half = descent_network(at.best.layers).as_full();
  const std::size_t size = at.weights.p.size();
  for (std::size_t i = 0; i < size; ++i) {
    half.theta[i] = 0.5 * (half.theta[i] + at.weights.p[i]);
    half.theta[size + i] = 0.5 * (half.theta[size + i] + at.weights.q[i]);
  }
  const Alignment middle = compare(half, at.network, at.n, 1, 1, quick);
  numbers.half_way = middle.loss.mean();
  numbers.trained = middle.other_loss.mean();
}

std::vector<Fig2AtScale> measure_scales(const Length& at, bool quick) {
  std::vector<Fig2AtScale> scales;
  for (const bool inputs : {true, false}) {
    for (const double scale :
         inputs ? std::span<const double>(kInputScales) : std::span<const double>(kTargetScales)) {
      const Alignment a = compare(at.network, descent_network(at.best.layers), at.n,
                                  inputs ? scale : 1, inputs ? 1 : scale, quick);
      scales.push_back({inputs, scale, {a.loss.mean(), a.other_loss.mean()}});
    }
  }
  return scales;
}

// The layer again and again.
std::vector<RollOut> measure_roll_outs(const Length& at, const StudyOptions& options) {
  ThreadPool pool(options.threads);
  const std::uint64_t prompts = options.effort.quick ? 500 : 20'000;
  std::vector<RollOut> rolls;
  for (const double damping : kDampings) {
    const std::vector<GdLayer> damped(kRollOut, GdLayer{.step = damping * at.best.layers[0].step});
    const Network layer = rolled_out(at.network, kRollOut, damping),
                  steps = descent_network(damped);
    NetworkPredictor trained(layer, at.n, pool.threads()), descent(steps, at.n, pool.threads());
    const auto a = layer_losses(task_of(at.n), trained, prompts, 4, pool),
               b = layer_losses(task_of(at.n), descent, prompts, 4, pool);
    RollOut& roll = rolls.emplace_back(RollOut{.damping = damping});
    for (std::size_t k = 0; k < kRollOut; ++k)
      roll.losses.push_back({a[k].loss.mean(), b[k].loss.mean()});
  }
  return rolls;
}

Expected<Fig2Numbers> measure_fig2(const Archive& archive, const StudyOptions& options) {
  const bool quick = options.effort.quick;
  Fig2Numbers numbers{.sampling = measure_sampling(quick)};
  for (const int n : kContexts)
    numbers.lengths.push_back(GRAMIAN_TRY(measure_length(n, archive, options)));
  const Length* at = numbers.main();
  if (at == nullptr) return numbers;
  MainNumbers& main = numbers.at_main;
  measure_half_way(*at, quick, main);
  main.scales = measure_scales(*at, quick);
  main.rolls = measure_roll_outs(*at, options);
  main.training = GRAMIAN_TRY(training_curve(*at->trained, options));
  main.along =
      GRAMIAN_TRY(along_training(*at->trained, descent_network(at->best.layers), kMain, options));
  return numbers;
}

Table sampling_table(const std::vector<SamplingCost>& costs) {
  Table table{.id = "gd-sampling",
              .title = "What a prompt costs to draw, microseconds (one core, float)",
              .columns = {"n", "uniform, by tokens", "normal, by tokens", "normal, Gram matrix"},
              .rows = {},
              .notes = {"Uniform inputs have no direct sampler of G."}};
  for (const SamplingCost& at : costs)
    table.rows.push_back({static_cast<double>(at.n), at.uniform, at.tokens, at.gram});
  return table;
}

Table lengths_table(const std::vector<Length>& lengths) {
  Table table{.id = "gd-fig2",
              .title = "One trained layer and one step of gradient descent",
              .columns = {"n", "loss", "closed form", "cosine", "prediction difference",
                          "sensitivity difference", "off the diagonal of Q", "step / n",
                          "best step / n", "seconds"},
              .rows = {},
              .notes = {"Differences are means over prompts; the step is minus the yy entry of P "
                        "after Q is scaled to a mean diagonal of 1. Published for n = 10: 0.2047 "
                        "for gradient descent, whose closed form is 0.2062."}};
  for (const Length& at : lengths) {
    if (at.trained == nullptr) continue;
    const OneLayerNumbers& one = at.numbers;
    table.rows.push_back(
        {static_cast<double>(at.n), TableCell{.value = one.loss.mean, .se = one.loss.se},
         TableCell{.value = at.best.loss.mean, .se = at.best.loss.se}, one.cosine, one.prediction,
         one.sensitivity, one.off_diagonal, one.step, one.best_step, one.seconds});
  }
  return table;
}

Figure scales_figure(const std::vector<Fig2AtScale>& scales) {
  Figure figure{.id = "gd-ood",
                .title = "One layer out of distribution",
                .caption = "Both trained or fitted on scale 1.",
                .columns = 2,
                .panels = {}};
  for (const bool inputs : {true, false}) {
    Panel panel{.title = inputs ? "Inputs: alpha times the range" : "Targets: alpha times as large",
                .x = {.label = "alpha"},
                .y = {.label = "loss", .log = true}};
    Series layer{.name = "trained layer", .role = Role::full, .mark = Mark::points};
    Series gd{.name = "gradient descent", .role = Role::gdpp, .mark = Mark::line};
    for (const Fig2AtScale& at : scales) {
      if (at.inputs != inputs) continue;
      layer.points.push_back({.x = at.scale, .y = at.loss.layer});
      gd.points.push_back({.x = at.scale, .y = at.loss.descent});
    }
    panel.series = {std::move(layer), std::move(gd)};
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

Figure roll_out_figure(const std::vector<RollOut>& rolls) {
  Panel panel{.title = "Roll-out",
              .x = {.label = "applications", .log = true},
              .y = {.label = "loss", .log = true}};
  for (const RollOut& roll : rolls) {
    Series layer{.name = fmt::format("trained, damping {}", roll.damping),
                 .role = Role::full,
                 .mark = Mark::points};
    Series gd{.name = fmt::format("gradient descent, {}", roll.damping),
              .role = Role::gdpp,
              .mark = Mark::line};
    for (std::size_t k = 0; k < roll.losses.size(); ++k) {
      layer.points.push_back({.x = static_cast<double>(k + 1), .y = roll.losses[k].layer});
      gd.points.push_back({.x = static_cast<double>(k + 1), .y = roll.losses[k].descent});
    }
    panel.series.push_back(std::move(layer));
    panel.series.push_back(std::move(gd));
  }
  return {.id = "gd-fig1",
          .title = "One layer applied many times",
          .caption = "Only y is changed.",
          .columns = 1,
          .panels = {std::move(panel)}};
}

Figure training_figure(const Length& at, const MainNumbers& numbers) {
  Panel training{
      .title = "Training, n = 10", .x = {.label = "step"}, .y = {.label = "loss of the batch"}};
  training.series = {
      {.name = "one layer", .role = Role::full, .mark = Mark::line, .points = numbers.training},
      {.name = "gradient descent",
       .role = Role::gdpp,
       .mark = Mark::rule,
       .points = {{.y = at.best.loss.mean}}}};
  Panel along{.title = "Alignment",
              .x = {.label = "step"},
              .y = {.label = "difference or cosine"},
              .series = along_series(numbers.along, names_beside("gradient descent"))};
  return {
      .id = "gd-fig2",
      .title = "One layer",
      .caption = "Left: loss. Right: the layer at that step beside one step of gradient descent.",
      .columns = 2,
      .panels = {std::move(training), std::move(along)}};
}

Figure sweep_figure(const std::vector<Length>& lengths) {
  Panel sweep{.title = "Over the context length", .x = {.label = "n"}, .y = {.label = "loss"}};
  Series ours{.name = "trained layer", .role = Role::full, .mark = Mark::points};
  Series theory{.name = "one step of gradient descent", .role = Role::gdpp, .mark = Mark::line};
  for (const Length& at : lengths) {
    theory.points.push_back({.x = static_cast<double>(at.n), .y = at.best.loss.mean});
    if (at.trained != nullptr) ours.points.push_back(point(at.n, at.numbers.loss));
  }
  sweep.series = {std::move(ours), std::move(theory)};
  return {.id = "gd-sweep",
          .title = "One layer for each n",
          .caption = "",
          .columns = 1,
          .panels = {std::move(sweep)}};
}

// With the damping of the paper, and what becomes of it without damping.
RollOutNumbers roll_out_numbers(const std::vector<RollOut>& rolls) {
  RollOutNumbers numbers{.applications = kRollOut, .best_undamped = INFINITY};
  for (const RollOut& roll : rolls) {
    if (roll.damping == 1) {
      for (const Pair& loss : roll.losses)
        numbers.best_undamped = std::min(numbers.best_undamped, loss.layer);
      numbers.undamped = roll.losses.back().layer;
    }
    if (roll.damping != kPublishedDamping) continue;
    for (const Pair& loss : roll.losses)
      numbers.apart = std::max(numbers.apart, std::abs(loss.layer / loss.descent - 1));
    for (const std::size_t k : {1u, 5u, 10u, 20u, 50u}) {
      numbers.losses += fmt::format("{}{}: {:.4f} ({:.4f})", numbers.losses.empty() ? "" : ", ", k,
                                    roll.losses[k - 1].layer, roll.losses[k - 1].descent);
    }
  }
  return numbers;
}

std::vector<Claim> main_claims(const Length& at, const MainNumbers& numbers) {
  std::vector<Claim> list = one_layer_claims(at.numbers);
  list.push_back(interpolation_claim(numbers.half_way, numbers.trained));
  Worst out;
  for (const auto& [inputs, scale, loss] : numbers.scales) {
    out.add(std::abs(loss.layer / loss.descent - 1),
            fmt::format("{} {}: {:.3g} against {:.3g}", inputs ? "inputs" : "targets", scale,
                        loss.layer, loss.descent));
  }
  list.push_back(out_of_distribution_claim(out));
  for (Claim& claim : roll_out_claims(roll_out_numbers(numbers.rolls)))
    list.push_back(std::move(claim));
  return list;
}

Claim lengths_claim(const std::vector<Length>& lengths) {
  Worst gap;
  for (const Length& at : lengths) {
    if (at.trained == nullptr) continue;
    const double ours = at.numbers.loss.mean, best = at.best.loss.mean;
    gap.add(std::abs(ours / best - 1),
            fmt::format("n = {}: {:.4f} against {:.4f}", at.n, ours, best));
  }
  return context_lengths_claim(gap);
}

Table published_table(const Length& at, const MainNumbers& numbers) {
  std::vector<double> rolled;
  for (const RollOut& roll : numbers.rolls) {
    if (roll.damping != kPublishedDamping) continue;
    for (const Pair& loss : roll.losses) rolled.push_back(loss.layer);
  }
  return published_one_layer(at.numbers, at.best.loss, rolled);
}

}  // namespace

std::vector<Cell> fig2_cells() { return cells_of(kContexts, layer_at); }

Status draw_fig2(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(measure_fig2(archive, options));
  const MainNumbers& at_main = numbers.at_main;
  result.tables.push_back(sampling_table(numbers.sampling));
  if (const Length* main = numbers.main()) {
    result.tables.push_back(published_table(*main, at_main));
    result.figures = {scales_figure(at_main.scales), roll_out_figure(at_main.rolls),
                      training_figure(*main, at_main)};
    result.claims = main_claims(*main, at_main);
  }
  result.tables.push_back(lengths_table(numbers.lengths));
  result.figures.push_back(sweep_figure(numbers.lengths));
  result.claims.push_back(lengths_claim(numbers.lengths));
  return {};
}

}  // namespace gramian::gd
