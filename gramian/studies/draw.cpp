#include "gramian/studies/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gramian/base/assert.h"
#include "gramian/io/files.h"
#include "gramian/io/json.h"

namespace gramian {

std::string_view title_of(Parametrisation kind) { return kKindTitles.word(kind); }

Role role_of(Parametrisation kind) {
  return kind == Parametrisation::full   ? Role::full
         : kind == Parametrisation::diag ? Role::diag
         : kind == Parametrisation::gdpp ? Role::gdpp
                                         : Role::other;
}

TableCell cell_of(const Estimate& estimate) { return {.value = estimate.mean, .se = estimate.se}; }

Point point(double x, const Estimate& estimate) {
  return {.x = x,
          .y = estimate.mean,
          .low = estimate.mean - 2 * estimate.se,
          .high = estimate.mean + 2 * estimate.se};
}

Expected<std::vector<Point>> training_curve(const Trained& trained, const StudyOptions& options) {
  const std::string path = fmt::format("{}/{}/metrics.jsonl", options.directory, trained.directory);
  std::vector<Point> points;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return points;  // of a kept network
  const auto text = GRAMIAN_TRY(read_file(path));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto json = parse_json(line);
    if (!json || !json->is_object()) continue;
    const auto step = json->find("step"), loss = json->find("loss");
    if (step == json->end() || !step->is_number_integer()) continue;
    if (loss == json->end() || !loss->is_number()) continue;
    points.push_back({.x = step->get<double>(),
                      .y = loss->get<double>(),
                      .note = fmt::format("step {}", step->get<std::int64_t>())});
  }
  return points;
}

void add_claims(std::vector<Claim> claims, StudyResult& result) {
  for (Claim& claim : claims) result.claims.push_back(std::move(claim));
}

std::string text(const Estimate& estimate) {
  if (!std::isfinite(estimate.mean)) return "not finite";
  return fmt::format("{:.3g} +- {:.1g}", estimate.mean, estimate.se);
}

std::string against(const Estimate& left, const Estimate& right) {
  return fmt::format("{} against {}", text(left), text(right));
}

Spread spread(const std::vector<double>& values) {
  Spread spread;
  for (const double v : values) spread.mean += v / static_cast<double>(values.size());
  if (values.size() < 2) return spread;
  for (const double v : values) spread.deviation += (v - spread.mean) * (v - spread.mean);
  spread.deviation = std::sqrt(spread.deviation / static_cast<double>(values.size() - 1));
  return spread;
}

Estimate over_seeds(const std::vector<Estimate>& seeds) {
  GRAMIAN_ASSERT(!seeds.empty());
  std::vector<double> means;
  double se = 0;
  for (const Estimate& seed : seeds) {
    means.push_back(seed.mean);
    se = std::max(se, seed.se);
  }
  const Spread all = spread(means);
  const double of_spread = all.deviation / std::sqrt(static_cast<double>(means.size()));
  return {all.mean, std::max(se, of_spread)};
}

TableCell cell_of_seeds(const std::vector<Estimate>& seeds) {
  if (seeds.empty()) return {.note = "not trained"};
  return cell_of(over_seeds(seeds));
}

Table comparison_table(std::string id, std::string title, std::vector<std::string> notes) {
  return {.id = std::move(id),
          .title = std::move(title),
          .columns = {"", "here", "published: where", "why they differ"},
          .rows = {},
          .notes = std::move(notes)};
}

void add_comparison(Table& table, std::string what, const TableCell& here, std::string where,
                    std::string why) {
  table.rows.push_back({std::move(what), here, std::move(where), std::move(why)});
}

}  // namespace gramian
