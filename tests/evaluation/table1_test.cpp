// The 30 cells of CONSTRR, ADARR and TUNEDRR in Table 1 of Vladymyrov et al. 2024.
//
// The paper evaluates one sampled query on each of 100,000 prompts, so its numbers have an
// error of their own; we measure it as the error of our sampled-query estimate.

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "gramian/evaluation/evaluate.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

struct Problem {
  NoisePrior noise;
  std::array<double, 3> published;  // CONSTRR, ADARR, TUNEDRR
};

std::vector<Problem> problems() {
  const auto uniform = [](double high) { return NoisePrior::uniform(0, high).value(); };
  return {{NoisePrior::constant(0).value(), {0, 0, 0}},
          {uniform(1), {0.009, 0.003, 0.002}},
          {uniform(2), {0.066, 0.016, 0.010}},
          {uniform(3), {0.161, 0.034, 0.023}},
          {uniform(4), {0.265, 0.053, 0.037}},
          {uniform(5), {0.365, 0.068, 0.049}},
          {uniform(6), {0.454, 0.081, 0.060}},
          {uniform(7), {0.530, 0.092, 0.068}},
          {NoisePrior::categorical({1, 3}).value(), {0.222, 0.051, 0.021}},
          {NoisePrior::categorical({1, 3, 5}).value(), {0.422, 0.084, 0.054}}};
}

TEST(Table1, BaselineCells) {
  constexpr double kPaperPrompts = 100'000;
  constexpr double kRounding = 0.0005;
  EvalSpec spec;
#ifdef NDEBUG
  spec.prompts = spec.tuning_prompts = 20'000;
#else
  spec.prompts = spec.tuning_prompts = 3'000;
#endif
  ThreadPool pool(0);
  for (const auto& [noise, published] : problems()) {
    ++spec.seed;
    const RegressionTask task = make_task(20, 10, noise);
    const Baselines baselines = tune_baselines(task, noise, spec, pool);
    const EvalResult ours = evaluate(task, baselines, nullptr, spec, pool).value();
    EvalSpec as_published = spec;  // for its error alone
    as_published.prompts /= 4;
    as_published.query = QueryMode::sampled;
    const EvalResult theirs = evaluate(task, baselines, nullptr, as_published, pool).value();
    for (std::size_t k = 0; k < published.size(); ++k) {
      const Score& score = ours.solvers[k + 1];
      const double scale = std::sqrt(static_cast<double>(as_published.prompts) / kPaperPrompts);
      const double error = std::hypot(score.adjusted.standard_error(),
                                      theirs.solvers[k + 1].adjusted.standard_error() * scale);
      EXPECT_NEAR(score.adjusted.mean(), published[k], 3 * error + kRounding)
          << score.name << ", " << noise.describe();
    }
  }
}

}  // namespace
}  // namespace gramian::test
