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
  int context = 0;  // at most so many of the other folds' rows are given, drawn at random; 0: all
};

struct RegressorScore {
  std::string name;
  RunningMean
      error;  // of a row: squared error, averaged over repeats; the standard error is over rows
  RunningMean minus_first;  // the same of the difference to the first regressor
  std::string
      undefined;  // the reason, if it was not defined on some split; then there are no numbers
  std::int64_t exploded = 0;  // splits on which the network was replaced by the mean
};

struct CrossValidation {
  CrossValidationSpec spec;
  std::size_t rows = 0, d = 0;
  std::int64_t splits = 0;
  double variance = 0;  // of the target
  std::vector<RegressorScore> scores;
};

// Row permutation[i] is in fold i mod folds. The same for the same (size, seed, repeat) everywhere.
std::vector<std::size_t> permutation(std::size_t size, std::uint64_t seed, std::uint32_t repeat);

// `progress` is called after each split with (done, all) and stops the work by false (interrupted).
// Refuses (usage) folds that are fewer than 2 or more than the rows, or that leave fewer than 2
// rows.
Expected<CrossValidation> cross_validate(
    const Rows& rows, const std::vector<const Regressor*>& regressors,
    const CrossValidationSpec& spec,
    const std::function<bool(std::int64_t, std::int64_t)>& progress = {});

// Errors as fractions of the variance of the target.
std::string to_table(const CrossValidation& result);
std::string to_json(const CrossValidation& result);

}  // namespace gramian
