// The three solvers of the mesa layer against each other and against a plain solve for each token.
#include "gramian/sequence/mesa.h"

#include <fmt/format.h>

#include <limits>

#include "gramian/base/decompositions.h"
#include "tests/sequence/setting.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

using test::distance;
using test::expect_central_differences;
using test::normals;

// Everything that a mesa layer may be given.
template <class T>
struct MesaSequence {
  std::size_t tokens = 0, key = 0, value = 0;
  double scale = 0.8;
  std::vector<T> q = {}, k = {}, v = {}, decay = {}, strength = {}, ridge = {};
  std::vector<T> g0 = {}, h0 = {}, dout = {}, dg = {}, dh = {};

  MesaInput<T> input(bool with_decay) const {
    return {.mixed = {.tokens = tokens,
                      .key = key,
                      .value = value,
                      .q = rows(q, key),
                      .k = rows(k, key),
                      .v = rows(v, value),
                      .decay = with_decay ? decay.data() : nullptr,
                      .strength = strength.empty() ? nullptr : strength.data(),
                      .initial = g0.empty() ? nullptr : g0.data()},
            .ridge = ridge.data(),
            .initial = h0.empty() ? nullptr : h0.data()};
  }
  static Rows<const T> rows(const std::vector<T>& x, std::size_t columns) {
    return {x.data(), static_cast<std::ptrdiff_t>(columns)};
  }
  template <class To>
  MesaSequence<To> as() const {
    const auto to = [](const std::vector<T>& x) { return test::converted<To>(x); };
    return {tokens,       key,       value,  scale,  to(q),    to(k),  to(v), to(decay),
            to(strength), to(ridge), to(g0), to(h0), to(dout), to(dg), to(dh)};
  }
};

MesaSequence<double> random_mesa(std::size_t tokens, std::size_t key, std::size_t value) {
  std::mt19937_64 generator(tokens + 100 * key + value);
  std::uniform_real_distribution<double> unit(0, 1);
  MesaSequence<double> s{.tokens = tokens, .key = key, .value = value};
  s.q = normals(generator, tokens * key);
  s.k = normals(generator, tokens * key, 1 / std::sqrt(double(key)));
  s.v = normals(generator, tokens * value);
  s.dout = normals(generator, tokens * value);
  s.g0 = normals(generator, key * value);
  s.dg = normals(generator, key * value);
  s.dh = normals(generator, key * key);
  const std::vector<double> factor = normals(generator, key * key, 0.5);
  s.h0.resize(key * key);
  for (std::size_t e = 0; e < key * key; ++e) {
    for (std::size_t r = 0; r < key; ++r)
      s.h0[e] += factor[e / key * key + r] * factor[e % key * key + r];
  }
  for (std::size_t t = 0; t < tokens; ++t) {
    s.decay.push_back(0.6 + 0.4 * unit(generator));
    s.strength.push_back(0.2 + unit(generator));
  }
  for (std::size_t i = 0; i < key; ++i) s.ridge.push_back(0.3 + unit(generator));
  return s;
}

struct MesaResult {
  std::vector<double> o, g, h;
};

template <class T>
MesaResult run_mesa(const MesaLayer& layer, const MesaSequence<T>& s, bool with_decay) {
  std::vector<T> o(s.tokens * s.value), g(s.key * s.value), h(s.key * s.key);
  mesa(layer, s.input(with_decay),
       {{o.data(), static_cast<std::ptrdiff_t>(s.value)}, g.data(), h.data()});
  return {test::converted<double>(o), test::converted<double>(g), test::converted<double>(h)};
}

// The equations of mesa.h, with Eigen's LDL^T.
MesaResult plain_mesa(const MesaSequence<double>& s, bool with_decay) {
  const auto rows = [](const std::vector<double>& x, std::size_t r, std::size_t c) {
    RowMajorMatrix m =
        RowMajorMatrix::Zero(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c));
    std::copy(x.begin(), x.end(), m.data());
    return m;
  };
  const RowMajorMatrix q = rows(s.q, s.tokens, s.key), k = rows(s.k, s.tokens, s.key),
                       v = rows(s.v, s.tokens, s.value);
  RowMajorMatrix g = rows(s.g0, s.key, s.value), h = rows(s.h0, s.key, s.key);
  RowMajorMatrix o(v.rows(), v.cols());
  for (Eigen::Index t = 0; t < q.rows(); ++t) {
    const auto at = static_cast<std::size_t>(t);
    const double decay = with_decay ? s.decay[at] : 1;
    const double strength = s.strength.empty() ? 1 : s.strength[at];
    g = decay * g + strength * k.row(t).transpose() * v.row(t);
    h = decay * h + strength * k.row(t).transpose() * k.row(t);
    Eigen::MatrixXd m = h;
    for (Eigen::Index i = 0; i < m.rows(); ++i) m(i, i) += s.ridge[static_cast<std::size_t>(i)];
    const Eigen::VectorXd right = q.row(t).transpose();
    const Eigen::VectorXd x = m.ldlt().solve(right);
    o.row(t) = s.scale * (x.transpose() * g);
  }
  const auto flat = [](const RowMajorMatrix& m) {
    return std::vector<double>(m.data(), m.data() + m.size());
  };
  return {flat(o), flat(g), flat(h)};
}

