#include "gramian/evaluation/token_predictor.h"

#include <algorithm>
#include <vector>

#include "gramian/lanes/view.h"
#include "gramian/tape/tape_run.h"

namespace gramian {

namespace {

// Numbers of the predictions of one prompt.
std::size_t answer_numbers(const TokenTask& task) {
  const Answers answers = task.answers();
  return static_cast<std::size_t>(answers.positions) * static_cast<std::size_t>(answers.outputs);
}

class TransformerPredictor final : public TokenPredictor {
 public:
  TransformerPredictor(const TokenTask& task, const Transformer& transformer)
      : task_(task),
        transformer_(transformer),
        recorded_(transformer.recorded()),
        run_(recorded_.tape, true),
        cotangent_(lane_size(1)),
        numbers_(lane_size(answer_numbers(task))) {
    std::ranges::fill(cotangent_, 1.0);
    GRAMIAN_ASSERT(lane_size(recorded_.tape.node(recorded_.output).size()) >= numbers_);
  }

  void predict(const TokenBlock<double>& block, double* predictions,
               double* sensitivities) override {
    std::ranges::copy(block.tokens, run_.values(recorded_.tokens));
    run_.forward(transformer_.theta.data());
    // The last rows of the output: learned tokens in front have no answers.
    const std::size_t all = lane_size(recorded_.tape.node(recorded_.output).size());
    std::copy_n(run_.values(recorded_.output) + (all - numbers_), numbers_, predictions);
    if (sensitivities == nullptr) return;
    run_.backward(cotangent_.data(), nullptr);
    const LaneView<const double> slopes(run_.adjoint(recorded_.tokens),
                                        static_cast<std::size_t>(task_.tokens()),
                                        static_cast<std::size_t>(task_.width()));
    std::copy_n(slopes.lanes(static_cast<std::size_t>(task_.tokens() - 1)),
                lane_size(static_cast<std::size_t>(task_.d())), sensitivities);
  }

 private:
  const TokenTask& task_;
  const Transformer& transformer_;
  const RecordedTransformer& recorded_;
  TapeRun<double> run_;
  AlignedArray<double> cotangent_;  // [lanes] ones
  std::size_t numbers_;             // of the predictions of a block
};

class DescentStep final : public TokenPredictor {
 public:
  DescentStep(const TokenTask& task, double step) : task_(task), step_(step) {}

  void predict(const TokenBlock<double>& block, double* predictions,
               double* sensitivities) override {
    const auto row = [](int r) { return static_cast<std::size_t>(r); };
    const auto d = static_cast<std::size_t>(task_.d());
    const int n = task_.n();
    const LaneView<const double> tokens(block.tokens.data(), row(task_.tokens()),
                                        row(task_.width()));
    if (sensitivities == nullptr) {
      weights_.resize(lane_size(d));
      sensitivities = weights_.data();
    }
    const LaneView<double> w(sensitivities, d);
    std::fill_n(predictions, kLanes, 0.0);
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p) {
        double sum = 0;
        for (int j = 0; j < n; ++j)
          sum += tokens.at(row(task_.row_of_y(j)), tokens.columns() - 1, p) *
                 tokens.at(row(task_.row_of_x(j)), i, p);
        w.at(i, 0, p) = step_ / n * sum;
        predictions[p] += w.at(i, 0, p) * tokens.at(row(task_.row_of_x(n)), i, p);
      }
    }
  }

 private:
  const TokenTask& task_;
  double step_;
  std::vector<double> weights_;  // [d, lanes], where nobody asks for them
};

class Zero final : public TokenPredictor {
 public:
  explicit Zero(const TokenTask& task) : task_(task) {}
  void predict(const TokenBlock<double>&, double* predictions, double* sensitivities) override {
    std::fill_n(predictions, lane_size(answer_numbers(task_)), 0.0);
    if (sensitivities == nullptr) return;
    std::fill_n(sensitivities, lane_size(static_cast<std::size_t>(task_.d())), 0.0);
  }

 private:
  const TokenTask& task_;
};

}  // namespace

MakeTokenPredictor predictor(const TokenTask& task, const Transformer& transformer) {
  return
      [&task, &transformer] { return std::make_unique<TransformerPredictor>(task, transformer); };
}

MakeTokenPredictor zero_predictor(const TokenTask& task) {
  return [&task] { return std::make_unique<Zero>(task); };
}

MakeTokenPredictor descent_step(const TokenTask& task, double step) {
  return [&task, step] { return std::make_unique<DescentStep>(task, step); };
}

}  // namespace gramian
