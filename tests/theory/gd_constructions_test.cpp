// Constructed weights against the algorithms that they are, written out with matrices.
#include "gramian/theory/gd_constructions.h"
#include "gramian/base/decompositions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/pass.h"
#include "gramian/random/philox.h"

namespace gramian {
namespace {

using Index = Eigen::Index;

// Uniform in (-1/2, 1/2), by seed and place.
RowMajorMatrix random(Index rows, Index columns, std::uint32_t seed) {
  return RowMajorMatrix::NullaryExpr(rows, columns, [&](Index i, Index j) {
    return philox({seed, 1},
                  {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j), 0, 0})[0] /
               4294967296.0 -
           0.5;
  });
}

struct Case {
  Index d, o, n;
  int loops;
  double curvature;  // as a fraction of 1 / (largest eigenvalue)
};

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const auto& [d, o, n] :
       {std::tuple{1, 1, 1}, {3, 1, 5}, {10, 1, 10}, {4, 3, 9}, {5, 2, 3}}) {
    for (const int loops : {1, 2, 10, 100}) {
      for (const double curvature : {0.0, 0.3}) list.push_back({d, o, n, loops, curvature});
    }
  }
  return list;
}

std::span<const double> view(const RowMajorMatrix& m) {
  return {m.data(), static_cast<std::size_t>(m.size())};
}

// Acceptance (a): Proposition 1 and GD++, any W_0, up to 100 loops.
TEST(Constructions, AreGradientDescentAndItsCurvatureCorrection) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(fmt::format("d = {}, o = {}, n = {}, L = {}, curvature {}", c.d, c.o, c.n, c.loops,
                             c.curvature));
    RowMajorMatrix x = random(c.n, c.d, 1), start = random(c.o, c.d, 2),
                   y = x * random(c.o, c.d, 3).transpose();
    RowMajorMatrix query = random(1, c.d, 4), answer = -query * start.transpose();
    const double largest =
        Eigen::SelfAdjointEigenSolver<RowMajorMatrix>(RowMajorMatrix(x.transpose() * x))
            .eigenvalues()
            .maxCoeff();
    const double step = 0.8 / largest, curvature = c.curvature / largest;
    RowMajorMatrix tokens(c.n + 1, c.d + c.o);
    tokens << x, y, query, answer;
    std::vector<double> state(tokens.data(), tokens.data() + tokens.size());
    const auto layer =
        gd_layer(plain_shape(static_cast<std::size_t>(c.d), static_cast<std::size_t>(c.o)), step,
                 curvature, view(start));
    RowMajorMatrix w = start;  // of plain gradient descent
    const RowMajorMatrix inputs = x, targets = y;
    for (int k = 0; k < c.loops; ++k) {
      state = attend(layer, state);
      const RowMajorMatrix dw = -step * (x * start.transpose() - y).transpose() * x;
      const RowMajorMatrix turn =
          RowMajorMatrix::Identity(c.d, c.d) - curvature * x.transpose() * x;
      y -= x * dw.transpose();
      answer -= query * dw.transpose();
      x = x * turn;
      query = query * turn;
      w -= step * (inputs * w.transpose() - targets).transpose() * inputs;
    }
    RowMajorMatrix expected(c.n + 1, c.d + c.o);
    expected << x, y, query, answer;
    for (Index i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(state[static_cast<std::size_t>(i)], expected.data()[i], 1e-12) << "number " << i;
    }
    if (c.curvature == 0) {  // minus the query's y is what gradient descent on W predicts
      const RowMajorMatrix prediction = query * w.transpose();
      for (Index o = 0; o < c.o; ++o) EXPECT_NEAR(-answer(0, o), prediction(0, o), 1e-12);
    }
  }
}

