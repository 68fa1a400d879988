#include "gramian/explain/stability.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/explain/prompts.h"
#include "gramian/theory/implicit.h"

namespace gramian {

namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr std::size_t kEigenvaluePrompts = 4096;
constexpr double kRatio = 1.02;  // of the sweep
constexpr std::uint64_t kBlowUpSeed = 3;

// |<w^L - w, v>| / |w| on the prompt of the header.
double growth(const RegressionTask& task, const Network& network, const Vector& v,
              double eigenvalue) {
  const auto d = v.size();
  const double n = task.n();
  const Vector w = std::sqrt(static_cast<double>(d)) * v;
  Matrix gram(d + 1, d + 1);
  gram.topLeftCorner(d, d) = Matrix::Identity(d, d) + (eigenvalue - 1) * v * v.transpose();
  gram.topRightCorner(d, 1) = gram.topLeftCorner(d, d) * w;
  gram.bottomLeftCorner(1, d) = gram.topRightCorner(d, 1).transpose();
  gram(d, d) = w.dot(gram.topRightCorner(d, 1).col(0)) + task.spec().noise.mean_square();
  gram *= n;
  const std::vector<double> list(gram.data(), gram.data() + gram.size());  // symmetric
  const auto states = implicit_states(network, list, network.spec.context_factor(task.n()));
  const Eigen::Map<const Vector> last(states.back().w.data(), d);
  return std::abs((last - w).dot(v)) / w.norm();
}

std::vector<Vector> directions(const RegressionTask& task, std::uint64_t seed) {
  const Eigen::Index d = task.d();
  std::vector<Vector> list;
  for (Eigen::Index i = 0; i < d; ++i) list.push_back(Vector::Unit(d, i));
  // The truths of fresh prompts have all directions (of the prior of w).
  for (const Prompt& prompt :
       draw_prompts(task, seed, PromptSet::stability, Stability::kDirections)) {
    list.push_back(Eigen::Map<const Vector>(prompt.truth.data(), d).normalized());
  }
  return list;
}

void sweep(const RegressionTask& task, const Network& network, std::uint64_t seed,
           Stability& result) {
  result.limit = Stability::kMostEigenvalue;
  std::vector<Vector> list = directions(task, seed);
  // A network that is a function of G alone in every direction alike needs one.
  if (network.spec.kind != Parametrisation::full) list.resize(1);
  for (const Vector& v : list) {
    const auto worse = [&](double l) { return !(growth(task, network, v, l) <= 1 + 1e-9); };
    double good = 0;
    for (double l = 1; l < result.limit * kRatio; l *= kRatio) {
      const double at = std::min(l, result.limit);
      if (!worse(at)) {
        good = at;
        continue;
      }
      double bad = at;
      for (int i = 0; i < 40 && good > 0; ++i)
        (worse((good + bad) / 2) ? bad : good) = (good + bad) / 2;
      result.limit = good;
      result.limit_found = true;
      break;
    }
  }
}

void eigenvalues(const RegressionTask& task, std::uint64_t seed, Stability& result) {
  std::vector<double> largest;
  const Eigen::Index d = task.d();
  for (const Prompt& prompt : draw_prompts(task, seed, PromptSet::stability, kEigenvaluePrompts)) {
    const Eigen::Map<const Matrix> gram(prompt.gram.data(), d + 1, d + 1);
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(Matrix(gram.topLeftCorner(d, d)),
                                                      Eigen::EigenvaluesOnly);
    largest.push_back(eigen.eigenvalues()(d - 1) / task.n());
  }
  std::ranges::sort(largest);
  result.eigenvalue_prompts = largest.size();
  result.eigenvalue_median = largest[largest.size() / 2];
  result.eigenvalue_99 = largest[largest.size() * 99 / 100];
  result.eigenvalue_most = largest.back();
}

}  // namespace

Expected<Stability> examine_stability(const RegressionTask& task, const Network& network,
                                      double threshold, std::uint64_t prompts, std::uint64_t seed,
                                      ThreadPool& pool, const ProgressFunction& progress) {
  Stability result;
  if (task.identity_covariance() && prompts > 0) {
    NetworkPredictor predictor(network, task.n(), pool.threads());
    auto count =
        GRAMIAN_TRY(count_blowups(task, predictor, threshold,
                                  {.seed = seed + kBlowUpSeed, .count = prompts}, pool, progress));
    result.blowups = std::move(count);
  }
  eigenvalues(task, seed, result);
  sweep(task, network, seed, result);
  return result;
}

}  // namespace gramian
