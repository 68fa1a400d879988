// What constructions on graphs may not depend on: how edges are numbered, directed or mixed, and
// how nodes are named. That they are their algorithms is tested in tests/papers/electric.
#include "gramian/theory/graph_constructions.h"

#include <gtest/gtest.h>

#include <utility>

#include "gramian/tasks/graph_prompt.h"
#include "tests/theory/token_run.h"

namespace gramian {
namespace {

using test::Matrix;

constexpr int kGraphNodes = 10, kGraphDemands = 4;

// A weighted graph with circular skip links, its B divided by its norm for networks with the norm.
struct DrawnTokens {
  Matrix b, psi;
  double largest = 0, least = 0;
};

DrawnTokens drawn_tokens(bool norm) {
  GraphPrompt prompt;
  draw_prompt({.graph = {.kind = GraphKind::csl, .nodes = kGraphNodes}, .demands = kGraphDemands},
              {.seed = 12}, 0, prompt);
  const int d = static_cast<int>(prompt.graph.edges.size());
  const std::vector<double> numbers = incidence(prompt.graph, d);
  DrawnTokens tokens{.b = Eigen::Map<const RowMajorMatrix>(numbers.data(), kGraphNodes, d),
                     .psi = prompt.demands};
  const double unit = norm ? tokens.b.squaredNorm() : 1;
  tokens.b /= std::sqrt(unit);
  tokens.largest = prompt.spectrum.largest() / unit;
  tokens.least = prompt.spectrum.least() / unit;
  return tokens;
}

// All seven, subspace iteration at both ends. The heat time is 2 / largest: terms of the series
// then hardly cancel, so that rounding stays that of single products.
std::vector<std::pair<std::string, TokenConstruction>> all_constructions(const DrawnTokens& tokens,
                                                                         bool norm) {
  GraphConstructionSpec spec{.nodes = kGraphNodes,
                             .edges = static_cast<int>(tokens.b.cols()),
                             .demands = kGraphDemands,
                             .layers = 20,
                             .largest = tokens.largest,
                             .least = tokens.least,
                             .heat_time = 2 / tokens.largest,
                             .norm = norm};
  std::vector<std::pair<std::string, TokenConstruction>> list;
  list.emplace_back("potential", electric_potential(spec).value());
  list.emplace_back("embedding", resistive_embedding(spec).value());
  list.emplace_back("heat, Taylor", heat_taylor(spec).value());
  list.emplace_back("heat, Euler", heat_euler(spec).value());
  spec.layers = 8;
  list.emplace_back("fast potential", electric_fast(spec).value());
  list.emplace_back("fast heat", heat_fast(spec).value());
  for (const bool top : {true, false}) {
    list.emplace_back(top ? "eigenvectors, largest" : "eigenvectors, least",
                      graph_eigenvectors({.nodes = kGraphNodes,
                                          .edges = spec.edges,
                                          .vectors = kGraphDemands,
                                          .sweeps = 5,
                                          .top = top,
                                          .largest = tokens.largest,
                                          .norm = norm})
                          .value());
  }
  return list;
}

Matrix answer_to(const TokenConstruction& made, const Matrix& b, const Matrix& psi) {
  Matrix tokens(b.rows(), b.cols() + psi.cols());
  tokens << b, psi;
  return test::run_tokens(made.network, tokens).output;
}

Matrix random_rotation(int d) {
  Uniforms uniforms({.seed = 4}, 0);
  Matrix normal(d, d);
  for (double& entry : normal.reshaped()) entry = uniforms.normal();
  return normal.householderQr().householderQ();
}

// A permutation with signs: edges in another order, every third of them turned round.
Matrix exchanged_and_turned(int d) {
  Matrix map = Matrix::Zero(d, d);
  for (int j = 0; j < d; ++j) map(j, (7 * j + 3) % d) = j % 3 == 0 ? -1 : 1;
  return map;
}

TEST(GraphConstructionEdges, MayBeExchangedTurnedAndRotatedAndNodesRenamed) {
  for (const bool norm : {false, true}) {
    const DrawnTokens tokens = drawn_tokens(norm);
    const int d = static_cast<int>(tokens.b.cols());
    const Matrix signs = exchanged_and_turned(d), rotation = random_rotation(d);
    ASSERT_LT((signs.transpose() * signs - Matrix::Identity(d, d)).norm(), 1e-14);
    Eigen::PermutationMatrix<Eigen::Dynamic> renamed(kGraphNodes);
    for (int i = 0; i < kGraphNodes; ++i) renamed.indices()[i] = (3 * i + 2) % kGraphNodes;
    for (const auto& [name, made] : all_constructions(tokens, norm)) {
      const Matrix usual = answer_to(made, tokens.b, tokens.psi);
      const double bound = 1e-12 * usual.norm();
      ASSERT_GT(usual.norm(), 0) << name;
      EXPECT_LT((answer_to(made, tokens.b * signs, tokens.psi) - usual).norm(), bound) << name;
      EXPECT_LT((answer_to(made, tokens.b * rotation, tokens.psi) - usual).norm(), bound) << name;
      EXPECT_LT(
          (answer_to(made, renamed * tokens.b, renamed * tokens.psi) - renamed * usual).norm(),
          bound)
          << name;
      // What is not orthogonal does change the answer, so that the test can fail.
      Matrix stretched = tokens.b;
      stretched.col(0) *= 1.01;
      EXPECT_GT((answer_to(made, stretched, tokens.psi) - usual).norm(), 1e-6 * usual.norm())
          << name;
    }
  }
}

}  // namespace
}  // namespace gramian