// One output in the engine: W_0 goes into P, and w^L is what gradient descent adds to W_0.
TEST(Constructions, TheEngineStartsFromW0) {
  const int d = 4, n = 9, loops = 100;
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  const RegressionTask task = RegressionTask::create(spec).value();
  PromptBlock<double> block(d);
  AlignedArray<double> tokens;
  PromptSampler<double>(task).sample_tokens({.seed = 4}, kLanes, block, tokens);
  const RowMajorMatrix start = random(1, d, 7);
  const double step = 0.3;
  const TokenLayer layer = gd_layer(plain_shape(d, 1), step, 0, view(start));
  Network network{{.kind = Parametrisation::full, .d = d, .layers = loops, .tied = true}, layer.p};
  network.theta.insert(network.theta.end(), layer.q.begin(), layer.q.end());
  NetworkPass<double> pass(network.spec);
  AlignedArray<double> weights(d * kLanes);
  pass.forward(network.theta.data(), block, 1.0 / n, weights.data());
  for (std::size_t p = 0; p < kLanes; ++p) {
    const RowMajorMatrix x = RowMajorMatrix::NullaryExpr(n, d, [&](Index i, Index j) {
      return tokens[static_cast<std::size_t>(i * (d + 1) + j) * kLanes + p];
    });
    const RowMajorMatrix y = RowMajorMatrix::NullaryExpr(n, 1, [&](Index i, Index) {
      return tokens[static_cast<std::size_t>(i * (d + 1) + d) * kLanes + p];
    });
    RowMajorMatrix w = start;
    for (int k = 0; k < loops; ++k) w -= step / n * (x * w.transpose() - y).transpose() * x;
    for (Index i = 0; i < d; ++i) {
      const double ours = start(0, i) + weights[static_cast<std::size_t>(i) * kLanes + p];
      EXPECT_NEAR(ours, w(0, i), 1e-12 * std::max(1.0, w.cwiseAbs().maxCoeff()));
    }
  }
}

// Proposition 3: x_j and y_j in tokens of their own become pairs, and a second layer is a step on
// these.
TEST(Constructions, CopyingLayerMakesPairs) {
  for (const auto& [d, o, n] : {std::tuple<Index, Index, Index>{1, 1, 2}, {3, 2, 4}, {10, 1, 10}}) {
    const Index content = d + o, positions = 2 * n + 1;
    const RowMajorMatrix x = random(n, d, 1), y = random(n, o, 2), query = random(1, d, 3);
    RowMajorMatrix tokens = RowMajorMatrix::Zero(positions, content + positions);
    for (Index j = 0; j < n; ++j) {
      tokens.row(2 * j).head(d) = x.row(j);
      tokens.row(2 * j + 1).segment(d, o) = y.row(j);
    }
    tokens.row(2 * n).head(d) = query;
    tokens.rightCols(positions).setIdentity();
    const auto copied =
        attend(copy_layer(static_cast<std::size_t>(content), static_cast<std::size_t>(positions)),
               view(tokens));
    const Eigen::Map<const RowMajorMatrix> now(copied.data(), positions, content + positions);
    for (Index j = 0; j + 1 < 2 * n;
         ++j) {  // the last target's next token is the query, which is no key
      EXPECT_EQ((now.row(j).head(content) - tokens.row(j).head(content)).norm(), 0);
      EXPECT_EQ((now.row(j).segment(content, content) - tokens.row(j + 1).head(content)).norm(), 0);
      EXPECT_EQ(now.row(j).tail(positions - content).norm(), 0);
    }
    EXPECT_EQ((now.row(2 * n) - tokens.row(2 * n)).norm(), 0);

    const double step = 0.1;
    const auto shape = copied_shape(static_cast<std::size_t>(d), static_cast<std::size_t>(o),
                                    static_cast<std::size_t>(positions));
    const auto after = attend(gd_layer(shape, step), copied);
    const RowMajorMatrix w = step * y.transpose() * x;  // from zero
    const RowMajorMatrix prediction = query * w.transpose();
    for (Index k = 0; k < o; ++k) {
      const auto place =
          static_cast<std::size_t>(2 * n) * shape.size + shape.y + static_cast<std::size_t>(k);
      EXPECT_NEAR(-after[place], prediction(0, k), 1e-12);
    }
  }
}

}  // namespace
}  // namespace gramian
