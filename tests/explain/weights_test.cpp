#include "gramian/explain/weights.h"

#include <gtest/gtest.h>

#include "gramian/theory/constructions.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

const std::vector<Omega> kOmegas{{.xx = -0.05, .xy = 0.3, .yx = -0.7, .yy = -0.2},
                                 {.xx = 0.4, .xy = -0.1, .yx = 0.25, .yy = 0.6}};

Matrix map_of(const LayerWeights& weights, const Matrix& gram) {
  const auto rows = gram.rows();
  Matrix sum = Matrix::Zero(rows, rows);
  for (int h = 0; h < weights.heads; ++h) {
    const Eigen::Map<const RowMajor> p(weights.p.data() + h * rows * rows, rows, rows);
    const Eigen::Map<const RowMajor> q(weights.q.data() + h * rows * rows, rows, rows);
    sum += p * gram * q;
  }
  return sum;
}

// The coefficients of G -> A(G) on symmetric G, rows of A from `first`: one matrix for each pair of
// entries of G.
std::vector<Matrix> coefficients(const LayerWeights& weights, int d, int first, int count) {
  std::vector<Matrix> list;
  for (int k = 0; k <= d; ++k) {
    for (int l = 0; l <= d; ++l) {
      Matrix gram = Matrix::Zero(d + 1, d + 1);
      gram(k, l) += 0.5;
      gram(l, k) += 0.5;
      list.push_back(map_of(weights, gram).middleRows(first, count));
    }
  }
  return list;
}

double dot(const std::vector<Matrix>& a, const std::vector<Matrix>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i].cwiseProduct(b[i]).sum();
  return sum;
}

TEST(Weights, TheNearestDiagonalOfADiagonalNetworkIsThatNetwork) {
  const Network diag = network_of(kOmegas, 5, ContextScale::mean);
  for (const Network& network : {diag, in_disguise(diag)}) {
    const Network nearest = nearest_diagonal(network);
    ASSERT_EQ(nearest.theta.size(), diag.theta.size());
    for (std::size_t i = 0; i < diag.theta.size(); ++i)
      EXPECT_NEAR(nearest.theta[i], diag.theta[i], 1e-12);
    for (int l = 0; l < 2; ++l) {
      const LayerSummary layer = summarise_layer(network, l, 20);
      EXPECT_NEAR(layer.diagonal_x, 1, 1e-12);
      EXPECT_NEAR(layer.diagonal_y, 1, 1e-12);
      EXPECT_NEAR(layer.omega.yy, diag.omega(l).yy, 1e-12);
    }
  }
}

// Preconditioned layers have no omegas of their own: theirs are those of the dense network.
TEST(Weights, APreconditionedLayerIsSummarisedAsTheDenseOneThatItIs) {
  const NetworkSpec spec{.kind = Parametrisation::preconditioned, .d = 3, .layers = 2};
  const Network network = Network::initial(spec, {.noise = 0.3}, 9, 1);
  for (int l = 0; l < 2; ++l) {
    const LayerSummary found = summarise_layer(network, l, 9),
                       dense = summarise_layer(network.as_full(), l, 9);
    EXPECT_EQ(found.omega.xx, dense.omega.xx);
    EXPECT_EQ(found.omega.yx, dense.omega.yx);
    EXPECT_EQ(found.diagonal_y, dense.diagonal_y);
    EXPECT_EQ(found.heads.size(), 1u);
  }
}

// By brute force: what is left over is orthogonal to each of the four diagonal maps, and shares are
// of squared coefficients.
TEST(Weights, TheProjectionIsOrthogonal) {
  constexpr int kD = 3;
  const Network network = random_full(kD, 1, 2, 5, 1.0);
  const LayerWeights weights = network.expanded(0);
  const LayerSummary summary = summarise_layer(network, 0, 7);
  const LayerWeights nearest = expand(summary.omega, kD, 2);
  for (const auto& [first, count, share] :
       {std::tuple{0, kD, summary.diagonal_x}, std::tuple{kD, 1, summary.diagonal_y}}) {
    const auto all = coefficients(weights, kD, first, count),
               part = coefficients(nearest, kD, first, count);
    EXPECT_NEAR(share, dot(part, part) / dot(all, all), 1e-12);
    EXPECT_GT(share, 0);
    EXPECT_LT(share, 1);
    for (const Omega& unit : {Omega{.xx = 1}, Omega{.xy = 1}, Omega{.yx = 1}, Omega{.yy = 1}}) {
      const auto direction = coefficients(expand(unit, kD, 2), kD, first, count);
      EXPECT_NEAR(dot(all, direction), dot(part, direction), 1e-12 * std::max(1.0, dot(all, all)));
    }
  }
}

TEST(Weights, HeadsAreInOneGaugeAndDoTheSame) {
  constexpr int kD = 4;
  const Network network = random_full(kD, 1, 3, 6, 0.5);
  const LayerWeights weights = network.expanded(0);
  const LayerSummary summary = summarise_layer(network, 0, 9);
  LayerWeights together{3, {}, {}};
  for (const HeadWeights& head : summary.heads) {
    const Eigen::Map<const RowMajor> p(head.p.data(), kD + 1, kD + 1),
        q(head.q.data(), kD + 1, kD + 1);
    EXPECT_NEAR(p.norm(), q.norm(), 1e-12);
    EXPECT_GE(q.trace(), 0);
    EXPECT_NEAR(head.p_diagonal, p.diagonal().squaredNorm() / p.squaredNorm(), 1e-12);
    together.p.insert(together.p.end(), head.p.begin(), head.p.end());
    together.q.insert(together.q.end(), head.q.begin(), head.q.end());
  }
  const Matrix gram = Matrix::Random(kD + 1, kD + 1);
  EXPECT_LT((map_of(together, gram) - map_of(weights, gram)).norm(),
            1e-12 * map_of(weights, gram).norm());
}

TEST(Weights, OmegasOfPlainSumsAreToldForMeans) {
  const Network network = network_of(kOmegas, 5, ContextScale::sum);
  EXPECT_NEAR(summarise_layer(network, 1, 20).omega.xx, 0.4 * 20, 1e-12);
  EXPECT_NEAR(summarise_layer(in_disguise(network), 1, 20).omega.xx, 0.4 * 20, 1e-11);
}

TEST(Weights, AHeadThatDoesNothingIsLeftAlone) {
  Network network{{.kind = Parametrisation::full, .d = 2, .layers = 1},
                  std::vector<double>(18, 0.0)};
  const LayerSummary summary = summarise_layer(network, 0, 5);
  EXPECT_EQ(summary.omega.xx, 0);
  EXPECT_EQ(summary.diagonal_x, 1);
  EXPECT_EQ(summary.heads.at(0).p, std::vector<double>(9, 0.0));
}

}  // namespace
}  // namespace gramian::test
