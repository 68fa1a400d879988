// Table 1: adjusted loss of 3 parametrisations x 7 depths x 10 noise problems.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gramian/figures/csv.h"
#include "gramian/papers/versatile/comparison.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/runs/gram_family.h"
#include "gramian/studies/judge.h"
#include "gramian/theory/gd_family.h"

namespace gramian::versatile {

namespace {

// Nothing where every start diverged.
std::optional<Comparison> comparison_of(const Archive& archive, const Setting& setting) {
  const Trained* trained = best(archive, setting);
  if (trained == nullptr) return std::nullopt;
  return compare(*trained, seeds(archive, setting),
                 published(setting.kind, setting.layers, *setting.problem),
                 calibrate(trained->scores, *setting.problem));
}

struct Range {
  double least = 0, median = 0, most = 0;
};

// Of the adjusted losses of these seeds, one at least.
Range range_of(const std::vector<const Trained*>& trained) {
  std::vector<double> values;
  for (const Trained* one : trained) values.push_back(one->scores.adjusted.at("model").mean);
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return {values.front(),
          values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2,
          values.back()};
}

void append(std::string& list, const std::string& text) {
  list += (list.empty() ? "" : "; ") + text;
}

// "3 seeds: median 0.06, 0.058 to 0.07"; empty for one seed.
std::string spread_of(const std::vector<const Trained*>& trained) {
  if (trained.size() < 2) return {};
  const Range range = range_of(trained);
  return fmt::format("{} seeds: median {:.3g}, {:.3g} to {:.3g}", trained.size(), range.median,
                     range.least, range.most);
}

TableCell table_cell(const Archive& archive, const Setting& setting,
                     const std::optional<Comparison>& comparison) {
  const Published paper = published(setting.kind, setting.layers, *setting.problem);
  const Trained* trained = best(archive, setting);
  if (trained == nullptr || !comparison)
    return {.paper = paper.value, .status = "worse", .note = "every start diverged"};
  TableCell out{.value = comparison->ours.mean,
                .se = comparison->ours.se,
                .paper = paper.value,
                .bayes = trained->scores.adjusted.at("bayes").mean,
                .status = status_of(comparison->verdict()),
                .note = spread_of(seeds(archive, setting))};
  const Scores& scores = trained->scores;
  if (comparison->calibration) {
    append(out.note,
           fmt::format("calibrated by the published solvers the published value is {} ({:.0f}% of "
                       "its variance explained): {}",
                       text({comparison->published_value(Reading::calibrated),
                             comparison->calibration->se}),
                       100 * comparison->calibration->explained,
                       words(comparison->verdict(Reading::calibrated))));
  }
  if (!std::isnan(scores.exact)) {
    append(out.note, fmt::format("exact expectation {:.4g}, without the rarest millionth of "
                                 "eigenvalues {:.4g}",
                                 scores.exact, scores.exact_without_rare));
  }
  for (const auto& [share, loss] : scores.quantiles)
    append(out.note, fmt::format("{:.5g}% of prompts are below {:.2g}", 100 * share, loss));
  if (comparison->by_samples()) {
    const auto [least, most] = std::ranges::minmax(comparison->sample_means);
    append(out.note, fmt::format("{} means over 100,000 prompts: {:.2g} to {:.2g}, {} at or below "
                                 "the published value",
                                 comparison->sample_means.size(), least, most,
                                 comparison->samples_at_or_below()));
  }
  if (scores.blowups > 0) {
    append(out.note, fmt::format("{} of {} prompts exploded; without them {}", scores.blowups,
                                 scores.prompts, text(scores.adjusted_without)));
  }
  return out;
}

// The least expected loss of a GD++ network without noise that was found, over the exact law of the
// eigenvalues.
double least_expected(const Setting& setting) {
  const auto experiment = gram_experiment(starts(setting, 0, {}).front());
  return best_gd(eigenvalue_law(experiment->task).value(), 0, setting.layers, {.curvature = true})
      .loss.mean;
}

// Why no GD++ network can be expected to reach the published value, or empty if one can. GD++ is
// linear in the targets, so with noise it is not below ridge with the constant E sigma^2, which is
// CONSTRR; without noise its least expected loss can be computed.
std::string out_of_reach(const Setting& setting, const Trained* trained) {
  if (setting.kind != Parametrisation::gdpp || trained == nullptr) return {};
  if (!std::isfinite(trained->scores.adjusted.at("model").mean)) return {};
  const Published paper = published(setting.kind, setting.layers, *setting.problem);
  if (setting.problem->noiseless()) {
    const double least = least_expected(setting);
    if (paper.value + paper.rounding >= least) return {};
    return fmt::format("the least expected loss of a GD++ network is {:.2g}", least);
  }
  const Estimate& bound = trained->scores.adjusted.at("constrr");
  if (paper.value + paper.rounding >= bound.mean - 3 * bound.se) return {};
  return fmt::format("GD++ is linear in the targets; CONSTRR, the best such solver, is at {}",
                     text(bound));
}

// A consequence of the same: a check of training and evaluation, not of the paper.
Claim linear_claim(const Archive& archive) {
  Claim claim{
      .text =
          "A check of the code: GD++ is linear in the targets, so with noise no cell is below "
          "CONSTRR by three standard errors"};
  double lowest = 0;
  std::string where = "none";
  int count = 0;
  for (const Problem& problem : problems()) {
    for (int layers = 1; layers <= kTableLayers && !problem.noiseless(); ++layers) {
      const Setting setting{.kind = Parametrisation::gdpp, .layers = layers, .problem = &problem};
      const Trained* trained = best(archive, setting);
      if (trained == nullptr) continue;
      ++count;
      const Estimate &ours = trained->scores.adjusted.at("model"),
                     &bound = trained->scores.adjusted.at("constrr");
      const double deviation =
          (ours.mean - bound.mean) / std::max(std::hypot(ours.se, bound.se), 1e-12);
      if (deviation >= lowest) continue;
      lowest = deviation;
      where = fmt::format("{}: {}", setting.title(), against(ours, bound));
    }
  }
  if (count > 0) claim.holds = lowest > -3;
  claim.detail = fmt::format("{} cells; the lowest is {:.1f} standard errors below: {}", count,
                             -lowest, where);
  return claim;
}

// The verdicts on all cells, with the published values read in one way.
class Verdicts {
 public:
  explicit Verdicts(Reading reading) : reading_(reading) {}

