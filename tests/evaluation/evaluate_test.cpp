#include "gramian/evaluation/evaluate.h"
#include "gramian/base/decompositions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "gramian/evaluation/table.h"
#include "tests/evaluation/predictors.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

// Neither whole chunks nor whole blocks, and more than is evaluated between reports of progress.
#ifdef GRAMIAN_SANITIZED
constexpr std::uint64_t kSeveralChunks = 1'003, kSeveralWaves = 9'000;
#else
constexpr std::uint64_t kSeveralChunks = 3'003, kSeveralWaves = 30'000;
#endif

EvalSpec small_spec(std::uint64_t prompts) {
  EvalSpec spec;
  spec.prompts = prompts;
  spec.tuning_prompts = 2'000;
  return spec;
}

double difference_in_errors(const RunningMean& a, const RunningMean& b) {
  return std::abs(a.mean() - b.mean()) / std::hypot(a.standard_error(), b.standard_error());
}

TEST(Evaluate, SameBitsForAnyNumberOfThreads) {
  const RegressionTask task = make_task(20, 10, kUniform5);
  EvalSpec spec = small_spec(kSeveralChunks);
  spec.tuning_prompts = 1'001;
  std::string texts[2];
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    FunctionPredictor model = one_step(0.025, 2);
    const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
    const EvalResult result = evaluate(task, baselines, &model, spec, pool).value();
    const auto points = profile(task, baselines, &model, {0, 2.5}, spec, pool).value();
    EXPECT_EQ(result.model().loss.count(), kSeveralChunks);
    texts[threads > 1] = to_json(result, points);
  }
  EXPECT_EQ(texts[0], texts[1]);
}

// Covariances are of the adjusted losses of each prompt, whoever asks the solvers; where they are
// not asked for nothing else changes.
TEST(Evaluate, CovariancesAreThoseOfAdjustedLosses) {
  const RegressionTask task = make_task(20, 10, kUniform5);
  EvalSpec spec = small_spec(kSeveralChunks);
  spec.query = QueryMode::sampled;
  ThreadPool pool(2);
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  FunctionPredictor model = one_step(0.025, 2);
  const EvalResult plain = evaluate(task, baselines, &model, spec, pool).value();
  EXPECT_TRUE(plain.joint.names.empty());
  spec.covariances = true;
  SolverLosses shared;
  std::vector<EvalResult> results;
  for (SolverLosses* const losses : {static_cast<SolverLosses*>(nullptr), &shared, &shared})
    results.push_back(evaluate(task, baselines, &model, spec, pool, {}, losses).value());
  for (const EvalResult& result : results) {
    const JointLosses& joint = result.joint;
    ASSERT_EQ(joint.names.size(), result.solvers.size());  // the model in place of the oracle
    EXPECT_EQ(joint.names.back(), "model");
    EXPECT_EQ(joint.adjusted.count(), spec.prompts);
    for (std::size_t s = 1; s < result.solvers.size(); ++s) {
      const Score& solver = result.solvers[s];
      EXPECT_EQ(joint.names[s - 1], solver.name);
      EXPECT_NEAR(joint.adjusted.covariance(s - 1, s - 1), solver.adjusted.variance(),
                  1e-11 * solver.adjusted.variance());
    }
    // The difference to Bayes is paired: var(m - b) = var m + var b - 2 cov(m, b).
    const auto at = [&](const char* name) {
      return static_cast<std::size_t>(std::ranges::find(joint.names, name) - joint.names.begin());
    };
    const auto covariance = [&](const char* one, const char* other) {
      return joint.adjusted.covariance(at(one), at(other));
    };
    const double variance = covariance("model", "model") + covariance("bayes", "bayes") -
                            2 * covariance("model", "bayes");
    EXPECT_NEAR(result.model_minus_bayes.variance(), variance, 1e-11 * variance);
    EXPECT_EQ(to_json(result), to_json(results[0]));
    EXPECT_NE(to_json(result), to_json(plain));
    EXPECT_EQ(to_table(result), to_table(plain));
  }
}

// Models that share the solvers' losses, one after the other and at once, get the bits that each
// gets alone.
TEST(Evaluate, SharedSolverLossesChangeNothing) {
  const RegressionTask task = make_task(12, 12, kUniform5);  // n = d: some solvers are undefined
  const EvalSpec spec = small_spec(kSeveralChunks);
  EvalSpec sampled = spec;
  sampled.query = QueryMode::sampled;
  ThreadPool pool(2);
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  const std::vector<double> sigmas{0, 2.5};
  const auto examine = [&](double step, ThreadPool& threads, SolverLosses* shared) {
    FunctionPredictor model = one_step(step, 2);
    const auto points = profile(task, baselines, &model, sigmas, spec, threads, {}, shared).value();
    return to_json(evaluate(task, baselines, &model, spec, threads, {}, shared).value(), points) +
           to_json(evaluate(task, baselines, &model, sampled, threads, {}, shared).value());
  };
  SolverLosses shared;
  for (const double step : {0.02, 0.03, 0.04}) {
    EXPECT_EQ(examine(step, pool, &shared), examine(step, pool, nullptr)) << step;
  }
  EXPECT_TRUE(shared.entry(task.spec().noise, spec).filled);
  EXPECT_EQ(shared.entry(task.spec().noise, spec).losses.size(),
            kSeveralChunks * baselines.list.size());

  SolverLosses at_once;
  std::string texts[2];
  {
    std::vector<std::jthread> threads;
    for (std::string& text : texts) {
      threads.emplace_back([&] {
        ThreadPool own(1);
        text = examine(0.02, own, &at_once);
      });
    }
  }
  EXPECT_EQ(texts[0], examine(0.02, pool, nullptr));
  EXPECT_EQ(texts[1], texts[0]);
}

