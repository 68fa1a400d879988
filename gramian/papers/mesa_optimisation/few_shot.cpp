// Prompts of regression, and what is beside the networks on them (few_shot.h).
#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/evaluation/sequence_baselines.h"
#include "gramian/lanes/view.h"
#include "gramian/papers/mesa_optimisation/few_shot.h"
#include "gramian/random/uniforms.h"
#include "gramian/runs/family.h"

namespace gramian::mesa_optimisation {

namespace {

Eigen::VectorXd normal_vector(Uniforms& uniforms, Eigen::Index size, double deviation) {
  Eigen::VectorXd x(size);
  for (Eigen::Index i = 0; i < size; ++i) x(i) = deviation * uniforms.normal();
  return x;
}

int numbers_of_truth(const FewShotSpec& spec) {
  return spec.d * spec.d * (spec.change_after > 0 ? 2 : 1);
}

template <class T>
class FewShotBlocks final : public BlockSampler<T> {
 public:
  explicit FewShotBlocks(const FewShotSpec& spec) : spec_(spec) {}

  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) override {
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      Uniforms uniforms(address, p);
      fill_prompt(uniforms, p, block);
    }
  }

 private:
  void fill_prompt(Uniforms& uniforms, std::size_t p, TokenBlock<T>& block) const {
    const auto d = static_cast<std::size_t>(spec_.d);
    const LaneView<T> truth(block.truth.data(), static_cast<std::size_t>(numbers_of_truth(spec_)));
    std::vector<RowMajorMatrix> maps;
    for (int k = 0; k < (spec_.change_after > 0 ? 2 : 1); ++k) {
      const Eigen::VectorXd entries =
          normal_vector(uniforms, spec_.d * spec_.d, 1 / std::sqrt(spec_.d));
      maps.emplace_back(Eigen::Map<const RowMajorMatrix>(entries.data(), spec_.d, spec_.d));
      for (std::size_t i = 0; i < d * d; ++i)
        truth.at(static_cast<std::size_t>(k) * d * d + i, 0, p) =
            static_cast<T>(entries(static_cast<Eigen::Index>(i)));
    }
    for (int k = 0; k < spec_.asked(); ++k) {
      const bool is_first = spec_.change_after == 0 || k < spec_.change_after;
      const Eigen::VectorXd x = normal_vector(uniforms, spec_.d, 1);
      const Eigen::VectorXd y = (is_first ? maps.front() : maps.back()) * x +
                                normal_vector(uniforms, spec_.d, spec_.noise);
      put_example(k * spec_.tokens_of_example(), x, y, p, block);
    }
  }

  // Of which x is token t. What is behind the prompt is left out, but y is still asked for.
  void put_example(int t, const Eigen::VectorXd& x, const Eigen::VectorXd& y, std::size_t p,
                   TokenBlock<T>& block) const {
    const auto d = static_cast<std::size_t>(spec_.d),
               tokens = static_cast<std::size_t>(spec_.tokens);
    const LaneView<T> e(block.tokens.data(), tokens, d + (spec_.separated ? 1 : 0));
    const LaneView<T> target(block.target.data(), tokens, d);
    const LaneView<T> weights(block.weights.data(), tokens);
    const auto at = static_cast<std::size_t>(t);
    weights.at(at, 0, p) = 1;
    for (std::size_t i = 0; i < d; ++i) {
      const auto index = static_cast<Eigen::Index>(i);
      e.at(at, i, p) = static_cast<T>(x(index));
      target.at(at, i, p) = static_cast<T>(y(index));
      if (at + 1 < tokens) e.at(at + 1, i, p) = static_cast<T>(y(index));
    }
    if (spec_.separated && at + 2 < tokens) e.at(at + 2, d, p) = 1;
  }

  FewShotSpec spec_;
};

class FewShotTokens final : public TokenSource {
 public:
  explicit FewShotTokens(const FewShotSpec& spec) : spec_(spec) {}

  int tokens() const override { return spec_.tokens; }
  int width() const override { return spec_.d + (spec_.separated ? 1 : 0); }
  Answers answers() const override { return {.positions = spec_.tokens, .outputs = spec_.d}; }
  int truth() const override { return numbers_of_truth(spec_); }
  std::optional<int> observation() const override { return 0; }
  std::string describe() const override {
    return fmt::format("regression, one example after the other, d = {}", spec_.d);
  }
  std::unique_ptr<BlockSampler<float>> sampler(float) const override {
    return std::make_unique<FewShotBlocks<float>>(spec_);
  }
  std::unique_ptr<BlockSampler<double>> sampler(double) const override {
    return std::make_unique<FewShotBlocks<double>>(spec_);
  }

 private:
  FewShotSpec spec_;
};

// Regularised least squares on prompts in which every pair of neighbours counts.
class NeighbourSquares final : public TokenPredictor {
 public:
  NeighbourSquares(const TokenTask& task, double ridge)
      : inner_(least_squares_predictor(task, ridge, 1)()) {}

  void predict(const TokenBlock<double>& block, double* predictions, double*) override {
    if (all_count_.weights.size() != block.weights.size()) {
      all_count_.tokens = AlignedArray<double>(block.tokens.size());
      all_count_.weights = AlignedArray<double>(block.weights.size());
      std::ranges::fill(all_count_.weights, 1.0);
    }
    std::ranges::copy(block.tokens, all_count_.tokens.begin());
    inner_->predict(all_count_, predictions, nullptr);
  }

 private:
  std::unique_ptr<TokenPredictor> inner_;
  TokenBlock<double> all_count_;
};

}  // namespace

TokenTask few_shot_task(const FewShotSpec& spec) {
  GRAMIAN_ASSERT(spec.d >= 1 && spec.tokens >= 1 && spec.change_after >= 0 && spec.noise >= 0);
  return TokenTask(std::make_shared<FewShotTokens>(spec));
}

MakeTokenPredictor least_squares_of_neighbours(const TokenTask& task, double ridge) {
  GRAMIAN_ASSERT(task.width() == task.answers().outputs && ridge > 0);
  return [&task, ridge] { return std::make_unique<NeighbourSquares>(task, ridge); };
}

std::vector<std::vector<Estimate>> losses_by_examples(const FewShotSpec& spec,
                                                      const TokenTask& task,
                                                      std::vector<NamedPredictor> predictors,
                                                      std::uint64_t prompts) {
  ThreadPool pool(1);
  const auto losses = position_losses(task, predictors, prompts, kEvaluationSeed, pool).value();
  std::vector<std::vector<Estimate>> all;
  for (const PositionLosses& of_one : losses) {
    auto& list = all.emplace_back();
    for (int k = 0; k < spec.asked(); ++k) {
      const auto t = static_cast<std::size_t>(k * spec.tokens_of_example());
      list.push_back(estimate_of(of_one.positions[t]));
    }
  }
  return all;
}

}  // namespace gramian::mesa_optimisation
