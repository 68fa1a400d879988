// A Gram network (models/network.h) as a predictor: implicit weights after each layer, in double,
// with the memory of one pass for each thread.
#pragma once

#include <memory>
#include <vector>

#include "gramian/evaluation/predictor.h"
#include "gramian/lanes/view.h"
#include "gramian/models/pass.h"

namespace gramian {

class NetworkPredictor final : public Predictor {
 public:
  // n: the context length of the prompts. The network must outlive the predictor. Requires: n >= 1
  // and threads >= 1 (asserted).
  NetworkPredictor(const Network& network, int n, int threads)
      : network_(network), factor_(network.spec.context_factor(n)) {
    GRAMIAN_ASSERT(n >= 1 && threads >= 1);
    for (int t = 0; t < threads; ++t) workers_.push_back(std::make_unique<Worker>(network.spec));
  }

  int layers() const override { return network_.spec.layers; }

  void predict(const PromptBlock<double>& prompts, double* weights, int thread) override {
    GRAMIAN_ASSERT(thread >= 0 && static_cast<std::size_t>(thread) < workers_.size());
    Worker& worker = *workers_[static_cast<std::size_t>(thread)];
    worker.pass.forward(network_.theta.data(), prompts, factor_, worker.weights.data());
    worker.pass.read_out(weights);
  }

 private:
  struct Worker {
    explicit Worker(const NetworkSpec& spec)
        : pass(spec), weights(lane_size(static_cast<std::size_t>(spec.d))) {}
    NetworkPass<double> pass;
    AlignedArray<double> weights;  // w^L, which read_out gives again
  };

  const Network& network_;
  double factor_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace gramian
