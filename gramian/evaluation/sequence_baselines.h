// What a sequence can be continued with, beside a trained network: algorithms that learn from the
// pairs (s_{t'-1}, s_{t'}), t' <= t, of the prompt itself, for every token t at once (von Oswald et
// al. 2023, Propositions 1 and 2, and the mesa layer).
//
//     zero           0
//     descent        step S_t S_{t-1}^T s_t: a step of gradient descent from Phi = 0 on the sum of
//                    1/2 |s_{t'} - Phi s_{t'-1}|^2, the best step for all t
//     steps-k        S_t S_{t-1}^T p(H_t) s_t, p the best polynomial of degree k for all t, H_t =
//                    S_{t-1} S_{t-1}^T: at least as good as k steps of Proposition 2, Richardson's
//                    with momentum, whose coefficients are learned, since each such iteration is
//                    such a polynomial (of a lower degree where one on unseen prompts is better);
//                    k = 1, .., kMostSteps
//     least-squares  Phi_t z_t, Phi_t of least sum of |s_{t'} - Phi z_{t'-1}|^2 + ridge |Phi|^2;
//                    z_t = (s_t, .., s_{t-lags+1}): the best ridge of a list, and the best number
//                    of lags of 1 to kMostLags
//
// Constants are chosen on prompts of their own (tuning stream). A pair counts where the task weighs
// its first token, so that of a regression in pairs x and y alternate and (y_j, x_{j+1}) is none.
//
// Requires: a task of numbers at every token, whose tokens show observations
// (TokenSource::observation; asserted). Letters: d numbers of s_t, T tokens. Errors: none. Cost: a
// prompt T d^2 (2 kMostSteps + 4) multiply-adds, and of least squares T (lags d)^3 / 6; tuning does
// the latter for every ridge and number of lags.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "gramian/evaluation/position_losses.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/token_task.h"

namespace gramian {

struct SequenceBaselines {
  static constexpr int kMostSteps = 6;
  static constexpr int kMostLags = 4;
  static constexpr std::array kRidges = {1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0};

  // Of polynomials: sum_j c_j T_j(2 H / largest - I), T_j those of Chebyshev.
  double largest = 1;
  std::array<std::vector<double>, kMostSteps + 1> coefficients = {};  // of degree k
  double step() const { return coefficients[0].empty() ? 0 : coefficients[0][0]; }
  double ridge = 1e-3;
  int lags = 1;

  // Whether the task has such baselines.
  static bool fit(const TokenTask& task);
  // The best on these prompts. Requires: prompts >= 1, and fit(task) (asserted).
  static SequenceBaselines tune(const TokenTask& task, std::uint64_t prompts, std::uint64_t seed,
                                ThreadPool& pool);

  // All of them in the order above. `task` must outlive the predictors.
  std::vector<NamedPredictor> predictors(const TokenTask& task) const;
};

// S_t S_{t-1}^T p(H_t) s_t with these coefficients.
MakeTokenPredictor polynomial_predictor(const TokenTask& task, std::vector<double> coefficients,
                                        double largest);
// Regularised least squares on this many lags. Requires: ridge > 0, lags in [1, kMostLags]
// (asserted).
MakeTokenPredictor least_squares_predictor(const TokenTask& task, double ridge, int lags);

}  // namespace gramian
