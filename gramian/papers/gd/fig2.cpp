// gd-fig2: one trained layer beside one step of gradient descent.
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "gramian/evaluation/network_predictor.h"
#include "gramian/papers/gd/claims.h"
#include "gramian/papers/gd/published.h"
#include "gramian/papers/gd/setting.h"
#include "gramian/papers/gd/studies.h"

namespace gramian::gd {

namespace {

constexpr int kMain = 10;  // n
constexpr int kRollOut = 50;
constexpr double kDampings[] = {1, 0.875, 0.75};
constexpr double kTargetScales[] = {0.5, 1, 2, 3, 4, 5};

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
    for (int first = 0; first < prompts; first += kLanes) {
      sampler.sample({.seed = 1, .first = static_cast<std::uint32_t>(first)}, kLanes, block);
    }
    least = std::min(
        least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return 1e6 * least / prompts;
}

// The same moments by tokens and, as if inputs were normal, by the Gram matrix.
Table sampling_table(bool quick) {
  Table table{.id = "gd-sampling",
              .title = "What a prompt costs to draw, microseconds (one core, float)",
              .columns = {"n", "uniform, by tokens", "normal, by tokens", "normal, Gram matrix"},
              .rows = {},
              .notes = {"Uniform inputs have no direct sampler of G."}};
  for (const int n : {10, 50, 200}) {
    TaskSpec spec = task_of(n).spec();
    const int prompts = quick ? 160 : 800;
    const double uniform = sampling_cost(RegressionTask::create(spec).value(), prompts);
    spec.inputs = InputLaw::gaussian;
    spec.sampler = SamplerKind::tokens;
    const double tokens = sampling_cost(RegressionTask::create(spec).value(), prompts);
    spec.sampler = SamplerKind::gram;
    table.rows.push_back({static_cast<double>(n), uniform, tokens,
                          sampling_cost(RegressionTask::create(spec).value(), prompts)});
  }
  return table;
}

// The layer trained for n = 10, and the step of gradient descent that it should be.
struct One {
  const Network& network;
  const GdOptimum& best;
  int n;
  bool quick;
};

// Half way between the products of the trained and of the constructed layer.
void claim_interpolation(const One& one, const LayerWeights& weights, StudyResult& result) {
  const auto& [network, best, n, quick] = one;
  Network half = descent_network(best.layers).as_full();
  const std::size_t size = weights.p.size();
  for (std::size_t i = 0; i < size; ++i) {
    half.theta[i] = 0.5 * (half.theta[i] + weights.p[i]);
    half.theta[size + i] = 0.5 * (half.theta[size + i] + weights.q[i]);
  }
  const Alignment middle = compare(half, network, n, 1, 1, quick);
  result.claims.push_back(interpolation_claim(middle.loss.mean(), middle.other_loss.mean()));
}

void draw_out_of_distribution(const One& one, StudyResult& result) {
  const auto& [network, best, n, quick] = one;
  Worst out;
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
    for (const double scale :
         inputs ? std::span<const double>(kInputScales) : std::span<const double>(kTargetScales)) {
      const Alignment a = compare(network, descent_network(best.layers), n, inputs ? scale : 1,
                                  inputs ? 1 : scale, quick);
      layer.points.push_back({.x = scale, .y = a.loss.mean()});
      gd.points.push_back({.x = scale, .y = a.other_loss.mean()});
      out.add(std::abs(a.loss.mean() / a.other_loss.mean() - 1),
              fmt::format("{} {}: {:.3g} against {:.3g}", inputs ? "inputs" : "targets", scale,
                          a.loss.mean(), a.other_loss.mean()));
    }
    panel.series = {std::move(layer), std::move(gd)};
    figure.panels.push_back(std::move(panel));
  }
  result.figures.push_back(std::move(figure));
  result.claims.push_back(out_of_distribution_claim(out));
}

// The layer again and again.
void draw_roll_out(const One& one, int threads, StudyResult& result) {
  const auto& [network, best, n, quick] = one;
  Panel roll{.title = "Roll-out",
             .x = {.label = "applications", .log = true},
             .y = {.label = "loss", .log = true}};
  ThreadPool pool(threads);
  std::string rolled;
  double apart = 0, undamped = 0, best_undamped = INFINITY;
  for (const double damping : kDampings) {
    const std::vector<GdLayer> damped(kRollOut, GdLayer{.step = damping * best.layers[0].step});
    const Network rolls = rolled_out(network, kRollOut, damping), steps = descent_network(damped);
    NetworkPredictor trained(rolls, n, pool.threads()), descent(steps, n, pool.threads());
    const std::uint64_t prompts = quick ? 500 : 20'000;
    const auto a = layer_losses(task_of(n), trained, prompts, 4, pool),
               b = layer_losses(task_of(n), descent, prompts, 4, pool);
    Series network_line{.name = fmt::format("trained, damping {}", damping),
                        .role = Role::full,
                        .mark = Mark::points};
    Series gd_line{.name = fmt::format("gradient descent, {}", damping),
                   .role = Role::gdpp,
                   .mark = Mark::line};
    for (std::size_t k = 0; k < kRollOut; ++k) {
      network_line.points.push_back({.x = static_cast<double>(k + 1), .y = a[k].loss.mean()});
      gd_line.points.push_back({.x = static_cast<double>(k + 1), .y = b[k].loss.mean()});
      if (damping == 1) best_undamped = std::min(best_undamped, a[k].loss.mean());
      if (damping == 0.75)
        apart = std::max(apart, std::abs(a[k].loss.mean() / b[k].loss.mean() - 1));
    }
    if (damping == 1) undamped = a.back().loss.mean();
    if (damping == 0.75) {
      for (const std::size_t k : {1u, 5u, 10u, 20u, 50u}) {
        rolled += fmt::format("{}{}: {:.4f} ({:.4f})", rolled.empty() ? "" : ", ", k,
                              a[k - 1].loss.mean(), b[k - 1].loss.mean());
      }
    }
    roll.series.push_back(std::move(network_line));
    roll.series.push_back(std::move(gd_line));
  }
  result.figures.push_back({.id = "gd-fig1",
                            .title = "One layer applied many times",
                            .caption = "Only y is changed.",
                            .columns = 1,
                            .panels = {std::move(roll)}});
  add_claims(roll_out_claims({kRollOut, apart, undamped, best_undamped, rolled}), result);
}

}  // namespace

