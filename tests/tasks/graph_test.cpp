// Graphs, edge lists, exact answers and prompts.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "gramian/tasks/edge_list.h"
#include "gramian/tasks/graph_prompt.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

constexpr PhiloxAddress kAddress{.seed = 4, .stream = kEvaluationStream};

TEST(Graph, EveryKindIsConnectedAndOfItsSize) {
  for (const GraphKind kind : kGraphKinds.values) {
    for (const int nodes : {5, 10, 37}) {
      const GraphSpec spec{.kind = kind, .nodes = nodes, .density = 0.1};
      ASSERT_TRUE(spec.check().has_value());
      for (std::size_t p = 0; p < 5; ++p) {
        Uniforms uniforms(kAddress, p);
        const Graph graph = shuffled(make_graph(spec, uniforms), uniforms);
        EXPECT_TRUE(check(graph).has_value()) << kGraphKinds.word(kind) << " " << nodes;
        EXPECT_LE(static_cast<int>(graph.edges.size()), spec.most_edges());
        for (const Edge& edge : graph.edges) {
          EXPECT_GE(edge.weight, std::exp(-2.0));
          EXPECT_LE(edge.weight, std::exp(2.0));
        }
      }
    }
  }
}

TEST(Graph, SizesAreThoseOfTheirKind) {
  const auto edges = [](GraphKind kind, int skip) {
    Uniforms uniforms(kAddress, 0);
    return make_graph({.kind = kind, .nodes = 10, .skip = skip, .weighted = false}, uniforms)
        .edges.size();
  };
  EXPECT_EQ(edges(GraphKind::csl, 2), 20u);
  EXPECT_EQ(edges(GraphKind::csl, 5), 15u);  // each link once
  EXPECT_EQ(edges(GraphKind::complete, 0), 45u);
  EXPECT_EQ(edges(GraphKind::tree, 0), 9u);
  EXPECT_EQ(edges(GraphKind::barabasi_albert, 0), 17u);
  EXPECT_EQ(edges(GraphKind::grid, 0), 13u);  // three rows of four, four and two
}

TEST(Graph, TheLaplacianIsTheGramMatrixOfTheIncidence) {
  Uniforms uniforms(kAddress, 1);
  const Graph graph = make_graph({.kind = GraphKind::erdos_renyi, .nodes = 8}, uniforms);
  const int columns = static_cast<int>(graph.edges.size()) + 3;
  const std::vector<double> b = incidence(graph, columns), laplacian = dense_laplacian(graph);
  const Eigen::Map<const RowMajorMatrix> rows(b.data(), 8, columns), l(laplacian.data(), 8, 8);
  EXPECT_LT((rows * rows.transpose() - l).norm(), 1e-13 * l.norm());
  EXPECT_LT((l * Eigen::VectorXd::Ones(8)).norm(), 1e-13);
}

TEST(Graph, FaultsAreNamed) {
  const auto refused = [](Graph graph, const std::string& what) {
    const Status status = check(graph);
    return !status && status.error().message.find(what) != std::string::npos;
  };
  EXPECT_TRUE(refused({.nodes = 1}, "two nodes"));
  EXPECT_TRUE(refused({.nodes = 2, .edges = {{0, 0}}}, "loops"));
  EXPECT_TRUE(refused({.nodes = 2, .edges = {{0, 1, -1}}}, "positive"));
  EXPECT_TRUE(refused({.nodes = 2, .edges = {{0, 2}}}, "from 0 to 1"));
  EXPECT_TRUE(refused({.nodes = 2, .edges = {{0, 1}, {1, 0}}}, "twice"));
  EXPECT_TRUE(refused({.nodes = 4, .edges = {{0, 1}, {2, 3}}}, "connected"));
}

TEST(EdgeList, IsReadWithNamesWeightsAndComments) {
  const auto graph = parse_edge_list("# a comment\n10 30\n\n% too\n30\t20 2.5\r\n", "g.txt");
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  EXPECT_EQ(graph->names, (std::vector<long>{10, 20, 30}));
  EXPECT_EQ(graph->graph.edges, (std::vector<Edge>{{0, 2, 1}, {2, 1, 2.5}}));
  EXPECT_EQ(graph->node(30).value(), 2);
  EXPECT_FALSE(graph->node(11).has_value());
}

TEST(EdgeList, ErrorsNameThePlaceTheValueAndTheRule) {
  const auto refused = [](const char* text, const std::string& what) {
    const auto graph = parse_edge_list(text, "g.txt");
    const bool found = !graph && graph.error().kind == ErrorKind::format &&
                       graph.error().message.find(what) != std::string::npos;
    EXPECT_TRUE(found) << text << ": " << (graph ? "accepted" : graph.error().message);
  };
  refused("", "no edge");
  refused("1 2\n3\n", "g.txt:2");
  refused("1 2 3 4\n", "got '1 2 3 4'");
  refused("1 2x\n", "whole numbers");
  refused("-1 2\n", "whole numbers");
  refused("1 1\n", "g.txt:1: an edge from node 1 to itself");
  refused("1 2 0\n", "positive finite number, got '0'");
  refused("1 2 -3\n", "got '-3'");
  refused("1 2 nan\n", "got 'nan'");
  refused("1 2 1e999\n", "got '1e999'");
  refused("1 2\n2 1\n", "between 1 and 2 is there twice");
  refused("1 2\n3 4\n", "no path leads from node 1 to node 3 (it has 2 parts)");
}

