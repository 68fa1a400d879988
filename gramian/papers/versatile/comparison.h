// How an adjusted loss of ours compares with the published one of Table 1, in three words: clearly
// better, not distinguishable, clearly worse.
//
// The paper gives no errors. A difference ours - published has two, which are added in squares:
//
//   evaluation  our standard error over prompts, and that of the paper's protocol (100,000 prompts
//               with one sampled query each), measured on our network
//   training    both numbers are the best of a few seeds. What another set of seeds would change is
//               estimated by the jackknife: leaving out one of k seeds changes the result only if
//               it was the chosen one, which gives the error (k - 1) / k |second - chosen|; the
//               published number is given the same. With one seed this is not known, and left out.
//
// The published value is read in two ways: as it stands, and calibrated by the published ridge
// solvers, which were measured on the same prompts (calibration.h); that leaves a smaller error of
// the protocol, and takes for granted that the prompts are common.
//
// A cell is clearly better or worse if the two values are apart by more than the rounding of the
// published one and two standard errors of the difference. Over the 210 cells of the table about
// five of each would be so by chance, were all differences zero. So cells are also counted by
// Holm's procedure, where all 210 together have a chance of 5% to show a difference that is none.
// Errors excuse no more than the value itself: where rare prompts carry a mean they would excuse
// all.
//
// Without noise there are networks of which one prompt in a million carries the mean (a standard
// error of more than kRare of it): it says what no mean over 100,000 prompts, as the published ones
// are, is likely to show. Such a network is judged by its means over samples of so many: clearly
// better or worse if the published value is beyond all of them, by more than its rounding. Of 40
// samples, both together happen with a chance of 2 / 41 = 4.9% if the published value is one more
// such mean; the corrected chance would take 8,600, so that no such cell is counted there.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "gramian/papers/versatile/calibration.h"
#include "gramian/papers/versatile/setting.h"

namespace gramian::versatile {

enum class Verdict { better, equal, worse };
enum class Reading { as_it_stands, calibrated };  // of the published value

// Share of the mean that its standard error has where rare prompts carry it.
inline constexpr double kRare = 0.25;

struct Comparison {
  Estimate ours = {};   // of the chosen seed
  double protocol = 0;  // standard error of the paper's protocol
  double training = 0;  // of ours; 0: not known
  int seeds = 1;
  Published paper = {};
  std::optional<Calibration> calibration = {};
  std::vector<double> sample_means = {};  // of ours, over as many prompts as the paper's; or none

  // What is known of the error of the published value. Calibrated is as it stands where there is no
  // calibration.
  Calibration read(Reading reading) const;
  // The published value less its estimated error.
  double published_value(Reading reading = Reading::as_it_stands) const;
  // Of the published value over prompts, by the paper's protocol.
  double protocol_error(Reading reading = Reading::as_it_stands) const;
  // Of the difference, both sides.
  double error(Reading reading = Reading::as_it_stands) const;
  // The chance of a difference as large (beyond rounding, either sign), if there is none; 1 where
  // the verdict is by samples.
  double p_value(Reading reading = Reading::as_it_stands) const;
  // Whether the verdict is by samples: there are some, and rare prompts carry our mean.
  bool by_samples() const;
  // How many of the samples have a mean at or below the published value, as it is printed.
  std::ptrdiff_t samples_at_or_below() const;
  // A value that is not finite is worse.
  Verdict verdict(Reading reading = Reading::as_it_stands) const;
  // This mean, or ours, is at or below the published value, at the precision at which that is
  // printed.
  bool at_or_below(double mean) const { return mean <= paper.value + paper.rounding; }
  bool at_or_below() const { return at_or_below(ours.mean); }
};

// Of the seeds of one cell, all on the same prompts. `seeds` is not empty, and `best` among them.
Comparison compare(const Trained& best, const std::vector<const Trained*>& seeds, Published paper,
                   std::optional<Calibration> calibration = {});

// "clearly better", "not distinguishable", "clearly worse".
std::string_view words(Verdict verdict);
// "better", "equal", "worse": the status of a cell in result files.
std::string status_of(Verdict verdict);

}  // namespace gramian::versatile