struct NamedSolver {
  const char* name;
  MesaLayer layer;
  bool takes_decay;
};
const NamedSolver kSolvers[] = {
    {"direct", {.solver = MesaSolver::direct, .scale = 0.8}, true},
    {"recursive", {.solver = MesaSolver::recursive, .scale = 0.8}, false},
    {"conjugate gradients",
     {.solver = MesaSolver::conjugate_gradients, .steps = 200, .tolerance = 1e-13, .scale = 0.8},
     true}};

constexpr std::size_t kMesaSizes[][3] = {{1, 1, 1},   {15, 4, 3},  {16, 16, 8}, {17, 32, 33},
                                         {300, 5, 2}, {40, 33, 4}, {9, 2, 16}};

template <class Check>
void for_each_solver(Check check) {
  for (const NamedSolver& solver : kSolvers) {
    for (const bool with_decay : {false, true}) {
      if (with_decay && !solver.takes_decay) continue;
      SCOPED_TRACE(fmt::format("{}{}", solver.name, with_decay ? ", with decay" : ""));
      check(solver.layer, with_decay);
    }
  }
}

TEST(Mesa, SolversAgreeWithAPlainSolve) {
  for (const auto& [tokens, key, value] : kMesaSizes) {
    SCOPED_TRACE(fmt::format("T = {}, {} x {}", tokens, key, value));
    const auto s = random_mesa(tokens, key, value);
    for_each_solver([&](const MesaLayer& layer, bool with_decay) {
      const MesaResult want = plain_mesa(s, with_decay);
      test::for_each_target([&] {
        const MesaResult got = run_mesa(layer, s, with_decay);
        EXPECT_LE(distance(got.o, want.o), 1e-11);
        EXPECT_LE(distance(got.g, want.g), 1e-12);
        EXPECT_LE(distance(got.h, want.h), 1e-12);
      });
    });
  }
}

struct MesaGradients {
  std::vector<double> dq, dk, dv, ddecay, dstrength, dridge, dg, dh;

  static MesaGradients of(const MesaLayer& layer, const MesaSequence<double>& s, bool with_decay) {
    MesaGradients g{std::vector<double>(s.q.size()),      std::vector<double>(s.k.size()),
                    std::vector<double>(s.v.size()),      std::vector<double>(s.tokens),
                    std::vector<double>(s.tokens),        std::vector<double>(s.key),
                    std::vector<double>(s.key * s.value), std::vector<double>(s.key * s.key)};
    const auto key = static_cast<std::ptrdiff_t>(s.key),
               value = static_cast<std::ptrdiff_t>(s.value);
    mesa_adjoint(layer, s.input(with_decay),
                 MesaAdjoint<double>{.mixed = {.dout = {s.dout.data(), value},
                                               .dfinal = s.dg.empty() ? nullptr : s.dg.data(),
                                               .dq = {g.dq.data(), key},
                                               .dk = {g.dk.data(), key},
                                               .dv = {g.dv.data(), value},
                                               .ddecay = with_decay ? g.ddecay.data() : nullptr,
                                               .dstrength = g.dstrength.data(),
                                               .dinitial = g.dg.data()},
                                     .dridge = g.dridge.data(),
                                     .dfinal = s.dh.empty() ? nullptr : s.dh.data(),
                                     .dinitial = g.dh.data()});
    return g;
  }
};

double mesa_loss(const MesaSequence<double>& s, bool with_decay) {
  const MesaResult r = plain_mesa(s, with_decay);
  double sum = 0;
  for (std::size_t e = 0; e < r.o.size(); ++e) sum += r.o[e] * s.dout[e];
  for (std::size_t e = 0; e < r.g.size(); ++e) sum += r.g[e] * s.dg[e];
  for (std::size_t e = 0; e < r.h.size(); ++e) sum += r.h[e] * s.dh[e];
  return sum;
}

