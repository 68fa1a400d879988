// What the studies of Giannou et al. (2024) train: linear attention on regression whose inputs have
// a prescribed condition number, and an encoder with softmax on logistic regression.
//
// Sizes are ours, for minutes of one core: d = 5 and n = 20 in place of d = 10 and n = 50, a few
// thousand steps in place of 100,000 with batches of 2,000. Inputs have eigenvalues of at most 1,
// since a network without clips works on no fixed range otherwise.
#pragma once

#include <string>
#include <vector>

#include "gramian/studies/recipe.h"
#include "gramian/tasks/conditioned_pairs.h"
#include "gramian/tasks/token_task.h"

namespace gramian::newton {

inline constexpr int kD = 5, kN = 20;
inline constexpr int kMostLayers = 6;

struct Problem {
  double kappa = 1;
  double noise = 0;

  std::string id() const;     // "kappa-10-noise-0.1"
  std::string title() const;  // "kappa = 10, sigma = 0.1"
  ConditionedSpec spec() const;
};
TokenTask task_of(const Problem& problem);

enum class Variant {
  plain,   // tokens (x, y) as they are, one head
  wide,    // an embedding to 16 numbers, four heads
  biased,  // the same with biases in attention, and numbers of at most 10, as the paper has them
  normed,  // embedded, with layer norm before each layer and before a linear read-out
};
std::string_view title_of(Variant variant);

struct Setting {
  Variant variant = Variant::plain;
  int layers = 1;
  Problem problem = {};

  std::string name() const;
  Cell cell() const;
};

// The encoder that predicts <w, x_q> of the solution w of logistic regression on the context.
inline constexpr int kLogisticD = 5, kLogisticN = 25;
inline constexpr double kMu = 0.1;
TokenTask logistic_task();
std::string logistic_name(int layers);
Cell logistic_cell(int layers);

std::string recipe(const Effort& effort);           // of linear attention, in words
std::string logistic_recipe(const Effort& effort);  // of the encoder

}  // namespace gramian::newton
