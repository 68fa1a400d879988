#include "gramian/evaluation/sequence_baselines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/lanes/view.h"
#include "gramian/sequence/mesa.h"

namespace gramian {

namespace {

constexpr std::uint64_t kSequenceChunk = 4 * kLanes;
constexpr std::size_t kTerms = SequenceBaselines::kMostSteps + 1;

// The observations of one prompt of a block, and which pairs (s_t, s_{t+1}) count.
class Observed {
 public:
  explicit Observed(const TokenTask& task)
      : tokens_(static_cast<std::size_t>(task.tokens())),
        width_(static_cast<std::size_t>(task.width())),
        first_(static_cast<std::size_t>(task.source().observation().value_or(0))),
        s(tokens_, static_cast<std::size_t>(task.answers().outputs)),
        weights(tokens_) {
    GRAMIAN_ASSERT(SequenceBaselines::fit(task));
  }

  void read(const TokenBlock<double>& block, std::size_t p) {
    const LaneView<const double> tokens(block.tokens.data(), tokens_, width_);
    for (std::size_t t = 0; t < tokens_; ++t) {
      for (std::size_t i = 0; i < d(); ++i) at(t)[i] = tokens.at(t, first_ + i, p);
      weights[t] = block.weights[t * kLanes + p] > 0 ? 1 : 0;
    }
  }

  std::size_t tokens() const { return tokens_; }
  std::size_t d() const { return static_cast<std::size_t>(s.cols()); }
  double* at(std::size_t t) { return s.row(static_cast<Eigen::Index>(t)).data(); }

 private:
  std::size_t tokens_, width_, first_;

 public:
  RowMajorMatrix s;             // [T, d]
  std::vector<double> weights;  // [T]
};

// S_t S_{t-1}^T T_j(2 H_t / largest - I) s_t for j = 0, 1, .. and every t.
class Powers {
 public:
  Powers(std::size_t d, double largest, std::size_t terms)
      : largest_(largest), terms_(static_cast<Eigen::Index>(terms)) {
    const auto size = static_cast<Eigen::Index>(d);
    g_ = h_ = RowMajorMatrix(size, size);
    all_ = RowMajorMatrix(terms_, size);
  }

  // Calls body(t, features [terms, d]) for each token.
  template <class Body>
  void for_tokens(const Observed& prompt, Body&& body) {
    g_.setZero();
    h_.setZero();
    for (Eigen::Index t = 0; t < prompt.s.rows(); ++t) {
      if (t > 0 && prompt.weights[static_cast<std::size_t>(t - 1)] > 0) {
        g_ += prompt.s.row(t).transpose() * prompt.s.row(t - 1);
        h_ += prompt.s.row(t - 1).transpose() * prompt.s.row(t - 1);
      }
      const Eigen::VectorXd s = prompt.s.row(t).transpose();
      Eigen::VectorXd before = s, here = s;
      for (Eigen::Index j = 0; j < terms_; ++j) {
        if (j == 1) here = shifted(s);
        if (j > 1) {
          const Eigen::VectorXd next = 2 * shifted(here) - before;
          before = here;
          here = next;
        }
        all_.row(j) = (g_ * here).transpose();
      }
      body(static_cast<std::size_t>(t), all_);
    }
  }

 private:
  Eigen::VectorXd shifted(const Eigen::VectorXd& x) const { return 2 / largest_ * (h_ * x) - x; }

  double largest_;
  Eigen::Index terms_;
  RowMajorMatrix g_, h_, all_;
};

class PolynomialPredictor final : public TokenPredictor {
 public:
  PolynomialPredictor(const TokenTask& task, std::vector<double> coefficients, double largest)
      : prompt_(task),
        coefficients_(std::move(coefficients)),
        powers_(prompt_.d(), largest, coefficients_.size()) {}

  void predict(const TokenBlock<double>& block, double* predictions, double*) override {
    const LaneView<double> out(predictions, prompt_.tokens(), prompt_.d());
    for (std::size_t p = 0; p < kLanes; ++p) {
      prompt_.read(block, p);
      powers_.for_tokens(prompt_, [&](std::size_t t, const RowMajorMatrix& features) {
        for (std::size_t i = 0; i < prompt_.d(); ++i) {
          double sum = 0;
          for (std::size_t j = 0; j < coefficients_.size(); ++j)
            sum += coefficients_[j] *
                   features(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(i));
          out.at(t, i, p) = sum;
        }
      });
    }
  }

 private:
  Observed prompt_;
  std::vector<double> coefficients_;
  Powers powers_;
};

// The mesa layer with keys z_{t-1}, values s_t and queries z_t.
class LeastSquares final : public TokenPredictor {
 public:
  LeastSquares(const TokenTask& task, double ridge, int lags)
      : prompt_(task),
        lags_(static_cast<std::size_t>(lags)),
        ridge_(lags_ * prompt_.d(), ridge),
        z_((prompt_.tokens() + 1) * lags_ * prompt_.d()),
        strength_(prompt_.tokens()),
        out_(prompt_.tokens() * prompt_.d()) {
    GRAMIAN_ASSERT(ridge > 0 && lags >= 1 && lags <= SequenceBaselines::kMostLags);
  }

