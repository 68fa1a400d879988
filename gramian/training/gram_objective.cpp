#include "gramian/training/gram_objective.h"

#include <memory>
#include <vector>

#include "gramian/models/pass.h"
#include "gramian/random/prompt_words.h"
#include "gramian/training/lane_objective.h"

namespace gramian {

namespace {

template <class T>
class GramPass final : public BlockPass<T> {
 public:
  GramPass(const RegressionTask& task, const NetworkSpec& network, const LossSpec& loss)
      : task_(task),
        loss_spec_(loss),
        factor_(network.context_factor(task.n())),
        means_(network.context_scale == ContextScale::mean),
        with_query_(loss.query == QueryMode::sampled || network.query_in_keys),
        sampler_(task, with_query_),
        pass_(network),
        block_(task.d()),
        weights_(block_.truth.size()) {
    if (loss.shortest_context > 0)
      shorter_.resize(static_cast<std::size_t>(task.n() - loss.shortest_context));
  }

  void sample(const PhiloxAddress& address, int count) override {
    sample_contexts(address, count);
    for (std::size_t p = 0; p < static_cast<std::size_t>(loss_spec_.guards); ++p)
      lane_view(block_.gram).scale(p, static_cast<T>(loss_spec_.stretch));
  }

  void forward(const T* theta, double c) override {
    pass_.forward(theta, block_, factor_, weights_.data());
    loss_ = loss_gradient(with_scale(c), task_.spec().covariance, block_, weights_.data());
    this->squared_error_ = loss_.squared_error;
  }

  // An empty prompt has a loss and a gradient of exactly zero.
  void leave_out(std::size_t lane) override {
    for (AlignedArray<T>* array : {&block_.gram, &block_.truth, &block_.query})
      lane_view(*array).fill(lane, T(0));
  }

  void backward(double, T* dtheta) override { pass_.backward(weights_.data(), dtheta); }

  void add_slopes(const PhiloxAddress& address, double c, T* slopes) override {
    curvature_cotangent(with_scale(c), task_, address, block_, loss_, weights_.data());
    pass_.backward(weights_.data(), slopes);
  }

 private:
  // Contexts of fewer examples, and the sampler of them.
  struct Shorter {
    RegressionTask task;
    PromptSampler<T> sampler;
    Shorter(RegressionTask of, bool with_query) : task(std::move(of)), sampler(task, with_query) {}
    Shorter(const Shorter&) = delete;
    Shorter& operator=(const Shorter&) = delete;
  };

  void sample_contexts(const PhiloxAddress& address, int count) {
    const std::size_t fewer = shorter_.size();
    // No draw of a sampler has this number.
    constexpr std::size_t kLengthDraw = (std::size_t{1} << 30) + 1;
    const std::size_t chosen =
        fewer == 0 ? 0
                   : static_cast<std::size_t>(unit_of(PromptWords(address, 0)(kLengthDraw)[0]) *
                                              static_cast<double>(fewer + 1));
    if (chosen == fewer) return sampler_.sample(address, count, block_);
    const int n = task_.n() - static_cast<int>(fewer - chosen);
    auto& shorter = shorter_[chosen];
    if (!shorter) shorter = std::make_unique<Shorter>(task_.with_context(n), with_query_);
    shorter->sampler.sample(address, count, block_);
    if (!means_) return;
    const T scale = static_cast<T>(task_.n()) / static_cast<T>(n);
    for (std::size_t p = 0; p < kLanes; ++p) lane_view(block_.gram).scale(p, scale);
  }

  LossSpec with_scale(double c) const {
    LossSpec loss = loss_spec_;
    loss.robust = c;
    return loss;
  }

  const RegressionTask& task_;
  LossSpec loss_spec_;
  double factor_;
  bool means_, with_query_;
  PromptSampler<T> sampler_;
  std::vector<std::unique_ptr<Shorter>> shorter_;  // of the shortest first, made when needed
  NetworkPass<T> pass_;
  PromptBlock<T> block_;
  BlockLoss<T> loss_;
  AlignedArray<T> weights_;  // [d, lanes] w^L, then dloss/dw^L, then a cotangent
};

template <class T>
class GramObjective final : public LaneObjective<T> {
 public:
  GramObjective(const RegressionTask& task, const NetworkSpec& network, const LossSpec& loss)
      : task_(task), network_(network), loss_(loss), units_(units_of(task, network)) {}

  std::size_t parameters() const override { return network_.parameters(); }
  bool offers_slopes() const override { return true; }
  const Units& units() const override { return units_; }
  bool rate_follows_error() const override { return true; }
  std::size_t matrix_rows() const override {
    return network_.kind == Parametrisation::full ? network_.rows() : 0;
  }

 protected:
  std::unique_ptr<BlockPass<T>> block_pass() const override {
    return std::make_unique<GramPass<T>>(task_, network_, loss_);
  }
  int guards() const override { return loss_.guards; }

 private:
  RegressionTask task_;
  NetworkSpec network_;
  LossSpec loss_;
  Units units_;
};

}  // namespace

std::unique_ptr<Objective> gram_objective(const RegressionTask& task, const NetworkSpec& network,
                                          const LossSpec& loss, Precision precision) {
  GRAMIAN_ASSERT(network.d == task.d());
  GRAMIAN_ASSERT(loss.guards >= 0 && loss.guards < kLanes);
  if (precision == Precision::float64)
    return std::make_unique<GramObjective<double>>(task, network, loss);
  return std::make_unique<GramObjective<float>>(task, network, loss);
}

}  // namespace gramian
