// The reductions of looped transformers, against the engine and against each other.
#include "gramian/theory/looped.h"
#include "gramian/base/decompositions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/pass.h"
#include "gramian/models/reference.h"

namespace gramian {
namespace {

using Vector = Eigen::VectorXd;

NetworkSpec looped(int d, int loops) {
  return {.kind = Parametrisation::preconditioned, .d = d, .layers = loops, .tied = true};
}

// A random well-conditioned covariance.
std::vector<double> covariance(int d) {
  const RowMajorMatrix b = RowMajorMatrix::NullaryExpr(d, d, [](Eigen::Index i, Eigen::Index j) {
    return std::sin(1.7 * static_cast<double>(i) + 2.3 * static_cast<double>(j));
  });
  const RowMajorMatrix s = b * b.transpose() / d + 0.5 * RowMajorMatrix::Identity(d, d);
  return {s.data(), s.data() + s.size()};
}

RegressionTask task_of(int d, int n, bool shaped) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  if (shaped) spec.covariance = covariance(d);
  spec.weights = WeightLaw::inverse_covariance;
  return RegressionTask::create(spec).value();
}

struct Drawn {
  PromptBlock<double> block;
  AlignedArray<double> tokens;
  std::vector<RowMajorMatrix> s_hat;  // of each lane
  std::vector<Vector> truth;

