// What several studies of Li et al. (2024) draw with.
#pragma once

#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/low_rank/measure.h"
#include "gramian/papers/low_rank/setting.h"
#include "gramian/studies/draw.h"

namespace gramian::low_rank {

// The mean over seeds with its standard error.
TableCell over_seeds(const std::vector<double>& values);
// The same as a point with a bar of two standard errors.
Point point_over_seeds(double x, const std::vector<double>& values);

// One number of each seed.
template <class Seed, class Number>
std::vector<double> each(const std::vector<Seed>& seeds, Number number) {
  std::vector<double> values;
  for (const Seed& seed : seeds) values.push_back(static_cast<double>(number(seed)));
  return values;
}

// How exactly losses are measured: coarsely in a rehearsal.
LossPrecision precision_for(const StudyOptions& options);

std::vector<RankNumbers> measure_ranks(const std::vector<TokenSeed>& runs, int relevant);

// A table of updates without rows, and a row for each matrix: energies, gap, rank and angle of its
// update, over seeds.
Table rank_table(std::string id, std::string title);
void add_rank_rows(const std::string& name, const std::vector<RankNumbers>& seeds, Table& table);

}  // namespace gramian::low_rank
