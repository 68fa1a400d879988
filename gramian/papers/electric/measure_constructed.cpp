// Networks set by formula, run layer by layer beside their algorithms in plain matrices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/papers/electric/measure.h"
#include "gramian/tape/tape_run.h"
#include "gramian/theory/graph_constructions.h"

namespace gramian::electric {

namespace {

using Matrix = Eigen::MatrixXd;
constexpr double kHeatTime = 0.5;  // s, of the Laplacian as it is

// A graph in the units of a construction: L over `unit`, so that B has norm 1 with the norm.
struct Scaled {
  Matrix b, laplacian, demands;
  Eigen::VectorXd values;  // without 0
  Matrix vectors;
  double time = kHeatTime;

  double largest() const { return values[values.size() - 1]; }
  double least() const { return values[0]; }
  Matrix apply(GraphQuestion question) const {
    Eigen::VectorXd f(values.size());
    for (Eigen::Index i = 0; i < f.size(); ++i)
      f[i] = answer_of_eigenvalue(question, values[i], time);
    return vectors * (f.asDiagonal() * (vectors.transpose() * demands));
  }
};

Scaled scaled(const GraphPrompt& prompt, bool norm) {
  const int n = prompt.graph.nodes, d = static_cast<int>(prompt.graph.edges.size());
  Scaled at;
  const std::vector<double> b = incidence(prompt.graph, d);
  at.b = Eigen::Map<const RowMajorMatrix>(b.data(), n, d);
  const double unit = norm ? at.b.squaredNorm() : 1;
  at.b /= std::sqrt(unit);
  at.time = kHeatTime * unit;
  at.laplacian = at.b * at.b.transpose();
  at.demands = prompt.demands;
  at.values = prompt.spectrum.values().tail(n - 1) / unit;
  at.vectors = prompt.spectrum.vectors().rightCols(n - 1);
  return at;
}

// The columns `name` of the tokens after `layer` layers, in lane 0.
Matrix state_of(const TokenConstruction& made, TapeRun<double>& run, std::size_t layer,
                std::string_view name) {
  const Columns columns = columns_of(made, name);
  const RecordedTransformer& recorded = made.network.recorded();
  const Value state = recorded.states[layer];
  const Tape::Node& node = recorded.tape.node(state);
  Matrix m(node.rows, columns.count);
  for (int i = 0; i < node.rows; ++i) {
    for (int j = 0; j < columns.count; ++j)
      m(i, j) = run.values(
          state)[static_cast<std::size_t>(i * node.columns + columns.first + j) * kLanes];
  }
  return m;
}

void fill_tokens(const TokenConstruction& made, TapeRun<double>& run, const Matrix& b,
                 const Matrix& psi) {
  double* to = run.values(made.network.recorded().tokens);
  Matrix tokens(b.rows(), b.cols() + psi.cols());
  tokens << b, psi;
  for (Eigen::Index i = 0; i < tokens.rows(); ++i) {
    for (Eigen::Index j = 0; j < tokens.cols(); ++j)
      to[static_cast<std::size_t>(i * tokens.cols() + j) * kLanes] = tokens(i, j);
  }
}

// Up to the scale that the norm takes, which is that of the algorithm.
double difference(Matrix is, const Matrix& should_be, bool norm) {
  if (norm && is.norm() > 0) is *= should_be.norm() / is.norm();
  return (is - should_be).norm() / std::max(should_be.norm(), 1e-300);
}

// The algorithm after 0, 1, .. layers: Phi of each.
using Algorithm = std::vector<Matrix> (*)(const Scaled& at, int layers);

std::vector<Matrix> descent(const Scaled& at, int layers) {
  std::vector<Matrix> phi{Matrix::Zero(at.demands.rows(), at.demands.cols())};
  for (int l = 0; l < layers; ++l)
    phi.push_back(phi.back() - (at.laplacian * phi.back() - at.demands) / at.largest());
  return phi;
}

std::vector<Matrix> series(const Scaled& at, int layers) {
  std::vector<Matrix> phi{Matrix::Zero(at.demands.rows(), at.demands.cols())};
  Matrix psi = at.demands;
  double a = 1;
  for (int l = 0; l < layers; ++l) {
    phi.push_back(phi.back() + std::sqrt(1 / at.largest()) * a * psi);
    psi -= at.laplacian * psi / at.largest();
    a *= (2.0 * l + 1) / (2.0 * l + 2);
  }
  return phi;
}

std::vector<Matrix> taylor(const Scaled& at, int layers) {
  std::vector<Matrix> phi{Matrix::Zero(at.demands.rows(), at.demands.cols())};
  Matrix psi = at.demands, sum = at.demands;
  for (int l = 1; l <= layers; ++l) {
    psi = -at.time / l * (at.laplacian * psi);
    phi.push_back(sum += psi);
  }
  return phi;
}

std::vector<Matrix> euler(const Scaled& at, int layers) {
  std::vector<Matrix> phi{Matrix::Zero(at.demands.rows(), at.demands.cols())};
  Matrix now = at.demands;
  for (int l = 0; l < layers; ++l) phi.push_back(now -= at.time / layers * (at.laplacian * now));
  return phi;
}

std::vector<Matrix> products(const Scaled& at, int layers) {
  const auto n = at.demands.rows();
  std::vector<Matrix> phi{Matrix::Zero(n, at.demands.cols()), at.demands / at.largest()};
  Matrix m = Matrix::Identity(n, n) - at.laplacian / at.largest();
  for (int l = 1; l < layers; ++l) {
    phi.push_back(phi.back() + m * phi.back());
    m = m * m;
  }
  return phi;
}

std::vector<Matrix> squarings(const Scaled& at, int layers) {
  const auto n = at.demands.rows();
  std::vector<Matrix> phi(static_cast<std::size_t>(layers), Matrix::Zero(n, at.demands.cols()));
  Matrix m = Matrix::Identity(n, n) - at.time / std::pow(2.0, layers - 2) * at.laplacian;
  for (int l = 0; l < layers - 2; ++l) m = m * m;
  phi.push_back(m * at.demands);
  return phi;
}

struct Kind {
  const char* name;
  Expected<TokenConstruction> (*make)(const GraphConstructionSpec&);
  Algorithm algorithm;
  GraphQuestion question;
  // Of the error relative to `of_demands ? |psi| : |answer|`, for eigenvalues of `at`.
  double (*bound)(const Scaled& at, int layers);
  bool of_demands;
  std::vector<std::pair<int, double>> rows;  // layers, and the error that is listed for them
};

double worst_euler(const Scaled& at, int steps) {
  double worst = 0;
  for (const double lambda : at.values)
    worst = std::max(worst, heat_euler_bound(at.time * lambda, steps));
  return worst;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> list = {
      {"electric potential",
       electric_potential,
       descent,
       GraphQuestion::potential,
       [](const Scaled& at, int l) { return potential_bound(at.least() / at.largest(), l); },
       false,
       {{1, .945}, {5, .775}, {10, .612}, {50, .0947}, {100, .0092}}},
      {"resistive embedding",
       resistive_embedding,
       series,
       GraphQuestion::embedding,
       [](const Scaled& at, int l) { return embedding_bound(at.least() / at.largest(), l); },
       false,
       {{10, .30}, {50, .027}, {100, .0020}}},
      {"heat, Taylor",
       heat_taylor,
       taylor,
       GraphQuestion::heat,
       [](const Scaled& at, int l) { return heat_taylor_bound(at.time * at.largest(), l); },
       true,
       {{20, 0}, {30, 0}, {40, 0}, {60, 0}}},
      {"heat, Euler",
       heat_euler,
       euler,
       GraphQuestion::heat,
       worst_euler,
       true,
       {{10, 0}, {20, 0}, {40, 0}, {80, 0}}},
      {"fast electric",
       electric_fast,
       products,
       GraphQuestion::potential,
       [](const Scaled& at, int l) {
         return fast_potential_bound(at.least() / at.largest(), l - 1);
       },
       false,
       {{7, .049}, {8, .0025}, {9, 6e-6}, {10, 4e-11}}},
      {"fast heat",
       heat_fast,
       squarings,
       GraphQuestion::heat,
       [](const Scaled& at, int l) { return worst_euler(at, 1 << (l - 2)); },
       true,
       {{8, 0}, {12, 0}, {16, 0}}},
  };
  return list;
}

// Rounding that a bound does not have.
constexpr double kRounding = 1e-13;

Status measure_kind(const Kind& kind, const std::vector<GraphPrompt>& graphs, bool norm,
                    std::vector<ConstructedRow>& rows) {
  for (const auto& [layers, listed] : kind.rows) {
    ConstructedRow row{.name = kind.name, .layers = layers, .listed = listed};
    for (const GraphPrompt& prompt : graphs) {
      const Scaled at = scaled(prompt, norm);
      const auto made = GRAMIAN_TRY(kind.make({.nodes = static_cast<int>(at.b.rows()),
                                               .edges = static_cast<int>(at.b.cols()),
                                               .demands = static_cast<int>(at.demands.cols()),
                                               .layers = layers,
                                               .largest = at.largest(),
                                               .least = at.least(),
                                               .heat_time = at.time,
                                               .norm = norm}));
      TapeRun<double> run(made.network.recorded().tape);
      fill_tokens(made, run, at.b, at.demands);
      run.forward(made.network.theta.data());
      const std::vector<Matrix> algorithm = kind.algorithm(at, layers);
      const Matrix exact = at.apply(kind.question);
      const double size = kind.of_demands ? at.demands.norm() / exact.norm() : 1;
      for (std::size_t l = 0; l < algorithm.size(); ++l) {
        if (algorithm[l].norm() == 0) continue;
        row.deviation =
            std::max(row.deviation, difference(state_of(made, run, l, "Phi"), algorithm[l], norm));
      }
      const Matrix last = state_of(made, run, algorithm.size() - 1, "Phi");
      const double kappa = at.largest() / at.least();
      // The norm takes the scale: that of the algorithm stands for it.
      const double scale = norm ? algorithm.back().norm() / last.norm() : 1;
      const double error = (scale * last - exact).norm() / exact.norm();
      row.error = std::max(row.error, error);
      row.algorithm = std::max(row.algorithm, (algorithm.back() - exact).norm() / exact.norm());
      // Terms of the Taylor series grow to exp(s lambda_max) before they cancel.
      const double growth = kind.algorithm == taylor ? std::exp(at.time * at.largest()) : 1;
      const double bound = kind.bound(at, layers) * size + kRounding * (kappa + growth * size);
      row.share = std::max(row.share, error / bound);
      row.kappa = std::max(row.kappa, kappa);
    }
    rows.push_back(row);
  }
  return {};
}

Status measure_subspace(const std::vector<GraphPrompt>& graphs, bool norm,
                        std::vector<ConstructedRow>& rows) {
  for (const bool top : {true, false}) {
    ConstructedRow row{.name = top ? "eigenvectors, largest" : "eigenvectors, least",
                       .layers = 80,
                       .listed = top ? 1e-2 : 0};
    for (const GraphPrompt& prompt : graphs) {
      const Scaled at = scaled(prompt, norm);
      const int k = kVectors, sweeps = row.layers / k;
      const auto made = GRAMIAN_TRY(graph_eigenvectors({.nodes = static_cast<int>(at.b.rows()),
                                                        .edges = static_cast<int>(at.b.cols()),
                                                        .vectors = k,
                                                        .sweeps = sweeps,
                                                        .top = top,
                                                        .largest = at.largest(),
                                                        .norm = norm}));
      TapeRun<double> run(made.network.recorded().tape);
      const Matrix start = at.demands.leftCols(k);
      fill_tokens(made, run, at.b, start);
      run.forward(made.network.theta.data());
      Matrix phi = start;
      for (int sweep = 1; sweep <= sweeps; ++sweep) {
        phi = orthonormal(top ? (at.laplacian * phi).eval()
                              : (at.largest() * phi - at.laplacian * phi).eval());
        const Matrix is = state_of(made, run, static_cast<std::size_t>(sweep * k), "Phi");
        row.deviation = std::max(row.deviation, (is - phi).norm() / phi.norm());
      }
      const Matrix is = state_of(made, run, static_cast<std::size_t>(row.layers), "Phi");
      const Matrix exact = prompt.spectrum.eigenvectors(k, top);
      const auto error_of = [&](const Matrix& m) {
        double worst = 0;
        for (Eigen::Index j = 0; j < exact.cols(); ++j) {
          const double cosine = std::min(1.0, std::abs(m.col(j).dot(exact.col(j))));
          worst = std::max(worst, 2 - 2 * cosine);  // min |+- u - v|^2
        }
        return worst;
      };
      row.error = std::max(row.error, error_of(is));
      row.algorithm = std::max(row.algorithm, error_of(phi));
      row.kappa = std::max(row.kappa, at.largest() / at.least());
    }
    rows.push_back(row);
  }
  return {};
}

}  // namespace

std::vector<GraphPrompt> conditioned_graphs(int count) {
  GraphTaskSpec spec{.graph = {.kind = GraphKind::csl, .nodes = kNodes}, .demands = kDemands};
  std::vector<GraphPrompt> list;
  for (std::uint32_t first = 0; static_cast<int>(list.size()) < count; ++first) {
    GraphPrompt prompt;
    draw_prompt(spec, {.seed = kEvaluationSeed, .stream = kEvaluationStream, .first = first}, 0,
                prompt);
    const double kappa = prompt.spectrum.condition();
    if (kappa >= 20 && kappa <= 24) list.push_back(std::move(prompt));
  }
  return list;
}

Expected<std::vector<ConstructedRow>> measure_constructed(const std::vector<GraphPrompt>& graphs,
                                                          bool norm) {
  std::vector<ConstructedRow> rows;
  for (const Kind& kind : kinds()) GRAMIAN_TRY(measure_kind(kind, graphs, norm, rows));
  GRAMIAN_TRY(measure_subspace(graphs, norm, rows));
  return rows;
}

}  // namespace gramian::electric
