// Sequences: their laws, addresses and layouts, and how well least squares in context predicts.
#include "gramian/tasks/sequence_task.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/sequence/mesa.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

// Mean and standard error of what is added.
struct Moment {
  double sum = 0, squares = 0, count = 0;
  void add(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  double mean() const { return sum / count; }
  double error() const { return std::sqrt((squares / count - mean() * mean()) / (count - 1)); }
};

void expect_mean(const Moment& got, double want, double errors = 4) {
  EXPECT_NEAR(got.mean(), want, errors * got.error());
}

PhiloxAddress sequence_address(std::uint32_t step) {
  return {.seed = 5, .stream = kEvaluationStream, .step = step, .first = 32};
}

RowMajorMatrix truth_of(const SequencePrompt<double>& prompt, int state) {
  RowMajorMatrix w(state, state);
  std::copy(prompt.truth.begin(), prompt.truth.end(), w.data());
  return w;
}

Eigen::Map<const Eigen::VectorXd> row_of(const std::vector<double>& rows, int t, int columns) {
  return {rows.data() + static_cast<std::ptrdiff_t>(t) * columns, columns};
}

// Calls body(prompt) for `count` prompts.
template <class Body>
void for_prompts(const SequenceSpec& spec, int count, Body body) {
  ASSERT_TRUE(spec.check().has_value());
  const SequenceSampler<double> sampler(spec);
  for (int p = 0; p < count; ++p)
    body(sampler.sample(sequence_address(1), static_cast<std::size_t>(p)));
}

TEST(SequenceTask, APromptDependsOnItsAddressAlone) {
  for (const SequenceFamily family :
       {SequenceFamily::linear, SequenceFamily::nonlinear, SequenceFamily::contracting,
        SequenceFamily::fixed, SequenceFamily::regression}) {
    const SequenceSpec spec{.family = family, .tokens = 12, .state = 4, .observed = 4};
    const SequenceSampler<double> sampler(spec);
    const auto prompt = sampler.sample(sequence_address(2), 3);
    PhiloxAddress same = sequence_address(2);
    same.first += 3;
    const auto again = SequenceSampler<double>(spec).sample(same, 0);
    EXPECT_EQ(prompt.tokens, again.tokens);
    EXPECT_EQ(prompt.targets, again.targets);
    EXPECT_NE(prompt.tokens, sampler.sample(sequence_address(2), 4).tokens);
    EXPECT_NE(prompt.tokens, sampler.sample(sequence_address(3), 3).tokens);
    const auto rounded = SequenceSampler<float>(spec).sample(sequence_address(2), 3);
    for (std::size_t e = 0; e < prompt.tokens.size(); ++e)
      EXPECT_EQ(rounded.tokens[e], static_cast<float>(prompt.tokens[e]));
  }
}

TEST(SequenceTask, LinearDynamicsHaveTheirLaw) {
  const SequenceSpec spec{.tokens = 20, .state = 6, .observed = 6, .noise = 0.1};
  Moment start, start_square, entry, square, trace_square, noise, noise_square;
  for_prompts(spec, 800, [&](const SequencePrompt<double>& prompt) {
    const RowMajorMatrix w = truth_of(prompt, 6);
    EXPECT_LE((w * w.transpose() - RowMajorMatrix::Identity(6, 6)).norm(), 1e-12);
    for (int i = 0; i < 6; ++i) {
      start.add(prompt.tokens[static_cast<std::size_t>(i)]);
      start_square.add(std::pow(prompt.tokens[static_cast<std::size_t>(i)], 2));
    }
    entry.add(w(2, 3));
    square.add(w(4, 1) * w(4, 1));
    trace_square.add(w.trace() * w.trace());
    const Eigen::VectorXd e = row_of(prompt.targets, 9, 6) - w * row_of(prompt.tokens, 9, 6);
    for (int i = 0; i < 6; ++i) {
      noise.add(e(i));
      noise_square.add(e(i) * e(i));
    }
  });
  expect_mean(start, 0);
  expect_mean(start_square, 1.0 / 3);
  expect_mean(entry, 0);
  expect_mean(square, 1.0 / 6);
  expect_mean(trace_square, 1);  // of the uniform law on orthogonal matrices
  expect_mean(noise, 0);
  expect_mean(noise_square, 0.01);
}

TEST(SequenceTask, NormalStartsAndCleanTargets) {
  const SequenceSpec spec{.start = SequenceStart::normal,
                          .tokens = 5,
                          .state = 4,
                          .observed = 4,
                          .noise = 0.5,
                          .clean = true};
  Moment square;
  for_prompts(spec, 500, [&](const SequencePrompt<double>& prompt) {
    for (int i = 0; i < 4; ++i) square.add(std::pow(prompt.tokens[static_cast<std::size_t>(i)], 2));
    const Eigen::VectorXd want = truth_of(prompt, 4) * row_of(prompt.tokens, 3, 4);
    EXPECT_LE((row_of(prompt.targets, 3, 4) - want).norm(), 1e-13);
  });
  expect_mean(square, 1);
}

TEST(SequenceTask, PartialObservationsHaveTheirLaw) {
  const SequenceSpec spec{.tokens = 3, .state = 15, .observed = 5};
  Moment square, product;
  for_prompts(spec, 1500, [&](const SequencePrompt<double>& prompt) {
    square.add(prompt.tokens[1] * prompt.tokens[1]);
    product.add(prompt.tokens[1] * prompt.tokens[2]);
  });
  expect_mean(square, 0.25 * 15 / 3 + 1e-4);
  expect_mean(product, 0);
}

TEST(SequenceTask, ContractionsHaveTheirEigenvalues) {
  const SequenceSpec spec{
      .family = SequenceFamily::contracting, .tokens = 3, .state = 5, .observed = 5};
  Moment trace;
  for_prompts(spec, 300, [&](const SequencePrompt<double>& prompt) {
    trace.add(truth_of(prompt, 5).trace());
    // |det| is the product of the eigenvalues.
    const double determinant = truth_of(prompt, 5).determinant();
    EXPECT_GE(determinant, std::pow(0.3, 5) - 1e-9);
    EXPECT_LE(determinant, std::pow(0.9, 5) + 1e-9);
  });
  expect_mean(trace, 5 * 0.6);
}

TEST(SequenceTask, NonlinearStepsHaveLengthOne) {
  SequenceSpec spec{
      .family = SequenceFamily::nonlinear, .tokens = 8, .state = 6, .observed = 6, .clean = true};
  std::vector<double> first;
  for_prompts(spec, 20, [&](const SequencePrompt<double>& prompt) {
    for (int t = 0; t < 8; ++t) EXPECT_NEAR(row_of(prompt.targets, t, 6).norm(), 1, 1e-12);
    if (first.empty()) first = prompt.targets;
  });
  spec.teacher = 1;  // other A and B: another step of the same state
  for_prompts(spec, 1, [&](const SequencePrompt<double>& prompt) {
    EXPECT_GT((row_of(prompt.targets, 0, 6) - row_of(first, 0, 6)).norm(), 0.1);
  });
}

TEST(SequenceTask, OneSystemIsTheSameForAll) {
  SequenceSpec spec{.family = SequenceFamily::fixed, .tokens = 3, .state = 4, .observed = 4};
  std::vector<double> truth;
  for_prompts(spec, 5, [&](const SequencePrompt<double>& prompt) {
    if (truth.empty()) truth = prompt.truth;
    EXPECT_EQ(prompt.truth, truth);
  });
  spec.teacher = 9;
  for_prompts(spec, 1,
              [&](const SequencePrompt<double>& prompt) { EXPECT_NE(prompt.truth, truth); });
}

TEST(SequenceTask, RegressionAlternatesInputsAndTargets) {
  const SequenceSpec spec{
      .family = SequenceFamily::regression, .tokens = 6, .state = 3, .observed = 3, .noise = 0.2};
  Moment input, entry, noise;
  for_prompts(spec, 600, [&](const SequencePrompt<double>& prompt) {
    const RowMajorMatrix w = truth_of(prompt, 3);
    EXPECT_EQ(prompt.weights, (std::vector<double>{1, 0, 1, 0, 1, 0}));
    for (int t = 0; t < 6; t += 2) {
      const Eigen::VectorXd e = row_of(prompt.targets, t, 3) - w * row_of(prompt.tokens, t, 3);
      noise.add(e(1) * e(1));
      input.add(std::pow(row_of(prompt.tokens, t, 3)(0), 2));
    }
    entry.add(w(0, 1) * w(0, 1));
  });
  expect_mean(input, 1);
  expect_mean(entry, 1.0 / 3);
  expect_mean(noise, 0.04);
}

TEST(SequenceTask, LayoutsHoldTheSameSequence) {
  SequenceSpec spec{.tokens = 5, .state = 2, .observed = 2};
  const auto sample = [&](SequenceLayout layout) {
    spec.layout = layout;
    return SequenceSampler<double>(spec).sample(sequence_address(4), 1);
  };
  const auto raw = sample(SequenceLayout::raw), constructed = sample(SequenceLayout::constructed),
             pairs = sample(SequenceLayout::pairs);
  EXPECT_EQ(raw.targets, constructed.targets);
  for (std::size_t t = 0; t < 5; ++t) {
    for (std::size_t i = 0; i < 2; ++i) {
      const double here = raw.tokens[t * 2 + i], before = t == 0 ? 0 : raw.tokens[t * 2 - 2 + i];
      EXPECT_EQ(constructed.tokens[t * 8 + i], 0);
      EXPECT_EQ(constructed.tokens[t * 8 + 2 + i], here);
      EXPECT_EQ(constructed.tokens[t * 8 + 4 + i], here);
      EXPECT_EQ(constructed.tokens[t * 8 + 6 + i], before);
      EXPECT_EQ(pairs.tokens[t * 6 + i], 0);
      EXPECT_EQ(pairs.tokens[t * 6 + 2 + i], here);
      EXPECT_EQ(pairs.tokens[t * 6 + 4 + i], before);
      if (t > 0) {
        EXPECT_EQ(raw.targets[t * 2 - 2 + i], here);
      }
    }
  }
}

TEST(SequenceTask, BadSpecificationsAreErrors) {
  const auto message = [](const SequenceSpec& spec) { return test::message_of(spec.check()); };
  EXPECT_EQ(message({.tokens = 0}), "tokens must be in [1, 8192], got 0");
  EXPECT_EQ(message({.state = 129}), "state must be in [1, 128], got 129");
  EXPECT_EQ(message({.observed = 11}), "observed must be in [1, state = 10], got 11");
  EXPECT_EQ(message({.family = SequenceFamily::regression, .observed = 5}),
            "regression has no state to observe: observed must be 10, got 5");
  EXPECT_EQ(message({.noise = -1}), "noise must be in [0, 10], got -1");
  EXPECT_EQ(message({}), "");
}

// The mesa layer with its projections set by hand: keys s_{t-1}, values and queries s_t of
// constructed tokens, lambda = 1e-3. It is regularised least squares on all pairs so far. Without
// noise and ridge its loss 1/2 |s_{t+1} - Phi_t s_t|^2 is the part of s_{t+1} outside of the span
// of s_2 .. s_t: for an orthogonal W of the uniform law (d - t + 1) / d of it on average (Killip
// and Nenciu 2004), which is (d - t + 1) / 6 here. Noise and ridge add at most 0.005. From
// t = d + 1 on only noise is left, 1/2 d noise^2 = 5e-4 in the end. What it then is was found with
// NumPy on 6,000 prompts of its own, to the standard errors that stand beside.
TEST(SequenceTask, TheMesaLayerByHandIsLeastSquares) {
  constexpr int kTokens = 50, kD = 10, kWidth = 40, kPrompts = 1500;
  const SequenceSpec spec{.layout = SequenceLayout::constructed, .tokens = kTokens};
  const std::vector<double> ridge(kD, 1e-3);
  std::vector<Moment> at(kTokens + 1);
  Moment all, zero;
  std::vector<double> o(kTokens * kD);
  for_prompts(spec, kPrompts, [&](const SequencePrompt<double>& prompt) {
    const double* tokens = prompt.tokens.data();
    mesa({},
         MesaInput<double>{.mixed = {.tokens = kTokens,
                                     .key = kD,
                                     .value = kD,
                                     .q = {tokens + 2 * kD, kWidth},
                                     .k = {tokens + 3 * kD, kWidth},
                                     .v = {tokens + 2 * kD, kWidth}},
                           .ridge = ridge.data()},
         {{o.data(), kD}, nullptr, nullptr});
    double sum = 0, nothing = 0;
    for (int t = 1; t <= kTokens; ++t) {
      const auto target = row_of(prompt.targets, t - 1, kD);
      const double loss = 0.5 * (target - row_of(o, t - 1, kD)).squaredNorm();
      at[static_cast<std::size_t>(t)].add(loss);
      sum += loss / kTokens;
      nothing += 0.5 * target.squaredNorm() / kTokens;
    }
    all.add(sum);
    zero.add(nothing);
  });
  const auto expect = [](const Moment& got, double want, double error) {
    EXPECT_NEAR(got.mean(), want, 4 * std::hypot(got.error(), error)) << got.error();
  };
  for (int t = 1; t <= kD; ++t) {
    const Moment& got = at[static_cast<std::size_t>(t)];
    EXPECT_NEAR(got.mean(), (kD - t + 1) / 6.0, 4 * got.error() + 0.005) << t;
  }
  expect(zero, kD / 6.0 + 0.5 * kD * 25.5 * 1e-4, 0);  // noise of 25.5 steps on average
  expect(all, 0.18538, 8.6e-4);
  expect(at[11], 0.004351, 6.3e-5);
  expect(at[25], 7.93e-4, 4.6e-6);
  expect(at[50], 6.21e-4, 3.6e-6);
}

}  // namespace
}  // namespace gramian
