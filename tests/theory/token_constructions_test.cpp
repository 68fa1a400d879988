// Transformers built by hand against the algorithms that they are.
#include "gramian/theory/token_constructions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/tape/tape_run.h"
#include "gramian/tasks/task.h"

namespace gramian {
namespace {

struct Prompts {
  PromptBlock<double> block;
  AlignedArray<double> tokens;  // [n, D, lanes]

  Prompts(int d, int n) : block(d) {
    TaskSpec spec;
    spec.d = d;
    spec.n = n;
    PromptSampler<double>(RegressionTask::create(spec).value())
        .sample_tokens({.seed = 11}, kLanes, block, tokens);
  }
};

// Proposition 3 in a trained form, Q, K, V and P: it copies, and its second layer is a step of
// gradient descent.
TEST(TokenConstructions, Proposition3IsOneStepOnInterleavedTokens) {
  for (const auto& [d, n] : {std::pair{1, 2}, {3, 4}, {10, 10}}) {
    const double step = 0.7;
    const Transformer transformer = interleaved_descent(d, n, step);
    const RecordedTransformer& recorded = transformer.recorded();
    const Prompts prompts(d, n);
    TapeRun<double> run(recorded.tape);
    double* tokens = run.values(recorded.tokens);
    const auto width = static_cast<std::size_t>(transformer.spec().stem.width),
               size = static_cast<std::size_t>(d);
    for (std::size_t j = 0; j < static_cast<std::size_t>(n); ++j) {
      const double* pair = prompts.tokens.data() + j * (size + 1) * kLanes;
      std::copy_n(pair, size * kLanes, tokens + 2 * j * width * kLanes);
      std::copy_n(pair + size * kLanes, kLanes, tokens + ((2 * j + 2) * width - 1) * kLanes);
    }
    std::copy(prompts.block.query.begin(), prompts.block.query.end(),
              tokens + 2 * static_cast<std::size_t>(n) * width * kLanes);
    run.forward(transformer.theta.data());
    // After the first layer the token of x_j is (x_j, next token).
    const auto states = record_states(transformer.spec(), 1);
    ASSERT_TRUE(states);
    TapeRun<double> first(states->tape);
    std::copy_n(tokens, recorded.tape.node(recorded.tokens).size() * kLanes,
                first.values(states->tokens));
    first.forward(transformer.theta.data());
    const double* copied = first.values(states->states.back());
    const auto inner = static_cast<std::size_t>(transformer.spec().stem.inner_width());
    for (std::size_t p = 0; p < kLanes; ++p) {
      for (std::size_t t = 0; t + 2 < static_cast<std::size_t>(2 * n + 1); t += 2) {
        for (std::size_t i = 0; i < width; ++i) {
          EXPECT_NEAR(copied[(t * inner + inner - width + i) * kLanes + p],
                      tokens[((t + 1) * width + i) * kLanes + p], 1e-12);
        }
      }
      double expected = 0;  // <w, x_q>, w = step/n sum y_j x_j
      for (std::size_t i = 0; i < size; ++i) {
        double w = 0;
        for (std::size_t j = 0; j < static_cast<std::size_t>(n); ++j) {
          const double* pair = prompts.tokens.data() + j * (size + 1) * kLanes + p;
          w += step / n * pair[size * kLanes] * pair[i * kLanes];
        }
        expected += w * prompts.block.query[i * kLanes + p];
      }
      const double* prediction = run.values(recorded.output);
      EXPECT_NEAR(prediction[p], expected, 1e-12 * std::max(1.0, std::abs(expected)))
          << "d = " << d << ", prompt " << p;
    }
  }
}

}  // namespace
}  // namespace gramian
