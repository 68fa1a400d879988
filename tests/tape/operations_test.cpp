// Every operation of the list of cases, at sizes around the tiles of registers, on every
// instruction set: kernels against plain loops, gradients against central differences.
#include <set>

#include "tests/tape/setting.h"

namespace gramian {
namespace {

struct Size {
  int rows, columns;
};
constexpr Size kSizes[] = {{1, 1}, {1, 6}, {3, 1}, {2, 3}, {4, 5}, {5, 4}, {8, 9}, {9, 17}};

template <class Check>
void for_each_case(std::span<const Size> sizes, Check check) {
  for (const TapeCase& what : tape_cases()) {
    for (const Size size : sizes) {
      SCOPED_TRACE(fmt::format("{}, [{}, {}]", what.name, size.rows, size.columns));
      check(test::Setting(record_case(what, size.rows, size.columns, true)));
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Operations, AreThoseOfThePlainLoops) {
  for_each_case(kSizes, [](const test::Setting& s) { test::expect_values(s); });
}

TEST(Operations, GradientsAreCentralDifferences) {
  constexpr Size kSome[] = {{1, 1}, {3, 1}, {4, 5}, {5, 9}};
  for_each_case(kSome, [](const test::Setting& s) { test::expect_gradients(s, 10); });
}

// Mixers take tokens in tiles, and keep the state of each sqrt(T)-th.
TEST(Operations, OfSequencesAroundATileOfTokens) {
  const auto mixes_tokens = [](const Tape& tape) {
    return std::ranges::any_of(tape.nodes(), [](const Tape::Node& node) {
      return std::holds_alternative<ops::CausalMix>(node.attributes) ||
             std::holds_alternative<ops::CausalSoftmax>(node.attributes) ||
             std::holds_alternative<ops::MesaMix>(node.attributes) ||
             std::holds_alternative<ops::ShortConvolution>(node.attributes);
    });
  };
  int found = 0;
  for (const Size size : {Size{15, 3}, Size{16, 5}, Size{17, 2}}) {
    for (const TapeCase& what : tape_cases()) {
      SCOPED_TRACE(fmt::format("{}, [{}, {}]", what.name, size.rows, size.columns));
      const test::Setting s(record_case(what, size.rows, size.columns, true));
      if (!mixes_tokens(s.tape)) continue;
      ++found;
      test::expect_values(s);
      test::expect_gradients(s, 3);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  EXPECT_GE(found, 3 * 12);
}

TEST(Operations, FloatIsDoubleRounded) {
  for_each_case(kSizes, [](const test::Setting& s) { test::expect_float(s); });
}

TEST(Operations, EachHasACase) {
  std::set<Operation> found;
  for (const TapeCase& what : tape_cases()) {
    const Tape tape = record_case(what, 3, 3, false).tape;
    for (const Tape::Node& node : tape.nodes()) found.insert(node.operation);
  }
  // All of the list, and input, parameter and constant.
  EXPECT_EQ(found.size(), std::variant_size_v<Attributes> - 1 + 3);
}

// A run of one operation of a row of numbers, the same for all prompts.
struct Row {
  std::vector<double> values, gradient;

  template <class T>
  static Row of(const Attributes& operation, std::vector<double> numbers) {
    Recorder r;
    const Value x = r.input("x", 1, static_cast<int>(numbers.size()));
    const Value y = r.apply(operation, {x});
    const Tape tape = r.finish(y).value();
    TapeRun<T> run(tape, true);
    for (std::size_t e = 0; e < numbers.size(); ++e)
      std::fill_n(run.values(x) + e * kLanes, kLanes, static_cast<T>(numbers[e]));
    run.forward(nullptr);
    AlignedArray<T> ones(tape.node(y).size() * kLanes);
    std::fill(ones.begin(), ones.end(), T(1));
    run.backward(ones.data(), nullptr);
    Row row;
    for (std::size_t e = 0; e < tape.node(y).size(); ++e)
      row.values.push_back(run.values(y)[e * kLanes]);
    for (std::size_t e = 0; e < numbers.size(); ++e)
      row.gradient.push_back(run.adjoint(x)[e * kLanes]);
    return row;
  }
};

// Arguments where exp would leave the range of the type, where differences vanish, and zero.
TEST(Operations, StayFiniteForLargeNumbers) {
  for (const Attributes& operation : std::vector<Attributes>{
           ops::Gelu{}, ops::Relu{}, ops::Silu{}, ops::Sigmoid{}, ops::Softplus{}, ops::Elu{},
           ops::Elu{.plus_one = true}, ops::Exponential{}, ops::Softmax{}, ops::Normalise{},
           ops::RmsNormalise{}, ops::NormaliseBlock{}, ops::NormaliseColumns{}}) {
    test::for_each_target([&] {
      for (const double size : {0.0, 1e-30, 88.0, 200.0, 1e4}) {
        const std::vector<double> numbers{size, -size, size / 2, 0, -3 * size};
        for (const Row& row :
             {Row::of<float>(operation, numbers), Row::of<double>(operation, numbers)}) {
          for (const double y : row.values) EXPECT_TRUE(std::isfinite(y)) << size << ' ' << y;
          for (const double y : row.gradient) EXPECT_TRUE(std::isfinite(y)) << size << ' ' << y;
        }
      }
    });
  }
}

TEST(Operations, KnownValues) {
  test::for_each_target([] {
    const std::vector<double> numbers{-1e4, -30, 0, 30, 1e4};
    const Row soft = Row::of<float>(ops::Softmax{}, numbers);
    EXPECT_EQ(soft.values[4], 1);
    EXPECT_NEAR(soft.values[0], 0, 1e-30);
    const Row silu = Row::of<float>(ops::Silu{}, numbers);
    EXPECT_NEAR(silu.values[0], 0, 1e-25);
    EXPECT_EQ(silu.values[4], 1e4f);
    // elu + 1 stays positive and exact where elu(x) + 1 would be rounded to zero.
    const Row feature = Row::of<float>(ops::Elu{.plus_one = true}, numbers);
    EXPECT_NEAR(feature.values[1], std::exp(-30.0), 1e-6 * std::exp(-30.0));
    EXPECT_NEAR(feature.gradient[1], std::exp(-30.0), 1e-6 * std::exp(-30.0));
    EXPECT_EQ(feature.values[3], 31);
    const Row elu = Row::of<double>(ops::Elu{}, {-1e-9, 1e-9});
    EXPECT_NEAR(elu.values[0], std::expm1(-1e-9), 1e-24);
    const Row softplus = Row::of<double>(ops::Softplus{}, {-30, 0, 40});
    EXPECT_NEAR(softplus.values[0], std::log1p(std::exp(-30.0)), 1e-27);
    EXPECT_NEAR(softplus.values[1], std::log(2.0), 1e-15);
    EXPECT_EQ(softplus.values[2], 40);
    EXPECT_NEAR(softplus.gradient[1], 0.5, 1e-15);
    const Row relu = Row::of<double>(ops::Relu{}, {-2, 0, 3});
    EXPECT_EQ(relu.values, (std::vector<double>{0, 0, 3}));
    EXPECT_EQ(relu.gradient, (std::vector<double>{0, 0, 1}));
    const Row reciprocal = Row::of<double>(ops::Reciprocal{}, {1e-300, 4, 0});
    EXPECT_NEAR(reciprocal.values[0], 1e300, 1e285);
    EXPECT_EQ(reciprocal.values[1], 0.25);
    EXPECT_TRUE(std::isinf(reciprocal.values[2]));
  });
}

// The value of a loss of two inputs that are the same for all prompts, and its gradients.
struct Loss {
  double value;
  std::vector<double> da;
  bool b_has_adjoint;

  template <class T>
  static Loss of(const Attributes& loss, ops::Shape a_shape, std::vector<double> a,
                 ops::Shape b_shape, std::vector<double> b) {
    Recorder r;
    const Value x = r.input("a", a_shape.rows, a_shape.columns),
                t = r.input("b", b_shape.rows, b_shape.columns);
    const Value y = r.apply(loss, {x, t});
    const Tape tape = r.finish(y).value();
    TapeRun<T> run(tape, true);
    const auto fill = [&](Value v, const std::vector<double>& numbers) {
      for (std::size_t e = 0; e < numbers.size(); ++e)
        std::fill_n(run.values(v) + e * kLanes, kLanes, static_cast<T>(numbers[e]));
    };
    fill(x, a);
    fill(t, b);
    run.forward(nullptr);
    run.backward(nullptr);
    Loss result{run.values(y)[0], {}, run.adjoint(t) != nullptr};
    for (std::size_t e = 0; e < a.size(); ++e) result.da.push_back(run.adjoint(x)[e * kLanes]);
    return result;
  }
};

TEST(Losses, OfLargeScoresAreExact) {
  test::for_each_target([] {
    // The wrong class is ahead by 2e4: log-sum-exp is the difference, and does not overflow.
    const Loss wrong = Loss::of<float>(ops::CrossEntropy{}, {1, 3}, {1e4, -1e4, 0}, {1, 1}, {1});
    EXPECT_NEAR(wrong.value, 2e4, 1e-2);
    EXPECT_NEAR(wrong.da[0], 1, 1e-6);
    EXPECT_NEAR(wrong.da[1], -1, 1e-6);
    EXPECT_FALSE(wrong.b_has_adjoint);
    const Loss right = Loss::of<float>(ops::CrossEntropy{}, {1, 3}, {1e4, -1e4, 0}, {1, 1}, {0});
    EXPECT_EQ(right.value, 0);
    // A row without a class does not count.
    const Loss padding =
        Loss::of<double>(ops::CrossEntropy{}, {2, 2}, {0, 0, 5, 1}, {2, 1}, {0, -1});
    EXPECT_NEAR(padding.value, std::log(2.0), 1e-15);
    EXPECT_EQ(padding.da[2], 0);
  });
}

TEST(Losses, KnowTheirZeros) {
  test::for_each_target([] {
    const ops::Shape shape{2, 2};
    const std::vector<double> b{1, 2, -3, 4};
    const auto times = [&](double first, double second) {
      return std::vector<double>{first * b[0], second * b[1], first * b[2], second * b[3]};
    };
    EXPECT_NEAR(Loss::of<double>(ops::ErrorUpToScale{}, shape, times(-2, -2), shape, b).value, 0,
                1e-28);
    EXPECT_NEAR(Loss::of<double>(ops::ErrorUpToSign{}, shape, times(-1, 1), shape, b).value, 0,
                1e-28);
    EXPECT_NEAR(Loss::of<double>(ops::CosineDistance{}, shape, times(3, 3), shape, b).value, 0,
                1e-12);
    EXPECT_EQ(Loss::of<double>(ops::Hinge{}, shape, {2, -1, 1, 1}, shape, {1, -1, 1, 1}).value, 0);
    // Of zero each multiple is zero.
    const Loss zero = Loss::of<double>(ops::ErrorUpToScale{}, shape, {0, 0, 0, 0}, shape, b);
    EXPECT_EQ(zero.value, 30);
    EXPECT_EQ(zero.da, (std::vector<double>{0, 0, 0, 0}));
  });
}

}  // namespace
}  // namespace gramian