  // `unreachable`: of a cell that is clearly worse, why no network of this kind can be expected to
  // reach the published value, or empty. A cell without a comparison diverged.
  void add(const Setting& setting, const TableCell& out,
           const std::optional<Comparison>& comparison, const std::string& unreachable) {
    const Verdict verdict = comparison ? comparison->verdict(reading_) : Verdict::worse;
    ++counts_[static_cast<std::size_t>(verdict)];
    titles_.push_back(setting.title());
    p_values_.push_back(comparison ? comparison->p_value(reading_) : 0);
    below_.push_back(comparison && comparison->ours.mean < comparison->published_value(reading_));
    if (verdict != Verdict::worse) return;
    const double value =
        comparison ? comparison->published_value(reading_) : out.paper.value_or(kUnknown);
    std::string told = fmt::format("{} ({} against {:.3g})", setting.title(),
                                   out.value ? text({*out.value, *out.se}) : "diverged", value);
    if (!unreachable.empty()) {
      ++out_of_reach_;
      told += fmt::format(" [{}]", unreachable);
    } else if (!out.note.empty() && reading_ == Reading::as_it_stands) {
      told += fmt::format(" [{}]", out.note);
    }
    append(worse_cells_, told);
  }

  int count(Verdict verdict) const { return counts_[static_cast<std::size_t>(verdict)]; }
  int out_of_reach() const { return out_of_reach_; }  // of those that are clearly worse
  const std::string& worse_cells() const { return worse_cells_; }
  std::string headline() const {
    return fmt::format("{} of {} cells clearly better, {} not distinguishable, {} clearly worse",
                       count(Verdict::better), titles_.size(), count(Verdict::equal),
                       count(Verdict::worse));
  }

  // Corrected for all comparisons (Holm's procedure, 5%).
  struct Sure {
    int better = 0, worse = 0;
    std::string better_cells;
  };
  Sure sure() const {
    Sure sure;
    const std::vector<bool> rejected = rejected_by_holm(p_values_, 0.05);
    for (std::size_t k = 0; k < rejected.size(); ++k) {
      if (!rejected[k]) continue;
      ++(below_[k] ? sure.better : sure.worse);
      if (below_[k]) append(sure.better_cells, titles_[k]);
    }
    return sure;
  }

