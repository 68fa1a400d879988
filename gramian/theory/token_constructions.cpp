#include "gramian/theory/token_constructions.h"

#include "gramian/base/assert.h"

namespace gramian {

namespace {

// Sets entries of one square parameter of a transformer, all zero before.
class Entries {
 public:
  Entries(Transformer& transformer, const char* name, std::size_t width)
      : numbers_(transformer.weights(name)), width_(width) {}

  double& operator()(std::size_t row, std::size_t column) {
    return numbers_[row * width_ + column];
  }

 private:
  std::span<double> numbers_;
  std::size_t width_;
};

// The copying layer, all as right factors of rows. A token of x asks for the position after its
// own; keys are positions.
void write_copying(Transformer& transformer, std::size_t width, std::size_t content,
                   std::size_t tokens) {
  Entries q(transformer, "layers.0.heads.0.Q", width), k(transformer, "layers.0.heads.0.K", width);
  Entries v(transformer, "layers.0.heads.0.V", width), p(transformer, "layers.0.heads.0.P", width);
  for (std::size_t t = 0; t + 1 < tokens; t += 2) q(content + t, content + t + 1) = 1;
  for (std::size_t t = 0; t < tokens; ++t) k(content + t, content + t) = 1;
  // What is read: the content, to the last d numbers, minus the position that the reader has.
  for (std::size_t i = 0; i < content; ++i) v(i, width - content + i) = 1;
  for (std::size_t t = 1; t < tokens; ++t) v(content + t, content + t - 1) = -1;
  for (std::size_t i = 0; i < width; ++i) p(i, i) = 1;
}

// A step of gradient descent: x is the first d numbers, y the last, which a token of y does not
// have.
void write_descent(Transformer& transformer, std::size_t width, std::size_t content, double step) {
  Entries q(transformer, "layers.1.heads.0.Q", width), k(transformer, "layers.1.heads.0.K", width);
  Entries v(transformer, "layers.1.heads.0.V", width), p(transformer, "layers.1.heads.0.P", width);
  for (std::size_t i = 0; i < content; ++i) q(i, i) = k(i, i) = 1;
  v(width - 1, width - 1) = 1;
  p(width - 1, width - 1) = step;
}

}  // namespace

Transformer interleaved_descent(int d, int n, double step) {
  GRAMIAN_ASSERT(d >= 1 && n >= 1);
  const int tokens = 2 * n + 1;
  const Block block{.mixer = {.scale = Scale::one}};
  const TransformerSpec spec{
      .stem = {.tokens = tokens,
               .width = d,
               .positions = {.kind = PositionKind::one_hot, .width = tokens + d}},
      .blocks = {block, block}};
  auto transformer = Transformer::create(spec).value();
  const auto width = static_cast<std::size_t>(spec.stem.inner_width()),
             content = static_cast<std::size_t>(d);
  write_copying(transformer, width, content, static_cast<std::size_t>(tokens));
  write_descent(transformer, width, content, -step / n);
  return transformer;
}

Transformer transformer_of(std::span<const TokenLayer> layers, const TokenLayerNetwork& network) {
  GRAMIAN_ASSERT(!layers.empty());
  const std::size_t size = layers.front().size;
  TransformerSpec spec{
      .stem = {.tokens = network.tokens, .width = static_cast<int>(size) - network.positions},
      .blocks = {layers.size(), Block{.mixer = {.scale = Scale::one}}},
      .readout = {.first = network.first, .outputs = network.outputs}};
  if (network.positions > 0)
    spec.stem.positions = {.kind = PositionKind::one_hot, .width = network.positions};
  auto transformer = Transformer::create(spec).value();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    GRAMIAN_ASSERT(layers[l].size == size);
    const std::string head = fmt::format("layers.{}.heads.0.", l);
    Entries q(transformer, (head + "Q").c_str(), size), k(transformer, (head + "K").c_str(), size),
        v(transformer, (head + "V").c_str(), size), p(transformer, (head + "P").c_str(), size);
    for (std::size_t i = 0; i < size; ++i) {
      k(i, i) = v(i, i) = 1;
      for (std::size_t j = 0; j < size; ++j) {
        q(i, j) = layers[l].q[j * size + i];
        p(i, j) = layers[l].p[j * size + i];
      }
    }
  }
  return transformer;
}

}  // namespace gramian
