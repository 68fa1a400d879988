#include "gramian/theory/implicit.h"

#include <gtest/gtest.h>

#include "gramian/models/reference.h"
#include "tests/support/cases.h"
#include "tests/theory/prompt.h"

namespace gramian::test {
namespace {

// |got - want| <= 1e-12 of the terms that make up what is wanted.
void expect_close(const Vector& got, const Vector& want, double size) {
  EXPECT_LT((got - want).cwiseAbs().maxCoeff(), 1e-12 * std::max(1.0, size));
}

// Theorem 4.1 and Lemma 4.3: every token after every layer of every network, the query too.
TEST(Implicit, StatesGiveEveryTokenAfterEveryLayer) {
  for (const NetworkCase& c : network_cases()) {
    SCOPED_TRACE(c.name());
    std::mt19937_64 generator(3);
    const int d = c.spec.d;
    const Network network = random_network(c, 4);
    const Prompt prompt = draw_prompt(generator, c.n, d, 0.7);
    const auto states =
        implicit_states(network, prompt.gram(c.spec.query_in_keys), c.spec.context_factor(c.n));
    const auto tokens = token_forward(network, prompt.tokens());
    ASSERT_EQ(states.size(), tokens.size());
    for (std::size_t l = 0; l < states.size(); ++l) {
      const auto& [m, u, a, w] = states[l];
      for (int i = 0; i <= c.n; ++i) {
        const bool is_query = i == c.n;
        const Vector x = is_query ? prompt.query : Vector(prompt.x.row(i));
        const double y = is_query ? 0.0 : prompt.y(i);
        Vector got(d + 1), size(d + 1);
        got << as_matrix(m, d) * x + y * as_vector(u), a * y - as_vector(w).dot(x);
        size << as_matrix(m, d).cwiseAbs() * x.cwiseAbs() + std::abs(y) * as_vector(u).cwiseAbs(),
            std::abs(a * y) + as_vector(w).cwiseAbs().dot(x.cwiseAbs());
        const Vector want = as_vector(tokens[l]).segment(i * (d + 1), d + 1);
        expect_close(got, want, size.maxCoeff());
      }
    }
  }
}

TEST(Implicit, MomentsAreThoseOfTheTokens) {
  std::mt19937_64 generator(5);
  const NetworkCase c{{.kind = Parametrisation::full, .d = 4, .layers = 3, .heads = 2}, 9};
  const Network network = random_network(c, 6);
  const Prompt prompt = draw_prompt(generator, c.n, 4, 1.0);
  const auto states = implicit_states(network, prompt.gram(), 1.0 / c.n);
  const auto tokens = token_forward(network, prompt.tokens());
  for (std::size_t l = 0; l < states.size(); ++l) {
    Matrix gram = Matrix::Zero(5, 5);
    for (int j = 0; j < c.n; ++j) {
      const Vector e = as_vector(tokens[l]).segment(j * 5, 5);
      gram += e * e.transpose() / c.n;
    }
    const ContextMoments moments = moments_at(states[l], prompt.gram(), 1.0 / c.n);
    EXPECT_LT((as_matrix(moments.sigma, 4) - gram.topLeftCorner(4, 4)).norm(), 1e-12 * gram.norm());
    expect_close(as_vector(moments.alpha), gram.topRightCorner(4, 1), gram.norm());
    EXPECT_NEAR(moments.lambda, gram(4, 4), 1e-12 * gram.norm());
  }
}

void expect_same_state(const ImplicitState& got, const ImplicitState& want) {
  const auto scale = [](const std::vector<double>& values) {
    return as_vector(values).cwiseAbs().maxCoeff();
  };
  expect_close(as_vector(got.m), as_vector(want.m), scale(want.m));
  expect_close(as_vector(got.u), as_vector(want.u), scale(want.u));
  expect_close(as_vector(got.w), as_vector(want.w), scale(want.w));
  EXPECT_NEAR(got.a, want.a, 1e-12 * std::max(1.0, std::abs(want.a)));
}

// Lemma 4.4, Gamma and Pi without the extra a of the printed text, is Lemma 4.3. With omegas of one
// size, so that no term hides behind another.
TEST(Implicit, DiagonalLayersAreTheRecursion) {
  for (const Parametrisation kind : {Parametrisation::diag, Parametrisation::gdpp}) {
    for (const auto& [n, d] : {std::pair{12, 4}, std::pair{3, 5}, std::pair{5, 1}}) {
      for (const double noise : {0.0, 1.5}) {
        SCOPED_TRACE(fmt::format("{}, n = {}, d = {}, noise = {}", name_of(kind), n, d, noise));
        std::mt19937_64 generator(7);
        std::uniform_real_distribution<double> uniform(-0.3, 0.1);
        Network network{{.kind = kind, .d = d, .layers = 4}, {}};
        for (std::size_t i = 0; i < network.spec.parameters(); ++i)
          network.theta.push_back(uniform(generator));
        const Prompt prompt = draw_prompt(generator, n, d, noise);
        const double factor = 1.0 / (n + 2 * d);
        const auto states = implicit_states(network, prompt.gram(), factor);
        const auto layers = diagonal_layers(network, prompt.gram(), factor);
        ASSERT_EQ(layers.size() + 1, states.size());
        for (std::size_t l = 0; l < layers.size(); ++l)
          expect_same_state(layers[l].after, states[l + 1]);
      }
    }
  }
}

// The printed Gamma and Pi, with M + a u w*^T, are another map as soon as a != 1 and u != 0.
TEST(Implicit, ThePrintedLemmaIsNotTheRecursion) {
  std::mt19937_64 generator(8);
  const Prompt prompt = draw_prompt(generator, 12, 4, 1.0);
  const LeastSquares context = least_squares(prompt.gram(), 1.0 / 12);
  const Omega omega{.xx = -0.1, .xy = -0.2, .yx = -0.3, .yy = -0.2};
  const DiagonalLayer first = diagonal_layer(omega, ImplicitState::initial(4), context);
  const DiagonalLayer second = diagonal_layer(omega, first.after, context);
  const ImplicitState& state = first.after;
  const Matrix extra = omega.yx * as_matrix(state.m, 4).transpose() * (state.a - 1) *
                       as_vector(state.u) * as_vector(context.w_star).transpose();
  EXPECT_GT((extra * as_vector(second.gradient)).norm(), 1e-3 * as_vector(second.after.w).norm());
}

TEST(Implicit, LeastSquaresSplitsTheContext) {
  std::mt19937_64 generator(9);
  for (const int n : {3, 12}) {
    const Prompt prompt = draw_prompt(generator, n, 5, 1.0);
    const LeastSquares context = least_squares(prompt.gram(), 0.5);
    const Vector w_star = prompt.x.completeOrthogonalDecomposition().solve(prompt.y);
    EXPECT_LT((as_vector(context.w_star) - w_star).norm(), 1e-10 * w_star.norm());
    EXPECT_NEAR(context.rho, 0.5 * (prompt.y - prompt.x * w_star).squaredNorm(),
                1e-12 * prompt.y.squaredNorm());
  }
}

}  // namespace
}  // namespace gramian::test
