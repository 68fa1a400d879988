#include "gramian/papers/low_rank/draw.h"

#include <cmath>

namespace gramian::low_rank {

TableCell over_seeds(const std::vector<double>& values) {
  const Spread all = spread(values);
  TableCell cell{.value = all.mean};
  if (values.size() > 1) cell.se = all.deviation / std::sqrt(static_cast<double>(values.size()));
  return cell;
}

Point point_over_seeds(double x, const std::vector<double>& values) {
  const TableCell cell = over_seeds(values);
  return point(x, {.mean = *cell.value, .se = cell.se.value_or(0)});
}

LossPrecision precision_for(const StudyOptions& options) {
  return options.effort.quick ? LossPrecision{.prompts = 100, .random_orders = 1} : LossPrecision{};
}

std::vector<RankNumbers> measure_ranks(const std::vector<TokenSeed>& runs, int relevant) {
  std::vector<RankNumbers> numbers;
  for (const TokenSeed& seed : runs) numbers.push_back(measure_rank(seed.run, relevant));
  return numbers;
}

Table rank_table(std::string id, std::string title) {
  return {.id = std::move(id),
          .title = std::move(title),
          .columns = {"", "update of", "squares in R directions", "in one", "next / last", "rank",
                      "angle"},
          .rows = {},
          .notes = {
              "Means over seeds with their standard errors. R is the number of relevant patterns; "
              "squares are those of all singular values; next / last is singular value R + 1 over "
              "R; the rank counts singular values above 5% of the largest.",
              "The angle, in degrees, is that of the direction, among the first R that a matrix "
              "acts on, that is farthest from the span of the relevant patterns. W_O acts on "
              "values, and not on tokens."}};
}

void add_rank_rows(const std::string& name, const std::vector<RankNumbers>& seeds, Table& table) {
  if (seeds.empty()) return;
  for (std::size_t k = 0; k < kMatrices.size(); ++k) {
    const auto cell = [&](auto number) {
      return over_seeds(each(seeds, [&](const RankNumbers& s) { return number(s.updates[k]); }));
    };
    TableCell angle = cell([](const UpdateNumbers& u) { return u.angle; });
    if (kMatrices[k] == "W_O") angle = {.value = 0, .note = "acts on values, not on tokens"};
    table.rows.push_back({name, std::string(kMatrices[k]),
                          cell([](const UpdateNumbers& u) { return u.energy; }),
                          cell([](const UpdateNumbers& u) { return u.energy_of_one; }),
                          cell([](const UpdateNumbers& u) { return 1 / u.gap; }),
                          cell([](const UpdateNumbers& u) { return u.rank; }), angle});
  }
}

}  // namespace gramian::low_rank