TEST(EdgeList, DemandsMustBalance) {
  const auto graph = parse_edge_list("1 2\n2 5\n", "g.txt").value();
  EXPECT_EQ(parse_demands("1 2\n5 -2\n", "d.txt", graph).value(), (std::vector<double>{2, 0, -2}));
  for (const char* text : {"1 2\n5 -1\n", "1 1\n1 -1\n", "3 1\n1 -1\n", "1\n", "1 0\n", "1 inf\n"})
    EXPECT_FALSE(parse_demands(text, "d.txt", graph).has_value()) << text;
}

// Against linear algebra that does not go through the eigenvectors.
TEST(GraphAnswers, AreThoseOfTheirDefinitions) {
  Uniforms uniforms(kAddress, 2);
  const Graph graph = make_graph({.kind = GraphKind::csl, .nodes = 9}, uniforms);
  const std::vector<double> numbers = dense_laplacian(graph);
  const Eigen::MatrixXd l = Eigen::Map<const Eigen::MatrixXd>(numbers.data(), 9, 9);
  const LaplacianSpectrum spectrum(numbers, 9);
  Eigen::MatrixXd psi = Eigen::MatrixXd::Random(9, 3);
  psi.rowwise() -= psi.colwise().mean();
  const auto potential = spectrum.answer(GraphQuestion::potential, 1, psi),
             embedding = spectrum.answer(GraphQuestion::embedding, 1, psi),
             half = spectrum.answer(GraphQuestion::heat, 0.25, psi),
             heat = spectrum.answer(GraphQuestion::heat, 0.5, psi);
  EXPECT_LT((l * potential - psi).norm(), 1e-12);
  EXPECT_LT((spectrum.answer(GraphQuestion::embedding, 1, embedding) - potential).norm(), 1e-12);
  EXPECT_LT((spectrum.answer(GraphQuestion::heat, 0.25, half) - heat).norm(), 1e-12);
  Eigen::VectorXd pair = Eigen::VectorXd::Zero(9);
  pair[2] = 1, pair[7] = -1;
  EXPECT_NEAR(spectrum.resistance(2, 7),
              pair.dot(spectrum.answer(GraphQuestion::potential, 1, pair).col(0)), 1e-13);
  const auto top = spectrum.eigenvectors(2, true), bottom = spectrum.eigenvectors(2, false);
  EXPECT_LT((l * top.col(0) - spectrum.largest() * top.col(0)).norm(), 1e-12);
  EXPECT_LT((l * bottom.col(0) - spectrum.least() * bottom.col(0)).norm(), 1e-12);
}

// Two resistors of 1 in a row, and beside them one of 2: 1 between their ends.
TEST(GraphAnswers, ResistancesAddInRowsAndConductancesBesideEachOther) {
  const Graph graph{.nodes = 3, .edges = {{0, 1, 1}, {1, 2, 1}, {0, 2, 0.5}}};
  const LaplacianSpectrum spectrum(dense_laplacian(graph), 3);
  EXPECT_NEAR(spectrum.resistance(0, 2), 1, 1e-14);
  EXPECT_NEAR(spectrum.resistance(0, 1), 0.75, 1e-14);
}

TEST(GraphTask, APromptDependsOnItsAddressAlone) {
  const GraphTaskSpec spec{.question = GraphQuestion::embedding, .demands = 3};
  GraphSampler<double> sampler(spec), other(spec);
  GraphBlock<double> block, later;
  sampler.sample(kAddress, kLanes, block);
  PhiloxAddress at = kAddress;
  at.first = 5;
  other.sample(at, 2, later);
  const std::size_t width = static_cast<std::size_t>(spec.width());
  for (std::size_t k = 0; k < 10 * width; ++k)
    EXPECT_EQ(block.tokens[k * kLanes + 6], later.tokens[k * kLanes + 1]);
  double squares = 0;
  for (std::size_t k = 0; k < 30; ++k)
    squares += block.target[k * kLanes + 3] * block.target[k * kLanes + 3];
  EXPECT_NEAR(squares, 1, 1e-12);
}

TEST(GraphTask, DemandsAreCentredIfTheyAreToBe) {
  for (const bool centred : {true, false}) {
    GraphPrompt prompt;
    draw_prompt({.centred = centred}, kAddress, 0, prompt);
    EXPECT_EQ(prompt.demands.colwise().mean().norm() < 1e-12, centred);
  }
}

TEST(GraphTask, RefusesWhatHasNoMeaning) {
  EXPECT_FALSE(GraphTaskSpec{.graph = {.nodes = 3}}.check().has_value());
  EXPECT_FALSE(GraphTaskSpec{.graph = {.nodes = 65}}.check().has_value());
  EXPECT_FALSE(GraphTaskSpec{.graph = {.skip = 9}}.check().has_value());
  EXPECT_FALSE(
      (GraphTaskSpec{.question = GraphQuestion::eigenvectors, .demands = 10}.check().has_value()));
  EXPECT_FALSE(GraphTaskSpec{.question = GraphQuestion::resistance}.check().has_value());
  EXPECT_FALSE(GraphTaskSpec{.heat_time = 0}.check().has_value());
}

}  // namespace
}  // namespace gramian
