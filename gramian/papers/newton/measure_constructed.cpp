// What constructed networks do, measured by running them: inverses layer by layer, logistic
// regression step by step.
#include <algorithm>
#include <cmath>
#include <random>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/papers/newton/measure.h"
#include "gramian/solvers/hyperpower.h"
#include "gramian/solvers/logistic.h"
#include "gramian/studies/recipe.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/blocks.h"
#include "gramian/theory/logistic_construction.h"
#include "gramian/theory/newton_constructions.h"

namespace gramian::newton {

namespace {

using Matrix = Eigen::MatrixXd;

Matrix orthogonal(int d, std::mt19937_64& generator) {
  std::normal_distribution<double> normal;
  Matrix random(d, d);
  for (double& entry : random.reshaped()) entry = normal(generator);
  return random.householderQr().householderQ();
}

double spectral_norm(const Matrix& m) {
  const Matrix symmetric = (m + m.transpose()) / 2;
  return Eigen::SelfAdjointEigenSolver<Matrix>(symmetric).eigenvalues().cwiseAbs().maxCoeff();
}

// The first d tokens' columns of a state on lane 0, transposed.
Matrix matrix_of(const TokenConstruction& made, TapeRun<double>& run, std::size_t layer,
                 std::string_view name) {
  const Columns columns = columns_of(made, name);
  const RecordedTransformer& recorded = made.network.recorded();
  const Value state = recorded.states[layer];
  const double* numbers = run.values(state);
  const int width = recorded.tape.node(state).columns;
  Matrix m(columns.count, columns.count);
  for (int j = 0; j < columns.count; ++j) {
    for (int i = 0; i < columns.count; ++i)
      m(i, j) = numbers[static_cast<std::size_t>(j * width + columns.first + i) * kLanes];
  }
  return m;
}

}  // namespace

Expected<ConstructedNumbers> measure_constructed(double kappa) {
  const int steps = static_cast<int>(2 * std::log2(kappa)) + 6;
  const auto made = GRAMIAN_TRY(
      newton_regression({.d = kD, .n = kN, .steps = steps, .largest = 1, .condition = kappa}));
  std::mt19937_64 generator(7);
  const Eigen::VectorXd roots = Eigen::VectorXd::LinSpaced(kD, 0, -0.5).unaryExpr([&](double e) {
    return std::pow(kappa, e);
  });
  const Matrix inputs = std::sqrt(kN) * orthogonal(kN, generator).leftCols(kD) *
                        roots.asDiagonal() * orthogonal(kD, generator);
  TapeRun<double> run(made.network.recorded().tape);
  double* tokens = run.values(made.network.recorded().tokens);
  std::fill_n(tokens, static_cast<std::size_t>((kN + 1) * (kD + 1)) * kLanes, 0.0);
  for (int j = 0; j < kN; ++j) {
    for (int i = 0; i < kD; ++i)
      tokens[static_cast<std::size_t>(j * (kD + 1) + i) * kLanes] = inputs(j, i);
  }
  run.forward(made.network.theta.data());
  const Matrix r = inputs.transpose() * inputs / kN, one = Matrix::Identity(kD, kD);
  Matrix x = hyperpower_start(1 / kappa, 1) * r;
  ConstructedNumbers numbers{.kappa = kappa};
  for (std::size_t t = 0; t <= static_cast<std::size_t>(steps); ++t) {
    const Matrix is = matrix_of(made, run, t + 1, "X");
    numbers.residual.push_back(spectral_norm(one - r * is));
    numbers.deviation.push_back((is - x).norm() / x.norm());
    x = 2 * x - x * r * x;
  }
  const auto small = std::ranges::find_if(numbers.residual, [](double v) { return v < 1e-8; });
  numbers.steps_to_1e8 = static_cast<int>(small - numbers.residual.begin());
  // Stacked gradient descent with its best step leaves ((kappa - 1) / (kappa + 1))^L.
  numbers.descent_to_1e8 =
      kappa == 1
          ? 1
          : static_cast<int>(std::ceil(std::log(1e-8) / std::log((kappa - 1) / (kappa + 1))));
  return numbers;
}

Expected<LogisticNumbers> measure_logistic(int knots, int prompts) {
  const LogisticSpec spec{.d = kLogisticD, .n = kLogisticN, .steps = 8, .mu = kMu, .knots = knots};
  const auto made = GRAMIAN_TRY(logistic_newton(spec));
  const TokenTask task =
      TokenTask::create(
          conditioned_pairs(
              {.d = kLogisticD, .n = kLogisticN, .response = Response::sign, .unit_norm = true})
              .value(),
          TokenLayout::joined)
          .value();
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  TapeRun<double> run(made.network.recorded().tape);
  const Columns columns = columns_of(made, "w");
  const auto width = static_cast<std::size_t>(made.network.spec().stem.inner_width());
  LogisticNumbers numbers{.knots = knots, .left = std::vector<double>(9)};
  RunningMean squares;
  const auto judge_lane = [&](std::size_t p) -> Status {
    std::vector<double> inputs, labels;
    for (std::size_t j = 0; j < kLogisticN; ++j) {
      const double* token = block.tokens.data() + j * (kLogisticD + 1) * kLanes + p;
      for (std::size_t i = 0; i < kLogisticD; ++i) inputs.push_back(token[i * kLanes]);
      labels.push_back(token[kLogisticD * kLanes]);
    }
    const auto f =
        GRAMIAN_TRY(LogisticRegression::create(std::move(inputs), std::move(labels), kMu));
    const LogisticPath exact = f.damped_newton(50);
    std::vector<double> before;
    for (std::size_t t = 0; t <= 8; ++t) {
      const auto layer =
          1 + t * static_cast<std::size_t>(logistic_layers_per_step(spec.inversions));
      const double* state = run.values(made.network.recorded().states[layer]);
      std::vector<double> w;
      for (std::size_t i = 0; i < kLogisticD; ++i)
        w.push_back(state[(static_cast<std::size_t>(columns.first) + i) * kLanes + p]);
      numbers.left[t] = std::max(numbers.left[t], (f.loss(w) - exact.loss.back()) /
                                                      (exact.loss.front() - exact.loss.back()));
      if (t > 0) {
        const auto step = f.damped_newton_step(before).w;
        double sum = 0;
        for (std::size_t i = 0; i < w.size(); ++i) sum += (w[i] - step[i]) * (w[i] - step[i]);
        squares.add(sum);
      }
      before = std::move(w);
    }
    return {};
  };
  GRAMIAN_ASSERT(width > 0);
  for (int first = 0; first < prompts; first += kLanes) {
    sampler.sample({.seed = kEvaluationSeed,
                    .stream = kEvaluationStream,
                    .first = static_cast<std::uint32_t>(first)},
                   kLanes, block);
    std::copy(block.tokens.begin(), block.tokens.end(), run.values(made.network.recorded().tokens));
    run.forward(made.network.theta.data());
    for (std::size_t p = 0; p < kLanes; ++p) GRAMIAN_TRY(judge_lane(p));
  }
  numbers.deviation = std::sqrt(squares.mean());
  return numbers;
}

LogisticSteps measure_logistic_steps(int steps, std::uint64_t prompts) {
  const TokenTask task = logistic_task();
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  const auto count = static_cast<std::size_t>(steps) + 1;
  std::vector<RunningMean> newton(count), descent(count), newton_loss(count), descent_loss(count);
  for_blocks({.seed = kEvaluationSeed, .count = prompts}, [&](const SeriesBlock& part) {
    sampler.sample(part.address, part.count, block);
    for (std::size_t p = 0; p < static_cast<std::size_t>(part.count); ++p) {
      std::vector<double> inputs, labels;
      const auto token = [&](std::size_t j) {
        return block.tokens.data() + j * (kLogisticD + 1) * kLanes + p;
      };
      for (std::size_t j = 0; j < kLogisticN; ++j) {
        for (std::size_t i = 0; i < kLogisticD; ++i) inputs.push_back(token(j)[i * kLanes]);
        labels.push_back(token(j)[kLogisticD * kLanes]);
      }
      const auto f = LogisticRegression::create(std::move(inputs), std::move(labels), kMu).value();
      const auto add = [&](const LogisticPath& path, std::vector<RunningMean>& errors,
                           std::vector<RunningMean>& losses) {
        for (std::size_t t = 0; t < count; ++t) {
          const std::size_t at = std::min(t, path.w.size() - 1);  // a path that has converged
          double difference = -block.target[p];
          for (std::size_t i = 0; i < kLogisticD; ++i)
            difference += path.w[at][i] * token(kLogisticN)[i * kLanes];
          errors[t].add(difference * difference);
          losses[t].add(path.loss[at]);
        }
      };
      add(f.damped_newton(steps), newton, newton_loss);
      add(f.gradient_descent(steps), descent, descent_loss);
    }
  });
  LogisticSteps result;
  for (std::size_t t = 0; t < count; ++t) {
    result.newton.push_back({newton[t].mean(), newton[t].standard_error()});
    result.descent.push_back({descent[t].mean(), descent[t].standard_error()});
    result.newton_loss.push_back(newton_loss[t].mean());
    result.descent_loss.push_back(descent_loss[t].mean());
  }
  return result;
}

}  // namespace gramian::newton
