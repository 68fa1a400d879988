// Tasks whose weight vectors come from a finite pool.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/tasks/task.h"

namespace gramian {
namespace {

RegressionTask pool_of(int size, std::uint64_t seed = 0) {
  TaskSpec spec;
  spec.d = 4;
  spec.n = 7;
  spec.noise = NoisePrior::uniform(0, 2).value();
  spec.pool = size;
  spec.pool_seed = seed;
  return RegressionTask::create(std::move(spec)).value();
}

TEST(Pool, EveryPromptHasOneOfItsVectorsAllEquallyOften) {
  constexpr int kSize = 5, kBlocks = 2'000;
  const RegressionTask task = pool_of(kSize);
  for (const bool tokens : {false, true}) {
    SCOPED_TRACE(tokens);
    PromptSampler<double> sampler(task);
    PromptBlock<double> block(4);
    AlignedArray<double> kept;
    std::vector<int> counts(kSize);
    for (std::uint32_t step = 0; step < kBlocks; ++step) {
      if (tokens) {
        sampler.sample_tokens({.seed = 3, .step = step}, kLanes, block, kept);
      } else {
        sampler.sample({.seed = 3, .step = step}, kLanes, block);
      }
      for (std::size_t p = 0; p < kLanes; ++p) {
        int found = -1;
        for (std::size_t k = 0; k < kSize; ++k) {
          bool same = true;
          for (std::size_t i = 0; i < 4; ++i)
            same = same && block.truth[i * kLanes + p] == task.pool()[k * 4 + i];
          if (same) found = static_cast<int>(k);
        }
        ASSERT_GE(found, 0);
        ++counts[static_cast<std::size_t>(found)];
      }
    }
    double chi2 = 0;
    const double expected = double(kBlocks) * kLanes / kSize;
    for (const int count : counts) chi2 += std::pow(count - expected, 2) / expected;
    EXPECT_LT(chi2, 18.5);  // of 4 degrees of freedom: one chance in a thousand
  }
}

// Given w, y = <w, x> + noise: the residual of the truth is that of the noise alone.
TEST(Pool, TargetsBelongToTheVectorOfThePrompt) {
  const RegressionTask task = pool_of(50);
  PromptSampler<double> sampler(task);
  PromptBlock<double> block(4);
  double sum = 0, squares = 0;
  constexpr int kBlocks = 4'000;
  for (std::uint32_t step = 0; step < kBlocks; ++step) {
    sampler.sample({.seed = 4, .step = step}, kLanes, block);
    for (std::size_t p = 0; p < kLanes; ++p) {
      const auto gram = [&](std::size_t i, std::size_t j) {
        return block.gram[(i * 5 + j) * kLanes + p];
      };
      double rss = gram(4, 4);
      for (std::size_t i = 0; i < 4; ++i) {
        const double w = block.truth[i * kLanes + p];
        rss -= 2 * w * gram(i, 4);
        for (std::size_t j = 0; j < 4; ++j) rss += w * gram(i, j) * block.truth[j * kLanes + p];
      }
      const double ratio = rss / (7 * block.sigma[p] * block.sigma[p]);  // chi2_n / n
      sum += ratio;
      squares += ratio * ratio;
    }
  }
  const double count = double(kBlocks) * kLanes, mean = sum / count;
  EXPECT_NEAR(mean, 1, 4 * std::sqrt((squares / count - mean * mean) / count));
  EXPECT_NEAR(squares / count, 1 + 2.0 / 7, 0.03);
}

TEST(Pool, ItsFirstVectorsDoNotDependOnItsSize) {
  const RegressionTask few = pool_of(3), many = pool_of(40), other = pool_of(3, 1);
  EXPECT_TRUE(std::equal(few.pool().begin(), few.pool().end(), many.pool().begin()));
  EXPECT_NE(few.pool(), other.pool());
  EXPECT_TRUE(few.without_pool().pool().empty());
}

TEST(Pool, ItsVectorsAreNormal) {
  constexpr int kSize = 20'000;
  const RegressionTask task = pool_of(kSize);
  const Eigen::Map<const RowMajorMatrix> pool(task.pool().data(), kSize, 4);
  const double error = 1 / std::sqrt(kSize);
  EXPECT_LT(pool.colwise().mean().cwiseAbs().maxCoeff(), 4 * error);
  const RowMajorMatrix second = pool.transpose() * pool / kSize;
  EXPECT_LT((second - RowMajorMatrix::Identity(4, 4)).cwiseAbs().maxCoeff(), 4 * 1.5 * error);
  EXPECT_NEAR(pool.array().pow(4).mean(), 3, 4 * std::sqrt(96.0 / (4 * kSize)));
  EXPECT_NEAR(task.mean_square_signal(), pool.rowwise().squaredNorm().mean(), 1e-12);
}

TEST(Pool, TheSignalIsThatOfItsVectorsUnderTheCovariance) {
  TaskSpec spec = pool_of(1).spec();
  spec.covariance = {2, 0.5, 0, 0, 0.5, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3};
  EXPECT_DOUBLE_EQ(RegressionTask::create(spec).value().without_pool().mean_square_signal(), 7);
  const RegressionTask task = RegressionTask::create(spec).value();
  const Eigen::Map<const Eigen::VectorXd> w(task.pool().data(), 4);
  const Eigen::Map<const RowMajorMatrix> s(spec.covariance.data(), 4, 4);
  EXPECT_NEAR(task.mean_square_signal(), w.dot(s * w), 1e-12);
  // N(0, S^-1) is C^-T times the same normals.
  spec.weights = WeightLaw::inverse_covariance;
  const RegressionTask shaped = RegressionTask::create(spec).value();
  const Eigen::Map<const Eigen::VectorXd> v(shaped.pool().data(), 4);
  const Eigen::Map<const RowMajorMatrix> factor(shaped.factor().data(), 4, 4);
  EXPECT_LT((factor.transpose() * v - w).norm(), 1e-12);
}

TEST(Pool, RefusesASizeOutOfRange) {
  for (const int size : {-1, kMaxPool + 1}) {
    TaskSpec spec;
    spec.pool = size;
    const auto task = RegressionTask::create(std::move(spec));
    ASSERT_FALSE(task);
    EXPECT_NE(task.error().message.find("[task.pool]"), std::string::npos);
  }
}

}  // namespace
}  // namespace gramian
