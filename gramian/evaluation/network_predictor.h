// A network as a predictor, in double, with one pass for each thread.
#pragma once

#include <memory>
#include <vector>

#include "gramian/evaluation/evaluate.h"
#include "gramian/models/pass.h"

namespace gramian {

class NetworkPredictor final : public Predictor {
 public:
  // n: the context length of the prompts. The network must outlive the predictor.
  NetworkPredictor(const Network& network, int n, int threads)
      : network_(network), factor_(network.spec.context_factor(n)) {
    for (int t = 0; t < threads; ++t) workers_.push_back(std::make_unique<Worker>(network.spec));
  }

  int layers() const override { return network_.spec.layers; }

  void predict(const PromptBlock<double>& prompts, double* weights, int thread) override {
    Worker& worker = *workers_[static_cast<std::size_t>(thread)];
    worker.pass.forward(network_.theta.data(), prompts, factor_, worker.weights.data());
    worker.pass.read_out(weights);
  }

 private:
  struct Worker {
    explicit Worker(const NetworkSpec& spec)
        : pass(spec), weights(static_cast<std::size_t>(spec.d) * kLanes) {}
    NetworkPass<double> pass;
    AlignedArray<double> weights;  // w^L, which read_out gives again
  };

  const Network& network_;
  double factor_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace gramian