  void predict(const TokenBlock<double>& block, double* predictions, double*) override {
    const LaneView<double> to(predictions, prompt_.tokens(), prompt_.d());
    for (std::size_t p = 0; p < kLanes; ++p) {
      prompt_.read(block, p);
      solve();
      to.copy_in(p, out_.data());
    }
  }

 private:
  // Row t + 1 of z is z_t; row 0 stays zero, the key of the first token.
  void solve() {
    const std::size_t tokens = prompt_.tokens(), d = prompt_.d(), key = lags_ * d;
    for (std::size_t t = 0; t < tokens; ++t) {
      double* const z = z_.data() + (t + 1) * key;
      for (std::size_t lag = 0; lag < lags_; ++lag) {
        if (t >= lag) {
          std::copy_n(prompt_.at(t - lag), d, z + lag * d);
        } else {
          std::fill_n(z + lag * d, d, 0.0);
        }
      }
      strength_[t] = t > 0 ? prompt_.weights[t - 1] : 0;
    }
    const auto stride = static_cast<std::ptrdiff_t>(key);
    const MesaInput<double> in{.mixed = {.tokens = tokens,
                                         .key = key,
                                         .value = d,
                                         .q = {z_.data() + key, stride},
                                         .k = {z_.data(), stride},
                                         .v = {prompt_.at(0), static_cast<std::ptrdiff_t>(d)},
                                         .strength = strength_.data()},
                               .ridge = ridge_.data()};
    mesa({.solver = MesaSolver::direct}, in, {.o = {out_.data(), static_cast<std::ptrdiff_t>(d)}});
  }

  Observed prompt_;
  std::size_t lags_;
  std::vector<double> ridge_, z_, strength_, out_;
};

// Normal equations of the coefficients, over all tokens.
class NormalEquations {
 public:
  struct Sums {
    Eigen::MatrixXd products = Eigen::MatrixXd::Zero(kTerms, kTerms);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(kTerms);
    void merge(const Sums& more) {
      products += more.products;
      right += more.right;
    }
  };

  NormalEquations(const TokenTask& task, double largest)
      : sampler_(task), prompt_(task), powers_(prompt_.d(), largest, kTerms) {}

  void add(const SeriesBlock& block, Sums& sums) {
    sampler_.sample(block.address, block.count, block_);
    const LaneView<const double> targets(block_.target.data(), prompt_.tokens(), prompt_.d());
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
      prompt_.read(block_, p);
      powers_.for_tokens(prompt_, [&](std::size_t t, const RowMajorMatrix& features) {
        const double weight = block_.weights[t * kLanes + p];
        Eigen::VectorXd target(features.cols());
        for (Eigen::Index i = 0; i < target.size(); ++i)
          target(i) = targets.at(t, static_cast<std::size_t>(i), p);
        sums.products += weight * features * features.transpose();
        sums.right += weight * features * target;
      });
    }
  }

 private:
  TokenSampler<double> sampler_;
  TokenBlock<double> block_;
  Observed prompt_;
  Powers powers_;
};

// The mean of |S_{T-1}|^2, which no eigenvalue of H is much above.
class MeanSquares {
 public:
  using Sums = RunningMean;
  explicit MeanSquares(const TokenTask& task) : sampler_(task), prompt_(task) {}
  void add(const SeriesBlock& block, RunningMean& sums) {
    sampler_.sample(block.address, block.count, block_);
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
      prompt_.read(block_, p);
      sums.add(prompt_.s.squaredNorm());
    }
  }

 private:
  TokenSampler<double> sampler_;
  TokenBlock<double> block_;
  Observed prompt_;
};

template <class Measure, class... Arguments>
typename Measure::Sums sums_of(const TokenTask& task, PromptSeries prompts, ThreadPool& pool,
                               Arguments... arguments) {
  prompts.stream = kTuningStream;
  std::vector<Measure> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, arguments...);
  return run_measures({.prompts = prompts, .chunk = kSequenceChunk}, measures, {}, pool);
}

Eigen::VectorXd minimum_of(const NormalEquations::Sums& normal, std::size_t terms) {
  const auto size = static_cast<Eigen::Index>(terms);
  const Eigen::MatrixXd products = normal.products.topLeftCorner(size, size);
  return products.completeOrthogonalDecomposition().solve(Eigen::VectorXd(normal.right.head(size)));
}

// For each degree the coefficients of least loss on both halves of the prompts, of that degree or
// of the lower one that, fitted on the first half, loses least on the second: high powers of H are
// large on rare prompts, and few prompts do not tell their coefficients.
std::array<std::vector<double>, kTerms> best_polynomials(const NormalEquations::Sums& first,
                                                         const NormalEquations::Sums& second) {
  std::array<std::vector<double>, kTerms> list;
  NormalEquations::Sums both = first;
  both.merge(second);
  double least = HUGE_VAL;
  for (std::size_t k = 0; k < kTerms; ++k) {
    const Eigen::VectorXd fitted = minimum_of(first, k + 1);
    const auto size = fitted.size();
    const double loss = fitted.dot(second.products.topLeftCorner(size, size) * fitted) -
                        2 * fitted.dot(second.right.head(size));
    if (k > 0 && !(loss < least)) {
      list[k] = list[k - 1];
      continue;
    }
    least = loss;
    const Eigen::VectorXd c = minimum_of(both, k + 1);
    list[k].assign(c.data(), c.data() + c.size());
  }
  return list;
}

