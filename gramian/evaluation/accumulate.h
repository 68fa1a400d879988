// Evaluations of disjoint ranges of prompts as rows of numbers that can be added.
//
// A row has the number of its first prompt, how many they are, the blow-ups, and for each mean of
// the evaluation ("model.adjusted", "bayes.loss", ..) three numbers: how many values were not
// finite, the mean of the others, and their sum of squared deviations. Rows of one range of prompts
// after the other add up to the evaluation of the whole range; in the order of addresses they add
// up to the same bits, whoever computed them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/blowups.h"
#include "gramian/evaluation/evaluate.h"

namespace gramian {

// "first,prompts,blowups,oracle.loss.not_finite,oracle.loss.mean,oracle.loss.squares,..": a line of
// CSV for all results of this shape, without its end.
std::string row_header(const EvalResult& shape);
// Numbers have all their digits. Without the end of the line, too.
std::string to_row(std::uint64_t first, const EvalResult& result);

struct EvalRow {
  std::uint64_t first = 0;  // prompts first to first + result.prompts
  EvalResult result;
};
// What to_row wrote, for results of this shape: its constants, query and thresholds are taken over.
// Errors: format, without a place: another number of cells, a cell that is no number, or counts
// that contradict each other.
Expected<EvalRow> from_row(std::string_view row, const EvalResult& shape);

// Requires: the same shape (asserted).
void add(const EvalResult& more, EvalResult& sum);

// The same for counts of blow-ups: "first,prompts,blowups,largest,loss.not_finite,loss.mean,
// loss.squares". A largest loss that left the finite numbers is "inf".
std::string blowup_header();
std::string to_row(std::uint64_t first, const BlowUpCount& count);
struct BlowUpRow {
  std::uint64_t first = 0;
  BlowUpCount count;
};
// Errors: as from_row.
Expected<BlowUpRow> blowups_from_row(std::string_view row, double threshold);
void add(const BlowUpCount& more, BlowUpCount& sum);

}  // namespace gramian
