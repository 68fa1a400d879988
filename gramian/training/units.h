// The sizes in which a linear transformer is begun and trained on a task.
//
// The numbers of a start and of an optimiser (a step of 0.5, noise of 0.01, a rate of 0.01) are
// meant for inputs and targets of ordinary size, and for networks of ordinary width and depth.
// Where x is a times and y b times as large, the same function has the weights
//
//     P = D P~ D^-1,    Q = D^-1 Q~ D^-1,    D = diag(a I, b)
//
// with P~ and Q~ those for ordinary sizes. Each weight has so a unit of its own; a network begins,
// and its optimiser works, in numbers of these units. Within wide bounds a and b are 1: all units
// are exactly 1 on the problems of the papers (d <= 10, at most ten layers, eigenvalues of S from
// 1/20 to 12, E y^2 up to 27, n >= d / 2), and multiplying by them changes no bit.
//
// Letters: S covariance of x, d its dimension, n context length, L layers, D rows of a token.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/tasks/task.h"

namespace gramian {

struct Units {
  std::vector<double> theta;  // [parameters]; empty where all are 1
  double squared_error = 1;   // b^2: of squared errors
  // On the rate of Adam, SOAP and gradient descent. A step of Adam moves every entry of a matrix
  // by its rate at once, and the product of L layers by L times as much.
  double rate = 1;
};

// Requires: network.d == task.d() (asserted). Cost: d^3 where S is not I.
Units units_of(const RegressionTask& task, const NetworkSpec& network);

// Whether inputs and targets are of a size that single precision can hold through all layers.
// Errors: config, with the key.
Status check_sizes_of_numbers(const RegressionTask& task);

// Network::initial in units of the task. Where d, n or L would let the largest eigenvalues of G/n
// explode, step and curvature of `how` are bounded, and the noise shrinks with width and depth:
//
//     step <= (1 + min(2.4, 1000^(1/L))) / nu,    curvature <= 1.7 / nu,
//     step <= 7 s / (L m),                        noise <= sqrt(s)
//
// with nu = (1 + sqrt(d/n) + 4/sqrt(n))^2 times the largest eigenvalue of S: at most exp(-8) of all
// prompts are beyond it (Davidson and Szarek 2001). A step of gradient descent multiplies the error
// along nu by |1 - step nu|, so that L of them make it 1000-fold at most. m is the mean eigenvalue
// of S, and s the share of the signal in what least squares finds, t / (t + E sigma^2 d / n) with
// t = E <w, x>^2: where noise is nearly all, a network that begins as least squares is far worse
// than one that predicts 0. Requires: as units_of, and network.check().
Network initial_network(const RegressionTask& task, const NetworkSpec& network,
                        const InitialWeights& how, std::uint64_t seed);

}  // namespace gramian
