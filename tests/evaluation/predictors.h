// Small models to evaluate.
#pragma once

#include <functional>
#include <utility>

#include "gramian/evaluation/evaluate.h"

namespace gramian::test {

// Weights from a function (prompts, lane, layer, weights [d]).
class FunctionPredictor final : public Predictor {
 public:
  using Function = std::function<void(const PromptBlock<double>&, int, int, std::vector<double>&)>;
  FunctionPredictor(int layers, Function function)
      : layers_(layers), function_(std::move(function)) {}

  int layers() const override { return layers_; }
  void predict(const PromptBlock<double>& prompts, double* weights, int) override {
    std::vector<double> w(static_cast<std::size_t>(prompts.d));
    for (int layer = 0; layer < layers_; ++layer) {
      for (int lane = 0; lane < kLanes; ++lane) {
        function_(prompts, lane, layer, w);
        for (int i = 0; i < prompts.d; ++i) weights[(layer * prompts.d + i) * kLanes + lane] = w[i];
      }
    }
  }

 private:
  int layers_;
  Function function_;
};

// One step of gradient descent: w = eta alpha, eta = rate * (layer + 1).
inline FunctionPredictor one_step(double rate, int layers = 1) {
  return {layers,
          [rate](const PromptBlock<double>& prompts, int lane, int layer, std::vector<double>& w) {
            const int d = prompts.d;
            for (int i = 0; i < d; ++i)
              w[i] = rate * (layer + 1) * prompts.gram[(i * (d + 1) + d) * kLanes + lane];
          }};
}

}  // namespace gramian::test
