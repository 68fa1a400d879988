// Networks that learn a dynamical system in context against the iteration that they are, and
// against the exact solution of the mesa layer.
#include "gramian/theory/sequence_constructions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/sequence/mesa.h"
#include "gramian/tasks/sequence_task.h"
#include "tests/support/errors.h"
#include "tests/theory/token_run.h"

namespace gramian::test {
namespace {

constexpr int kD = 4, kTokens = 15;

// Tokens of one sequence, in a layout.
Matrix sequence_tokens(SequenceLayout layout) {
  const SequenceSpec spec{.layout = layout, .tokens = kTokens, .state = kD, .observed = kD};
  const auto prompt =
      SequenceSampler<double>(spec).sample({.seed = 3, .stream = kEvaluationStream}, 0);
  return Eigen::Map<const RowMajorMatrix>(prompt.tokens.data(), kTokens, spec.width());
}

// s_t, and s_{t-1}, as rows.
struct Pairs {
  Matrix s, before;
};
Pairs pairs_of(const Matrix& tokens) { return {tokens.middleCols(kD, kD), tokens.rightCols(kD)}; }

// Row t is sum_{t'<=t} value_t' <key_t', query_t>.
Matrix causal_sums(const Matrix& query, const Matrix& key, const Matrix& value) {
  const Matrix scores = (query * key.transpose()).triangularView<Eigen::Lower>();
  return scores * value;
}

double relative_gap(const Matrix& is, const Matrix& wanted) {
  return (is - wanted).norm() / wanted.norm();
}

TEST(SequenceConstructions, DescentIsAStepForEveryToken) {
  const auto made = sequence_descent({.d = kD, .tokens = kTokens, .step = 0.3}).value();
  const Matrix tokens = sequence_tokens(SequenceLayout::pairs);
  const auto [s, before] = pairs_of(tokens);
  const TokenStates run = run_tokens(made.network, tokens);
  ASSERT_EQ(run.output.rows(), kTokens);
  for (int t = 0; t < kTokens; ++t) {
    // The gradient of the sum of 1/2 |s_t' - Phi s_t'-1|^2 at Phi = 0.
    Matrix gradient = Matrix::Zero(kD, kD);
    for (int u = 0; u <= t; ++u) gradient -= s.row(u).transpose() * before.row(u);
    const Matrix want = -0.3 * gradient * s.row(t).transpose();
    EXPECT_LE((run.output.row(t).transpose() - want).norm(), 1e-13);
  }
}

TEST(SequenceConstructions, SolvingIsItsIterationAtEveryLayer) {
  const Matrix tokens = sequence_tokens(SequenceLayout::constructed);
  const auto [s, before] = pairs_of(tokens);
  for (const bool chebyshev : {false, true}) {
    const SequenceSolveSpec spec{.d = kD,
                                 .tokens = kTokens,
                                 .steps = 12,
                                 .ridge = 0.7,
                                 .largest = 15,
                                 .chebyshev = chebyshev};
    const auto made = sequence_solve(spec).value();
    const TokenStates run = run_tokens(made.network, tokens);
    const auto steps = solve_steps(spec);
    Matrix x = s, x_before = Matrix::Zero(kTokens, kD);
    for (std::size_t k = 0; k <= steps.size(); ++k) {
      const Columns columns = columns_of(made, "x");
      EXPECT_LE(relative_gap(run.states[k].middleCols(columns.first, kD), x), 1e-12) << k;
      if (k == steps.size()) break;
      const Matrix next = x + steps[k].alpha * (s - causal_sums(x, before, before) - 0.7 * x) +
                          steps[k].beta * (x - x_before);
      x_before = x;
      x = next;
    }
    EXPECT_LE(relative_gap(run.output, causal_sums(x, before, s)), 1e-12);
  }
}

// Within the bound for every number of steps, and Chebyshev ends in the exact solution of the mesa
// layer, with k = s_{t-1}, v = q = s_t.
TEST(SequenceConstructions, SolvingConvergesToTheMesaLayer) {
  const Matrix tokens = sequence_tokens(SequenceLayout::constructed);
  const auto [s, before] = pairs_of(tokens);
  SequenceSolveSpec spec{.d = kD, .tokens = kTokens, .ridge = 0.5, .largest = 15};
  ASSERT_LT((before.transpose() * before).norm(), spec.largest);
  Matrix exact(kTokens, kD);
  for (int t = 0; t < kTokens; ++t) {
    const Matrix h = before.topRows(t + 1).transpose() * before.topRows(t + 1) +
                     spec.ridge * Matrix::Identity(kD, kD);
    const Eigen::VectorXd right = s.row(t).transpose();
    exact.row(t) = h.ldlt().solve(right).transpose();
  }
  for (const bool chebyshev : {false, true}) {
    spec.chebyshev = chebyshev;
    for (const int steps : {0, 1, 5, 20}) {
      spec.steps = steps;
      const auto made = sequence_solve(spec).value();
      const Matrix x = run_tokens(made.network, tokens)
                           .states[static_cast<std::size_t>(steps)]
                           .middleCols(kD, kD);
      for (int t = 0; t < kTokens; ++t) {
        const double start = (s.row(t) - exact.row(t)).norm();
        EXPECT_LE((x.row(t) - exact.row(t)).norm(), (1 + 1e-9) * solve_bound(spec) * start);
      }
    }
  }
  spec.steps = 90;
  const Matrix output = run_tokens(sequence_solve(spec).value().network, tokens).output;
  const RowMajorMatrix key = before, value = s;
  const std::vector<double> ridge(kD, spec.ridge);
  RowMajorMatrix o(kTokens, kD);
  mesa({},
       MesaInput<double>{.mixed = {.tokens = kTokens,
                                   .key = kD,
                                   .value = kD,
                                   .q = {value.data(), kD},
                                   .k = {key.data(), kD},
                                   .v = {value.data(), kD}},
                         .ridge = ridge.data()},
       {{o.data(), kD}, nullptr, nullptr});
  EXPECT_LE(relative_gap(output, o), 1e-11);
}

// The curve of docs/sequence.md, whose numbers have the errors that stand beside; here on 640
// prompts. tests/tasks/sequence_task_test.cpp says what they must be.
TEST(SequenceConstructions, TheMesaLayerIsLeastSquares) {
  constexpr std::size_t kLong = 50, kSize = 10, kBlocks = 40;
  const auto made = sequence_mesa({.d = kSize, .tokens = kLong, .ridge = 1e-3}).value();
  const RecordedTransformer& recorded = made.network.recorded();
  const SequenceSampler<double> sampler(
      {.layout = SequenceLayout::pairs, .tokens = static_cast<int>(kLong)});
  TapeRun<double> run(recorded.tape);
  double sum = 0, squares = 0, tenth = 0, last = 0;
  for (std::size_t p = 0; p < kBlocks * kLanes; p += kLanes) {
    std::vector<SequencePrompt<double>> prompts;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      prompts.push_back(sampler.sample({.seed = 5, .stream = kEvaluationStream}, p + lane));
      for (std::size_t e = 0; e < prompts.back().tokens.size(); ++e)
        run.values(recorded.tokens)[e * kLanes + lane] = prompts.back().tokens[e];
    }
    run.forward(made.network.theta.data());
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      std::vector<double> at(kLong);
      for (std::size_t e = 0; e < kLong * kSize; ++e) {
        const double gap =
            run.values(recorded.output)[e * kLanes + lane] - prompts[lane].targets[e];
        at[e / kSize] += gap * gap / 2;
      }
      double mean = 0;
      for (const double loss : at) mean += loss / kLong;
      sum += mean;
      squares += mean * mean;
      tenth += at[10 - 1];
      last += at[kLong - 1];
    }
  }
  constexpr double kPrompts = kBlocks * kLanes;
  const double mean = sum / kPrompts,
               error = std::sqrt((squares / kPrompts - mean * mean) / kPrompts);
  EXPECT_LT(error, 0.005);
  EXPECT_NEAR(mean, 0.1851, 4 * std::hypot(error, 0.0005));
  EXPECT_NEAR(tenth / kPrompts, 0.170, 4 * 0.002 * std::sqrt(20000 / kPrompts));
  EXPECT_NEAR(last / kPrompts, 6.2e-4, 0.4e-4);
}

