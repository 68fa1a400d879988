// Pairs whose inputs have a covariance of a prescribed condition number (Giannou et al. 2024): for
// linear regression, and for classification with labels 1 and -1.
//
//     x = U diag(sqrt(l)) z,   z ~ N(0, I),   U a random rotation
//     l_1 ~ U(lowest, highest),  l_2 = l_1 / kappa,  the other l_i ~ U(l_2, l_1)
//     linear     y = <w, x> + sigma noise, the target without noise
//     sign       y = 1 if <w, x> > 0, else -1
//     bernoulli  y = 1 with probability 1 / (1 + exp(-<w, x>)), else -1
//
// with w ~ N(0, I); of the last two the target is the label of the query. Neighbours in a series of
// prompts share U and l: prompts i with one i / shared. In training, where the prompts of a step
// count from 0, `shared` = the batch gives one covariance a batch, as in the publication; 1 gives
// one a prompt. With unit_norm every x is divided by its length.
//
// With a curriculum, step t of training has its first k = 2 + t / curriculum inputs alone and the
// first n k / d pairs, rounded up, as in the publication, until k = d: other numbers of x, w and
// y are zero. Evaluations have all from the beginning.
//
// Shapes: x of d numbers; the truth of a prompt is w [d]. Errors: config, in words that name the
// key. Cost: the draws, and d^3 a covariance.
#pragma once

#include <memory>

#include "gramian/base/error.h"
#include "gramian/tasks/noise.h"
#include "gramian/tasks/pair_task.h"

namespace gramian {

enum class Response { linear, sign, bernoulli };

struct ConditionedSpec {
  int d = 10, n = 20;
  double condition = 1;            // kappa; for d = 1 there is none
  double lowest = 1, highest = 1;  // of the largest eigenvalue
  int shared = 1;                  // prompts in a row with one covariance
  Response response = Response::linear;
  bool unit_norm = false;
  NoisePrior noise = NoisePrior::constant(0).value();  // of Response::linear alone
  int curriculum = 0;  // steps for each input, of Response::linear alone; 0: none
};

Expected<std::shared_ptr<const PairTask>> conditioned_pairs(const ConditionedSpec& spec);

}  // namespace gramian
