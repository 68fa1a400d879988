// looped-rotation: the best preconditioner of a loop is not symmetric. Beyond the paper.
#include <fmt/format.h>

#include <numeric>

#include "gramian/evaluation/statistics.h"
#include "gramian/papers/looped/claims.h"
#include "gramian/papers/looped/restricted.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"
#include "gramian/theory/looped.h"

namespace gramian::looped {

namespace {

constexpr int kInputs = 10, kExamples = 100, kMostTurned = 10;  // d, n of training, L
constexpr int kContextLengths[] = {50, 100, 1000, 1'000'000};
constexpr int kTrainedLoops[] = {1, 2, 5, 10};
// a and k are chosen on contexts of one seed and judged on those of another.
constexpr std::uint64_t kChoosingSeed = 5, kJudgingSeed = 7;

std::string turned_name(int n) {
  return n == 1'000'000 ? std::string("n = 10^6") : fmt::format("n = {}", n);
}

Setting turned_setting(int loops) {
  return {.kind = Parametrisation::preconditioned,
          .layers = loops,
          .problem = {.d = kInputs, .n = kExamples}};
}

double mean_of(const std::vector<double>& losses) {
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

// Of the losses of two A on the same contexts: each mean, and their ratio.
RotationNumbers numbers_of(int n, int loops, double a, const RotatedOptimum& turned,
                           const LoopedContexts& judging, const EigenvalueLaw& law) {
  const auto straight = judging.losses(rotated_step(kInputs, a, 0), loops),
             rotated = judging.losses(rotated_step(kInputs, turned.step, turned.rotation), loops);
  const Ratio ratio = ratio_of_means(rotated, straight);
  return {.n = n,
          .loops = loops,
          .a = a,
          .turned_a = turned.step,
          .k = turned.rotation,
          .symmetric = mean_of(straight),
          .turned = mean_of(rotated),
          .exact = expected_loss(law, a, loops),
          .ratio = {ratio.value, ratio.error}};
}

Expected<std::vector<RotationNumbers>> measure_rotation(bool quick) {
  std::vector<RotationNumbers> list;
  for (const int n : kContextLengths) {
    const LoopedContexts many(kInputs, n, quick ? 500 : 20'000, kChoosingSeed),
        fewer(kInputs, n, quick ? 100 : 4'000, kChoosingSeed),
        judging(kInputs, n, quick ? 500 : 20'000, kJudgingSeed);
    const EigenvalueLaw law = GRAMIAN_TRY(eigenvalue_law(task_of(kInputs, n, {})));
    for (int loops = 1; loops <= kMostTurned; ++loops) {
      list.push_back(numbers_of(n, loops, many.optimum(loops).step.mean,
                                fewer.rotated_optimum(loops), judging, law));
    }
  }
  return list;
}

Expected<std::vector<TrainedRotation>> trained_rotations(const Archive& archive,
                                                         const std::vector<RotationNumbers>& theory,
                                                         const StudyOptions& options) {
  std::vector<TrainedRotation> list;
  for (const int loops : kTrainedLoops) {
    const Setting setting = turned_setting(loops);
    const Trained* trained = archive.best(setting.name());
    if (trained == nullptr) continue;
    const auto model = GRAMIAN_TRY(load_restricted(*trained, setting.problem, options));
    for (const RotationNumbers& at : theory) {
      if (at.n != kExamples || at.loops != loops) continue;
      list.push_back({.loops = loops, .k = model.turn, .best_k = at.k, .a = at.turned_a});
    }
  }
  return list;
}

Table rotation_table(const std::vector<RotationNumbers>& numbers) {
  Table table{
      .id = "looped-rotation",
      .title = "The best symmetric A = a* I and the best A = a I + k J, on the same contexts",
      .columns = {"n", "L", "a*", "a", "k", "symmetric", "over all contexts", "rotated",
                  "rotated / symmetric"},
      .notes = {
          "d = 10, S = I. Loss: E (prediction - y)^2. a and k are chosen on other contexts than "
          "the "
          "20,000 on which both are judged. Over all contexts: the exact loss of the symmetric A. "
          "Where it is far above that of the sample, contexts carry it that are too rare to be in "
          "one; for the rotated A no such number is known."}};
  for (const RotationNumbers& at : numbers) {
    table.rows.push_back({static_cast<double>(at.n), static_cast<double>(at.loops), at.a,
                          at.turned_a, at.k, at.symmetric, at.exact, at.turned, cell_of(at.ratio)});
  }
  return table;
}

Figure rotation_figure(const std::vector<RotationNumbers>& numbers,
                       const std::vector<TrainedRotation>& trained) {
  Panel losses{.title = "Loss, n = 100",
               .x = {.label = "loops L", .ticks = {1, 4, 7, 10}},
               .y = {.label = "E (prediction - y)^2", .log = true}};
  Series straight{.name = "best symmetric A", .role = Role::bayes},
      turned{.name = "best a I + k J", .role = Role::full};
  Panel ratios{.title = "Loss of the rotated A, as a share",
               .x = {.label = "loops L", .ticks = {1, 4, 7, 10}},
               .y = {.label = "rotated / symmetric", .log = true}};
  Panel sizes{.title = "Size of the rotation, n = 100",
              .x = {.label = "loops L", .ticks = {1, 4, 7, 10}},
              .y = {.label = "k"}};
  Series best{.name = "best", .role = Role::full},
      found{.name = "trained", .role = Role::paper, .mark = Mark::points};
  for (const int n : kContextLengths) {
    Series series{.name = turned_name(n)};
    for (const RotationNumbers& at : numbers) {
      if (at.n != n) continue;
      const auto x = static_cast<double>(at.loops);
      series.points.push_back(point(x, at.ratio));
      if (n != kExamples) continue;
      straight.points.push_back({.x = x, .y = at.symmetric});
      turned.points.push_back({.x = x, .y = at.turned});
      best.points.push_back({.x = x, .y = at.k});
    }
    ratios.series.push_back(std::move(series));
  }
  for (const TrainedRotation& one : trained)
    found.points.push_back({.x = static_cast<double>(one.loops), .y = one.k});
  losses.series = {std::move(straight), std::move(turned)};
  sizes.series = {std::move(best), std::move(found)};
  return {.id = "looped-rotation",
          .title = "The best preconditioner of a loop turns",
          .caption =
              "J turns by ninety degrees in five planes. Error bars: two standard errors, on "
              "the same contexts for both.",
          .columns = 3,
          .panels = {std::move(losses), std::move(ratios), std::move(sizes)}};
}

}  // namespace

std::vector<Cell> rotation_cells() { return cells_of(kTrainedLoops, turned_setting); }

Status draw_rotation(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(measure_rotation(options.effort.quick));
  const auto trained = GRAMIAN_TRY(trained_rotations(archive, numbers, options));
  result.tables.push_back(rotation_table(numbers));
  result.figures.push_back(rotation_figure(numbers, trained));
  result.claims = rotation_claims(numbers, trained);
  return {};
}

}  // namespace gramian::looped
