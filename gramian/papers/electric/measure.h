// What the studies of Cheng, Carin and Sra (2024) measure: networks set by formula beside their
// algorithms on twenty graphs, the best steps of gradient descent under the loss of training, and
// how trained networks rewrite the incidence matrix.
#pragma once

#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/electric/setting.h"
#include "gramian/studies/scores.h"
#include "gramian/tasks/graph_prompt.h"

namespace gramian::electric {

// Weighted graphs with circular skip links and ten nodes whose condition numbers are in [20, 24].
std::vector<GraphPrompt> conditioned_graphs(int count);

// One construction after so many layers (sweeps of subspace iteration): the largest over graphs.
struct ConstructedRow {
  std::string name = {};
  int layers = 0;
  double error = 0;      // of the network from the exact answer, relative
  double algorithm = 0;  // of the algorithm in plain matrices from the exact answer
  double deviation = 0;  // of the network from the algorithm after each layer up to this one
  double share = 0;      // error over the bound; of eigenvectors there is none: 0
  double listed = 0;     // the error that the source of the constructions lists; 0: none
  double kappa = 0;      // the largest condition number
};
// norm: with the norm after each layer, for graphs whose B has norm 1.
Expected<std::vector<ConstructedRow>> measure_constructed(const std::vector<GraphPrompt>& graphs,
                                                          bool norm);

// r^2 of `layers` steps of gradient descent with the constant step 2 share / (largest + least) of
// each graph, over prompts of a task of potentials. The best of many shares.
Estimate descent_error(const GraphTaskSpec& task, int layers, std::uint64_t prompts);

// The loss of subspace iteration with as many layers, from the starts of a task of eigenvectors: as
// many whole sweeps as there are layers for, at least one.
Estimate subspace_error(const GraphTaskSpec& task, int layers, std::uint64_t prompts);

// The columns by Gram-Schmidt: each without those before it, and of length 1.
Eigen::MatrixXd orthonormal(const Eigen::MatrixXd& m);

// A network in its efficient form without coupling is a function of each eigenvalue: what of it is
// in each layer, as means over prompts.
struct RewritingNumbers {
  Setting setting = {};
  int seed = 0;
  std::vector<double> condition = {};  // of G, before layer 1 and after each
  std::vector<double> errors = {};     // r^2 of Phi after each layer, at its best scale
};
RewritingNumbers measure_rewriting(const GraphNetwork& network, const Setting& setting,
                                   std::uint64_t prompts);

// r^2 of the algorithms on the same prompts, after 1, 2, .. layers, at their best scale.
std::vector<double> descent_by_layer(const Setting& setting, int layers, std::uint64_t prompts);
std::vector<double> chebyshev_by_layer(const Setting& setting, int layers, std::uint64_t prompts);
std::vector<double> polar_by_layer(const Setting& setting, int layers, std::uint64_t prompts);

// The graph of one prompt, its nodes on a circle, with what the network says after each layer.
Expected<DrawnGraph> draw_potentials(const GraphNetwork& network, const Setting& setting);

// The largest change of the answer of full weights under an exchange of edges, under turning them
// round, and under an orthogonal map of the edges, relative.
struct EdgeDeviations {
  double permuted = 0, turned = 0, rotated = 0;
};
EdgeDeviations edge_deviations(const GraphExperiment& experiment, const AnyGraphNetwork& network);

}  // namespace gramian::electric