 private:
  Reading reading_;
  std::array<int, 3> counts_{};
  int out_of_reach_ = 0;
  std::string worse_cells_;
  std::vector<std::string> titles_;  // of all cells, and with them
  std::vector<double> p_values_;
  std::vector<bool> below_;  // whether ours is the smaller
};

struct Count {
  Verdicts plain{Reading::as_it_stands}, calibrated{Reading::calibrated};
  int all = 0, at_or_below = 0;
  int fewest_seeds = 0;
  Cases above_bayes{"No network is below the Bayes bound by more than three standard errors"};
};

void judge(const Setting& setting, const TableCell& out, const Trained* trained,
           const std::optional<Comparison>& comparison, Count& count) {
  ++count.all;
  const auto is_worse = [&](Reading reading) {
    return !comparison || comparison->verdict(reading) == Verdict::worse;
  };
  std::string unreachable;  // without noise it takes seconds to know
  if (is_worse(Reading::as_it_stands) || is_worse(Reading::calibrated))
    unreachable = out_of_reach(setting, trained);
  count.plain.add(setting, out, comparison, unreachable);
  count.calibrated.add(setting, out, comparison, unreachable);
  const int seeds = comparison ? comparison->seeds : 0;
  count.fewest_seeds = count.all == 1 ? seeds : std::min(count.fewest_seeds, seeds);
  if (comparison && comparison->at_or_below()) ++count.at_or_below;
  // Without noise Bayes is at zero to rounding, and so is what the difference could show.
  if (trained == nullptr || setting.problem->noiseless()) return;
  const Estimate& above = trained->scores.model_minus_bayes;
  count.above_bayes.add_quietly(
      std::isnan(above.mean) ? std::nullopt : Judgement(above.mean >= -3 * above.se),
      fmt::format("{}: {}", setting.title(), text(above)));
}

Claim worse_claim(std::string text, const Verdicts& verdicts) {
  return {.text = std::move(text),
          .holds = verdicts.count(Verdict::worse) - verdicts.out_of_reach() <= 3,
          .detail = fmt::format("{}, of these {} out of reach", verdicts.headline(),
                                verdicts.out_of_reach())};
}

Claim better_claim(std::string text, const Verdicts& verdicts) {
  const Verdicts::Sure sure = verdicts.sure();
  return {.text = std::move(text),
          .holds = sure.better >= 40,
          .detail = fmt::format("{} are ({} clearly worse): {}", sure.better, sure.worse,
                                sure.better_cells)};
}

std::vector<Claim> count_claims(const Count& count) {
  return {
      worse_claim("At most 3 of the 210 cells are clearly worse than published and not proven to "
                  "be out of reach",
                  count.plain),
      worse_claim("The same with the published values calibrated by the published solvers",
                  count.calibrated),
      better_claim("At least 40 cells are clearly better after correction for 210 comparisons, the "
                   "published values calibrated by the published solvers",
                   count.calibrated),
      better_claim("The same with the published values as they stand", count.plain),
      {.text = "At least 95% of the 210 cells are at or below the published value: the mean, at "
               "the precision that is printed, no errors allowed",
       .holds = count.at_or_below >= 0.95 * count.all,
       .detail = fmt::format("{} of {} are", count.at_or_below, count.all)}};
}

std::vector<Setting> table1_settings() {
  std::vector<Setting> list = table_settings(true);
  for (const Setting& setting : table_settings(false)) list.push_back(setting);
  return list;
}

// Mean gaps to the Bayes bound of FULL with seven layers, over the noisy problems that are there.
// Those of the paper are its values minus our bound, and have the errors of its protocol and of
// their rounding.
struct DeepGaps {
  int problems = 0;
  Estimate ours = {}, plain = {}, calibrated = {};

  void add(const Trained& trained, const Comparison& comparison) {
    const auto add_to = [](Estimate& sum, double mean, double se) {
      sum = {sum.mean + mean / 9, std::hypot(sum.se, se / 9)};
    };
    const Estimate& bayes = trained.scores.adjusted.at("bayes");
    const auto add_paper = [&](Estimate& sum, Reading reading) {
      add_to(sum, comparison.published_value(reading) - bayes.mean,
             std::hypot(bayes.se, comparison.protocol_error(reading),
                        comparison.paper.rounding_error()));
    };
    ++problems;
    add_to(ours, trained.scores.model_minus_bayes.mean, trained.scores.model_minus_bayes.se);
    add_paper(plain, Reading::as_it_stands);
    add_paper(calibrated, Reading::calibrated);
  }