// An evaluation that is stopped leaves nothing behind that a later one would take for losses.
TEST(Evaluate, InterruptedEvaluationsShareNothing) {
  const RegressionTask task = make_task(20, 10, kUniform5);
  const EvalSpec spec = small_spec(kSeveralWaves);
  ThreadPool pool(2);
  FunctionPredictor model = one_step(0.025);
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  SolverLosses shared;
  const auto stop = [](std::uint64_t, std::uint64_t) { return false; };
  EXPECT_FALSE(evaluate(task, baselines, &model, spec, pool, stop, &shared));
  EXPECT_FALSE(shared.entry(task.spec().noise, spec).filled);
  EXPECT_EQ(to_json(evaluate(task, baselines, &model, spec, pool, {}, &shared).value()),
            to_json(evaluate(task, baselines, &model, spec, pool).value()));
}

TEST(Evaluate, SampledAndIntegratedQueriesAgree) {
  for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
    const RegressionTask task = make_correlated_task(8, 4, kUniform5, weights);
    ThreadPool pool(2);
    EvalSpec spec = small_spec(20'000);
    FunctionPredictor model = one_step(0.05);
    const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
    const EvalResult integrated = evaluate(task, baselines, &model, spec, pool).value();
    spec.query = QueryMode::sampled;
    spec.seed = 2;
    const EvalResult sampled = evaluate(task, baselines, &model, spec, pool).value();
    EXPECT_LT(difference_in_errors(integrated.model().adjusted, sampled.model().adjusted), 4);
    for (std::size_t s = 0; s < integrated.solvers.size(); ++s) {
      EXPECT_LT(difference_in_errors(integrated.solvers[s].loss, sampled.solvers[s].loss), 4);
      EXPECT_LE(integrated.solvers[s].loss.standard_error(),
                sampled.solvers[s].loss.standard_error());
    }
  }
}

