#include "gramian/solvers/chebyshev.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/solvers/conjugate_gradients.h"
#include "gramian/solvers/tune.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

// A prompt with these eigenvalues; the moment of each that is not zero is l, so that w = 1 solves.
struct Eigenvalues {
  std::vector<double> l;
  Spectrum prompt() const {
    const auto rank = std::ranges::count_if(l, [](double x) { return x > 0; });
    Spectrum spectrum;
    spectrum.n = 9;
    spectrum.d = static_cast<int>(l.size());
    spectrum.rank = static_cast<int>(rank);
    spectrum.eigenvalues = spectrum.moments = l;
    return spectrum;
  }
  std::vector<double> after(int steps) const {
    std::vector<double> w(l.size(), 7.0);
    Chebyshev(steps).solve(prompt(), w);
    return w;
  }
};

// C_T of |x| <= 1, and beyond.
double chebyshev(int degree, double x) {
  return std::abs(x) <= 1 ? std::cos(degree * std::acos(x)) : std::cosh(degree * std::acosh(x));
}

TEST(Chebyshev, TheResidualIsThePolynomial) {
  const Eigenvalues e{{0.5, 0.9, 2.0, 3.7, 8.0}};
  const double a = 0.5, b = 8;
  for (int steps = 0; steps <= 9; ++steps) {
    const auto w = e.after(steps);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double expected =
          chebyshev(steps, (b + a - 2 * e.l[i]) / (b - a)) / chebyshev(steps, (b + a) / (b - a));
      EXPECT_NEAR(1 - w[i], expected, 1e-12) << steps << ", " << i;
    }
  }
}

TEST(Chebyshev, OneStepIsGradientDescent) {
  const auto w = Eigenvalues{{1, 2, 4}}.after(1);
  for (const std::size_t i : {0, 1, 2}) EXPECT_NEAR(w[i], 0.4 * std::pow(2.0, i), 1e-15);
}

TEST(Chebyshev, OneEigenvalueAndNoneAreSolved) {
  EXPECT_EQ(Eigenvalues({{3, 3}}).after(1), (std::vector<double>{1, 1}));
  EXPECT_EQ(Eigenvalues({{3, 3}}).after(5), (std::vector<double>{1, 1}));
  EXPECT_EQ(Eigenvalues({{0, 0}}).after(5), (std::vector<double>{0, 0}));
  EXPECT_EQ(Eigenvalues({{0, 2}}).after(4), (std::vector<double>{0, 1}));  // more inputs than rows
}

// Without noise it tends to least squares, and conjugate gradients are better at every step.
TEST(Chebyshev, EndsInLeastSquares) {
  const RegressionTask task = make_task(20, 5, NoisePrior::constant(0).value());
  const SpectrumBatch prompts = draw_spectra(task, 100, 54);
  EXPECT_LT(mean_loss(Chebyshev(120), prompts), 1e-20);
  for (const int steps : {1, 2, 3}) {
    EXPECT_LT(mean_loss(ConjugateGradients(steps, ConjugateGradients::Penalty::none), prompts),
              mean_loss(Chebyshev(steps), prompts));
  }
  EXPECT_EQ(Chebyshev(3).constants().front().value, 3);
}

}  // namespace
}  // namespace gramian::test
