// Errors of regressors on rows that they have not seen, on the same splits for all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/tabular/regressor.h"

namespace gramian {

struct CrossValidationSpec {
  int folds = 10;
  int repeats = 1;  // each with folds of its own
  std::uint64_t seed = 0;
  int context = 0;  // learn from so many rows of the other folds, drawn at random; 0: from all
};

struct RegressorScore {
  std::string name;
  RunningMean error;          // squared error of a row, averaged over repeats; a mean over rows
  RunningMean minus_first;    // the same of the difference to the first regressor
  std::string undefined;      // why it is not defined on some split; there are no numbers then
  std::int64_t exploded = 0;  // splits on which the network was replaced by the mean
};

struct CrossValidation {
  CrossValidationSpec spec;
  std::size_t rows = 0, d = 0;
  std::int64_t splits = 0;
  double variance = 0;  // of the target
  std::vector<RegressorScore> scores;
};

// A random order of the rows: row permutation[i] is in fold i mod folds. The same (size, seed,
// repeat) gives the same order on every machine.
std::vector<std::size_t> permutation(std::size_t size, std::uint64_t seed, std::uint32_t repeat);

// Squared errors of each regressor on the fold that it was not given, for all folds and repeats.
// `progress` is called after each split with (done, all); if it returns false the work stops.
// Errors: usage, for fewer than 2 folds, more folds than rows, or folds that leave fewer than 2
// rows to learn from; interrupted, if progress stopped it.
Expected<CrossValidation> cross_validate(
    const TableRows& rows, const std::vector<const Regressor*>& regressors,
    const CrossValidationSpec& spec,
    const std::function<bool(std::int64_t, std::int64_t)>& progress = {});

// Both print squared errors as fractions of the variance of the target.
std::string to_table(const CrossValidation& result);
std::string to_json(const CrossValidation& result);

}  // namespace gramian
