#include "gramian/papers/electric/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gramian/evaluation/statistics.h"
#include "gramian/tape/tape_run.h"
#include "gramian/theory/graph_networks.h"

namespace gramian::electric {

namespace {

using Matrix = Eigen::MatrixXd;

// Draws prompts one after the other.
template <class Visit>
void for_prompts(const GraphTaskSpec& task, std::uint64_t count, Visit visit) {
  GraphPrompt prompt;
  for (std::uint64_t p = 0; p < count; ++p) {
    draw_prompt(task,
                {.seed = kEvaluationSeed,
                 .stream = kEvaluationStream,
                 .first = static_cast<std::uint32_t>(p)},
                0, prompt);
    visit(prompt);
  }
}

// A function of each eigenvalue but 0.
Matrix of_spectrum(const GraphPrompt& prompt, const Eigen::VectorXd& f) {
  const auto u = prompt.spectrum.vectors().rightCols(f.size());
  return u * (f.asDiagonal() * (u.transpose() * prompt.demands));
}

double scale_free_error(const Matrix& answer, const Matrix& target) {
  const double size = answer.norm();
  return size > 0 ? (answer / size - target / target.norm()).squaredNorm() : 1;
}

// The coordinates of a network's state on the eigenvalues of L: Psi and Phi as multiples of the
// demands, and G.
struct OnEigenvalues {
  Eigen::ArrayXd g, psi, phi;
};

// One layer of a network in the efficient form without coupling, n nodes. The common norm of Psi
// and Phi is left out: it is a scale.
void apply_layer(const GraphLayer& layer, double c, OnEigenvalues& at) {
  const Eigen::ArrayXd g = c * at.g;
  const Eigen::ArrayXd phi = at.phi * (1 + layer.keep[0] + layer.read[0] * g) +
                             at.psi * (layer.from[0] + layer.from_read[0] * g);
  at.psi *= 1 + layer.psi_keep[0] + layer.psi_read[0] * g;
  at.phi = phi;
  const Eigen::ArrayXd map = 1 + layer.b_keep[0] + layer.b_read[0] * g;
  at.g *= map * map;
  at.g /= at.g.sum();
}

// The r^2 after each layer of a family of networks, each layer count a network of its own, as
// functions f(layers, lambda) of the eigenvalues.
template <class Filter>
std::vector<double> errors_by_layer(const Setting& setting, int layers, std::uint64_t prompts,
                                    Filter filter) {
  std::vector<RunningMean> means(static_cast<std::size_t>(layers));
  for_prompts(setting.task(), prompts, [&](const GraphPrompt& prompt) {
    const Eigen::VectorXd lambda = prompt.spectrum.values().tail(prompt.graph.nodes - 1);
    for (int l = 1; l <= layers; ++l) {
      const Eigen::VectorXd f = filter(l, lambda, prompt.spectrum);
      means[static_cast<std::size_t>(l) - 1].add(
          scale_free_error(of_spectrum(prompt, f), prompt.target));
    }
  });
  std::vector<double> list;
  for (const RunningMean& mean : means) list.push_back(mean.mean());
  return list;
}

}  // namespace

Estimate descent_error(const GraphTaskSpec& task, int layers, std::uint64_t prompts) {
  Estimate best{.mean = 2};
  for (double share = 0.3; share < 1.01; share += 0.05) {
    RunningMean mean;
    for_prompts(task, prompts, [&](const GraphPrompt& prompt) {
      const Eigen::VectorXd lambda = prompt.spectrum.values().tail(prompt.graph.nodes - 1);
      const double step = 2 * share / (prompt.spectrum.largest() + prompt.spectrum.least());
      const Eigen::VectorXd f = (1 - (1 - step * lambda.array()).pow(layers)) / lambda.array();
      mean.add(scale_free_error(of_spectrum(prompt, f), prompt.target));
    });
    if (mean.mean() < best.mean) best = {mean.mean(), mean.standard_error()};
  }
  return best;
}

Matrix orthonormal(const Matrix& m) {
  Matrix q = m;
  for (Eigen::Index j = 0; j < q.cols(); ++j) {
    for (Eigen::Index i = 0; i < j; ++i) q.col(j) -= q.col(i).dot(q.col(j)) * q.col(i);
    q.col(j).normalize();
  }
  return q;
}

Estimate subspace_error(const GraphTaskSpec& task, int layers, std::uint64_t prompts) {
  const int sweeps = std::max(1, layers / task.demands);
  RunningMean mean;
  for_prompts(task, prompts, [&](const GraphPrompt& prompt) {
    const int n = prompt.graph.nodes;
    const RowMajorMatrix laplacian =
        Eigen::Map<const RowMajorMatrix>(dense_laplacian(prompt.graph).data(), n, n);
    Matrix phi = prompt.demands;
    for (int sweep = 0; sweep < sweeps; ++sweep) phi = orthonormal(laplacian * phi);
    double sum = 0;
    for (Eigen::Index j = 0; j < phi.cols(); ++j)
      sum += 2 - 2 * std::min(1.0, std::abs(phi.col(j).dot(prompt.target.col(j))));
    mean.add(sum);
  });
  return {mean.mean(), mean.standard_error()};
}

RewritingNumbers measure_rewriting(const GraphNetwork& network, const Setting& setting,
                                   std::uint64_t prompts) {
  const auto layers = static_cast<std::size_t>(network.spec.layers);
  std::vector<RunningMean> condition(layers + 1), errors(layers);
  for_prompts(setting.task(), prompts, [&](const GraphPrompt& prompt) {
    const int n = prompt.graph.nodes;
    const Eigen::ArrayXd lambda = prompt.spectrum.values().tail(n - 1).array();
    OnEigenvalues at{
        .g = lambda, .psi = Eigen::ArrayXd::Ones(n - 1), .phi = Eigen::ArrayXd::Zero(n - 1)};
    condition[0].add(std::log(lambda.maxCoeff() / lambda.minCoeff()));
    for (std::size_t l = 0; l < layers; ++l) {
      apply_layer(network.layer(static_cast<int>(l)), network.spec.factor(n), at);
      condition[l + 1].add(std::log(at.g.maxCoeff() / at.g.minCoeff()));
      const Matrix phi = of_spectrum(prompt, at.phi.matrix());
      errors[l].add(
          std::min(scale_free_error(phi, prompt.target), scale_free_error(-phi, prompt.target)));
    }
  });
  RewritingNumbers numbers{.setting = setting};
  for (const RunningMean& mean : condition) numbers.condition.push_back(std::exp(mean.mean()));
  for (const RunningMean& mean : errors) numbers.errors.push_back(mean.mean());
  return numbers;
}

std::vector<double> descent_by_layer(const Setting& setting, int layers, std::uint64_t prompts) {
  return errors_by_layer(
      setting, layers, prompts,
      [](int l, const Eigen::VectorXd& lambda, const LaplacianSpectrum& spectrum) {
        const double step = 2 / (spectrum.largest() + spectrum.least());
        return Eigen::VectorXd((1 - (1 - step * lambda.array()).pow(l)) / lambda.array());
      });
}

std::vector<double> chebyshev_by_layer(const Setting& setting, int layers, std::uint64_t prompts) {
  return errors_by_layer(
      setting, layers, prompts,
      [](int l, const Eigen::VectorXd& lambda, const LaplacianSpectrum& spectrum) {
        const GraphNetwork network =
            descent_network(l, {.least = spectrum.least(), .largest = spectrum.largest()});
        Eigen::ArrayXd phi = Eigen::ArrayXd::Zero(lambda.size());
        for (int i = 0; i < l; ++i) {
          const double step = network.layer(i).from[0];
          phi += step * (1 - lambda.array() * phi);
        }
        return Eigen::VectorXd(phi);
      });
}

std::vector<double> polar_by_layer(const Setting& setting, int layers, std::uint64_t prompts) {
  return errors_by_layer(
      setting, layers, prompts,
      [](int l, const Eigen::VectorXd& lambda, const LaplacianSpectrum& spectrum) {
        const GraphNetwork network = polar_network(l, spectrum.largest(), true);
        Eigen::ArrayXd g = lambda.array(), phi = Eigen::ArrayXd::Ones(lambda.size());
        for (int i = 0; i < l; ++i) {
          const Eigen::ArrayXd t = 1.5 - 0.5 / spectrum.largest() * g;
          phi *= t;
          if (network.layer(i).b_keep[0] != 0) g *= t * t;
        }
        return Eigen::VectorXd(phi);
      });
}

Expected<DrawnGraph> draw_potentials(const GraphNetwork& network, const Setting& setting) {
  // Unshuffled, so that neighbours on the circle are neighbours of the cycle.
  const PhiloxAddress address{.seed = kEvaluationSeed, .stream = kEvaluationStream};
  Uniforms uniforms(address, 0);
  const GraphTaskSpec task = setting.task();
  GraphSpec spec = task.graph;
  if (spec.kind == GraphKind::csl) spec.skip = 2;
  const Graph graph = make_graph(spec, uniforms);
  DrawnGraph drawn;
  for (int i = 0; i < graph.nodes; ++i) {
    const double angle = 2 * std::numbers::pi * i / graph.nodes;
    drawn.nodes.push_back({std::sin(angle), std::cos(angle)});
  }
  for (const Edge& edge : graph.edges) drawn.edges.push_back({edge.u, edge.v, edge.weight});
  const auto n = static_cast<std::size_t>(graph.nodes);
  std::vector<double> demands(n);
  demands[0] = 1, demands[n / 2] = -1;
  const LaplacianSpectrum spectrum(dense_laplacian(graph), graph.nodes);
  const Matrix exact = spectrum.answer(setting.question, task.heat_time,
                                       Eigen::Map<const Matrix>(demands.data(), graph.nodes, 1));
  const auto add = [&](std::string label, std::span<const double> phi) {
    Eigen::VectorXd values = Eigen::Map<const Eigen::VectorXd>(phi.data(), graph.nodes);
    values.array() -= values.mean();
    if (values.norm() > 0) values *= exact.norm() / values.norm();
    if (values.dot(exact.col(0)) < 0) values *= -1;
    drawn.frames.push_back({std::move(label), {values.begin(), values.end()}});
  };
  add("demands", demands);
  const auto answer = GRAMIAN_TRY(run_graph_network(
      network, SparseLaplacian(graph), demands, 1,
      [&](int layer, std::span<const double> phi) { add(fmt::format("layer {}", layer), phi); }));
  add("exact", {exact.data(), n});
  return drawn;
}

EdgeDeviations edge_deviations(const GraphExperiment& experiment, const AnyGraphNetwork& network) {
  const GraphTaskSpec& task = experiment.task;
  const auto recorded = record(experiment.full).value();
  TapeRun<double> run(recorded.tape);
  GraphPrompt prompt;
  draw_prompt(task, {.seed = kEvaluationSeed, .stream = kEvaluationStream}, 0, prompt);
  const int n = task.graph.nodes, d = task.columns(), k = task.demands;
  const std::vector<double> numbers = incidence(prompt.graph, d);
  const Matrix b = Eigen::Map<const RowMajorMatrix>(numbers.data(), n, d);
  const auto answer = [&](const Matrix& incidence_of) {
    Matrix tokens(n, d + k);
    tokens << incidence_of, prompt.demands;
    double* to = run.values(recorded.tokens);
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < d + k; ++j)
        to[static_cast<std::size_t>(i * (d + k) + j) * kLanes] = tokens(i, j);
    }
    run.forward(network.theta().data());
    Matrix phi(n, k);
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < k; ++j)
        phi(i, j) = run.values(recorded.output)[static_cast<std::size_t>(i * k + j) * kLanes];
    }
    return phi;
  };
  const Matrix usual = answer(b);
  const auto change = [&](const Matrix& map) {
    return (answer(b * map) - usual).norm() / usual.norm();
  };
  Uniforms uniforms({.seed = 3}, 0);
  Matrix turned = Matrix::Identity(d, d), normal(d, d);
  for (int j = 0; j < d; ++j) turned(j, j) = uniforms.next() < 0.5 ? 1 : -1;
  for (double& entry : normal.reshaped()) entry = uniforms.normal();
  const Matrix rotation = normal.householderQr().householderQ();
  return {.permuted = change(Matrix::Identity(d, d).rowwise().reverse()),
          .turned = change(turned),
          .rotated = change(rotation)};
}

}  // namespace gramian::electric