TEST(Mesa, AdjointsAreCentralDifferences) {
  for_each_solver([](const MesaLayer& layer, bool with_decay) {
    auto s = random_mesa(19, 3, 2);
    if (with_decay) s.decay[8] = 0;
    const auto g = MesaGradients::of(layer, s, with_decay);
    const auto check = [&](std::vector<double>& x, const std::vector<double>& slope,
                           const char* what) {
      expect_central_differences(x, slope, what, [&] { return mesa_loss(s, with_decay); });
    };
    check(s.q, g.dq, "q");
    check(s.k, g.dk, "k");
    check(s.v, g.dv, "v");
    check(s.strength, g.dstrength, "strength");
    check(s.ridge, g.dridge, "ridge");
    check(s.g0, g.dg, "G_0");
    if (with_decay) check(s.decay, g.ddecay, "decay");
    // H_0 is symmetric: what a change of both entries (i, j) and (j, i) does. Eigen's LDL^T reads
    // the lower triangle alone.
    for (std::size_t i = 0; i < s.key; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const std::size_t e = i * s.key + j, f = j * s.key + i;
        const double kept = s.h0[e], step = 1e-5;
        s.h0[e] = s.h0[f] = kept + step;
        const double above = mesa_loss(s, with_decay);
        s.h0[e] = s.h0[f] = kept - step;
        const double below = mesa_loss(s, with_decay);
        s.h0[e] = s.h0[f] = kept;
        const double slope = i == j ? g.dh[e] : g.dh[e] + g.dh[f];
        EXPECT_NEAR(slope, (above - below) / (2 * step), 1e-7 * (1 + std::abs(slope))) << e;
      }
    }
  });
}

TEST(Mesa, ASequenceMayBeCutAnywhere) {
  const auto whole = random_mesa(37, 4, 3);
  for_each_solver([&](const MesaLayer& layer, bool with_decay) {
    const MesaResult want = run_mesa(layer, whole, with_decay);
    const MesaGradients all = MesaGradients::of(layer, whole, with_decay);
    for (const std::size_t cut : {std::size_t{1}, std::size_t{16}, std::size_t{36}}) {
      const auto part = [&](std::size_t first, std::size_t last) {
        const auto rows = [&](const std::vector<double>& x, std::size_t columns) {
          return std::vector<double>(x.begin() + static_cast<std::ptrdiff_t>(first * columns),
                                     x.begin() + static_cast<std::ptrdiff_t>(last * columns));
        };
        MesaSequence<double> s{.tokens = last - first, .key = 4, .value = 3};
        s.q = rows(whole.q, 4);
        s.k = rows(whole.k, 4);
        s.v = rows(whole.v, 3);
        s.dout = rows(whole.dout, 3);
        s.decay = rows(whole.decay, 1);
        s.strength = rows(whole.strength, 1);
        s.ridge = whole.ridge;
        return s;
      };
      auto head = part(0, cut), tail = part(cut, 37);
      head.g0 = whole.g0;
      head.h0 = whole.h0;
      MesaResult joined = run_mesa(layer, head, with_decay);
      tail.g0 = joined.g;
      tail.h0 = joined.h;
      const MesaResult behind = run_mesa(layer, tail, with_decay);
      joined.o.insert(joined.o.end(), behind.o.begin(), behind.o.end());
      EXPECT_LE(distance(joined.o, want.o), 1e-11);
      EXPECT_LE(distance(behind.h, want.h), 1e-12);
      tail.dg = whole.dg;
      tail.dh = whole.dh;
      const auto second = MesaGradients::of(layer, tail, with_decay);
      head.dg = second.dg;
      head.dh = second.dh;
      auto first = MesaGradients::of(layer, head, with_decay);
      for (std::size_t i = 0; i < 4; ++i) first.dridge[i] += second.dridge[i];
      first.dk.insert(first.dk.end(), second.dk.begin(), second.dk.end());
      EXPECT_LE(distance(first.dk, all.dk), 1e-10);
      EXPECT_LE(distance(first.dridge, all.dridge), 1e-10);
      EXPECT_LE(distance(first.dh, all.dh), 1e-10);
    }
  });
}