  // Ours over the paper's; nothing where the paper's cannot be told from zero.
  std::optional<Estimate> ratio(const Estimate& paper) const {
    if (!(paper.mean > 2 * paper.se)) return std::nullopt;
    const double value = ours.mean / paper.mean;
    return Estimate{value, std::hypot(ours.se, value * paper.se) / paper.mean};
  }
};

Claim deep_claim(const Archive& archive) {
  DeepGaps gaps;
  for (const Problem& problem : problems()) {
    if (problem.noiseless()) continue;
    const Setting setting{
        .kind = Parametrisation::full, .layers = kTableLayers, .problem = &problem};
    if (const Trained* trained = best(archive, setting))
      gaps.add(*trained, comparison_of(archive, setting).value());
  }
  Claim claim{.text =
                  "FULL, L = 7: the mean gap to the Bayes bound over the nine noisy problems is at "
                  "most half of the paper's, its values calibrated by the published solvers"};
  if (gaps.problems < 9) {
    claim.detail = fmt::format("{} of 9 problems are there", gaps.problems);
    return claim;
  }
  const std::optional<Estimate> ratio = gaps.ratio(gaps.calibrated);
  if (ratio) claim.holds = at_most(*ratio, 0.5);
  const auto told_ratio = [&](const Estimate& paper) {
    const std::optional<Estimate> it = gaps.ratio(paper);
    return fmt::format("{:.5f} +- {:.5f}, {}", paper.mean, paper.se,
                       it ? fmt::format("ratio {:.2f} +- {:.2f}", it->mean, it->se)
                          : "which cannot be told from zero");
  };
  claim.detail = fmt::format(
      "ours {:.5f} +- {:.5f}, the paper's (its values minus our Bayes bound) {}; as they stand {}",
      gaps.ours.mean, gaps.ours.se, told_ratio(gaps.calibrated), told_ratio(gaps.plain));
  return claim;
}

// The solvers of both sides are the same methods, so that their values differ as means over the
// paper's prompts do.
Claim solvers_claim(const Archive& archive) {
  double sum = 0;
  int count = 0;
  std::string each;
  for (const Problem& problem : problems()) {
    const Trained* trained =
        best(archive, {.kind = Parametrisation::diag, .layers = 1, .problem = &problem});
    if (trained == nullptr) continue;
    const std::optional<double> chi = solvers_chi_squared(trained->scores, problem);
    if (!chi) continue;
    sum += *chi;
    ++count;
    append(each, fmt::format("{:.1f} on {}", *chi, problem.title));
  }
  Claim claim{.text =
                  "The published ridge solvers differ from ours no more than means over 100,000 "
                  "prompts do: chi-squared with three degrees of freedom for each problem with "
                  "noise, at a level of 5%"};
  if (count == 0) return claim;
  const double chance = chi_squared_tail(sum, 3 * count);
  claim.holds = chance >= 0.05;
  claim.detail =
      fmt::format("{:.1f} of {} degrees, chance {:.2f}: {}", sum, 3 * count, chance, each);
  return claim;
}

// One row for each kind and depth; how they compare with the published values is added to `count`.
void add_networks(const Archive& archive, Table& table, Count& count) {
  for (int layers = 1; layers <= kTableLayers; ++layers) {
    for (const Parametrisation kind : kKinds) {
      auto& row = table.rows.emplace_back();
      row.emplace_back(static_cast<double>(layers));
      row.emplace_back(std::string(title_of(kind)));
      for (const Problem& problem : problems()) {
        const Setting setting{.kind = kind, .layers = layers, .problem = &problem};
        const std::optional<Comparison> comparison = comparison_of(archive, setting);
        TableCell out = table_cell(archive, setting, comparison);
        judge(setting, out, best(archive, setting), comparison, count);
        row.emplace_back(std::move(out));
      }
    }
  }
}

void add_solvers(const Archive& archive, Table& table) {
  for (const SolverLine& solver : kSolverLines) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string());
    row.emplace_back(std::string(solver.title));
    for (const Problem& problem : problems()) {
      const Trained* trained =
          best(archive, {.kind = Parametrisation::diag, .layers = 1, .problem = &problem});
      TableCell cell;
      if (trained != nullptr) {
        const Estimate& ours = trained->scores.adjusted.at(solver.name);
        cell.value = ours.mean;
        cell.se = ours.se;
      }
      if (solver.role != Role::bayes) cell.paper = published(solver.name, problem).value;
      row.emplace_back(std::move(cell));
    }
  }
}

}  // namespace

