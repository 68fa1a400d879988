// Prompts made token by token with the standard library and Eigen: an oracle that shares
// no code with gramian/tasks.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/solvers/solver.h"

namespace gramian::test {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

inline const NoisePrior kUniform5 = NoisePrior::uniform(0, 5).value();

struct TokenPrompt {
  Matrix x;  // [n, d]
  Vector y;  // [n]
  Vector truth;
  Vector query;
  double sigma;
};

inline Matrix covariance_of(const RegressionTask& task) {
  const int d = task.d();
  if (task.identity_covariance()) return Matrix::Identity(d, d);
  return Eigen::Map<const Matrix>(task.spec().covariance.data(), d, d);
}

// K, the precision of the prior of w.
inline Matrix precision_of(const RegressionTask& task) {
  return task.spec().weights == WeightLaw::inverse_covariance
             ? covariance_of(task)
             : Matrix::Identity(task.d(), task.d());
}

class TokenGenerator {
 public:
  TokenGenerator(const RegressionTask& task, unsigned seed)
      : task_(task), generator_(seed), factor_(covariance_of(task).llt().matrixL()) {}

  TokenPrompt draw() {
    std::uniform_real_distribution<double> uniform;
    TokenPrompt prompt;
    const double pick = uniform(generator_);
    prompt.sigma = task_.spec().noise.draw(pick, uniform(generator_));
    prompt.truth = normals(task_.d());
    if (task_.spec().weights == WeightLaw::inverse_covariance) {
      prompt.truth = factor_.transpose().triangularView<Eigen::Upper>().solve(prompt.truth);
    }
    prompt.x.resize(task_.n(), task_.d());
    for (int i = 0; i < task_.n(); ++i) prompt.x.row(i) = factor_ * normals(task_.d());
    prompt.y = prompt.x * prompt.truth + prompt.sigma * normals(task_.n());
    prompt.query = factor_ * normals(task_.d());
    return prompt;
  }

 private:
  Vector normals(int size) {
    std::normal_distribution<double> normal;
    Vector z(size);
    for (double& entry : z) entry = normal(generator_);
    return z;
  }

  const RegressionTask& task_;
  std::mt19937_64 generator_;
  Matrix factor_;
};

inline void set_lane(const TokenPrompt& prompt, int lane, PromptBlock<double>& block) {
  const auto n = prompt.x.rows(), d = prompt.x.cols();
  Matrix tokens(n, d + 1);
  tokens << prompt.x, prompt.y;
  const Matrix gram = tokens.transpose() * tokens;
  for (Eigen::Index k = 0; k < gram.size(); ++k)
    block.gram[k * kLanes + lane] = gram(k / (d + 1), k % (d + 1));
  for (Eigen::Index i = 0; i < d; ++i) {
    block.truth[i * kLanes + lane] = prompt.truth(i);
    block.query[i * kLanes + lane] = prompt.query(i);
  }
  block.sigma[lane] = prompt.sigma;
}

inline SpectrumBatch spectra_of(const RegressionTask& task,
                                const std::vector<TokenPrompt>& prompts) {
  SpectrumBatch batch(task, prompts.size());
  PromptBlock<double> block(task.d());
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    set_lane(prompts[p], 0, block);
    batch.fill(block, 1, p);
  }
  return batch;
}

inline SpectrumBatch draw_spectra(const RegressionTask& task, std::size_t count, unsigned seed) {
  TokenGenerator generator(task, seed);
  std::vector<TokenPrompt> prompts;
  for (std::size_t p = 0; p < count; ++p) prompts.push_back(generator.draw());
  return spectra_of(task, prompts);
}

// The weights of a solver in the coordinates of x: one prediction for each unit vector.
inline Vector weights_of(const Solver& solver, const RegressionTask& task, TokenPrompt prompt) {
  Vector weights(task.d());
  std::vector<double> coordinates(static_cast<std::size_t>(task.d()));
  for (int j = 0; j < task.d(); ++j) {
    prompt.query = Vector::Unit(task.d(), j);
    const SpectrumBatch batch = spectra_of(task, {prompt});
    solver.solve(batch[0], coordinates);
    weights(j) = Eigen::Map<const Vector>(coordinates.data(), task.d())
                     .dot(Eigen::Map<const Vector>(batch[0].query.data(), task.d()));
  }
  return weights;
}

inline RegressionTask make_task(int n, int d, NoisePrior noise) {
  TaskSpec spec;
  spec.n = n;
  spec.d = d;
  spec.noise = std::move(noise);
  return RegressionTask::create(std::move(spec)).value();
}

// A covariance with eigenvalues from 1/4 to 4 in a basis of no special direction.
inline RegressionTask make_correlated_task(int n, int d, NoisePrior noise, WeightLaw weights) {
  std::mt19937_64 generator(7);
  std::normal_distribution<double> normal;
  Matrix random(d, d);
  for (double& entry : random.reshaped()) entry = normal(generator);
  const Matrix basis = random.householderQr().householderQ();
  const Matrix covariance = basis *
                            Vector::LinSpaced(d, -1, 1)
                                .unaryExpr([](double u) { return std::pow(4.0, u); })
                                .asDiagonal() *
                            basis.transpose();
  TaskSpec spec;
  spec.n = n;
  spec.d = d;
  spec.noise = std::move(noise);
  spec.covariance.assign(covariance.data(), covariance.data() + d * d);
  spec.weights = weights;
  return RegressionTask::create(std::move(spec)).value();
}

}  // namespace gramian::test
