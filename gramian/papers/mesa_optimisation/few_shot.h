// Prompts of a linear regression, one example after the other, for networks that were trained to
// continue dynamical systems and have never seen one (von Oswald et al. 2023, Figs. 8 and 18).
//
//     as they are      x_1, y_1, x_2, y_2, ..             y = W x + e, W [d, d] of N(0, 1/d) for
//     separated        x_1, y_1, EOS, x_2, y_2, EOS, ..   each prompt, x of N(0, I), e of
//                                                         N(0, noise^2)
//     changed          as they are, but from example `change_after` + 1 on with another W
//
// What counts is y: the loss after k examples is 1/2 |prediction - y_{k+1}|^2 at the token x_{k+1}.
// EOS is a token of zeros with a 1 in a column of its own, which is 0 elsewhere
// (models/transformer/learned_tokens.h).
//
// Shapes: tokens [T, d], separated [T, d + 1]. A prompt depends on its address alone. Errors: none.
// Cost: T d / 2 normal numbers and T d^2 / 2 multiply-adds a prompt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/evaluation/position_losses.h"
#include "gramian/figures/result.h"
#include "gramian/studies/scores.h"
#include "gramian/tasks/token_task.h"

namespace gramian::mesa_optimisation {

struct FewShotSpec {
  int d = 5, tokens = 50;
  bool separated = false;
  int change_after = 0;  // examples; 0: one W for all
  double noise = 0.01;

  int tokens_of_example() const { return separated ? 3 : 2; }
  // How many y are asked for: the last one may stand behind the prompt.
  int asked() const { return (tokens - 1) / tokens_of_example() + 1; }
};
// Requires: d and tokens at least 1, change_after >= 0 and noise >= 0 (asserted).
TokenTask few_shot_task(const FewShotSpec& spec);

// Least squares as a network does it that takes every token for the successor of the one before:
// also of y_j and x_{j+1}, which have nothing to do with each other. `task` must outlive it.
// Requires: prompts as they are, and ridge > 0 (asserted).
MakeTokenPredictor least_squares_of_neighbours(const TokenTask& task, double ridge);

// Of these predictors the losses after 0, 1, .. examples, on the prompts of an evaluation.
std::vector<std::vector<Estimate>> losses_by_examples(const FewShotSpec& spec,
                                                      const TokenTask& task,
                                                      std::vector<NamedPredictor> predictors,
                                                      std::uint64_t prompts);

// One seed of a network: losses after 0, 1, .. examples.
struct FewShotNumbers {
  std::string network = {};
  bool is_hybrid = false;                // softmax, then mesa
  std::vector<Estimate> plain = {};      // as it was trained
  std::vector<Estimate> separated = {};  // with a learned EOS vector
  std::vector<Estimate> prefixed = {};   // with learned vectors in front
  std::vector<Estimate> both = {};
  std::vector<Estimate> changed = {};  // as it was trained; another W after `change_after` examples
  int change_after = 0;
};
std::vector<Claim> few_shot_claims(const std::vector<FewShotNumbers>& seeds);

}  // namespace gramian::mesa_optimisation