std::vector<Cell> table1_cells() { return cells_of(table1_settings()); }

Status draw_table1(const Archive& archive, const StudyOptions&, StudyResult& result) {
  Table table{.id = "table1", .title = "Adjusted loss, beside the paper's and the Bayes bound"};
  table.columns = {"layers", "kind"};
  for (const Problem& problem : problems()) table.columns.emplace_back(problem.label);
  Count count;
  add_networks(archive, table, count);
  add_solvers(archive, table);
  table.notes.push_back(fmt::format(
      "Columns: sigma_max of uniform noise, or the set of equally likely levels. Clearly worse: "
      "above the published value by more than its rounding and two standard errors of the "
      "difference (at most the value itself); clearly better: below by as much. The errors are "
      "that "
      "of our evaluation, that of the paper's protocol (100,000 prompts with one query each, "
      "measured on our network) and, where a cell has several seeds, that of choosing the best of "
      "them, on both sides. Without noise, where the standard error of ours is above a quarter of "
      "it since rare prompts carry it: the published value is above or below all means over "
      "100,000 "
      "prompts, as it is one itself, of which there are 40. {}",
      count.fewest_seeds > 1 ? fmt::format("Every cell has at least {} seeds.", count.fewest_seeds)
                             : "GD++ is computed and has one seed: its errors are of evaluation "
                               "alone."));
  table.notes.push_back(count.plain.headline() + ".");
  table.notes.push_back(
      "Calibrated: the paper's three ridge solvers were measured on the same prompts as its "
      "networks (a claim below says how well the table shows that) and their expected losses are "
      "known, so their published values say how these prompts differ from the average, and most of "
      "the error of the paper's protocol can be taken away. " +
      count.calibrated.headline() + ".");
  if (!count.calibrated.worse_cells().empty())
    table.notes.push_back("Clearly worse than the calibrated values: " +
                          count.calibrated.worse_cells());
  if (!count.plain.worse_cells().empty())
    table.notes.push_back("Clearly worse than the paper: " + count.plain.worse_cells());
  result.tables.push_back(std::move(table));
  add_claims(count_claims(count), result);
  result.claims.push_back(common_prompts_claim(archive));
  result.claims.push_back(
      count.above_bayes.claim(fmt::format("{} networks", count.above_bayes.count())));
  result.claims.push_back(linear_claim(archive));
  result.claims.push_back(deep_claim(archive));
  result.claims.push_back(solvers_claim(archive));
  return {};
}

std::string table1_csv(const Archive& archive, const StudyOptions&) {
  std::string csv =
      "layers,kind,problem,adjusted,se,bayes,paper,seeds,steps,seconds,least,median,most,"
      "difference_se,verdict,calibrated,calibrated_se,calibrated_difference_se,"
      "calibrated_verdict\n";
  for (const Setting& setting : table1_settings()) {
    const auto trained = seeds(archive, setting);
    const double in_the_paper = published(setting.kind, setting.layers, *setting.problem).value;
    csv += fmt::format("{},{},{},", setting.layers, title_of(setting.kind),
                       csv_text(setting.problem->label));
    const auto comparison = comparison_of(archive, setting);
    if (!comparison) {
      csv += fmt::format(",,,{},0,,,,,,,,,,,\n", csv_number(in_the_paper));
      continue;
    }
    const Trained& chosen = *best(archive, setting);
    double seconds = 0;
    for (const Trained* seed : trained) seconds += seed->seconds;
    const Range range = range_of(trained);
    csv += fmt::format("{},{},{},{},{},{},{:.1f},{},{},{},{},{}", csv_number(comparison->ours.mean),
                       csv_number(comparison->ours.se),
                       csv_number(chosen.scores.adjusted.at("bayes").mean),
                       csv_number(in_the_paper), trained.size(), chosen.steps, seconds,
                       csv_number(range.least), csv_number(range.median), csv_number(range.most),
                       csv_number(comparison->error()), words(comparison->verdict()));
    constexpr Reading kCalibrated = Reading::calibrated;
    csv += comparison->calibration
               ? fmt::format(",{},{},{},{}\n", csv_number(comparison->published_value(kCalibrated)),
                             csv_number(comparison->calibration->se),
                             csv_number(comparison->error(kCalibrated)),
                             words(comparison->verdict(kCalibrated)))
               : ",,,,\n";
  }
  return csv;
}

}  // namespace gramian::versatile
