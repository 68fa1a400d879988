// What the evaluation of a trained cell says, read back from its JSON file: studies draw from
// files only, so what was computed today and what was found on disk cannot differ.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/statistics.h"

namespace gramian {

struct Estimate {
  double mean = 0;  // NaN where undefined, infinity where the loss left the finite numbers
  double se = 0;
};

Estimate estimate_of(const RunningMean& mean);

struct ProfileScores {
  double sigma = 0;
  std::map<std::string, Estimate> adjusted = {}, loss = {};  // "model" and the solvers
  std::vector<Estimate> layers = {};                         // adjusted, read out after layer 1..L
};

// How adjusted losses of one prompt vary together: those of solvers and of the "model".
struct Covariances {
  std::vector<std::string> names = {};
  std::vector<double> values = {};  // [names, names]; NaN where a loss was not finite

  // Nothing where one of the two is not there.
  std::optional<double> of(std::string_view one, std::string_view other) const;
};

struct Scores {
  std::uint64_t prompts = 0;
  std::map<std::string, Estimate> adjusted = {}, loss = {};  // "model" and the solvers
  std::vector<Estimate> layers = {};                         // adjusted
  // Of tasks with answers at several positions: the losses of each, in order.
  std::map<std::string, std::vector<Estimate>> positions = {};
  std::map<std::string, Estimate> right = {};  // of classes: the share of answers that are right
  Estimate single_query = {};  // adjusted, with one sampled query a prompt; zeros if not examined
  Covariances single_query_covariances = {};  // of the same; empty if not examined
  // Of the network alone on more prompts, if examined: shares, and losses that such a share of
  // prompts is not above.
  std::vector<std::pair<double, double>> quantiles = {};
  // Its means over disjoint samples of these prompts, if examined; infinite where a loss is not
  // finite.
  std::vector<double> sample_means = {};
  // Expected loss of the network by an exact law, and without what so few prompts have that a
  // sample does not show it; NaN where no such law is known.
  double exact = std::numeric_limits<double>::quiet_NaN();
  double exact_without_rare = std::numeric_limits<double>::quiet_NaN();
  Estimate model_minus_bayes = {};
  std::uint64_t blowups = 0;
  double blowup_threshold = 0;
  Estimate adjusted_without = {};  // blow-ups
  std::vector<ProfileScores> profile = {};
};

// What `to_json(HandMadeComparison)` wrote: adjusted losses.
struct HandMadeScores {
  std::map<std::string, Estimate> references = {};
  std::vector<std::map<std::string, Estimate>> steps = {};  // after 1, 2, .. steps
};
// Errors: io; format.
Expected<HandMadeScores> load_hand_made(const std::string& path);

// Errors: io; format for a file that `gramian eval` did not write.
Expected<Scores> load_scores(const std::string& path);

// The scores of a cell with what `gramian collect` has found in the directory of its run, if that
// is of more prompts: losses of the model and the solvers, and blow-ups. Profiles and what is
// measured with single queries stay, and so does gradient descent, of which a collection may have
// another number of steps. Errors: io; format, for a collection that cannot be read.
Status take_collected(const std::string& directory, Scores& scores);

}  // namespace gramian
