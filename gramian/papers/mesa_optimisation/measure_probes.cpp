// Linear probes of the tokens after each layer (measure.h).
#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/evaluation/sequence_baselines.h"
#include "gramian/lanes/view.h"
#include "gramian/papers/mesa_optimisation/measure.h"
#include "gramian/runs/family.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/blocks.h"

namespace gramian::mesa_optimisation {

namespace {

// What one position of all prompts holds after a layer, or should hold: a prompt a row.
using PromptRows = RowMajorMatrix;

struct PositionTargets {
  PromptRows past, next, inverse;
};

struct Recorded {
  std::vector<std::vector<PromptRows>> states;  // [layer][position], the last column 1
  std::vector<PositionTargets> targets;         // [position]
};

// (S_{t-1} S_{t-1}^T + ridge I)^-1 s_t for every t, of observations [T, d].
RowMajorMatrix preconditioned(const RowMajorMatrix& s, double ridge) {
  const Eigen::Index d = s.cols();
  Eigen::MatrixXd h = ridge * Eigen::MatrixXd::Identity(d, d);
  RowMajorMatrix all(s.rows(), d);
  for (Eigen::Index t = 0; t < s.rows(); ++t) {
    if (t > 0) h += s.row(t - 1).transpose() * s.row(t - 1);
    all.row(t) = h.ldlt().solve(Eigen::VectorXd(s.row(t).transpose())).transpose();
  }
  return all;
}

class ProbeRecorder {
 public:
  ProbeRecorder(const TokenTask& task, const Transformer& network, std::uint64_t prompts,
                double ridge)
      : task_(task),
        network_(network),
        ridge_(ridge),
        tokens_(static_cast<std::size_t>(task.tokens())),
        d_(static_cast<std::size_t>(task.answers().outputs)),
        run_(network.recorded().tape) {
    const auto rows = static_cast<Eigen::Index>(prompts), d = static_cast<Eigen::Index>(d_);
    for (const Value state : network.recorded().states) {
      const Eigen::Index width = network.recorded().tape.node(state).columns;
      all_.states.emplace_back(tokens_, PromptRows(PromptRows::Ones(rows, width + 1)));
    }
    all_.targets.assign(tokens_, {PromptRows(rows, d), PromptRows(rows, d), PromptRows(rows, d)});
  }

  void add(const SeriesBlock& part, TokenSampler<double>& sampler) {
    sampler.sample(part.address, part.count, block_);
    std::ranges::copy(block_.tokens, run_.values(network_.recorded().tokens));
    run_.forward(network_.theta.data());
    for (std::size_t p = 0; p < static_cast<std::size_t>(part.count); ++p) {
      add_states(p, static_cast<Eigen::Index>(part.first + p));
      add_targets(p, static_cast<Eigen::Index>(part.first + p));
    }
  }

  const Recorded& all() const { return all_; }

 private:
  void add_states(std::size_t p, Eigen::Index prompt) {
    for (std::size_t l = 0; l < all_.states.size(); ++l) {
      const Value state = network_.recorded().states[l];
      const auto& node = network_.recorded().tape.node(state);
      const auto rows = static_cast<std::size_t>(node.rows);
      const auto width = static_cast<std::size_t>(node.columns);
      const LaneView<const double> values(run_.values(state), rows, width);
      for (std::size_t t = 0; t < tokens_; ++t) {
        for (std::size_t i = 0; i < width; ++i)
          all_.states[l][t](prompt, static_cast<Eigen::Index>(i)) =
              values.at(t + rows - tokens_, i, p);
      }
    }
  }

  void add_targets(std::size_t p, Eigen::Index prompt) {
    const auto first = static_cast<std::size_t>(task_.source().observation().value());
    const LaneView<const double> tokens(block_.tokens.data(), tokens_,
                                        static_cast<std::size_t>(task_.width()));
    const LaneView<const double> next(block_.target.data(), tokens_, d_);
    RowMajorMatrix s(static_cast<Eigen::Index>(tokens_), static_cast<Eigen::Index>(d_));
    for (std::size_t t = 0; t < tokens_; ++t) {
      for (std::size_t i = 0; i < d_; ++i) {
        const auto column = static_cast<Eigen::Index>(i);
        s(static_cast<Eigen::Index>(t), column) = tokens.at(t, first + i, p);
        all_.targets[t].next(prompt, column) = next.at(t, i, p);
      }
    }
    const RowMajorMatrix x = preconditioned(s, ridge_);
    for (std::size_t t = 0; t < tokens_; ++t) {
      const auto row = static_cast<Eigen::Index>(t);
      all_.targets[t].inverse.row(prompt) = x.row(row);
      if (t > 0) {
        all_.targets[t].past.row(prompt) = s.row(row - 1);
      } else {
        all_.targets[t].past.row(prompt).setZero();
      }
    }
  }

  const TokenTask& task_;
  const Transformer& network_;
  double ridge_;
  std::size_t tokens_, d_;
  TapeRun<double> run_;
  TokenBlock<double> block_;
  Recorded all_;
};

// Squared errors of a fit, and squares about the mean, on the half that was not fitted.
struct Fit {
  double errors = 0, squares = 0;
  double r2() const { return 1 - errors / squares; }
};

void add_fit(const PromptRows& inputs, const PromptRows& targets, Fit& fit) {
  const Eigen::Index half = inputs.rows() / 2, rest = inputs.rows() - half;
  const Eigen::MatrixXd x = inputs.topRows(half), y = targets.topRows(half);
  const Eigen::MatrixXd squares = x.transpose() * x, right = x.transpose() * y;
  // Relative to the largest entry, for columns that are constant or copies of others.
  const double tiny = 1e-10 * squares.diagonal().maxCoeff();
  const Eigen::MatrixXd ridge =
      squares + tiny * Eigen::MatrixXd::Identity(squares.rows(), squares.cols());
  const Eigen::LDLT<Eigen::MatrixXd> solver(ridge);
  Eigen::MatrixXd weights(squares.rows(), right.cols());
  for (Eigen::Index j = 0; j < right.cols(); ++j)
    weights.col(j) = solver.solve(Eigen::VectorXd(right.col(j)));
  const Eigen::MatrixXd errors = targets.bottomRows(rest) - inputs.bottomRows(rest) * weights;
  const Eigen::RowVectorXd mean = targets.bottomRows(rest).colwise().mean();
  fit.errors += errors.squaredNorm();
  fit.squares += (targets.bottomRows(rest).rowwise() - mean).squaredNorm();
}

}  // namespace

Expected<ProbeNumbers> measure_probes(const TokenTask& task, const Transformer& network,
                                      std::uint64_t prompts, double ridge) {
  GRAMIAN_ASSERT(SequenceBaselines::fit(task) && prompts >= 256);
  ProbeRecorder recorder(task, network, prompts, ridge);
  TokenSampler<double> sampler(task);
  for_blocks({.seed = kEvaluationSeed, .count = prompts},
             [&](const SeriesBlock& part) { recorder.add(part, sampler); });
  const Recorded& all = recorder.all();
  ProbeNumbers numbers;
  for (const auto& layer : all.states) {
    Fit past, next, inverse;
    for (auto t = static_cast<std::size_t>(task.answers().outputs); t < layer.size(); ++t) {
      add_fit(layer[t], all.targets[t].past, past);
      add_fit(layer[t], all.targets[t].next, next);
      add_fit(layer[t], all.targets[t].inverse, inverse);
    }
    numbers.past.push_back(past.r2());
    numbers.next.push_back(next.r2());
    numbers.inverse.push_back(inverse.r2());
  }
  return numbers;
}

}  // namespace gramian::mesa_optimisation