// The losses of candidates for least squares.
class Candidates {
 public:
  struct Sums {
    std::vector<double> losses =
        std::vector<double>(SequenceBaselines::kRidges.size() * SequenceBaselines::kMostLags);
    void merge(const Sums& more) {
      for (std::size_t k = 0; k < losses.size(); ++k) losses[k] += more.losses[k];
    }
  };

  explicit Candidates(const TokenTask& task)
      : sampler_(task),
        positions_(static_cast<std::size_t>(task.answers().positions)),
        outputs_(static_cast<std::size_t>(task.answers().outputs)),
        predictions_(lane_size(positions_ * outputs_)) {
    for (int lags = 1; lags <= SequenceBaselines::kMostLags; ++lags) {
      if (static_cast<std::size_t>(lags) * outputs_ > kMaxMesaKey) break;
      for (const double ridge : SequenceBaselines::kRidges) all_.emplace_back(task, ridge, lags);
    }
  }

  void add(const SeriesBlock& block, Sums& sums) {
    sampler_.sample(block.address, block.count, block_);
    const LaneView<const double> targets(block_.target.data(), positions_, outputs_);
    const LaneView<const double> predictions(predictions_.data(), positions_, outputs_);
    for (std::size_t k = 0; k < sums.losses.size(); ++k) {
      if (k >= all_.size()) {
        sums.losses[k] = HUGE_VAL;
        continue;
      }
      all_[k].predict(block_, predictions_.data(), nullptr);
      for (std::size_t t = 0; t < positions_; ++t) {
        for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
          double squares = 0;
          for (std::size_t i = 0; i < outputs_; ++i) {
            const double r = predictions.at(t, i, p) - targets.at(t, i, p);
            squares += r * r;
          }
          sums.losses[k] += block_.weights[t * kLanes + p] * squares;
        }
      }
    }
  }

 private:
  TokenSampler<double> sampler_;
  TokenBlock<double> block_;
  std::size_t positions_, outputs_;
  std::vector<LeastSquares> all_;
  std::vector<double> predictions_;
};

}  // namespace

bool SequenceBaselines::fit(const TokenTask& task) {
  const Answers answers = task.answers();
  return answers.kind == AnswerKind::numbers && answers.positions == task.tokens() &&
         task.source().observation().has_value();
}

SequenceBaselines SequenceBaselines::tune(const TokenTask& task, std::uint64_t prompts,
                                          std::uint64_t seed, ThreadPool& pool) {
  GRAMIAN_ASSERT(prompts >= 1 && fit(task));
  SequenceBaselines found;
  found.largest =
      std::max(1e-6, sums_of<MeanSquares>(task, {.seed = seed, .count = prompts}, pool).mean());
  const std::uint64_t half = (prompts + 1) / 2;
  found.coefficients = best_polynomials(
      sums_of<NormalEquations>(task, {.seed = seed, .count = half}, pool, found.largest),
      sums_of<NormalEquations>(task, {.seed = seed, .first = prompt_number(1, 0), .count = half},
                               pool, found.largest));
  constexpr std::uint64_t kPrompts = 256;  // each has to be solved for every candidate
  const auto losses =
      sums_of<Candidates>(task, {.seed = seed, .count = std::min(prompts, kPrompts)}, pool).losses;
  const auto best = static_cast<std::size_t>(std::ranges::min_element(losses) - losses.begin());
  found.lags = 1 + static_cast<int>(best / kRidges.size());
  found.ridge = kRidges[best % kRidges.size()];
  return found;
}

std::vector<NamedPredictor> SequenceBaselines::predictors(const TokenTask& task) const {
  std::vector<NamedPredictor> all{
      {"zero", zero_predictor(task)},
      {"descent", polynomial_predictor(task, coefficients[0], largest)}};
  for (std::size_t k = 1; k < kTerms; ++k)
    all.push_back(
        {fmt::format("steps-{}", k), polynomial_predictor(task, coefficients[k], largest)});
  all.push_back({"least-squares", least_squares_predictor(task, ridge, lags)});
  return all;
}

MakeTokenPredictor polynomial_predictor(const TokenTask& task, std::vector<double> coefficients,
                                        double largest) {
  return [&task, coefficients = std::move(coefficients), largest] {
    return std::make_unique<PolynomialPredictor>(task, coefficients, largest);
  };
}

MakeTokenPredictor least_squares_predictor(const TokenTask& task, double ridge, int lags) {
  return [&task, ridge, lags] { return std::make_unique<LeastSquares>(task, ridge, lags); };
}

}  // namespace gramian