std::vector<Cell> fig2_cells() {
  std::vector<Cell> cells;
  for (const int n : kContexts) cells.push_back(cell_of(1, n));
  return cells;
}

Status draw_fig2(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const bool quick = options.effort.quick;
  result.tables.push_back(sampling_table(quick));
  Table table{.id = "gd-fig2",
              .title = "One trained layer and one step of gradient descent",
              .columns = {"n", "loss", "closed form", "cosine", "prediction difference",
                          "sensitivity difference", "off the diagonal of Q", "step / n",
                          "best step / n", "seconds"},
              .rows = {},
              .notes = {"Differences are means over prompts; the step is minus the yy entry of P "
                        "after Q is scaled to a mean "
                        "diagonal of 1. Published for n = 10: 0.2047 for gradient descent, whose "
                        "closed form is 0.2062."}};
  Panel sweep{.title = "Over the context length", .x = {.label = "n"}, .y = {.label = "loss"}};
  Series ours{.name = "trained layer", .role = Role::full, .mark = Mark::points};
  Series theory{.name = "one step of gradient descent", .role = Role::gdpp, .mark = Mark::line};
  Worst gap;
  for (const int n : kContexts) {
    const auto spectra = GRAMIAN_TRY(ContextSpectra::draw(task_of(n), quick ? 1'000 : 20'000, 3));
    const GdOptimum best = best_gd(spectra, 1, {});
    theory.points.push_back({.x = static_cast<double>(n), .y = best.loss.mean});
    const Trained* trained = archive.best(cell_of(1, n));
    if (trained == nullptr) continue;
    const auto network = GRAMIAN_TRY(load_network(*trained, options));
    const Estimate& loss = trained->scores.loss.at("model");
    const Alignment alignment = compare(network, descent_network(best.layers), n, 1, 1, quick);
    const LayerWeights weights = normalised(network);
    double off = 0;
    for (std::size_t i = 0; i < kDimension; ++i) {
      for (std::size_t j = 0; j < kDimension; ++j) {
        if (i != j) off = std::max(off, std::abs(weights.q[i * (kDimension + 1) + j]));
      }
    }
    const double step = as_gd_layer(weights).step;
    ours.points.push_back(point(n, loss));
    table.rows.push_back({static_cast<double>(n), TableCell{.value = loss.mean, .se = loss.se},
                          TableCell{.value = best.loss.mean, .se = best.loss.se},
                          alignment.cosine.mean(), alignment.prediction.mean(),
                          alignment.sensitivity.mean(), off, step / n, best.layers[0].step / n,
                          trained->seconds});
    gap.add(std::abs(loss.mean / best.loss.mean - 1),
            fmt::format("n = {}: {:.4f} against {:.4f}", n, loss.mean, best.loss.mean));
    if (n != kMain) continue;
    const OneLayerNumbers numbers{.loss = loss,
                                  .seconds = trained->seconds,
                                  .cosine = alignment.cosine.mean(),
                                  .prediction = alignment.prediction.mean(),
                                  .sensitivity = alignment.sensitivity.mean(),
                                  .off_diagonal = off,
                                  .step = step / n,
                                  .best_step = best.layers[0].step / n};
    add_claims(one_layer_claims(numbers), result);
    const One one{network, best, n, quick};
    claim_interpolation(one, weights, result);
    draw_out_of_distribution(one, result);
    draw_roll_out(one, options.threads, result);
    result.tables.push_back(published_one_layer(numbers, best.loss, result));
    auto points = GRAMIAN_TRY(training_curve(*trained, options));
    Panel training{
        .title = "Training, n = 10", .x = {.label = "step"}, .y = {.label = "loss of the batch"}};
    training.series = {
        {.name = "one layer", .role = Role::full, .mark = Mark::line, .points = std::move(points)},
        {.name = "gradient descent",
         .role = Role::gdpp,
         .mark = Mark::rule,
         .points = {{.y = best.loss.mean}}}};
    auto along = GRAMIAN_TRY(alignment_panel(
        *trained, {{"gradient descent", descent_network(best.layers)}}, n, options));
    result.figures.push_back(
        {.id = "gd-fig2",
         .title = "One layer",
         .caption =
             "Left: loss. Right: the layer at that step beside one step of gradient descent.",
         .columns = 2,
         .panels = {std::move(training), std::move(along)}});
  }
  sweep.series = {std::move(ours), std::move(theory)};
  result.figures.push_back({.id = "gd-sweep",
                            .title = "One layer for each n",
                            .caption = "",
                            .columns = 1,
                            .panels = {std::move(sweep)}});
  result.tables.push_back(std::move(table));
  result.claims.push_back(context_lengths_claim(gap));
  return {};
}

}  // namespace gramian::gd
