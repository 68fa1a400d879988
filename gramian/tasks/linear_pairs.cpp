#include "gramian/tasks/linear_pairs.h"

#include <fmt/format.h>

#include <algorithm>

#include "gramian/tasks/keys.h"
#include "gramian/tasks/token_families.h"

namespace gramian {

namespace {

template <class T>
class LinearSampler final : public PairSampler<T> {
 public:
  explicit LinearSampler(const RegressionTask& task)
      : n_(static_cast<std::size_t>(task.n())),
        d_(static_cast<std::size_t>(task.d())),
        sampler_(task),
        prompts_(task.d()) {}

  void sample(const PhiloxAddress& address, int count, PairPlaces<T>& to) override {
    sampler_.sample_tokens(address, count, prompts_, pairs_);
    for (std::size_t j = 0; j < n_; ++j) {
      const T* pair = pairs_.data() + j * (d_ + 1) * kLanes;
      std::copy_n(pair, d_ * kLanes, to.x(j));
      std::copy_n(pair + d_ * kLanes, kLanes, to.y(j));
    }
    std::copy_n(prompts_.query.data(), d_ * kLanes, to.x(n_));
    std::copy_n(prompts_.truth.data(), d_ * kLanes, to.truth());
    T* target = to.target();
    for (std::size_t i = 0; i < d_; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p)
        target[p] += prompts_.truth[i * kLanes + p] * prompts_.query[i * kLanes + p];
    }
  }

 private:
  std::size_t n_, d_;
  PromptSampler<T> sampler_;
  PromptBlock<T> prompts_;
  AlignedArray<T> pairs_;  // [n, d + 1, lanes]
};

class LinearPairs final : public PairTask {
 public:
  explicit LinearPairs(RegressionTask regression) : regression_(std::move(regression)) {}

  int n() const override { return regression_.n(); }
  int d() const override { return regression_.d(); }
  int truth() const override { return d(); }
  std::string describe() const override { return fmt::format("linear regression, d = {}", d()); }
  std::unique_ptr<PairSampler<float>> sampler(float) const override {
    return std::make_unique<LinearSampler<float>>(regression_);
  }
  std::unique_ptr<PairSampler<double>> sampler(double) const override {
    return std::make_unique<LinearSampler<double>>(regression_);
  }

 private:
  RegressionTask regression_;
};

}  // namespace

extern const TokenFamily linear_token_family;
constinit const TokenFamily linear_token_family{
    .name = "linear",
    .keys = {},
    .make = [](const Settings& settings) -> Expected<std::shared_ptr<const PairTask>> {
      auto spec = GRAMIAN_TRY(task_spec(settings));
      auto regression = GRAMIAN_TRY(RegressionTask::create(std::move(spec)));
      return linear_pairs(std::move(regression));
    }};

std::shared_ptr<const PairTask> linear_pairs(RegressionTask regression) {
  return std::make_shared<LinearPairs>(std::move(regression));
}

}  // namespace gramian
