// Beyond the paper: what training changed in its FULL networks, and what pruning costs them, as
// Li et al. (2024) ask of one layer of softmax attention (papers/low_rank).
#include "gramian/papers/versatile/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gramian/base/assert.h"
#include "gramian/io/progress.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/runs/trained_run.h"

namespace gramian::versatile {

namespace {

constexpr std::uint64_t kPromptSeed = 77'000;  // of the prompts of every loss of this study

Setting full_setting(int layers, const Problem& problem) {
  return {.kind = Parametrisation::full, .layers = layers, .problem = &problem};
}

Expected<Changes> measure(const Trained& trained, const ChangesPlan& plan,
                          const StudyOptions& options, ThreadPool& pool) {
  const std::string path = fmt::format("{}/{}", options.directory, trained.directory);
  const auto directory = GRAMIAN_TRY(RunDirectory::open(path));
  const auto run = GRAMIAN_TRY(load_trained_run(directory));
  const EvalSpec eval{.prompts = options.effort.quick ? 2'000u : 20'000u, .seed = kPromptSeed};
  const TrainedSystem system = gram_system(run.experiment.task, run.network, run.experiment.train,
                                           start_of(run.experiment, path, pool), eval, pool);
  return examine_changes(system, plan,
                         [&options](std::uint64_t, std::uint64_t) { return options.goes_on(); });
}

struct ToMeasure {
  const Trained* trained;
  const Problem* problem;
  int layers;
  bool counts;
  ChangesPlan plan;
};

// On the main problem every seed, at every share and in both orders. On the others the seed that
// counts, at two shares, the smallest first.
std::vector<ToMeasure> networks_of(const Archive& archive, bool quick) {
  const ChangesPlan whole{.retrain_steps = quick ? 20 : 300};
  ChangesPlan brief = whole;
  brief.pruned_shares = {0.5, 0.75};
  brief.at_random = false;
  std::vector<ToMeasure> list;
  for (const Problem& problem : problems()) {
    for (int layers = 1; layers <= kTableLayers; ++layers) {
      const Setting setting = full_setting(layers, problem);
      const Trained* counts = best(archive, setting);
      const bool main = &problem == &main_problem();
      for (const Trained* trained : seeds(archive, setting)) {
        if (main || trained == counts)
          list.push_back({trained, &problem, layers, trained == counts, main ? whole : brief});
      }
    }
  }
  return list;
}

Expected<std::vector<MeasuredChanges>> measure_all(const Archive& archive,
                                                   const StudyOptions& options) {
  const std::vector<ToMeasure> networks = networks_of(archive, options.effort.quick);
  ThreadPool pool(options.threads);
  Progress bar("measure", static_cast<std::int64_t>(networks.size()), "networks");
  std::vector<MeasuredChanges> list;
  std::int64_t done = 0;
  for (const auto& [trained, problem, layers, counts, plan] : networks) {
    bar.update(done++);
    Changes changes = GRAMIAN_TRY(measure(*trained, plan, options, pool));
    if (changes.updates.empty()) continue;
    list.push_back({.layers = layers,
                    .problem = problem,
                    .seed = trained->seed,
                    .counts = counts,
                    .changes = std::move(changes)});
  }
  return list;
}

// As a multiple of the loss of the network as it is.
Estimate multiple_of(const RunningMean& loss, const RunningMean& whole) {
  const double ratio = loss.mean() / whole.mean();
  const double relative =
      std::hypot(loss.standard_error() / loss.mean(), whole.standard_error() / whole.mean());
  return {.mean = ratio, .se = ratio * relative};
}

// A claim about every network: it holds where the worst of them is inside of `limit`.
class OfEvery {
 public:
  // `upper`: no number may be above the limit; otherwise none below it (or at it, if `strict`).
  OfEvery(std::string text, double limit, bool upper, bool strict = false)
      : claim_{.text = std::move(text)}, limit_(limit), upper_(upper), strict_(strict) {}