  Drawn(const RegressionTask& task, std::uint32_t first = 0) : block(task.d()) {
    PromptSampler<double>(task).sample_tokens({.seed = 4, .first = first}, kLanes, block, tokens);
    const int d = task.d();
    for (int p = 0; p < kLanes; ++p) {
      s_hat.push_back(RowMajorMatrix::NullaryExpr(d, d, [&](Eigen::Index i, Eigen::Index j) {
        return block.gram[static_cast<std::size_t>((i * (d + 1) + j) * kLanes + p)] / task.n();
      }));
      truth.push_back(Vector::NullaryExpr(d, [&](Eigen::Index i) {
        return block.truth[static_cast<std::size_t>(i * kLanes + p)];
      }));
    }
  }
};

Network random_looped(int d, int loops, double u) {
  Network network{looped(d, loops), {}};
  for (int i = 0; i < d * d; ++i)
    network.theta.push_back((i % (d + 1) == 0 ? 0.4 : 0.0) + 0.1 * std::sin(3.1 * i + 1));
  for (int i = 0; i < d; ++i) network.theta.push_back(u * std::cos(2.0 * i));
  return network;
}

double unit(double value) { return std::max(1.0, std::abs(value)); }

// Acceptance (a): L steps of preconditioned gradient descent on the tokens, for any A.
TEST(Looped, IsPreconditionedGradientDescent) {
  for (const int d : {1, 3, 10}) {
    for (const int loops : {1, 2, 5, 10}) {
      const RegressionTask task = task_of(d, 2 * d + 1, true);
      const Drawn drawn(task);
      const Network network = random_looped(d, loops, 0);
      NetworkPass<double> pass(network.spec);
      AlignedArray<double> weights(static_cast<std::size_t>(d * kLanes));
      pass.forward(network.theta.data(), drawn.block, network.spec.context_factor(task.n()),
                   weights.data());
      const Eigen::Map<const RowMajorMatrix> a(network.theta.data(), d, d);
      for (int p = 0; p < kLanes; ++p) {
        Vector w = Vector::Zero(d);
        for (int l = 0; l < loops; ++l) {
          Vector slope = Vector::Zero(d);  // 1/n sum (<w, x> - y) x
          for (int i = 0; i < task.n(); ++i) {
            const auto x = Vector::NullaryExpr(d, [&](Eigen::Index k) {
              return drawn.tokens[static_cast<std::size_t>((i * (d + 1) + k) * kLanes + p)];
            });
            const double y = drawn.tokens[static_cast<std::size_t>((i * (d + 1) + d) * kLanes + p)];
            slope += (w.dot(x) - y) / task.n() * x;
          }
          w -= a.transpose() * slope;
        }
        for (int i = 0; i < d; ++i) {
          EXPECT_NEAR(weights[static_cast<std::size_t>(i * kLanes + p)], w[i],
                      1e-12 * unit(w.cwiseAbs().maxCoeff()))
              << "d = " << d << ", L = " << loops;
        }
      }
    }
  }
}

// w^L = w - M^L w + (I - M^L) u, prompt by prompt, with what the token-by-token reference says.
TEST(Looped, ErrorIsThatOfTruthAndThatOfU) {
  const int d = 4, loops = 3;
  const RegressionTask task = task_of(d, 9, true);
  const Drawn drawn(task);
  const Network network = random_looped(d, loops, 0.7);
  NetworkPass<double> pass(network.spec);
  AlignedArray<double> weights(d * kLanes);
  pass.forward(network.theta.data(), drawn.block, network.spec.context_factor(9), weights.data());
  const Eigen::Map<const RowMajorMatrix> a(network.theta.data(), d, d);
  const Eigen::Map<const Vector> u(network.theta.data() + d * d, d);
  for (int p = 0; p < kLanes; ++p) {
    const auto lane = static_cast<std::size_t>(p);
    RowMajorMatrix power = RowMajorMatrix::Identity(d, d);
    for (int l = 0; l < loops; ++l)
      power = (RowMajorMatrix::Identity(d, d) - a.transpose() * drawn.s_hat[lane]) * power;
    const Vector expected = drawn.truth[lane] - power * drawn.truth[lane] + u - power * u;
    std::vector<double> tokens;
    for (std::size_t i = 0; i < 9 * (d + 1); ++i) tokens.push_back(drawn.tokens[i * kLanes + lane]);
    double prediction = 0;
    for (std::size_t i = 0; i < d; ++i) {
      EXPECT_NEAR(weights[i * kLanes + lane], expected[static_cast<Eigen::Index>(i)],
                  1e-12 * unit(expected.norm()));
      tokens.push_back(drawn.block.query[i * kLanes + lane]);
      prediction += expected[static_cast<Eigen::Index>(i)] * tokens.back();
    }
    tokens.push_back(0);
    EXPECT_NEAR(token_predictions(network, tokens).back(), prediction, 1e-12 * unit(prediction));
  }
}

// loss(A, u) = loss(A, 0) + the term of u: the cross term is odd in w, so a prompt and its mirror
// image cancel exactly; and the mean over w of what is left is the trace.
TEST(Looped, LossSplitsAndIsATrace) {
  const int d = 4, loops = 2;
  const RegressionTask task = task_of(d, 9, true);
  const Eigen::Map<const RowMajorMatrix> s(task.spec().covariance.data(), d, d);
  const Network network = random_looped(d, loops, 0.7);
  const Eigen::Map<const RowMajorMatrix> a(network.theta.data(), d, d);
  const Eigen::Map<const Vector> u(network.theta.data() + d * d, d);
  NetworkPass<double> pass(network.spec);
  AlignedArray<double> weights(d * kLanes);
  double difference = 0, squares = 0;
  constexpr std::uint32_t kPrompts = 16'000;
  for (std::uint32_t first = 0; first < kPrompts; first += kLanes) {
    Drawn drawn(task, first);
    double both[kLanes] = {};
    for (const double sign : {1.0, -1.0}) {
      for (std::size_t i = 0; i < d * kLanes; ++i)
        drawn.block.truth[i] *= sign;  // twice: as it was, then mirrored
      if (sign < 0) {
        for (std::size_t i = 0; i < d; ++i) {
          for (std::size_t p = 0; p < kLanes; ++p) {
            drawn.block.gram[(i * (d + 1) + d) * kLanes + p] *= -1;
            drawn.block.gram[(d * (d + 1) + i) * kLanes + p] *= -1;
          }
        }
      }
      pass.forward(network.theta.data(), drawn.block, network.spec.context_factor(9),
                   weights.data());
      for (std::size_t p = 0; p < kLanes; ++p) {
        const Vector error = Vector::NullaryExpr(d, [&](Eigen::Index i) {
          const auto k = static_cast<std::size_t>(i) * kLanes + p;
          return weights[k] - drawn.block.truth[k];
        });
        both[p] += 0.5 * error.dot(s * error);
      }
    }
    for (std::size_t p = 0; p < kLanes; ++p) {
      RowMajorMatrix power = RowMajorMatrix::Identity(d, d);
      for (int l = 0; l < loops; ++l)
        power = (RowMajorMatrix::Identity(d, d) - a.transpose() * drawn.s_hat[p]) * power;
      const Vector of_truth = power * drawn.truth[p], of_u = u - power * u;
      EXPECT_NEAR(both[p], of_truth.dot(s * of_truth) + of_u.dot(s * of_u), 1e-12 * unit(both[p]));
      const double trace =
          (s * power * s.inverse() * power.transpose()).trace() + of_u.dot(s * of_u);
      difference += (both[p] - trace) / kPrompts;
      squares += (both[p] - trace) * (both[p] - trace) / kPrompts;
    }
  }
  EXPECT_LE(std::abs(difference), 4 * std::sqrt(squares / kPrompts));
}

// loss(A, 0) of any S is that of A' = C^T A C with S = I: the whitening is exact, prompt by prompt.
TEST(Looped, CovarianceIsWhitenedAway) {
  const int d = 3, loops = 3;
  const auto s_values = covariance(d);
  const Eigen::Map<const RowMajorMatrix> s(s_values.data(), d, d);
  const RowMajorMatrix c = Eigen::LLT<RowMajorMatrix>(s).matrixL();
  const Network network = random_looped(d, loops, 0);
  const Eigen::Map<const RowMajorMatrix> a(network.theta.data(), d, d);
  const RowMajorMatrix white = c.transpose() * a * c;
  const Drawn drawn(task_of(d, 7, false));
  for (const RowMajorMatrix& s_g : drawn.s_hat) {
    const RowMajorMatrix s_hat = c * s_g * c.transpose();
    RowMajorMatrix plain = RowMajorMatrix::Identity(d, d), whitened = plain;
    for (int l = 0; l < loops; ++l) {
      plain = (RowMajorMatrix::Identity(d, d) - a.transpose() * s_hat) * plain;
      whitened = (RowMajorMatrix::Identity(d, d) - white.transpose() * s_g) * whitened;
    }
    const double trace = (s * plain * s.inverse() * plain.transpose()).trace();
    EXPECT_NEAR(trace, whitened.squaredNorm(), 1e-12 * unit(trace));
  }
}

TEST(Looped, GradientEqualsCentralDifferences) {
  const LoopedContexts contexts(3, 8, 40, 2);
  for (const int loops : {1, 2, 4}) {
    auto a = random_looped(3, loops, 0).theta;
    a.resize(9);
    const auto gradient = contexts.gradient(a, loops);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto slope = [&](double h) {
        auto above = a, below = a;
        above[i] += h;
        below[i] -= h;
        return (contexts.loss(above, loops).mean - contexts.loss(below, loops).mean) / (2 * h);
      };
      EXPECT_NEAR(gradient[i], (4 * slope(5e-4) - slope(1e-3)) / 3, 1e-8 * unit(gradient[i]));
    }
    // Along A = a I, the scalar loss and its slope are those of the matrix.
    const std::vector<double> scalar{0.6, 0, 0, 0, 0.6, 0, 0, 0, 0.6};
    EXPECT_NEAR(contexts.loss(0.6, loops).mean, contexts.loss(scalar, loops).mean, 1e-12);
    const auto g = contexts.gradient(scalar, loops);
    EXPECT_NEAR(contexts.slope(0.6, loops), g[0] + g[4] + g[8], 1e-11);
  }
}

