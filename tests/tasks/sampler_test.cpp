// The two samplers draw prompts of one distribution.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gramian/models/pass.h"
#include "gramian/tasks/task.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

TaskSpec spec_with(int d, int n, SamplerKind sampler) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.noise = NoisePrior::uniform(0, 3).value();
  spec.sampler = sampler;
  return spec;
}

// S with correlations and unequal variances.
std::vector<double> covariance(int d) {
  std::vector<double> s(static_cast<std::size_t>(d * d));
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j < d; ++j) {
      s[static_cast<std::size_t>(i * d + j)] =
          std::pow(0.4, std::abs(i - j)) * std::sqrt((1 + i) * (1 + j));
    }
  }
  return s;
}

// Mean and standard error of every statistic over many prompts.
struct Moments {
  std::vector<double> mean, error;
};

// All first moments of G, w, w w^T and sigma, and products that tie them together.
Moments moments(const TaskSpec& spec, std::uint32_t blocks, std::uint64_t seed) {
  const auto task = RegressionTask::create(spec).value();
  PromptSampler<double> sampler(task);
  PromptBlock<double> block(spec.d);
  const auto rows = static_cast<std::size_t>(spec.d) + 1;
  std::vector<double> sum, squares;
  std::size_t k = 0;
  const auto add = [&](double value) {
    if (k == sum.size()) {
      sum.push_back(0);
      squares.push_back(0);
    }
    sum[k] += value;
    squares[k] += value * value;
    ++k;
  };
  for (std::uint32_t step = 0; step < blocks; ++step) {
    sampler.sample({.seed = seed, .step = step}, kLanes, block);
    for (std::size_t p = 0; p < kLanes; ++p) {
      k = 0;
      const auto gram = [&](std::size_t i, std::size_t j) {
        return block.gram[(i * rows + j) * kLanes + p];
      };
      const auto truth = [&](std::size_t i) { return block.truth[i * kLanes + p]; };
      const auto query = [&](std::size_t i) { return block.query[i * kLanes + p]; };
      add(block.sigma[p]);
      add(gram(rows - 1, rows - 1) * block.sigma[p]);
      for (std::size_t i = 0; i + 1 < rows; ++i) {
        add(truth(i));
        add(query(i));
        add(gram(rows - 1, i) * truth(i));
        for (std::size_t j = 0; j <= i; ++j) {
          add(gram(i, j));
          add(gram(i, j) * gram(i, j));
          add(gram(i, j) * gram(rows - 1, rows - 1));
          add(truth(i) * truth(j));
          add(query(i) * query(j));
          add(query(i) * query(j) * gram(i, j));
        }
      }
    }
  }
  Moments m;
  const double count = double(blocks) * kLanes;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double mean = sum[i] / count;
    m.mean.push_back(mean);
    m.error.push_back(std::sqrt(std::max(0.0, squares[i] / count - mean * mean) / count));
  }
  return m;
}

void expect_same(const Moments& a, const Moments& b) {
  ASSERT_EQ(a.mean.size(), b.mean.size());
  for (std::size_t i = 0; i < a.mean.size();
       ++i) {  // some hundred comparisons: 4.5 standard errors
    EXPECT_NEAR(a.mean[i], b.mean[i], 4.5 * std::hypot(a.error[i], b.error[i]) + 1e-12)
        << "statistic " << i;
  }
}

TEST(Sampler, DirectAndTokenPromptsHaveTheSameMoments) {
  for (int n : {1, 2, 4, 5, 12}) {  // below, at and above D = 5
    SCOPED_TRACE(n);
    expect_same(moments(spec_with(4, n, SamplerKind::gram), 6000, 1),
                moments(spec_with(4, n, SamplerKind::tokens), 6000, 2));
  }
}

TEST(Sampler, MomentsAgreeForACovarianceAndBothWeightLaws) {
  for (WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
    TaskSpec gram = spec_with(3, 7, SamplerKind::gram),
             tokens = spec_with(3, 7, SamplerKind::tokens);
    for (TaskSpec* spec : {&gram, &tokens}) {
      spec->covariance = covariance(3);
      spec->weights = weights;
    }
    expect_same(moments(gram, 6000, 3), moments(tokens, 6000, 4));
  }
}

