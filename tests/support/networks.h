// What tests of several rooms share: small tasks, and diagonal networks written as full ones that
// do not look it.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/models/network.h"
#include "gramian/tasks/task.h"

namespace gramian::test {

inline RegressionTask small_task(int d, int n, NoisePrior noise) {
  return RegressionTask::create({.d = d, .n = n, .noise = std::move(noise), .covariance = {}})
      .value();
}

inline NoisePrior uniform(double low, double high) {
  return NoisePrior::uniform(low, high).value();
}

// The same function: two heads, mixed by a rotation, each in a gauge of its own.
inline Network in_disguise(const Network& diag) {
  Network full{diag.spec, {}};
  full.spec.kind = Parametrisation::full;
  full.spec.heads = 2;
  const std::size_t size = diag.spec.rows() * diag.spec.rows();
  for (int l = 0; l < static_cast<int>(diag.spec.stored_layers()); ++l) {
    const LayerWeights heads = expand(diag.omega(l), diag.spec.d, 2);
    const double angle = 0.4 + l, cosine = std::cos(angle), sine = std::sin(angle);
    const double rotation[2][2] = {{cosine, -sine}, {sine, cosine}};
    const double gauge[2] = {-3.0, 0.2};
    for (std::size_t h = 0; h < 2; ++h) {
      for (const bool is_p : {true, false}) {
        const std::vector<double>& from = is_p ? heads.p : heads.q;
        const double scale = is_p ? gauge[h] : 1 / gauge[h];
        for (std::size_t i = 0; i < size; ++i) {
          full.theta.push_back(scale *
                               (rotation[h][0] * from[i] + rotation[h][1] * from[size + i]));
        }
      }
    }
  }
  return full;
}

inline Network random_full(int d, int layers, int heads, std::uint64_t seed, double size) {
  Network network{{.kind = Parametrisation::full, .d = d, .layers = layers, .heads = heads}, {}};
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal(0, size);
  for (std::size_t i = 0; i < network.spec.parameters(); ++i)
    network.theta.push_back(normal(generator));
  return network;
}

}  // namespace gramian::test