TEST(Looped, OneLoopHasAClosedOptimum) {
  for (const auto& [d, n] : {std::pair{10, 100}, {5, 20}, {10, 5}}) {
    const LoopedContexts contexts(d, n, 20'000, 7);
    const LoopedOptimum best = contexts.optimum(1);
    EXPECT_NEAR(best.step.mean, n / (n + d + 1.0), 4 * best.step.se);
    EXPECT_NEAR(best.loss.mean, d * (d + 1.0) / (n + d + 1.0), 4 * best.loss.se);
    EXPECT_LT(best.step.se, 0.002);
  }
}

// Against 200,000 contexts of an independent program, whose errors are given. Means over few
// contexts are too low where loops are many: what they miss are rare large eigenvalues.
TEST(Looped, OptimaOfManyLoops) {
  struct Row {
    int d, n, loops;
    double step, loss, error;
  };
  for (const Row& row : {Row{10, 100, 2, 0.8944, 0.19445, 1.6e-4},
                         {10, 100, 5, 0.8744, 4.389e-3, 1.7e-5},
                         {10, 100, 10, 0.8381, 3.49e-5, 1e-6},
                         {10, 30, 2, 0.7173, 1.2765, 7.7e-4},
                         {10, 30, 5, 0.6751, 0.3091, 1e-3},
                         {10, 30, 10, 0.6111, 0.0716, 2.8e-3},
                         {5, 20, 2, 0.7429, 0.4986, 6.7e-4},
                         {5, 20, 5, 0.6654, 0.1068, 1.1e-3}}) {
    const LoopedOptimum best = LoopedContexts(row.d, row.n, 20'000, 7).optimum(row.loops);
    SCOPED_TRACE(fmt::format("d = {}, n = {}, L = {}", row.d, row.n, row.loops));
    EXPECT_NEAR(best.step.mean, row.step,
                4 * 1.05 * best.step.se);  // 1.05: the other sample is ten times as large
    EXPECT_NEAR(best.loss.mean, row.loss, 4 * std::hypot(best.loss.se, row.error));
    EXPECT_LT(best.step.se, 0.01);
  }
}

// A rotation in A is better than any symmetric A from three loops on; for one and two it is not.
TEST(Looped, BestPreconditionerTurns) {
  const LoopedContexts contexts(10, 100, 2'000, 7);
  for (const int loops : {1, 2}) EXPECT_LT(contexts.rotated_optimum(loops).rotation, 0.03) << loops;
  for (const auto& [loops, ratio] : {std::pair{3, 0.97}, {5, 0.60}}) {
    const RotatedOptimum best = contexts.rotated_optimum(loops);
    EXPECT_GT(best.rotation, 0.1);
    EXPECT_LT(best.loss.mean, ratio * contexts.optimum(loops).loss.mean) << loops;
  }
  // No neighbour of the optimum for five loops is better, in any direction of A.
  const RotatedOptimum best = contexts.rotated_optimum(5);
  std::vector<double> a(100);
  for (std::size_t i = 0; i < 10; ++i) {
    a[i * 10 + i] = best.step;
    a[i * 10 + (i ^ 1)] = i % 2 == 0 ? best.rotation : -best.rotation;
  }
  EXPECT_NEAR(contexts.loss(a, 5).mean, best.loss.mean, 1e-15);
  double along = 0, all = 0;  // the gradient that is left: sampling, and the grid of the search
  for (const double g : contexts.gradient(a, 5)) all += g * g;
  const auto symmetric = contexts.gradient(std::vector<double>(100), 5);  // at A = 0, for its size
  for (const double g : symmetric) along += g * g;
  EXPECT_LT(std::sqrt(all), 1e-3 * std::sqrt(along));
}

// |grad|^2 = 4 L^2 d^(-(L-1)/L) loss^((2L-1)/L) exactly for n -> infinity.
// The closed forms for many examples (theory/looped.h): with one loop a rotation costs d k^2, with
// two it gains d k^2 (2 / n - k^2). On the same contexts, so that the small difference is seen.
TEST(Looped, ARotationGainsWithTwoLoopsAndNotWithOne) {
  constexpr int kD = 10, kN = 1'000'000;
  constexpr double kS = 1.0 / kN;
  const LoopedContexts contexts(kD, kN, 20'000, 7);
  const double k = std::sqrt(kS);
  for (const int loops : {1, 2}) {
    const auto straight = contexts.losses(rotated_step(kD, 1, 0), loops),
               turned = contexts.losses(rotated_step(kD, 1, k), loops);
    double sum = 0, squares = 0, loss = 0;
    for (std::size_t c = 0; c < straight.size(); ++c) {
      const double difference = turned[c] - straight[c];
      sum += difference;
      squares += difference * difference;
      loss += straight[c];
    }
    const auto count = static_cast<double>(straight.size());
    const double mean = sum / count;
    const double error = std::sqrt((squares / count - mean * mean) / count);
    const double unit = loops == 1 ? kS : kS * kS;
    const double expected = loops == 1 ? kD * k * k : -kD * k * k * (2 * kS - k * k);
    EXPECT_NEAR(mean, expected, 4 * error + 1e-2 * unit) << loops;
    EXPECT_LT(error, 0.5 * unit) << loops;  // 20 standard errors or more
    const double at_zero = loops == 1 ? kD * (kD + 1) : 2 * 1000 + 5 * 100 + 5 * 10;
    EXPECT_NEAR(loss / count, at_zero * unit, 0.01 * at_zero * unit) << loops;
  }
}

// Over the exact law: the closed form of one loop, and for more at n = 100 what an independent law
// (60 digits) gives. Where rare contexts carry the mean, a sample does not show it.
TEST(Looped, ExactLosses) {
  TaskSpec spec;
  spec.d = 10;
  spec.n = 100;
  const auto law = eigenvalue_law(RegressionTask::create(spec).value()).value();
  const auto exact = [&](double step, std::size_t loops) {
    return 2 * gd_loss(law, 0, std::vector<GdLayer>(loops, GdLayer{.step = step}));
  };
  EXPECT_NEAR(exact(100.0 / 111, 1), 110.0 / 111, 1e-10);
  const LoopedContexts contexts(10, 100, 20'000, 3);
  const double a = 0.894;
  EXPECT_NEAR(exact(a, 2), 0.19451, 2e-4);
  EXPECT_NEAR(exact(a, 5), 4.63e-3, 0.02 * 4.63e-3);
  EXPECT_NEAR(exact(a, 20), 1.08e-3, 0.1 * 1.08e-3);
  EXPECT_NEAR(contexts.loss(a, 2).mean, exact(a, 2), 4 * contexts.loss(a, 2).se);
  EXPECT_LT(contexts.loss(a, 20).mean, 0.5 * exact(a, 20));
}

TEST(Looped, GradientDominance) {
  const LoopedContexts contexts(5, 1'000'000, 200, 3);
  for (const int loops : {1, 2, 5, 10}) {
    EXPECT_NEAR(gradient_dominance_slope(contexts, loops, 0, 0.9, 20), (2.0 * loops - 1) / loops,
                0.01);
    const double loss = contexts.loss(0.5, loops).mean, slope = contexts.slope(0.5, loops);
    EXPECT_NEAR(slope * slope / 5,
                4.0 * loops * loops * std::pow(5, -(loops - 1.0) / loops) *
                    std::pow(loss, (2.0 * loops - 1) / loops),
                0.02 * slope * slope / 5);
  }
}

// A step that is best for two loops, used for many. The typical context converges; what the mean
// does is decided by the share with an eigenvalue above 2/a.
TEST(Looped, ExtraLoopsDivergeWhereAnEigenvalueIsAboveTwoOverA) {
  const LoopedContexts few(10, 30, 20'000, 7), many(10, 100, 20'000, 7);
  const double a_few = few.optimum(2).step.mean, a_many = many.optimum(2).step.mean;
  const ContextMean share = few.diverging(a_few);
  EXPECT_NEAR(share.mean, 0.01824, 4 * share.se * 1.05);  // of the independent program
  EXPECT_LT(many.diverging(a_many).mean, 2e-4);           // there 1e-5
  EXPECT_GT(few.loss(a_few, 20).mean, 10 * few.loss(a_few, 5).mean);
  EXPECT_LT(many.loss(a_many, 20).mean, 1e-4 * many.loss(a_many, 1).mean);
  EXPECT_LT(few.diverging(0.5).mean, share.mean);
  EXPECT_EQ(few.diverging(10).mean, 1);
}

// On these contexts the flow keeps to multiples of I but for sampling, and the loss falls as it
// must.
TEST(Looped, GradientFlow) {
  const LoopedContexts contexts(5, 40, 500, 11);
  const double times[] = {0, 0.1, 0.4, 1, 4};
  const auto flow = gradient_flow(contexts, 2, times);
  ASSERT_EQ(flow.size(), 5u);
  EXPECT_NEAR(flow[0].loss, 5, 1e-12);
  const double expected[] = {5, 1.76, 0.58, 0.26, 0.173};
  for (std::size_t k = 1; k < 5; ++k) {
    EXPECT_NEAR(flow[k].loss, expected[k], 0.06 * expected[k]);
    for (std::size_t i = 0; i < 25; ++i) {
      EXPECT_LT(i % 6 == 0 ? 0 : std::abs(flow[k].a[i]), 0.03);
    }
  }
  EXPECT_NEAR(flow[4].a[0], 0.85, 0.03);
}

}  // namespace
}  // namespace gramian