// E G_xx = n S, E w w^T = I or S^-1, E q q^T = S, against the given S itself.
TEST(Sampler, InputsAndWeightsHaveTheirCovariance) {
  for (InputLaw inputs : {InputLaw::gaussian, InputLaw::uniform}) {
    TaskSpec spec = spec_with(2, 5, SamplerKind::automatic);
    spec.covariance = {2.0, 0.6, 0.6, 1.0};
    spec.inputs = inputs;
    spec.weights = WeightLaw::inverse_covariance;
    const auto task = RegressionTask::create(spec).value();
    EXPECT_EQ(task.samples_gram_directly(), inputs == InputLaw::gaussian);
    PromptSampler<double> sampler(task);
    PromptBlock<double> block(2);
    const double determinant = 2.0 * 1.0 - 0.6 * 0.6;
    const double expected[9] = {
        10.0, 3.0, 5.0, 1.0 / determinant, -0.6 / determinant, 2.0 / determinant, 2.0, 0.6, 1.0};
    double sum[9] = {}, squares[9] = {};
    const std::uint32_t blocks = 10000;
    for (std::uint32_t step = 0; step < blocks; ++step) {
      sampler.sample({.seed = 5, .step = step}, kLanes, block);
      for (std::size_t p = 0; p < kLanes; ++p) {
        const double w0 = block.truth[p], w1 = block.truth[kLanes + p], q0 = block.query[p],
                     q1 = block.query[kLanes + p];
        const double values[9] = {block.gram[p],
                                  block.gram[kLanes + p],
                                  block.gram[4 * kLanes + p],
                                  w0 * w0,
                                  w0 * w1,
                                  w1 * w1,
                                  q0 * q0,
                                  q0 * q1,
                                  q1 * q1};
        for (int i = 0; i < 9; ++i) {
          sum[i] += values[i];
          squares[i] += values[i] * values[i];
        }
      }
    }
    const double count = double(blocks) * kLanes;
    for (int i = 0; i < 9; ++i) {
      const double mean = sum[i] / count;
      EXPECT_NEAR(mean, expected[i], 4 * std::sqrt((squares[i] / count - mean * mean) / count))
          << i;
    }
  }
}

// What a network makes of the prompts is the same too: every moment matters to it.
TEST(Sampler, BothSamplersGiveTheSameModelLoss) {
  NetworkSpec network{.kind = Parametrisation::full, .d = 4, .layers = 3};
  const Network model =
      Network::initial(network, {.step = 0.4, .curvature = 0.05, .noise = 0.02}, 9, 1);
  double mean[2], error[2];
  for (int s = 0; s < 2; ++s) {
    const auto task =
        RegressionTask::create(spec_with(4, 9, s == 0 ? SamplerKind::gram : SamplerKind::tokens))
            .value();
    PromptSampler<double> sampler(task);
    PromptBlock<double> block(4);
    NetworkPass<double> pass(network);
    AlignedArray<double> w(4 * kLanes);
    double sum = 0, squares = 0;
    const std::uint32_t blocks = 10000;
    for (std::uint32_t step = 0; step < blocks; ++step) {
      sampler.sample({.seed = 10u + static_cast<std::uint64_t>(s), .step = step}, kLanes, block);
      pass.forward(model.theta.data(), block, 1.0 / 9, w.data());
      for (std::size_t p = 0; p < kLanes; ++p) {
        double loss = 0;
        for (std::size_t i = 0; i < 4; ++i)
          loss += 0.5 * std::pow(w[i * kLanes + p] - block.truth[i * kLanes + p], 2);
        sum += loss;
        squares += loss * loss;
      }
    }
    const double count = double(blocks) * kLanes;
    mean[s] = sum / count;
    error[s] = std::sqrt((squares / count - mean[s] * mean[s]) / count);
  }
  EXPECT_NEAR(mean[0], mean[1], 4 * std::hypot(error[0], error[1]));
  EXPECT_LT(error[0], 0.02 * mean[0]);  // sharp enough to mean something
}

TEST(Sampler, TheGramMatrixIsThatOfTheTokens) {
  for (int n : {1, 3, 64, 65, 200}) {  // around the tile of 64
    TaskSpec spec = spec_with(3, n, SamplerKind::tokens);
    spec.covariance = covariance(3);
    const auto task = RegressionTask::create(spec).value();
    PromptBlock<double> kept(3), streamed(3);
    AlignedArray<double> tokens;
    PromptSampler<double>(task).sample_tokens({.seed = 2}, kLanes, kept, tokens);
    PromptSampler<double>(task).sample({.seed = 2}, kLanes, streamed);
    for (std::size_t e = 0; e < kept.gram.size(); ++e) ASSERT_EQ(kept.gram[e], streamed.gram[e]);
    for (std::size_t p = 0; p < kLanes; ++p) {
      for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
          double sum = 0;
          for (std::size_t t = 0; t < static_cast<std::size_t>(n); ++t) {
            sum += tokens[(t * 4 + i) * kLanes + p] * tokens[(t * 4 + j) * kLanes + p];
          }
          EXPECT_NEAR(kept.gram[(i * 4 + j) * kLanes + p], sum, 1e-12 * n);
        }
      }
    }
  }
}

