#include "gramian/papers/newton/fitted.h"

#include <fmt/format.h>

#include "gramian/base/assert.h"
#include "gramian/lanes/block.h"
#include "gramian/solvers/logistic.h"

namespace gramian::newton {

namespace {

constexpr int kMostSteps = 30;

template <class T>
class FittedSampler final : public PairSampler<T> {
 public:
  FittedSampler(std::unique_ptr<PairSampler<T>> labelled, const PairTask& task, double mu)
      : labelled_(std::move(labelled)),
        n_(static_cast<std::size_t>(task.n())),
        d_(static_cast<std::size_t>(task.d())),
        mu_(mu) {}

  void sample(const PhiloxAddress& address, int count, PairPlaces<T>& to) override {
    labelled_->sample(address, count, to);
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      std::vector<double> inputs, labels;
      for (std::size_t j = 0; j < n_; ++j) {
        for (std::size_t i = 0; i < d_; ++i)
          inputs.push_back(static_cast<double>(to.x(j)[i * kLanes + p]));
        labels.push_back(static_cast<double>(to.y(j)[p]));
      }
      const auto problem =
          LogisticRegression::create(std::move(inputs), std::move(labels), mu_).value();
      const std::vector<double> w = problem.damped_newton(kMostSteps).w.back();
      double target = 0;
      for (std::size_t i = 0; i < d_; ++i) {
        target += w[i] * static_cast<double>(to.x(n_)[i * kLanes + p]);
        to.truth()[i * kLanes + p] = static_cast<T>(w[i]);
      }
      to.target()[p] = static_cast<T>(target);
    }
  }

 private:
  std::unique_ptr<PairSampler<T>> labelled_;
  std::size_t n_, d_;
  double mu_;
};

class FittedPairs final : public PairTask {
 public:
  FittedPairs(std::shared_ptr<const PairTask> labelled, double mu)
      : labelled_(std::move(labelled)), mu_(mu) {}

  int n() const override { return labelled_->n(); }
  int d() const override { return labelled_->d(); }
  int truth() const override { return labelled_->d(); }
  std::string describe() const override {
    return fmt::format("logistic regression, mu = {}, on {}", mu_, labelled_->describe());
  }
  std::unique_ptr<PairSampler<float>> sampler(float) const override { return make(float()); }
  std::unique_ptr<PairSampler<double>> sampler(double) const override { return make(double()); }

 private:
  template <class T>
  std::unique_ptr<PairSampler<T>> make(T number) const {
    return std::make_unique<FittedSampler<T>>(labelled_->sampler(number), *labelled_, mu_);
  }
  std::shared_ptr<const PairTask> labelled_;
  double mu_;
};

}  // namespace

std::shared_ptr<const PairTask> fitted_pairs(std::shared_ptr<const PairTask> labelled, double mu) {
  GRAMIAN_ASSERT(labelled != nullptr && labelled->has_labels() && mu > 0);
  return std::make_shared<FittedPairs>(std::move(labelled), mu);
}

}  // namespace gramian::newton
