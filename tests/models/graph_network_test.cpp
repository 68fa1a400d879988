// Networks on graphs: the tape, the sparse and the dense run agree; gradients; what edges may do.
#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/graph_network.h"
#include "gramian/models/graph_transformer.h"
#include "gramian/models/transformer.h"
#include "gramian/models/transformer/reference.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/graph_prompt.h"

namespace gramian {
namespace {

constexpr int kK = 3;

GraphPrompt some_prompt(std::size_t p) {
  GraphPrompt prompt;
  draw_prompt({.graph = {.kind = GraphKind::erdos_renyi, .nodes = 7}, .demands = kK}, {.seed = 8},
              p, prompt);
  return prompt;
}

GraphNetwork random_network(GraphNetworkSpec spec) {
  GraphNetwork network{spec, std::vector<double>(spec.numbers())};
  Uniforms uniforms({.seed = 9}, 0);
  for (double& number : network.theta) number = 0.4 * (2 * uniforms.next() - 1);
  return network;
}

std::vector<GraphNetworkSpec> all_specs() {
  std::vector<GraphNetworkSpec> list;
  for (const int columns : {0, kK}) {
    for (const bool rewrites : {false, true}) {
      for (const bool couples : {false, true}) {
        for (const GraphNorm norm : kGraphNorms.values) {
          for (const GraphScale scale : kGraphScales.values) {
            list.push_back({.layers = 3,
                            .columns = columns,
                            .rewrites = rewrites,
                            .couples = couples,
                            .norm = norm,
                            .scale = norm == GraphNorm::none ? GraphScale::mean : scale});
          }
        }
      }
    }
  }
  return list;
}

// [B | Psi] in all lanes of the input.
void fill(TapeRun<double>& run, Value tokens, const Eigen::MatrixXd& b,
          const Eigen::MatrixXd& psi) {
  double* to = run.values(tokens);
  for (Eigen::Index i = 0; i < b.rows(); ++i) {
    for (Eigen::Index j = 0; j < b.cols() + psi.cols(); ++j) {
      const double value = j < b.cols() ? b(i, j) : psi(i, j - b.cols());
      for (int p = 0; p < kLanes; ++p, ++to) *to = value;
    }
  }
}

Eigen::MatrixXd incidence_of(const Graph& graph, int columns) {
  const std::vector<double> b = incidence(graph, columns);
  return Eigen::Map<const RowMajorMatrix>(b.data(), graph.nodes, columns);
}

Eigen::MatrixXd run_tape(const GraphNetwork& network, const Eigen::MatrixXd& b,
                         const Eigen::MatrixXd& psi) {
  const auto recorded =
      record_graph_network(network.spec, static_cast<int>(b.rows()), static_cast<int>(b.cols()),
                           static_cast<int>(psi.cols()))
          .value();
  TapeRun<double> run(recorded.tape);
  fill(run, recorded.tokens, b, psi);
  run.forward(network.theta.data());
  Eigen::MatrixXd phi(psi.rows(), psi.cols());
  for (Eigen::Index i = 0; i < phi.rows(); ++i) {
    for (Eigen::Index j = 0; j < phi.cols(); ++j)
      phi(i, j) = run.values(recorded.output)[(i * phi.cols() + j) * kLanes];
  }
  return phi;
}

Eigen::MatrixXd run_graph(const GraphNetwork& network, const Graph& graph,
                          const Eigen::MatrixXd& psi) {
  const RowMajorMatrix demands = psi;
  const auto phi = run_graph_network(network, SparseLaplacian(graph),
                                     {demands.data(), static_cast<std::size_t>(demands.size())},
                                     static_cast<int>(psi.cols()));
  EXPECT_TRUE(phi.has_value());
  return Eigen::Map<const RowMajorMatrix>(phi->data(), psi.rows(), psi.cols());
}

double distance(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (a - b).norm() / b.norm();
}

TEST(GraphNetwork, TheGramRecurrenceIsTheTapeThatKeepsB) {
  const GraphPrompt prompt = some_prompt(0);
  const Eigen::MatrixXd b = incidence_of(prompt.graph, 21);
  for (const GraphNetworkSpec& spec : all_specs()) {
    const GraphNetwork network = random_network(spec);
    EXPECT_LT(distance(run_graph(network, prompt.graph, prompt.demands),
                       run_tape(network, b, prompt.demands)),
              1e-12)
        << spec.columns << spec.rewrites << spec.couples << static_cast<int>(spec.norm);
  }
}

TEST(GraphNetwork, OneColumnIsThatOfMany) {
  const GraphPrompt prompt = some_prompt(1);
  const GraphNetwork network = random_network({.layers = 4, .scale = GraphScale::mean});
  const Eigen::MatrixXd all = run_graph(network, prompt.graph, prompt.demands);
  EXPECT_LT(distance(run_graph(network, prompt.graph, prompt.demands.col(1)), all.col(1)), 1e-13);
}

TEST(GraphNetwork, GradientsAreCentralDifferences) {
  const GraphPrompt prompt = some_prompt(2);
  const Eigen::MatrixXd b = incidence_of(prompt.graph, 21);
  for (const GraphLoss loss : {GraphLoss::scale_free, GraphLoss::sign_free}) {
    const GraphNorm norm = loss == GraphLoss::sign_free ? GraphNorm::columns : GraphNorm::frobenius;
    GraphNetwork network = random_network({.layers = 2,
                                           .columns = kK,
                                           .rewrites = true,
                                           .couples = true,
                                           .norm = norm,
                                           .scale = GraphScale::nodes});
    const auto recorded = record_graph_network(network.spec, 7, 21, kK, loss).value();
    TapeRun<double> run(recorded.tape);
    fill(run, recorded.tokens, b, prompt.demands);
    double* target = run.values(*recorded.target);
    for (int e = 0; e < 7 * kK; ++e) {
      for (int p = 0; p < kLanes; ++p) *target++ = prompt.target(e / kK, e % kK);
    }
    const auto value = [&] {
      run.forward(network.theta.data());
      return run.values(recorded.output)[0];
    };
    value();
    AlignedArray<double> gradient(network.theta.size() * kLanes);
    run.backward(gradient.data());
    for (std::size_t i = 0; i < network.theta.size(); ++i) {
      double sum = 0;  // in which lane it is left is open
      for (int p = 0; p < kLanes; ++p) sum += gradient[i * kLanes + p];
      const double at = network.theta[i], h = 1e-5;
      network.theta[i] = at + h;
      const double above = value();
      network.theta[i] = at - h;
      const double slope = (above - value()) / (2 * h);
      network.theta[i] = at;
      EXPECT_NEAR(sum / kLanes, slope, 1e-6 * (1 + std::abs(slope))) << i;
    }
  }
}

TEST(GraphNetwork, EdgesMayBeExchangedTurnedAndRotatedAndNodesRenamed) {
  const GraphPrompt prompt = some_prompt(3);
  const int n = 7, d = 21;
  const Eigen::MatrixXd b = incidence_of(prompt.graph, d);
  const GraphNetwork network = random_network({.layers = 3,
                                               .rewrites = true,
                                               .couples = true,
                                               .norm = GraphNorm::frobenius,
                                               .scale = GraphScale::nodes});
  const Eigen::MatrixXd usual = run_tape(network, b, prompt.demands);
  const Eigen::MatrixXd exchanged = b.rowwise().reverse(), turned = -b;
  const Eigen::MatrixXd rotation = Eigen::MatrixXd::Random(d, d).householderQr().householderQ();
  EXPECT_LT(distance(run_tape(network, exchanged, prompt.demands), usual), 1e-12);
  EXPECT_LT(distance(run_tape(network, turned, prompt.demands), usual), 1e-12);
  EXPECT_LT(distance(run_tape(network, b * rotation, prompt.demands), usual), 1e-12);
  Eigen::PermutationMatrix<Eigen::Dynamic> renamed(n);
  renamed.setIdentity();
  for (int i = 0; i < n; ++i) renamed.indices()[i] = (3 * i + 2) % n;
  EXPECT_LT(distance(run_tape(network, renamed * b, renamed * prompt.demands), renamed * usual),
            1e-12);
}

TEST(GraphNetwork, RefusesWhatItCannotRun) {
  const GraphPrompt prompt = some_prompt(4);
  const RowMajorMatrix psi = prompt.demands;
  const auto run = [&](const GraphNetwork& network) {
    return run_graph_network(network, SparseLaplacian(prompt.graph),
                             {psi.data(), static_cast<std::size_t>(psi.size())}, kK);
  };
  EXPECT_FALSE(run(random_network({.columns = 2})).has_value());
  GraphNetwork wild = random_network({.layers = 60});
  for (double& number : wild.theta) number = 1e9;
  const auto diverged = run(wild);
  ASSERT_FALSE(diverged.has_value());
  EXPECT_EQ(diverged.error().kind, ErrorKind::numeric);
  EXPECT_FALSE(GraphNetworkSpec{.layers = 0}.check().has_value());
}

// The norm of columns in a transformer, on the tape and in plain loops.
TEST(GraphTransformer, IsItsReferenceWithEveryNorm) {
  for (const GraphNorm norm : kGraphNorms.values) {
    const TransformerSpec spec =
        graph_transformer({.layers = 2, .nodes = 7, .columns = 9, .demands = kK, .norm = norm});
    ASSERT_TRUE(spec.check().has_value());
    const Transformer network = Transformer::initial(spec, 0.5, 3).value();
    std::vector<double> tokens;
    Uniforms uniforms({.seed = 2}, 0);
    for (int i = 0; i < 7 * 12; ++i) tokens.push_back(uniforms.normal());
    TapeRun<double> run(network.recorded().tape);
    for (std::size_t e = 0; e < tokens.size(); ++e)
      run.values(network.recorded().tokens)[e * kLanes] = tokens[e];
    run.forward(network.theta.data());
    const auto plain = token_forward(spec, network.theta, tokens);
    for (std::size_t e = 0; e < plain.output.size(); ++e) {
      EXPECT_NEAR(run.values(network.recorded().output)[e * kLanes], plain.output[e],
                  1e-12 * (1 + std::abs(plain.output[e])));
    }
  }
}

TEST(GraphTransformer, NormsOfColumnsAreChecked) {
  TransformerSpec spec = graph_transformer({.norm = GraphNorm::frobenius});
  spec.blocks[0].after_mixer.count = 1000;
  EXPECT_FALSE(spec.check().has_value());
  spec = graph_transformer({.norm = GraphNorm::columns});
  spec.blocks[0].after_mixer.lead = 25;
  EXPECT_FALSE(spec.check().has_value());
  spec = graph_transformer({.norm = GraphNorm::columns});
  spec.readout.rows = ReadoutRows::query;
  EXPECT_FALSE(spec.check().has_value());
  spec = graph_transformer({.norm = GraphNorm::none});
  spec.blocks[0].after_mixer = {.kind = NormKind::layer, .count = 3};
  EXPECT_FALSE(spec.check().has_value());
}

}  // namespace
}  // namespace gramian
