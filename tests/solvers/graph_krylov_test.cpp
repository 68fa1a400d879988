// Answers from products alone, beside those of all eigenvectors.
#include <gtest/gtest.h>

#include "gramian/solvers/graph_krylov.h"
#include "gramian/tasks/graph_answers.h"

namespace gramian {
namespace {

struct Case {
  Graph graph;
  LaplacianSpectrum spectrum;
  std::vector<double> psi;
};

Case some_graph(GraphKind kind) {
  Uniforms uniforms({.seed = 6}, 0);
  Case at{.graph = make_graph({.kind = kind, .nodes = 150, .density = 0.15}, uniforms),
          .spectrum = {},
          .psi = std::vector<double>(150)};
  at.spectrum.compute(dense_laplacian(at.graph), 150);
  at.psi[3] = 1, at.psi[140] = -0.25, at.psi[77] = -0.75;
  return at;
}

double distance_from(const std::vector<double>& x, const Eigen::MatrixXd& exact) {
  const Eigen::Map<const Eigen::VectorXd> is(x.data(), static_cast<Eigen::Index>(x.size()));
  return (is - exact.col(0)).norm() / exact.norm();
}

TEST(GraphKrylov, AnswersAreThoseOfTheEigenvectors) {
  for (const GraphKind kind : {GraphKind::csl, GraphKind::grid, GraphKind::barabasi_albert}) {
    const Case at = some_graph(kind);
    const SparseLaplacian laplacian(at.graph);
    const Eigen::MatrixXd psi = Eigen::Map<const Eigen::MatrixXd>(at.psi.data(), 150, 1);
    const auto solved = solve_laplacian(laplacian, at.psi);
    ASSERT_TRUE(solved.has_value());
    EXPECT_LE(solved->residual, 2e-10);
    EXPECT_LT(distance_from(solved->x, at.spectrum.answer(GraphQuestion::potential, 1, psi)), 1e-7);
    for (const GraphQuestion question : {GraphQuestion::embedding, GraphQuestion::heat}) {
      const auto found = lanczos_function(laplacian, question, 0.5, at.psi);
      ASSERT_TRUE(found.has_value());
      EXPECT_LT(distance_from(found->x, at.spectrum.answer(question, 0.5, psi)), 1e-8);
    }
  }
}

// What a bar of progress is drawn from.
TEST(GraphKrylov, ReportsSharesUpToOne) {
  const Case at = some_graph(GraphKind::grid);
  const SparseLaplacian laplacian(at.graph);
  std::vector<double> shares;
  const auto report = [&](double share) { shares.push_back(share); };
  const auto expect_shares = [&] {
    ASSERT_GT(shares.size(), 3u);
    EXPECT_GE(std::ranges::min(shares), 0);
    EXPECT_LE(std::ranges::max(shares), 1);
    EXPECT_LT(shares.front(), 0.5);
    EXPECT_GT(shares.back(), 0.9);
  };
  ASSERT_TRUE(solve_laplacian(laplacian, at.psi, 1e-10, 1'000, report).has_value());
  expect_shares();
  shares.clear();
  ASSERT_TRUE(lanczos_function(laplacian, GraphQuestion::heat, 0.5, at.psi, 1e-10, 1'000, report)
                  .has_value());
  expect_shares();
}

TEST(GraphKrylov, EigenvectorsOfBothEnds) {
  const Case at = some_graph(GraphKind::erdos_renyi);
  const SparseLaplacian laplacian(at.graph);
  for (const bool largest : {true, false}) {
    const auto found = sparse_eigenvectors(laplacian, 3, largest);
    ASSERT_TRUE(found.has_value());
    const Eigen::Map<const RowMajorMatrix> u(found->x.data(), 150, 3);
    const Eigen::MatrixXd exact = at.spectrum.eigenvectors(3, largest);
    for (int j = 0; j < 3; ++j) EXPECT_NEAR(std::abs(u.col(j).dot(exact.col(j))), 1, 1e-8);
  }
}

TEST(GraphKrylov, WhatDoesNotConvergeIsNothing) {
  const Case at = some_graph(GraphKind::grid);
  const SparseLaplacian laplacian(at.graph);
  EXPECT_FALSE(solve_laplacian(laplacian, at.psi, 1e-10, 5).has_value());
  EXPECT_FALSE(
      lanczos_function(laplacian, GraphQuestion::embedding, 1, at.psi, 1e-10, 40).has_value());
}

TEST(GraphKrylov, BoundsHold) {
  for (const GraphKind kind : kGraphKinds.values) {
    const Case at = some_graph(kind);
    const SparseLaplacian laplacian(at.graph);
    EXPECT_GE(laplacian.bound(), at.spectrum.largest() * (1 - 1e-12));
    EXPECT_GE(least_ritz_value(laplacian, 60), at.spectrum.least() * (1 - 1e-9));
    EXPECT_NEAR(laplacian.trace(), at.spectrum.values().sum(), 1e-9 * laplacian.trace());
  }
}

}  // namespace
}  // namespace gramian
