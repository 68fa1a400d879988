// Every combination of kind, sizes and prior trains with the default settings, or is refused with a
// reason: combinations drawn at random, with a fixed seed.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "gramian/runs/family.h"
#include "gramian/runs/keys.h"

namespace gramian {
namespace {

using Overrides = std::vector<std::string>;

class Draw {
 public:
  explicit Draw(unsigned seed) : bits_(seed) {}
  double unit() { return static_cast<double>(bits_()) / 4294967296.0; }
  // Uniform in its logarithm.
  double size(double low, double high) { return low * std::pow(high / low, unit()); }
  int integer(int low, int high) { return static_cast<int>(std::lround(size(low, high))); }
  template <class T>
  T of(std::initializer_list<T> list) {
    return list.begin()[static_cast<std::size_t>(unit() * static_cast<double>(list.size()))];
  }
  bool sometimes(double share) { return unit() < share; }

 private:
  std::mt19937 bits_;
};

std::string noise_of(Draw& draw) {
  const double top = draw.sometimes(0.3) ? draw.size(1e-2, 1e4) : 6 * draw.unit();
  switch (draw.of({0, 1, 2})) {
    case 0:
      return fmt::format("task.noise=uniform task.sigma=[0,{}]", top);
    case 1:
      return fmt::format("task.noise=categorical task.sigma=[0,{},{}]", top / 3, top);
    default:
      return fmt::format("task.noise=constant task.sigma=[{}]", top);
  }
}

std::string covariance_of(Draw& draw, int d) {
  std::vector<double> diagonal;
  const double top = draw.size(1e-4, 1e4);
  for (int i = 0; i < d; ++i) diagonal.push_back(top * draw.size(1e-2, 1));
  return fmt::format("task.covariance=[{}]", fmt::join(diagonal, ","));
}

std::string combination(Draw& draw) {
  const int d = draw.integer(1, 24);
  const std::string kind = draw.of<const char*>({"full", "diag", "gdpp", "preconditioned"});
  std::string words = fmt::format(
      "task.d={} task.n={} model.kind={} model.layers={} model.heads={} model.tied={} {}", d,
      draw.integer(1, 10'000), kind,
      draw.sometimes(0.2) ? draw.integer(1, 100) : draw.integer(1, 8),
      kind == "full" ? draw.of({1, 2, 4}) : 1, draw.sometimes(0.2), noise_of(draw));
  if (draw.sometimes(0.3)) words += " " + covariance_of(draw, d);
  if (draw.sometimes(0.2)) words += " task.weights=inverse_covariance";
  if (draw.sometimes(0.1)) words += " model.init=gdpp_optimum";
  return words + fmt::format(" train.batch={} train.steps={}", draw.of({16, 64, 256}),
                             draw.of({2, 10, 40}));
}

Overrides split(const std::string& words) {
  Overrides list;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    list.push_back(words.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

struct Outcome {
  bool allowed = false;
  double share = 0;  // the loss at the end, of that of predicting 0
};

// Trains to the end, which must not be what the program calls diverged (cli/train.cpp): a loss of
// 100 times that of predicting 0 or more, the weight of a single prompt bounded as in training.
Outcome train_drawn(const std::string& words) {
  const auto config = parse_config("", "drawn", split(words));
  EXPECT_TRUE(config) << words;
  const auto experiment = make_experiment(*config);
  if (!experiment) {
    EXPECT_EQ(experiment.error().kind, ErrorKind::config) << words;
    EXPECT_NE(experiment.error().message.find('['), std::string::npos)
        << words << ": the reason names no key: " << experiment.error().message;
    return {};
  }
  ThreadPool pool(1);
  const auto loop = (*experiment)->begin(pool, {});
  EXPECT_TRUE(loop) << words;
  if (!loop) return {.allowed = true};
  while (!(*loop)->done()) {
    const auto step = (*loop)->step();
    if (!step) {
      ADD_FAILURE() << words << ": " << step.error().message;
      return {.allowed = true, .share = 1e300};
    }
  }
  const auto model = (*experiment)->model((*loop)->theta());
  const double share = (*loop)->state().error / 2 / (*experiment)->zero_loss(*model, pool);
  EXPECT_LT(share, 100) << words;
  return {.allowed = true, .share = share};
}

TEST(Defaults, CombinationsDrawnAtRandomTrainOrAreRefusedWithAReason) {
#ifdef GRAMIAN_SANITIZED
  constexpr int kDraws = 15;
#else
  constexpr int kDraws = 100;
#endif
  Draw draw(20'251);
  int allowed = 0, better = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Outcome outcome = train_drawn(combination(draw));
    allowed += outcome.allowed;
    better += outcome.allowed && outcome.share < 1;
  }
  EXPECT_GT(allowed, kDraws * 0.85);  // refusals are the exception
  // The others begin above it and have had few steps, or noise far above the signal.
  EXPECT_GT(better, allowed * 0.6);
}

TEST(Defaults, SmallRunsAndWideNetworksTrain) {
  for (const char* words : {"train.batch=16 train.steps=2", "train.batch=16 train.steps=10",
                            "train.batch=16 train.steps=50", "train.batch=64 train.steps=5",
                            "train.batch=1 train.steps=10", "train.batch=16 train.steps=300",
                            "task.d=1 task.n=1 train.batch=256 train.steps=40",
                            "task.d=1 task.n=1 model.kind=full train.batch=256 train.steps=40",
                            "task.sigma=[0,1e5] train.batch=64 train.steps=20"})
    EXPECT_TRUE(train_drawn(words).allowed) << words;
#ifndef GRAMIAN_SANITIZED
  for (const char* words :
       {"task.d=128 task.n=256 model.kind=full train.batch=32 train.steps=3",
        "task.d=200 task.n=200 train.batch=16 train.steps=4",
        "task.d=256 task.n=1 model.layers=2 train.batch=16 train.steps=3",
        "task.d=40 task.n=1 model.kind=preconditioned train.batch=32 train.steps=10"})
    EXPECT_TRUE(train_drawn(words).allowed) << words;
#endif
}

TEST(Defaults, SizesBeyondSinglePrecisionAreRefusedWithTheKey) {
  for (const char* words : {"task.sigma=[0,1e8]", "task.d=2 task.covariance=[1e-300,1e-300]",
                            "task.d=2 task.covariance=[1e20,1]"}) {
    const auto experiment = make_experiment(parse_config("", "drawn", split(words)).value());
    ASSERT_FALSE(experiment) << words;
    EXPECT_NE(experiment.error().message.find("measure in other units"), std::string::npos);
  }
}

// Gauss-Newton where its curvature is measured, Adam elsewhere.
TEST(Defaults, GaussNewtonWantsPromptsForItsCurvature) {
  const auto method = [](const char* words) {
    return make_experiment(parse_config("", "drawn", split(words)).value()).value()->train.method;
  };
  EXPECT_EQ(method("train.batch=2048"), Method::gauss_newton);
  EXPECT_EQ(method("train.batch=2048 train.steps=60 model.layers=7"), Method::gauss_newton);
  EXPECT_EQ(method("train.batch=2048 train.steps=10"), Method::adam);
  EXPECT_EQ(method("train.batch=32 train.steps=1000000"), Method::adam);
  EXPECT_EQ(method("train.batch=2048 model.kind=preconditioned task.d=20"), Method::adam);
  EXPECT_EQ(method("train.batch=2048 train.steps=10 train.optimiser=gauss_newton"),
            Method::gauss_newton);
}

}  // namespace
}  // namespace gramian
