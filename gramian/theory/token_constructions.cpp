#include "gramian/theory/token_constructions.h"

#include "gramian/base/assert.h"

namespace gramian {

Transformer interleaved_descent(int d, int n, double step) {
  GRAMIAN_ASSERT(d >= 1 && n >= 1);
  const int tokens = 2 * n + 1, positions = tokens + d;
  Transformer transformer{{.tokens = tokens,
                           .width = d,
                           .positions = positions,
                           .encoding = Encoding::one_hot,
                           .layers = 2,
                           .context_scale = ContextScale::sum},
                          {}};
  const auto width = static_cast<std::size_t>(transformer.spec.inner_width()),
             content = static_cast<std::size_t>(d);
  const auto count = static_cast<std::size_t>(tokens);
  const auto matrix = [&](auto fill) {
    std::vector<double> m(width * width);
    fill([&](std::size_t i, std::size_t j) -> double& { return m[i * width + j]; });
    transformer.theta.insert(transformer.theta.end(), m.begin(), m.end());
  };
  const auto identity = [&](auto at) {
    for (std::size_t i = 0; i < width; ++i) at(i, i) = 1;
  };
  // The copying layer; tokens are rows, and weights multiply them from the right. The query of a
  // token of x is the position after its own, and keys are positions.
  matrix([&](auto at) {
    for (std::size_t k = 0; k + 1 < count; k += 2) at(content + k, content + k + 1) = 1;
  });
  matrix([&](auto at) {
    for (std::size_t k = 0; k < count; ++k) at(content + k, content + k) = 1;
  });
  // What a token of x receives: the content, in the last d numbers, minus its own position.
  matrix([&](auto at) {
    for (std::size_t i = 0; i < content; ++i) at(i, width - content + i) = 1;
    for (std::size_t k = 1; k < count; ++k) at(content + k, content + k - 1) = -1;
  });
  matrix(identity);
  // A step of gradient descent: x is the first d numbers, y the last, which a token of y does not
  // have.
  matrix([&](auto at) {
    for (std::size_t i = 0; i < content; ++i) at(i, i) = 1;
  });
  matrix([&](auto at) {
    for (std::size_t i = 0; i < content; ++i) at(i, i) = 1;
  });
  matrix([&](auto at) { at(width - 1, width - 1) = 1; });
  matrix([&](auto at) { at(width - 1, width - 1) = -step / n; });
  return transformer;
}

}  // namespace gramian