  void add(double number, const std::string& place) {
    if (std::isnan(number)) number = INFINITY;
    const bool good = upper_ ? number <= limit_ : strict_ ? number > limit_ : number >= limit_;
    ++all_;
    good_ += good;
    if (all_ > 1 && (upper_ ? number <= worst_ : number >= worst_)) return;
    worst_ = number;
    place_ = place;
  }
  Claim judged(std::string_view what) && {
    if (all_ == 0) return std::move(claim_);
    claim_.holds = good_ == all_;
    claim_.detail = fmt::format("{} of {}; {} {} {:.3g}, at {}", good_, all_, what,
                                upper_ ? "at most" : "at least", worst_, place_);
    return std::move(claim_);
  }

 private:
  Claim claim_;
  double limit_, worst_ = 0;
  bool upper_, strict_;
  int all_ = 0, good_ = 0;
  std::string place_ = {};
};

}  // namespace

std::string MeasuredChanges::place() const {
  return fmt::format("L = {} on {}, seed {}", layers, problem->title, seed);
}

double MeasuredChanges::median_rank() const {
  GRAMIAN_ASSERT(!changes.updates.empty());
  std::vector<double> ranks;
  for (const MatrixUpdate& update : changes.updates) ranks.push_back(update.rank_99);
  std::ranges::sort(ranks);
  return 0.5 * (ranks[(ranks.size() - 1) / 2] + ranks[ranks.size() / 2]);
}

Estimate MeasuredChanges::at_rank(int rank) const {
  for (const TruncationCost& cost : changes.truncations) {
    if (cost.rank == rank) return multiple_of(cost.loss, changes.trained);
  }
  return {.mean = kUnknown, .se = kUnknown};
}

Estimate MeasuredChanges::after_pruning(double share) const {
  for (const PruningCost& cost : changes.pruning) {
    if (!cost.at_random && cost.share == share && cost.after)
      return multiple_of(*cost.after, changes.trained);
  }
  return {.mean = kUnknown, .se = kUnknown};
}

std::vector<Claim> changes_claims(const std::vector<MeasuredChanges>& list) {
  OfEvery rank(
      "The changes of P and Q have no low rank: in every network from two layers on the median "
      "one needs at least 5 of 11 directions for 99% of its squares",
      5, false);
  OfEvery low(
      "and no low rank is enough: with all changes at any rank from 1 to 8 the adjusted loss of "
      "every network from two layers on is more than twice that of the whole changes",
      2, false, true);
  OfEvery half(
      "Half of the weights can go: without the smallest 50%, and after retraining, the adjusted "
      "loss of every network is at most 10% above that of all weights",
      1.1, true);
  for (const MeasuredChanges& m : list) {
    half.add(m.after_pruning(0.5).mean, m.place());
    if (m.layers < 2) continue;
    rank.add(m.median_rank(), m.place());
    double nearest = INFINITY;  // what explodes is far
    int where = 0;
    for (const TruncationCost& cost : m.changes.truncations) {
      const double ratio = m.at_rank(cost.rank).mean;
      if (cost.rank == 0 || cost.rank > 8 || !(ratio < nearest)) continue;
      nearest = ratio;
      where = cost.rank;
    }
    low.add(nearest, fmt::format("rank {}, {}", where, m.place()));
  }
  return {std::move(rank).judged("directions"), std::move(low).judged("times the loss"),
          std::move(half).judged("times the loss")};
}

std::vector<Cell> changes_cells() {
  std::vector<Setting> settings;
  for (const Problem& problem : problems()) {
    for (int layers = 1; layers <= kTableLayers; ++layers)
      settings.push_back(full_setting(layers, problem));
  }
  return cells_of(settings);
}

Status draw_changes(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto list = GRAMIAN_TRY(measure_all(archive, options));
  add_claims(changes_claims(list), result);
  if (list.empty()) return {};
  result.tables = changes_tables(list);
  result.figures = changes_figures(list);
  return {};
}

}  // namespace gramian::versatile
