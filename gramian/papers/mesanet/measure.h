// What the study of MesaNet measures: right answers of trained networks, as they were trained, at
// other sizes, and with the mesa layer solved by few steps of conjugate gradients.
//
// A number of right answers is the mean over prompts of the share of positions that ask at which
// the right symbol has the largest score of all, with its standard error.
#pragma once

#include <optional>
#include <vector>

#include "gramian/papers/mesanet/setting.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/runner.h"

namespace gramian::mesanet {

// The networks of one mixer that were trained on one kind of questions at one size.
struct RecallNumbers {
  Setting setting = {};
  std::vector<Estimate> seeds = {};  // right answers of each
  std::vector<double> learned = {};  // steps after which each seed that learns has learned
};
// The same networks of associative recall, trained at kMainSize, on questions of another size.
struct AskedNumbers {
  Mixing mixing = Mixing::mesa;
  Size size = {};
  std::vector<Estimate> seeds = {};
};
// The networks of the mesa layer among these, solved by so many steps; 0: exactly.
struct SolverNumbers {
  int steps = 0;
  std::vector<Estimate> seeds = {};
};

inline constexpr int kLengths[] = {64, 128, 256, 512, 1024};  // tokens of questions
inline constexpr int kItemTokens = 128;  // with room for twice as many items as in training

struct Measured {
  std::vector<RecallNumbers> trained = {};
  std::vector<AskedNumbers> lengths = {};  // of kKeySize items, and of as many as in training
  std::vector<AskedNumbers> items = {};    // of kItemTokens tokens, fewer and more items
  std::vector<SolverNumbers> solvers = {};
};

// A seed has learned at the first step at which the loss of the batch, averaged over kWindow rows
// of its curve, is below this share of what guessing among all symbols that can be an answer costs.
inline constexpr double kLearnedShare = 0.5;
inline constexpr std::size_t kWindow = 5;
double guessing_loss(RecallKind kind);  // nats
// Nothing for a curve that never is.
std::optional<double> learned_at(const std::vector<Point>& curve, double guessing);

std::vector<Setting> settings();  // of all networks that are trained

// Errors: those of load_token_seeds and training_curve; interrupted. Cost: about half a minute
// of one core.
Expected<Measured> measure_recall(const Archive& archive, const StudyOptions& options);

}  // namespace gramian::mesanet
