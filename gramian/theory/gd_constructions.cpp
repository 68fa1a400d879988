#include "gramian/theory/gd_constructions.h"

#include "gramian/base/assert.h"

namespace gramian {

std::vector<double> attend(const TokenLayer& layer, std::span<const double> tokens) {
  const std::size_t size = layer.size;
  GRAMIAN_ASSERT(size > 0 && layer.p.size() == size * size && layer.q.size() == size * size);
  GRAMIAN_ASSERT(!tokens.empty() && tokens.size() % size == 0);
  const std::size_t count = tokens.size() / size;
  std::vector<double> next(tokens.begin(), tokens.end());
  std::vector<double> query(size), sum(size);
  for (std::size_t t = 0; t < count; ++t) {
    for (std::size_t r = 0; r < size; ++r) {  // Q e
      query[r] = 0;
      for (std::size_t s = 0; s < size; ++s)
        query[r] += layer.q[r * size + s] * tokens[t * size + s];
      sum[r] = 0;
    }
    for (std::size_t j = 0; j + 1 < count; ++j) {
      double score = 0;
      for (std::size_t r = 0; r < size; ++r) score += tokens[j * size + r] * query[r];
      for (std::size_t r = 0; r < size; ++r) sum[r] += score * tokens[j * size + r];
    }
    for (std::size_t r = 0; r < size; ++r) {
      for (std::size_t s = 0; s < size; ++s) next[t * size + r] += layer.p[r * size + s] * sum[s];
    }
  }
  return next;
}

TokenLayer gd_layer(const TokenShape& shape, double step, double curvature,
                    std::span<const double> start) {
  const std::size_t size = shape.size;
  GRAMIAN_ASSERT(shape.x + shape.inputs <= size && shape.y + shape.outputs <= size);
  GRAMIAN_ASSERT(start.empty() || start.size() == shape.outputs * shape.inputs);
  TokenLayer layer{size, std::vector<double>(size * size), std::vector<double>(size * size)};
  for (std::size_t i = 0; i < shape.inputs; ++i) {
    layer.q[(shape.x + i) * size + shape.x + i] = 1;
    layer.p[(shape.x + i) * size + shape.x + i] = -curvature;
  }
  for (std::size_t o = 0; o < shape.outputs; ++o) {
    layer.p[(shape.y + o) * size + shape.y + o] = -step;
    for (std::size_t i = 0; i < shape.inputs && !start.empty(); ++i) {
      layer.p[(shape.y + o) * size + shape.x + i] = step * start[o * shape.inputs + i];
    }
  }
  return layer;
}

TokenLayer copy_layer(std::size_t content, std::size_t positions) {
  GRAMIAN_ASSERT(positions >= content);
  const std::size_t size = content + positions;
  TokenLayer layer{size, std::vector<double>(size * size), std::vector<double>(size * size)};
  for (std::size_t k = 0; k < content; ++k) layer.p[(content + k) * size + k] = 1;
  for (std::size_t k = 0; k + 1 < positions; ++k) {
    layer.p[(content + k) * size + content + k + 1] =
        -1;  // minus the position before that of the key
    layer.q[(content + k + 1) * size + content + k] = 1;  // a token asks for the next position
  }
  return layer;
}

}  // namespace gramian