// What is left out is 0 or 1: then the layer is the ridge regression of the values on the keys.
TEST(Mesa, IsRidgeRegression) {
  auto s = random_mesa(30, 5, 2);
  s.g0.clear();
  s.h0.clear();
  s.strength.clear();
  s.scale = 1;
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(5, 5), g = Eigen::MatrixXd::Zero(2, 5);
  for (std::size_t t = 0; t < 30; ++t) {
    const Eigen::Map<const Eigen::VectorXd> k(&s.k[t * 5], 5), v(&s.v[t * 2], 2);
    m += k * k.transpose();
    g += v * k.transpose();
  }
  for (Eigen::Index i = 0; i < 5; ++i) m(i, i) += s.ridge[static_cast<std::size_t>(i)];
  const Eigen::Map<const Eigen::VectorXd> q(&s.q[29 * 5], 5);
  const Eigen::VectorXd right = q;
  const Eigen::VectorXd want = g * m.ldlt().solve(right);
  for (const NamedSolver& solver : kSolvers) {
    MesaLayer layer = solver.layer;
    layer.scale = 1;
    const MesaResult got = run_mesa(layer, s, false);
    for (std::size_t j = 0; j < 2; ++j)
      EXPECT_NEAR(got.o[58 + j], want(static_cast<Eigen::Index>(j)), 1e-12) << solver.name;
  }
}

// The error of a step of conjugate gradients from the true residual: what `tolerance` promises.
TEST(Mesa, GradientsStopAtTheirTolerance) {
  const auto s = random_mesa(64, 16, 1);
  const MesaResult want = run_mesa(kSolvers[0].layer, s, true);
  MesaLayer layer = kSolvers[2].layer;
  double before = 1;
  for (const double tolerance : {1e-1, 1e-3, 1e-6, 1e-9}) {
    layer.tolerance = tolerance;
    const double gap = distance(run_mesa(layer, s, true).o, want.o);
    EXPECT_LE(gap, 10 * tolerance);
    EXPECT_LT(gap, before);
    before = gap;
  }
  EXPECT_GT(before, 1e-14);  // it did stop
}

// Sixty times the same key and a ridge of lambda: kappa = 60 / lambda. The error of x in the
// direction that is not seen is rounding times kappa, and nothing is NaN or infinite.
TEST(Mesa, RepeatedKeysAreBoundedByTheConditionNumber) {
  auto s = random_mesa(60, 8, 2);
  s.g0.clear();
  s.h0.clear();
  s.strength.clear();
  for (std::size_t t = 1; t < 60; ++t) std::copy_n(s.k.data(), 8, &s.k[t * 8]);
  for (const double lambda : {1.0, 1e-3, 1e-6, 1e-9}) {
    SCOPED_TRACE(lambda);
    std::fill(s.ridge.begin(), s.ridge.end(), lambda);
    const auto rounded = s.as<float>();
    const double kappa = 60 / lambda + 1, epsilon = std::numeric_limits<float>::epsilon();
    test::for_each_target([&] {
      for_each_solver([&](MesaLayer layer, bool with_decay) {
        layer.tolerance = 1e-5;
        const MesaResult want = plain_mesa(rounded.as<double>(), with_decay);
        const MesaResult got = run_mesa(layer, rounded, with_decay);
        for (const double x : got.o) ASSERT_TRUE(std::isfinite(x));
        if (layer.solver == MesaSolver::direct) {
          const double bound = kappa * epsilon < 0.1 ? 8 * kappa * epsilon : 1e300;
          EXPECT_LE(distance(got.o, want.o), bound);
          const auto full = run_mesa(layer, rounded.as<double>(), with_decay);
          EXPECT_LE(distance(full.o, want.o), 8 * kappa * std::numeric_limits<double>::epsilon());
        }
        const auto g = MesaGradients::of(layer, rounded.as<double>(), with_decay);
        for (const auto* x : {&g.dq, &g.dk, &g.dv, &g.ddecay, &g.dridge}) {
          for (const double y : *x) ASSERT_TRUE(std::isfinite(y));
        }
      });
    });
  }
}

// Keys of zeros: H stays 0, and x is q / lambda.
TEST(Mesa, ZeroKeysLeaveTheRidgeAlone) {
  auto s = random_mesa(20, 4, 2).as<float>();
  s.h0.clear();
  std::fill(s.k.begin(), s.k.end(), 0.0f);
  std::fill(s.v.begin(), s.v.end(), 0.0f);
  for_each_solver([&](const MesaLayer& layer, bool with_decay) {
    const MesaResult got = run_mesa(layer, s, with_decay);
    double decay = 1;
    for (std::size_t t = 0; t < 20; ++t) {
      if (with_decay) decay *= s.decay[t];
      for (std::size_t j = 0; j < 2; ++j) {
        double want = 0;
        for (std::size_t i = 0; i < 4; ++i)
          want += 0.8 * decay * s.g0[i * 2 + j] * s.q[t * 4 + i] / s.ridge[i];
        EXPECT_NEAR(got.o[t * 2 + j], want, 1e-5);
      }
    }
  });
}

}  // namespace
}  // namespace gramian
