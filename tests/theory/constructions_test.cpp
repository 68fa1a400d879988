// Each construction against the algorithm that it claims to be, written out again here with
// matrices.
#include "gramian/theory/constructions.h"

#include <gtest/gtest.h>

#include "gramian/theory/implicit.h"
#include "tests/support/files.h"
#include "tests/theory/prompt.h"

namespace gramian::test {
namespace {

using namespace constructions;

// The context of a prompt, given by its parts.
struct Context {
  Matrix s;
  Vector alpha;
  double lambda;

  int d() const { return static_cast<int>(s.rows()); }
  std::vector<double> gram() const {
    Matrix g(d() + 1, d() + 1);
    g << s, alpha, alpha.transpose(), lambda;
    return {g.data(), g.data() + g.size()};
  }
};

Context context_of(const Prompt& prompt) {
  return {prompt.sigma(), prompt.alpha(), prompt.y.squaredNorm()};
}

Context draw_context(unsigned seed, int n = 20, int d = 5, double noise = 1.5) {
  std::mt19937_64 generator(seed);
  return context_of(draw_prompt(generator, n, d, noise));
}

// S = X^T X of standard normal inputs, w* of length `signal`, residuals of sum of squares rho.
Context with_signal(double signal, double rho, unsigned seed, int n = 20, int d = 5) {
  std::mt19937_64 generator(seed);
  const Prompt prompt = draw_prompt(generator, n, d, 0);
  const Vector alpha = prompt.sigma() * prompt.truth.normalized() * signal;
  return {prompt.sigma(), alpha, prompt.truth.normalized().dot(alpha) * signal + rho};
}

ImplicitState final_state(const std::vector<Omega>& layers, const Context& context) {
  return implicit_states(network_of(layers, context.d()), context.gram(), 1.0).back();
}

Vector weights(const std::vector<Omega>& layers, const Context& context) {
  return as_vector(final_state(layers, context).w);
}

double relative_error(const Vector& got, const Vector& want) {
  return (got - want).norm() / want.norm();
}

double largest_eigenvalue(const Matrix& s) {
  return s.selfadjointView<Eigen::Lower>().eigenvalues().maxCoeff();
}

Vector ridge(const Context& c, double penalty) {
  return (c.s + penalty * Matrix::Identity(c.d(), c.d())).llt().solve(c.alpha);
}

TEST(GradientDescentLayers, AreItsSteps) {
  const Context c = draw_context(1);
  const double step = 0.8 / largest_eigenvalue(c.s);
  for (const int steps : {1, 2, 7}) {
    Vector w = Vector::Zero(c.d());
    for (int k = 0; k < steps; ++k) w += step * (c.alpha - c.s * w);
    const ImplicitState state = final_state(gradient_descent(steps, step), c);
    EXPECT_LT(relative_error(as_vector(state.w), w), 1e-12);
    EXPECT_EQ(as_matrix(state.m, c.d()), Matrix::Identity(c.d(), c.d()));
    EXPECT_EQ(as_vector(state.u).norm(), 0.0);
    EXPECT_EQ(state.a, 1.0);
  }
}

TEST(CorrectedDescent, IsGradientDescentInCorrectedInputs) {
  std::mt19937_64 generator(2);
  const Prompt prompt = draw_prompt(generator, 20, 5, 1.5);
  const double nu = largest_eigenvalue(prompt.sigma());
  const CorrectedStep layers[] = {
      {0.3 / nu, 0.2 / nu}, {0.5 / nu, 0.3 / nu}, {0, 0.4 / nu}, {0.9 / nu, 0.1 / nu}};
  // Tokens: inputs are corrected, targets lose what a step explains.
  Matrix x = prompt.x;
  Vector residual = prompt.y;
  Vector w = Vector::Zero(5);
  for (const auto& [step, curvature] : layers) {
    const Vector direction = x.transpose() * residual;
    // The weights act on the inputs as they came: x = x_0 M.
    const Matrix m = prompt.x.colPivHouseholderQr().solve(x);
    w += step * m * direction;
    residual -= step * x * direction;
    x -= curvature * x * (x.transpose() * x);
  }
  EXPECT_LT(relative_error(weights(corrected_descent(layers), context_of(prompt)), w), 1e-12);
  EXPECT_LT((prompt.y - prompt.x * w - residual).norm(), 1e-12 * residual.norm());
}

// Lemma A.3 and the rate of Theorem 5.1: every layer has the condition number that the lemma says.
TEST(SecondOrder, ConditionNumbersContractAsLemmaA3Says) {
  Context c = draw_context(3, 12, 6, 1.0);
  Eigen::SelfAdjointEigenSolver<Matrix> eigen(Matrix(c.s));
  double kappa = eigen.eigenvalues().maxCoeff() / eigen.eigenvalues().minCoeff();
  ASSERT_GT(kappa, 10);
  const auto layers =
      second_order(eigen.eigenvalues().minCoeff(), eigen.eigenvalues().maxCoeff(), 1e-6).value();
  const auto states = implicit_states(network_of(layers, c.d()), c.gram(), 1.0);
  ASSERT_GT(layers.size(), 5u);
  for (std::size_t l = 1; l < layers.size(); ++l) {
    const double before = kappa;
    eigen.compute(as_matrix(moments_at(states[l], c.gram(), 1.0).sigma, c.d()));
    kappa = eigen.eigenvalues().maxCoeff() / eigen.eigenvalues().minCoeff();
    EXPECT_NEAR(kappa / corrected_condition(before), 1, 1e-10);  // eigenvalues lose digits by kappa
    EXPECT_LE(kappa, before >= 1.1 ? 0.916 * before : 1 + 2 * (before - 1) * (before - 1) + 1e-12);
  }
  EXPECT_LE(kappa, 1 + 1e-6);
}

TEST(SecondOrder, ErrorIsEpsilonForEveryQuery) {
  for (const double epsilon : {0.1, 1e-3, 1e-9}) {
    const Context c = draw_context(4, 12, 6, 1.0);
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(Matrix(c.s));
    const auto layers =
        second_order(eigen.eigenvalues()(0), eigen.eigenvalues()(5), epsilon).value();
    const Vector w_star = ridge(c, 0), error = weights(layers, c) - w_star;
    EXPECT_LE(error.norm(), epsilon * w_star.norm());  // so |<error, x_t>| <= epsilon |x_t| |w*|
    // Not one layer too many: without the last correction epsilon is not promised.
    const double kappa = eigen.eigenvalues()(5) / eigen.eigenvalues()(0);
    double reached = kappa;
    for (std::size_t l = 0; l + 2 < layers.size(); ++l) reached = corrected_condition(reached);
    EXPECT_GT(reached, 1 + epsilon);
  }
}

// Layers grow by at most a constant where kappa grows by a factor, and where epsilon is squared.
TEST(SecondOrder, LayersGrowAsLogKappaAndLogLogEpsilon) {
  const auto count = [](double kappa, double epsilon) {
    return second_order(1, kappa, epsilon).value().size();
  };
  for (double kappa = 2; kappa < 1e12; kappa *= 10) {
    const auto grown = count(10 * kappa, 0.1) - count(kappa, 0.1);
    EXPECT_GE(grown, 2u);
    EXPECT_LE(grown, 3u);  // log 10 / log(9/4) = 2.84
  }
  for (const double epsilon : {0.1, 1e-2, 1e-4, 2e-7}) {
    EXPECT_LE(count(100, epsilon * epsilon), count(100, epsilon) + 1);
  }
  EXPECT_EQ(count(1, 0.1), 1u);
  // The bound that the lemma proves: 0.916 a layer down to 1.1, then epsilon -> 2 epsilon^2.
  const double slow = std::log(100 / 1.1) / -std::log(0.916),
               fast = std::log2(std::log(2e-14) / std::log(0.2));
  EXPECT_LE(static_cast<double>(count(100, 1e-14)), slow + fast + 3);
}

TEST(SecondOrder, RefusesWhatHasNoEnd) {
  EXPECT_TRUE(is_error(second_order(0, 1, 0.1), ErrorKind::numeric, {"[0, 1]", "0 < mu <= nu"}));
  EXPECT_TRUE(is_error(second_order(2, 1, 0.1), ErrorKind::numeric, {"[2, 1]"}));
  EXPECT_TRUE(is_error(second_order(1, NAN, 0.1), ErrorKind::numeric, {"nan"}));
  EXPECT_TRUE(is_error(second_order(1, 2, 0), ErrorKind::numeric, {"epsilon", "got 0"}));
  EXPECT_TRUE(second_order(1, 1e6, kLeastPrecision));
}

// The momentum method of the header, to first order in alpha: at a signal of 1e-7 what is left out
// is 1e-14.
TEST(MomentumLayers, GatherDirectionsToFirstOrder) {
  const double rho = 3;
  const auto error = [&](double signal) {
    const Context c = with_signal(signal, rho, 5);
    const double unit = 1 / largest_eigenvalue(c.s);
    const MomentumStep layers[] = {
        {0.5 * unit, 0.2}, {0.9 * unit, -0.1}, {0.4 * unit, 0.3}, {0.7 * unit, 0}};
    Vector w = Vector::Zero(c.d()), u = w, direction = c.alpha;
    for (const auto& [step, gathering] : layers) {
      const Vector h = c.alpha - c.s * w + rho * u;
      EXPECT_LT(relative_error(direction, h), 1e-12);  // the closed form of the next direction
      w += step * h;
      u += gathering * h;
      direction = (1 + gathering * rho) * h - step * c.s * h;
    }
    return relative_error(weights(momentum(layers), c), w);
  };
  EXPECT_LT(error(1e-7), 1e-12);
  const double coarse = error(1e-2), fine = error(1e-3);
  EXPECT_GT(coarse, 1e-5);
  EXPECT_NEAR(coarse / fine, 100, 1);  // what is left out is of second order
}

TEST(AdaptiveRidge, IsGradientDescentOnRidge) {
  const double rho = 30;
  const int n = 20, d = 5;
  const Context c = with_signal(1e-7, rho, 6, n, d);
  const double penalty = 1.0 / (n - d), step = 1 / (largest_eigenvalue(c.s) + penalty * rho);
  for (const int layers : {1, 3, 8}) {
    Vector w = Vector::Zero(d);
    for (int k = 0; k < layers; ++k) w += step * (c.alpha - c.s * w - penalty * rho * w);
    EXPECT_LT(relative_error(weights(adaptive_ridge(layers, step, penalty), c), w), 1e-12);
  }
  // To the end it is ADARR, ridge with the unbiased estimate of sigma^2; not OLS.
  const Vector adarr = ridge(c, rho / (n - d));
  EXPECT_LT(relative_error(weights(adaptive_ridge(100, step, penalty), c), adarr), 1e-6);
  EXPECT_GT(relative_error(ridge(c, 0), adarr), 0.05);
}

Vector heavy_ball(const Context& c, int steps, double step, double momentum) {
  Vector w = Vector::Zero(c.d()), v = w;
  for (int k = 0; k < steps; ++k) {
    v = momentum * v + c.alpha - c.s * w;
    w += step * v;
  }
  return w;
}

TEST(Polynomial, IsEveryPolynomialOfS) {
  const double rho = 2;
  const Context c = with_signal(1e-7, rho, 7);
  const double step = 1 / largest_eigenvalue(c.s);
  const std::vector<double> coefficients{0.7, -1.2, 0.4, 2.0, 0.9};
  const Matrix t = Matrix::Identity(c.d(), c.d()) - step * c.s;
  Vector want = Vector::Zero(c.d()), power = c.alpha;
  for (const double coefficient : coefficients) {
    want += step * coefficient * power;
    power = t * power;
  }
  EXPECT_LT(relative_error(weights(polynomial(coefficients, step, rho), c), want), 1e-12);

  const std::vector<Omega> plain = polynomial(std::vector<double>(4, 1.0), step, rho);
  for (const Omega& omega : plain) {
    EXPECT_EQ(omega.xy, 0.0);
    EXPECT_EQ(omega.yx, -step);
  }
}

TEST(HeavyBall, IsReachedAfterAllLayers) {
  const double rho = 4;
  const Context c = with_signal(1e-7, rho, 8);
  const double step = 1 / largest_eigenvalue(c.s);
  for (const double beta : {0.0, 0.3, 0.8}) {
    for (const int steps : {1, 2, 3, 5, 7}) {
      const auto c_k = heavy_ball_polynomial(steps, beta);
      EXPECT_LT(
          relative_error(weights(polynomial(c_k, step, rho), c), heavy_ball(c, steps, step, beta)),
          1e-12)
          << steps << " steps, momentum " << beta;
    }
  }
  // Of three layers the first two are other steps than heavy ball's, as the header says.
  const auto states = implicit_states(
      network_of(polynomial(heavy_ball_polynomial(3, 0.8), step, rho), c.d()), c.gram(), 1.0);
  EXPECT_GT(relative_error(as_vector(states[2].w), heavy_ball(c, 2, step, 0.8)), 0.1);
}

// Theorem 5.2, exactly: S = I, and residuals that make lambda^1 = n sigma^2.
TEST(TwoNoiseLevels, AreBothRidge) {
  const double sigma1 = 1, sigma2 = 3;
  const int n = 40, d = 6;
  const std::vector<Omega> layers = two_noise_levels(sigma1, sigma2, n);
  std::mt19937_64 generator(9);
  for (const double sigma : {sigma1, sigma2, 2.0}) {
    Context c{Matrix::Identity(d, d), normals(generator, d), 0};
    const Vector first = -layers[0].yx * c.alpha;
    const double left = (c.alpha - first).squaredNorm();  // w* = alpha
    c.lambda = c.alpha.squaredNorm() + n * sigma * sigma - left;
    const double error = relative_error(weights(layers, c), c.alpha / (1 + sigma * sigma));
    if (sigma == 2.0) {
      EXPECT_GT(
          error,
          0.1);  // two levels, not all: the factor is linear in sigma^2, 1 / (1 + sigma^2) is not
    } else {
      EXPECT_LT(error, 1e-12);
    }
  }
}

// The theorem is a limit: mean |w^2 - ridge| falls as 1 / sqrt(n). Inputs of variance 1/n.
TEST(TwoNoiseLevels, FiniteContextsTendToRidge) {
  const int d = 3, repetitions = 40;
  for (const double sigma : {1.0, 3.0}) {
    const auto mean_error = [&](int n) {
      std::mt19937_64 generator(10);
      double sum = 0;
      for (int k = 0; k < repetitions; ++k) {
        Prompt prompt = draw_prompt(generator, n, d, 0);
        prompt.x /= std::sqrt(n);
        prompt.y = prompt.x * prompt.truth + sigma * normals(generator, n);
        const Context c = context_of(prompt);
        sum += (weights(two_noise_levels(1, 3, n), c) - ridge(c, sigma * sigma)).norm();
      }
      return sum / repetitions;
    };
    // 16 times the context, a quarter of the error. The mean of 40 errors, each spread by about
    // half of itself, has a standard error of 8%, their ratio of 11%: four of these.
    const double ratio = mean_error(16'000) / mean_error(1'000);
    EXPECT_NEAR(ratio, 0.25, 4 * 0.11 * 0.25) << "sigma = " << sigma;
  }
}

// Section 5.2: with the same inputs and the residuals t times as large, the weights are those of
// the quiet prompt times a factor that is linear in t^2.
TEST(ShrunkStep, ShrinksWithTheNoise) {
  const double step = 0.02, shrinkage = 1e-3;
  const Context quiet = with_signal(1.3, 2, 11);
  const Vector w_star = ridge(quiet, 0), first = step * quiet.alpha;
  double before = 1;
  for (const double t : {0.0, 1.0, 3.0, 5.0}) {
    Context c = quiet;
    c.lambda = w_star.dot(quiet.alpha) + t * t * 2;
    const double lambda_1 = (w_star - first).dot(quiet.s * (w_star - first)) + t * t * 2;
    const double factor = 1 - shrinkage * lambda_1;
    EXPECT_LT(relative_error(weights(shrunk_step(step, shrinkage), c), factor * first), 1e-12);
    EXPECT_LT(factor, before);
    before = factor;
  }
}

// Section 5.3 with its exact factor: tokens, written out.
TEST(NoiseDependentStep, IsOneStepOfASizeSetByLambda) {
  const double step = 0.03, adaptation = 2e-3;
  for (const double noise : {0.0, 1.0, 3.0}) {
    std::mt19937_64 generator(12);
    const Prompt prompt = draw_prompt(generator, 20, 5, noise);
    // Layer 1: x_i + omega_xy y_i alpha; layer 2: step sum_i y_i x_i; the query keeps its x.
    const Matrix x = prompt.x - adaptation * prompt.y * prompt.alpha().transpose();
    const Vector want = step * x.transpose() * prompt.y;
    const Vector got = weights(noise_dependent_step(step, adaptation), context_of(prompt));
    EXPECT_LT(relative_error(got, want), 1e-12);
    const double size = step * (1 - adaptation * prompt.y.squaredNorm());
    EXPECT_LT(relative_error(got, size * prompt.alpha()), 1e-12);
    // The paper's factor has sum r^2 in place of sum y^2.
    const Vector w_star = ridge(context_of(prompt), 0);
    const double printed = step * (1 - adaptation * (prompt.y - prompt.x * w_star).squaredNorm());
    EXPECT_GT(relative_error(printed * prompt.alpha(), got), 0.01);
  }
}

// Theorem 4.2: outputs of the context tokens are linear in x, the target is x(1)^2. |cosine| of any
// linear function of the inputs with it is at most that of its projection on them, O(sqrt(d / n)).
TEST(Quadratic, IsOutOfReachOfEveryNetwork) {
  std::mt19937_64 generator(13);
  const int d = 5;
  std::normal_distribution<double> normal;
  for (const int n : {d, 20'000}) {
    const Prompt prompt = draw_prompt(generator, n, d, 0);
    const Vector target = prompt.x.col(0).cwiseAbs2();
    const Vector moments = prompt.x.transpose() * target;
    const double bound =
        std::sqrt(moments.dot(prompt.sigma().llt().solve(moments))) / target.norm();
    if (n == d) {  // as many inputs as examples: any target is linear
      EXPECT_NEAR(bound, 1, 1e-9);
      continue;
    }
    EXPECT_LT(bound, 0.1);
    std::vector<Network> networks{
        network_of(gradient_descent(3, 0.3), d, ContextScale::mean),
        network_of(second_order(0.9, 1.1, 0.3).value(), d, ContextScale::mean),
        network_of(noise_dependent_step(0.5, 0.05), d, ContextScale::mean),
        network_of(shrunk_step(0.5, 0.05), d, ContextScale::mean),
    };
    for (const int heads : {1, 3}) {
      Network random{{.kind = Parametrisation::full, .d = d, .layers = 3, .heads = heads}, {}};
      for (std::size_t i = 0; i < random.spec.parameters(); ++i)
        random.theta.push_back(0.3 * normal(generator));
      networks.push_back(std::move(random));
    }
    double largest = 0;
    for (const Network& network : networks) {
      const auto states = implicit_states(network, prompt.gram(), network.spec.context_factor(n));
      for (std::size_t l = 1; l < states.size(); ++l) {
        const Vector output = states[l].a * prompt.y - prompt.x * as_vector(states[l].w);
        const double cosine = std::abs(output.dot(target)) / (output.norm() * target.norm());
        EXPECT_LE(cosine, bound * (1 + 1e-9));
        largest = std::max(largest, cosine);
      }
    }
    EXPECT_LT(largest, 0.1);
    EXPECT_GT(largest, 0);
  }
}

}  // namespace
}  // namespace gramian::test
