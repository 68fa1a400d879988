// Ablation: what the networks can do that have no omega_xy, no entries of P and Q off their
// diagonals, or another part less.
//
// Setting a part to zero in a trained network breaks it, and its loss then says little about the
// part. What counts is the best network without it, for which a few are trained:
//
//   - the network that was cut, as it is and trained on;
//   - networks near gradient descent, without the part from the beginning, one for each seed;
//   - of GD++ (no omega_xy and no omega_yy) also the one of least expected loss, which is computed
//     where the law of the eigenvalues is known (theory/gd_family.h).
//
// The one with the least loss on prompts of selection is trained on, round after round, until a
// round lowers that loss by less than 2%, or the rounds are used up. Its loss on other prompts is
// an upper bound on what networks without the part can do: training may have missed a better one.
//
// Losses are adjusted losses: the mean loss minus that of the oracle. Nothing here changes the
// network that is given. Cost of a part: an evaluation of `spec.prompts` prompts for itself, for
// each start and for each round, and starts + rounds - 1 trainings of `steps` steps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/models/network.h"
#include "gramian/training/trainer.h"

namespace gramian {

// A part to leave out, in all layers.
struct Restriction {
  std::string name;        // "without omega_yy"
  Network network;         // with the part set to 0
  std::vector<bool> keep;  // [parameters] false: stays 0
  bool gdpp = false;       // what is left is GD++
};

// The restrictions of a network; the first is the network itself. DIAG: without omega_xy, without
// omega_yy, without both, without omega_xx. GD++: without omega_xx. FULL: with all entries of P and
// Q off their diagonals 0; the nearest DIAG network (weights.h); that one without omega_xy,
// omega_yy, omega_xx.
std::vector<Restriction> restrictions(const Network& network);

struct AblationPlan {
  std::int64_t steps = 1000;  // of Adam, of each start and of each round; 0: nothing is trained
  int starts = 3;             // the cut network and starts - 1 near gradient descent
  int rounds = 4;             // at most; the first is that of the starts
};

struct Ablation {
  std::string name;                  // of the restriction
  RunningMean before;                // adjusted loss with the part cut out, nothing retrained
  std::optional<RunningMean> after;  // of the best network found; nothing if none was looked for
  std::string from = {};             // where that one comes from: "the cut network", ..
  std::int64_t steps = 0;            // that it was trained for; 0: computed
  bool converged = false;            // the last round gained less than 2%
  std::string failure = {};          // the reason, where every training has failed
};

// Of each restriction, on the same prompts. The first is the network itself, which is trained on in
// the same way, so that all have had the same chances. Errors: interrupted.
Expected<std::vector<Ablation>> ablate(const RegressionTask& task, const Network& network,
                                       const TrainSpec& trained, const AblationPlan& plan,
                                       const EvalSpec& spec, ThreadPool& pool,
                                       const ProgressFunction& progress = {});

}  // namespace gramian
