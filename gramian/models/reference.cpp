#include "gramian/models/reference.h"

#include "gramian/base/assert.h"

namespace gramian {

std::vector<std::vector<double>> token_forward(const Network& network,
                                               const std::vector<double>& tokens) {
  const std::size_t rows = network.spec.rows();
  GRAMIAN_ASSERT(tokens.size() % rows == 0 && tokens.size() >= 2 * rows);
  const std::size_t count = tokens.size() / rows;
  const std::size_t n = count - 1;
  const std::size_t keys = network.spec.query_in_keys ? count : n;
  const double c = network.spec.context_factor(static_cast<int>(n));

  std::vector<std::vector<double>> history{tokens};
  for (int layer = 0; layer < network.spec.layers; ++layer) {
    const std::vector<double>& e = history.back();
    const LayerWeights weights = network.expanded(layer);
    std::vector<double> next = e;
    for (std::size_t h = 0; h < static_cast<std::size_t>(weights.heads); ++h) {
      const double* p = weights.p.data() + h * rows * rows;
      const double* q = weights.q.data() + h * rows * rows;
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < keys; ++j) {
          double score = 0.0;  // e_j^T Q e_i
          for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t s = 0; s < rows; ++s)
              score += e[j * rows + r] * q[r * rows + s] * e[i * rows + s];
          }
          for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t s = 0; s < rows; ++s)
              next[i * rows + r] += c * score * p[r * rows + s] * e[j * rows + s];
          }
        }
      }
    }
    history.push_back(std::move(next));
  }
  return history;
}

std::vector<double> token_predictions(const Network& network, const std::vector<double>& tokens) {
  const auto history = token_forward(network, tokens);
  std::vector<double> predictions;
  for (std::size_t layer = 1; layer < history.size(); ++layer)
    predictions.push_back(-history[layer].back());
  return predictions;
}

}  // namespace gramian
