// What training changed, on networks where it is known.
#include "gramian/evaluation/updates.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/networks.h"

namespace gramian::test {
namespace {

// Two layers of one head; the change of the Q of layer 2 is 3 e_0 e_1^T + e_2 e_2^T.
struct Changed {
  Network start = random_full(4, 2, 1, 7, 0.1), trained = start;
  static constexpr std::size_t kSize = 25, kLastQ = 3 * kSize;
  Changed() {
    trained.theta[kLastQ + 1] += 3;
    trained.theta[kLastQ + 2 * 5 + 2] += 1;
  }
};

Updates updates_of(const Network& start, const Network& trained) {
  return {weight_matrices(start.spec), start.theta, trained.theta};
}

TEST(Updates, HaveTheSingularValuesOfTheChange) {
  const Changed c;
  const auto updates = updates_of(c.start, c.trained).list();
  ASSERT_EQ(updates.size(), 4u);
  EXPECT_EQ(updates[0].name, "layer 1, P");
  EXPECT_EQ(updates[0].rank_99, 0);
  EXPECT_EQ(updates[0].size, 0);
  EXPECT_EQ(updates[3].name, "layer 2, Q");
  EXPECT_NEAR(updates[3].sigma[0], 3, 1e-12);
  EXPECT_NEAR(updates[3].sigma[1], 1, 1e-12);
  EXPECT_NEAR(updates[3].sigma[2], 0, 1e-12);
  EXPECT_EQ(updates[3].rank_99, 2);
  double squares = 0;
  for (std::size_t i = 0; i < Changed::kSize; ++i) {
    const double w = c.start.theta[Changed::kLastQ + i];
    squares += w * w;
  }
  EXPECT_NEAR(updates[3].size, std::sqrt(10 / squares), 1e-9);
  const auto two_heads =
      updates_of(random_full(3, 2, 2, 1, 0.1), random_full(3, 2, 2, 2, 0.1)).list();
  EXPECT_EQ(two_heads[5].name, "layer 2, Q of head 1");
}

TEST(Updates, OfKindsWithoutMatricesAreNone) {
  const Network diag{{.kind = Parametrisation::diag, .d = 4, .layers = 1}, {1, 2, 3, 4}};
  const Updates none = updates_of(diag, diag);
  EXPECT_TRUE(none.list().empty());
  EXPECT_EQ(none.full_rank(), 0);
}

TEST(Updates, TruncatedToZeroAreTheStartAndToAllAreTheNetwork) {
  const Changed c;
  const Updates updates = updates_of(c.start, c.trained);
  EXPECT_EQ(updates.full_rank(), 5);
  EXPECT_EQ(updates.truncated(0), c.start.theta);
  for (const int rank : {2, 5, 9}) {
    const auto whole = updates.truncated(rank);
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], c.trained.theta[i], 1e-12);
  }
  const auto one = updates.truncated(1);
  EXPECT_NEAR(one[Changed::kLastQ + 1], c.trained.theta[Changed::kLastQ + 1], 1e-12);
  EXPECT_NEAR(one[Changed::kLastQ + 12], c.start.theta[Changed::kLastQ + 12], 1e-12);
}

// Matrices of two shapes, and a weight that is in none of them.
TEST(Updates, LeaveWhatIsNoMatrixAsTrained) {
  const std::vector<double> start(11, 0.0);
  std::vector<double> trained(11, 0.0);
  trained[0] = 7;  // a bias
  trained[1] = 2;  // [2, 3] from 1 on: diagonal 2 and 1
  trained[5] = 1;
  trained[7] = 3;  // [1, 4] from 7 on
  const Updates updates({{"a", 1, 2, 3}, {"b", 7, 1, 4}}, start, trained);
  EXPECT_EQ(updates.full_rank(), 2);
  std::vector<double> zero(11, 0.0);
  zero[0] = 7;
  EXPECT_EQ(updates.truncated(0), zero);
  const auto one = updates.truncated(1);
  EXPECT_NEAR(one[1], 2, 1e-12);
  EXPECT_NEAR(one[5], 0, 1e-12);
  EXPECT_NEAR(one[7], 3, 1e-12);
}

}  // namespace
}  // namespace gramian::test