TEST(SequenceConstructions, ChebyshevNeedsFewerSteps) {
  SequenceSolveSpec spec{.ridge = 0.01, .largest = 10};
  const auto steps_to = [&](bool chebyshev) {
    spec.chebyshev = chebyshev;
    for (spec.steps = 0; solve_bound(spec) > 1e-3; ++spec.steps) {
    }
    return spec.steps;
  };
  // ln 1000 / ln(1.002), and about ln 2000 / (2 sqrt(0.001)).
  EXPECT_EQ(steps_to(false), 3458);
  EXPECT_EQ(steps_to(true), 121);
}

TEST(SequenceConstructions, BadSpecificationsAreErrors) {
  EXPECT_TRUE(is_error(sequence_descent({.d = 0}), ErrorKind::config, {"d must be", "got 0"}));
  EXPECT_TRUE(is_error(sequence_descent({.d = 342}), ErrorKind::config, {"1024", "got 342"}));
  EXPECT_TRUE(is_error(sequence_descent({.tokens = 5000}), ErrorKind::config, {"got 5000"}));
  EXPECT_TRUE(is_error(sequence_solve({.steps = -1}), ErrorKind::config, {"steps", "got -1"}));
  EXPECT_TRUE(is_error(sequence_solve({.ridge = 0}), ErrorKind::config, {"ridge", "got 0 and 20"}));
}

}  // namespace
}  // namespace gramian::test
