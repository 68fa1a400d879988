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

std::vector<RankNumbers> measure_ranks(const std::vector<SeedRun>& runs, int relevant) {
  std::vector<RankNumbers> numbers;
  for (const SeedRun& seed : runs) numbers.push_back(measure_rank(seed.run, relevant));
  return numbers;
}

std::vector<std::string> rank_columns() {
  return {"cell",
          "matrix",
          "squares in as many directions as relevant patterns",
          "in the first direction",
          "next singular value / last of these",
          "rank (above 5%)",
          "angle to the relevant patterns, degrees"};
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