// A float prompt is its double prompt rounded, on every target; an address fixes a prompt
// wherever its lane is.
TEST(Sampler, PromptsDependOnTheirAddressAlone) {
  const auto task = RegressionTask::create(spec_with(4, 9, SamplerKind::gram)).value();
  PromptBlock<double> reference(4);
  PromptSampler<double>(task).sample({.seed = 8, .first = 100}, kLanes, reference);
  test::for_each_target([&] {
    PromptBlock<double> shifted(4);
    PromptBlock<float> single(4);
    PromptSampler<double>(task).sample({.seed = 8, .first = 103}, kLanes, shifted);
    PromptSampler<float>(task).sample({.seed = 8, .first = 100}, kLanes, single);
    for (std::size_t row = 0; row < reference.gram.size(); row += kLanes) {
      for (std::size_t p = 0; p + 3 < kLanes; ++p) {
        const double want = reference.gram[row + p + 3];
        EXPECT_NEAR(shifted.gram[row + p], want, 1e-12 * (1 + std::abs(want)));
      }
      for (std::size_t p = 0; p < kLanes; ++p) {  // sums of up to n + d terms of this size
        EXPECT_NEAR(single.gram[row + p], reference.gram[row + p], 3e-5);
      }
    }
  });
}

// A seed means the same prompts in every build and in every version.
TEST(Sampler, SeedsMeanThePromptsThatTheyHaveAlwaysMeant) {
  const auto at = [](const AlignedArray<double>& of, std::size_t element, std::size_t prompt) {
    return of[element * kLanes + prompt];
  };
  struct Known {
    SamplerKind sampler;
    double first, last;  // of G: entry (1, 1) of prompt 0, and lambda of prompt 15
  };
  for (const Known& known : {Known{SamplerKind::gram, 4.4942640639156943, 63.506673363779356},
                             Known{SamplerKind::tokens, 5.7797387229826107, 103.81551128736881}}) {
    const auto task = RegressionTask::create(spec_with(5, 8, known.sampler)).value();
    PromptBlock<double> block(5);
    PromptSampler<double>(task).sample({.seed = 7, .stream = 0, .step = 3, .first = 32}, kLanes,
                                       block);
    EXPECT_NEAR(at(block.sigma, 0, 0), 2.2539967163465917, 1e-13);
    EXPECT_NEAR(at(block.truth, 4, 15), -0.50247552222041791, 1e-13);
    EXPECT_NEAR(at(block.query, 4, 15), 0.63543017656693057, 1e-13);
    EXPECT_NEAR(at(block.gram, 0, 0), known.first, 1e-12);
    EXPECT_NEAR(at(block.gram, 35, 15), known.last, 1e-11);
  }
}

#ifdef GRAMIAN_ASSERTIONS
TEST(SamplerDeathTest, ABlockHasTheDimensionOfTheTaskAndSixteenLanes) {
  const auto task = RegressionTask::create(spec_with(3, 6, SamplerKind::gram)).value();
  PromptSampler<double> sampler(task);
  PromptBlock<double> right(3), wrong(4);
  EXPECT_DEATH(sampler.sample({.seed = 1}, kLanes, wrong), "block.d == task_->d");
  EXPECT_DEATH(sampler.sample({.seed = 1}, kLanes + 1, right), "count <= kLanes");
}
#endif

TEST(Sampler, LanesBeyondTheCountAreEmpty) {
  for (SamplerKind sampler : {SamplerKind::gram, SamplerKind::tokens}) {
    const auto task = RegressionTask::create(spec_with(3, 6, sampler)).value();
    PromptBlock<float> block(3);
    PromptSampler<float>(task).sample({.seed = 1}, 5, block);
    for (std::size_t i = 0; i < block.gram.size(); ++i) {
      if (i % kLanes >= 5) {
        ASSERT_EQ(block.gram[i], 0.0f);
      }
    }
    EXPECT_NE(block.gram[4], 0.0f);
  }
}

TEST(Task, RefusesWhatCannotBeSampled) {
  const auto refused = [](auto change, const char* part) {
    TaskSpec spec;
    change(spec);
    const auto task = RegressionTask::create(spec);
    ASSERT_FALSE(task.has_value()) << part;
    EXPECT_EQ(task.error().kind, ErrorKind::config);
    EXPECT_NE(task.error().message.find(part), std::string::npos) << task.error().message;
  };
  refused([](TaskSpec& s) { s.d = 0; }, "[task.d] must be in [1, 256], got 0");
  refused([](TaskSpec& s) { s.d = 257; }, "[task.d]");
  refused([](TaskSpec& s) { s.n = 0; }, "[task.n]");
  refused([](TaskSpec& s) { s.n = 2'000'000'000; }, "[task.n]");
  refused([](TaskSpec& s) { s.covariance = {1.0}; },
          "[task.covariance] must have d x d = 100 entries");
  refused([](TaskSpec& s) { s.d = 2, s.covariance = {1, 2, 2, 1}; }, "positive definite");
  refused([](TaskSpec& s) { s.d = 2, s.covariance = {1, 0.5, 0.4, 1}; }, "symmetric");
  refused([](TaskSpec& s) { s.d = 2, s.covariance = {1, 0, 0, NAN}; }, "finite");
  refused([](TaskSpec& s) { s.inputs = InputLaw::uniform, s.sampler = SamplerKind::gram; },
          "Wishart");
  refused([](TaskSpec& s) { s.sampler = SamplerKind::tokens, s.n = 100'000'000; },
          "too long a context");
}

}  // namespace
}  // namespace gramian