// The sampler and an independent token generator pose the same problem.
TEST(Evaluate, SolversScoreTheSameOnTokens) {
  for (const auto& [n, d] : {std::pair{20, 10}, {4, 6}}) {
    const RegressionTask task = make_task(n, d, kUniform5);
    ThreadPool pool(2);
    const EvalSpec spec = small_spec(10'000);
    const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
    const EvalResult result = evaluate(task, baselines, nullptr, spec, pool).value();
    const SpectrumBatch tokens = draw_spectra(task, 10'000, 51);
    std::vector<double> coordinates(static_cast<std::size_t>(d));
    for (std::size_t s = 0; s < result.solvers.size(); ++s) {
      if (!result.solvers[s].undefined.empty() || result.solvers[s].name == "ols") continue;
      RunningMean losses;
      for (std::size_t p = 0; p < tokens.size(); ++p) {
        baselines.list[s].solver->solve(tokens[p], coordinates);
        losses.add(loss(tokens[p], coordinates, QueryMode::integrated));
      }
      EXPECT_LT(difference_in_errors(losses, result.solvers[s].loss), 4) << result.solvers[s].name;
    }
  }
}

// A model that is the oracle has an adjusted loss of zero, whatever the covariance.
TEST(Evaluate, TheOracleAsAModel) {
  for (const QueryMode query : {QueryMode::integrated, QueryMode::sampled}) {
    for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
      const RegressionTask task = make_correlated_task(8, 4, kUniform5, weights);
      const Matrix precision = precision_of(task);
      FunctionPredictor model(
          1, [&](const PromptBlock<double>& prompts, int lane, int, std::vector<double>& w) {
            Matrix gram(5, 5);
            for (int k = 0; k < 25; ++k) gram(k / 5, k % 5) = prompts.gram[k * kLanes + lane];
            const double sigma = prompts.sigma[lane];
            Matrix system = gram.topLeftCorner(4, 4) + sigma * sigma * precision;
            if (sigma == 0) system.setIdentity();  // an empty lane
            Eigen::Map<Vector>(w.data(), 4) = system.ldlt().solve(gram.topRightCorner(4, 1));
          });
      ThreadPool pool(2);
      EvalSpec spec = small_spec(1'000);
      spec.query = query;
      const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
      const EvalResult result = evaluate(task, baselines, &model, spec, pool).value();
      EXPECT_LT(std::abs(result.model().adjusted.mean()), 1e-12);
      EXPECT_LT(result.model().adjusted.standard_error(), 1e-12);
      // The oracle alone may beat Bayes: it is told sigma.
      EXPECT_LT(result.model_minus_bayes.mean(), 0);
      EXPECT_NEAR(result.model_minus_bayes.mean(), -result.solvers[kBayes].adjusted.mean(), 1e-12);
      EXPECT_NEAR(result.model_minus_bayes.standard_error(),
                  result.solvers[kBayes].adjusted.standard_error(), 1e-12);
    }
  }
}

TEST(Evaluate, UndefinedSolversSayWhy) {
  const RegressionTask task = make_task(10, 10, kUniform5);
  ThreadPool pool(1);
  const EvalSpec spec = small_spec(300);
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  const EvalResult result = evaluate(task, baselines, nullptr, spec, pool).value();
  for (const Score& score : result.solvers) {
    const bool refused = score.name == "adarr" || score.name == "tunedrr";
    EXPECT_EQ(score.undefined.empty(), !refused) << score.name;
    EXPECT_EQ(score.loss.count(), refused ? 0u : 300u);
  }
  EXPECT_EQ(result.solvers[2].undefined.find("n - d = 0 residual degrees of freedom"), 0u);
}

TEST(Evaluate, BlowUpsAreCountedAndNeverDropped) {
  const RegressionTask task = make_task(20, 10, kUniform5);
  ThreadPool pool(2);
  const EvalSpec spec = small_spec(4'000);
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  EXPECT_NEAR(baselines.blowup_threshold, 1560, 200);  // 1000 times the oracle's 1.56
  for (const double size : {1e3, 1e200, std::numeric_limits<double>::quiet_NaN()}) {
    std::atomic<std::uint64_t> count = 0;
    FunctionPredictor model(
        1, [&](const PromptBlock<double>& prompts, int lane, int, std::vector<double>& w) {
          const bool explode = prompts.truth[lane] > 2;  // about one prompt in 44
          count += explode;
          std::fill(w.begin(), w.end(), explode ? size : 0.0);
        });
    const EvalResult result = evaluate(task, baselines, &model, spec, pool).value();
    EXPECT_GT(result.blowups.count, 40u);
    EXPECT_EQ(result.blowups.count, count);
    EXPECT_EQ(result.blowups.adjusted_without.count(), 4'000u - count);
    EXPECT_LT(result.blowups.adjusted_without.mean(), 5);
    EXPECT_EQ(std::isinf(result.model().adjusted.mean()), size != 1e3);
    EXPECT_EQ(std::isinf(result.model_minus_bayes.mean()), size != 1e3);
  }
}

TEST(Evaluate, WithoutNoiseZeroSetsTheThreshold) {
  const NoisePrior silent = NoisePrior::constant(0).value();
  const RegressionTask task = make_task(20, 10, silent);
  ThreadPool pool(2);
  const EvalSpec spec = small_spec(1'000);
  const Baselines baselines = tune_baselines(task, silent, spec, pool);
  EXPECT_NEAR(baselines.blowup_threshold, 50, 3);  // ten times E 1/2 |w|^2
  const EvalResult result = evaluate(task, baselines, nullptr, spec, pool).value();
  for (const std::size_t s : {kOracle, kBayes}) EXPECT_LT(result.solvers[s].loss.mean(), 1e-24);
}

TEST(Evaluate, ProgressReportsAndStops) {
  const RegressionTask task = make_task(4, 2, kUniform5);
  ThreadPool pool(2);
  const EvalSpec spec = small_spec(30'000);
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  std::vector<std::uint64_t> seen;
  const auto stop = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 30'000u);
    seen.push_back(done);
    return seen.size() < 2;
  };
  const auto result = evaluate(task, baselines, nullptr, spec, pool, stop);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::interrupted);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_LT(seen[0], seen[1]);
  EXPECT_LT(seen[1], 30'000u);
}

TEST(Profile, KeepsConstantsAndPrompts) {
  const RegressionTask task = make_task(20, 10, kUniform5);
  ThreadPool pool(2);
  const EvalSpec spec = small_spec(4'000);
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  const auto points = profile(task, baselines, nullptr, {0, 1, 5}, spec, pool).value();
  ASSERT_EQ(points.size(), 3u);
  for (const auto& [sigma, result] : points) {
    // E 1/2 |w|^2 does not know sigma: the same prompts give the same number.
    EXPECT_EQ(result.solvers.back().loss.mean(), points[0].result.solvers.back().loss.mean());
    EXPECT_EQ(result.solvers[1].constants[0].value, baselines.list[1].solver->constants()[0].value);
  }
  // At sigma = 0 estimated noise is right, and constant noise is wrong.
  EXPECT_LT(points[0].result.solvers[2].adjusted.mean(), 1e-20);
  EXPECT_GT(points[0].result.solvers[1].adjusted.mean(), 0.1);
  EXPECT_FALSE(profile(task, baselines, nullptr, {-1}, spec, pool));
}

}  // namespace
}  // namespace gramian::test
