// What studies of all papers draw with: points with error bars, training curves, numbers in words,
// tables of numbers beside published ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/models/network.h"
#include "gramian/studies/runner.h"

namespace gramian {

// "FULL", as in papers, and its colour in figures.
std::string_view title_of(Parametrisation kind);
Role role_of(Parametrisation kind);

TableCell cell_of(const Estimate& estimate);
// Of over_seeds; "not trained" without any.
TableCell cell_of_seeds(const std::vector<Estimate>& seeds);

// An error bar of two standard errors.
Point point(double x, const Estimate& estimate);

// Loss of the batch against the step, from metrics.jsonl; empty for a network that was kept
// (kept_networks.h), of which there is none. Errors: io.
Expected<std::vector<Point>> training_curve(const Trained& trained, const StudyOptions& options);

void add_claims(std::vector<Claim> claims, StudyResult& result);

// "0.0451 +- 0.0004"
std::string text(const Estimate& estimate);

// "0.0451 +- 0.0004 against 0.05 +- 0.0003"
std::string against(const Estimate& left, const Estimate& right);

// Mean and standard deviation of values, one for each seed.
struct Spread {
  double mean = 0, deviation = 0;
};
Spread spread(const std::vector<double>& values);

// The mean of one estimate a seed. Its error is that of the spread of the seeds, or the largest of
// theirs where that is larger. Requires: at least one (asserted).
Estimate over_seeds(const std::vector<Estimate>& seeds);

// A table of numbers of this project beside published ones. Its columns: what is measured; ours,
// with its standard error, and theirs; where theirs comes from; why the two differ.
Table comparison_table(std::string id, std::string title, std::vector<std::string> notes = {});
void add_comparison(Table& table, std::string what, const TableCell& here, std::string where,
                    std::string why);

}  // namespace gramian
