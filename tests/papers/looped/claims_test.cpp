// Claims judged by numbers: each passes where it should, and fails when its own number is off.
#include "gramian/papers/looped/claims.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "gramian/papers/looped/paper.h"
#include "gramian/papers/looped/published.h"
#include "gramian/papers/looped/setting.h"
#include "tests/support/results.h"

namespace gramian::looped {
namespace {

using test::cell;
using test::expect_shape;
using test::failing;
using List = std::vector<int>;

RestrictedNumbers restricted(int n, int loops) {
  return {.place = "here",
          .d = 10,
          .n = n,
          .loops = loops,
          .loss = {0.195, 1e-3},
          .best = {0.194, 1e-3},
          .turned = {0.19, 1e-3},
          .low = 0.88,
          .mean = 0.89,
          .high = 0.90,
          .a = 0.895,
          .turn = 0.01,
          .best_turn = 0.01,
          .u = 1e-3};
}

TEST(LoopedClaims, RestrictedModel) {
  const auto check = [](const std::function<void(RestrictedNumbers&)>& change, int n = 100,
                        int loops = 2) {
    std::vector<RestrictedNumbers> cells{restricted(100, 2), restricted(5, 2),
                                         restricted(n, loops)};
    change(cells.back());
    return failing(restricted_claims(cells));
  };
  EXPECT_EQ(check([](auto&) {}), List{});
  EXPECT_EQ(check([](auto& c) { c.loss.mean = c.turned.mean = 0.22; }), List{0});
  EXPECT_EQ(check([](auto& c) { c.loss.mean = 0.1; }), List{1});  // better than its optimum
  EXPECT_EQ(check([](auto& c) { c.u = 0.021; }), List{2});
  EXPECT_EQ(check([](auto& c) { c.low = 0.84; }), List{3});
  EXPECT_EQ(check([](auto& c) { c.low = 0.84; }, 100, 5), List{});  // more loops, more room
  EXPECT_EQ(check([](auto& c) { c.low = 0.79; }, 100, 5), List{3});
  EXPECT_EQ(check([](auto& c) { c.turn = 0.1; }), List{4});
  EXPECT_EQ(check([](auto& c) { c.low = 0.7; }, 5), List{5});
  EXPECT_EQ(check([](auto& c) { c.low = 0.7; }, 30), List{});
  // The worst is told; without cells nothing is judged.
  std::vector<RestrictedNumbers> two{restricted(100, 2), restricted(100, 2)};
  two[1].u = 0.01;
  two[1].place = "there";
  EXPECT_EQ(restricted_claims(two)[2].detail, "worst: there: 0.01");
  for (const Claim& claim : restricted_claims({})) EXPECT_FALSE(claim.holds.has_value());
}

TEST(LoopedClaims, GradientDominance) {
  const std::vector<DominanceSlope> good{{1, 1.05}, {2, 1.45}, {5, 1.8}}, bad{{1, 1.05}, {2, 1.39}};
  EXPECT_EQ(dominance_claim(good).holds, true);
  EXPECT_EQ(dominance_claim(bad).holds, false);
  EXPECT_EQ(dominance_claim(bad).detail, "L = 1: 1.050 (1.000); L = 2: 1.390 (1.500)");
  EXPECT_FALSE(dominance_claim({}).holds.has_value());
}

std::vector<FullNumbers> full() {
  return {{"1 layer", 1, false, {1.15, 1e-3}, {1.15, 1e-3}, 1.3},
          {"2 layers", 2, false, {0.057, 1e-4}, {0.056, 1e-4}, 0.095},
          {"5 layers", 5, false, {2e-5, 1e-6}, {1e-12, 0}, 2e-4},
          {"10 layers", 10, false, {2e-6, 1e-7}, {0, 0}, 3e-5},
          {"2 loops", 2, true, {0.118, 6e-4}, {0.12, 2e-3}, 0.135},
          {"5 loops", 5, true, {3e-4, 1e-6}, {2.9e-4, 1e-6}, 4e-4},
          {"10 loops", 10, true, {1.7e-5, 1e-6}, {5e-8, 1e-9}, 1.5e-5}};
}

TEST(LoopedClaims, FullModelInTraining) {
  const auto check = [](std::size_t at, double loss) {
    auto cells = full();
    cells[at].loss.mean = loss;
    return failing(full_training_claims(cells));
  };
  EXPECT_EQ(failing(full_training_claims(full())), List{});
  EXPECT_EQ(check(0, 5.3), List{1});
  // Layers of their own lower than published are fine, but ten layers must be lower still.
  EXPECT_EQ(check(2, 1e-6), (List{3}));
  // A loop much lower than published is not, nor one below its layers.
  EXPECT_EQ(check(6, 1e-6), (List{0, 3}));
  EXPECT_EQ(check(4, 0.16), List{2});          // far from the best GD++ loop
  EXPECT_EQ(check(3, 1.8e-5), List{3});        // layers of their own worse than loops
  EXPECT_EQ(check(5, 0.13), (List{0, 2, 3}));  // more loops, and no better
  auto cells = full();
  cells.pop_back();
  EXPECT_FALSE(full_training_claims(cells)[3].holds.has_value());
  for (const Claim& claim : full_training_claims({})) EXPECT_FALSE(claim.holds.has_value());
}

std::vector<ExtraLoopsNumbers> extra() {
  std::vector<ExtraLoopsNumbers> list;
  for (const bool other : {false, true}) {
    const auto published = published_losses(2, other);
    list.push_back({.trained = 2,
                    .other_covariance = other,
                    .mean = {published.begin(), published.end()},
                    .median = {3, 0.1, 0.01, 1e-3, 1e-4, 1e-6},
                    .mean_se = std::vector<double>(6, 1e-7),
                    .median_trained = 0.1,
                    .published = {published.begin(), published.end()}});
  }
  return list;
}

TEST(LoopedClaims, FullModelWithMoreLoops) {
  EXPECT_EQ(failing(full_loops_claims(extra())), List{});
  auto networks = extra();
  networks[0].mean[2] = 1;
  EXPECT_EQ(failing(full_loops_claims(networks)), List{0});
  EXPECT_NE(
      full_loops_claims(networks)[0].detail.find("trained for 2 at 5: 1 (0.014) (does not hold)"),
      std::string::npos);
  networks[0].mean_se[2] = 0.9;  // a few prompts carry it
  EXPECT_FALSE(full_loops_claims(networks)[0].holds.has_value());
  networks = extra();
  networks[0].median[2] = 1e-3;
  EXPECT_EQ(failing(full_loops_claims(networks)), List{1});
  networks = extra();
  networks[0].mean[5] = 1;  // beyond 10 loops nothing is compared
  EXPECT_EQ(failing(full_loops_claims(networks)), List{});
  networks[1].mean[1] = 1e3;  // nor on the other covariance, which is a guess
  networks[1].median[1] = 1e3;
  EXPECT_EQ(failing(full_loops_claims(networks)), List{});
  networks[1].median[5] = 2e-4;  // but it must fall there too
  EXPECT_EQ(failing(full_loops_claims(networks)), List{2});
  for (const Claim& claim : full_loops_claims({})) EXPECT_FALSE(claim.holds.has_value());
}

TEST(LoopedClaims, RestrictedModelWithMoreLoops) {
  const RestrictedLoopsNumbers hundred{.n = 100,
                                       .mean_2 = 0.19,
                                       .mean_5 = 4e-3,
                                       .mean_20 = 3e-6,
                                       .median_20 = 7e-7,
                                       .a = 0.894,
                                       .expected_5 = 4e-3,
                                       .expected_20 = 9e-6};
  const auto check = [](RestrictedLoopsNumbers numbers, auto change) {
    change(numbers);
    return failing(restricted_loops_claims(numbers));
  };
  EXPECT_EQ(check(hundred, [](auto&) {}), List{});
  EXPECT_EQ(check(hundred, [](auto& l) { l.median_20 = 7e-5; }), List{0});
  // A sample without the contexts that diverge has a small mean, and decides nothing.
  EXPECT_EQ(check(hundred, [](auto& l) { l.expected_20 = 1.08e-3; }), List{1});
  EXPECT_EQ(check(hundred, [](auto& l) { l.expected_20 = NAN; }), List{1});

  RestrictedLoopsNumbers thirty = hundred;
  thirty.n = 30;
  thirty.expected_5 = 0.34;
  thirty.expected_20 = 500;
  thirty.diverging = {0.019, 6e-4};
  EXPECT_EQ(check(thirty, [](auto&) {}), List{});
  EXPECT_EQ(check(thirty, [](auto& l) { l.expected_20 = 3.3; }), List{0});
  EXPECT_EQ(check(thirty, [](auto& l) { l.diverging = {1e-4, 1e-5}; }), List{0});
  thirty.diverging = {1.1e-3, 1e-4};  // too few contexts to say
  EXPECT_FALSE(restricted_loops_claims(thirty)[0].holds.has_value());

  const std::vector<ScaleNumbers> good{{1, 0, 0.1, 1e-6}, {2, 0.9, 1, 1e9}},
      diverges{{1, 0.1, 0.1, 10}}, converges{{2, 0.9, 1, 0.1}};
  EXPECT_EQ(scales_claim(good).holds, true);
  EXPECT_EQ(scales_claim(diverges).holds, false);
  EXPECT_EQ(scales_claim(converges).holds, false);
  EXPECT_FALSE(scales_claim({}).holds.has_value());
}

std::vector<RotationNumbers> rotations() {
  return {{.n = 100, .loops = 1, .k = 0, .ratio = {1, 0}},
          {.n = 100, .loops = 2, .k = 0.04, .ratio = {1.01, 1e-3}},
          {.n = 50, .loops = 3, .k = 0.1, .ratio = {0.9, 0.01}},
          {.n = 100, .loops = 5, .k = 0.28, .ratio = {0.48, 5e-3}},
          {.n = 100, .loops = 10, .k = 0.31, .ratio = {0.11, 5e-3}}};
}

TEST(LoopedClaims, Rotation) {
  const std::vector<TrainedRotation> trained{{1, 0.001, 0, 0.9}, {5, 0.27, 0.28, 0.9}};
  const auto check = [&](const std::function<void(std::vector<RotationNumbers>&)>& change) {
    auto numbers = rotations();
    change(numbers);
    return failing(rotation_claims(numbers, trained));
  };
  EXPECT_EQ(check([](auto&) {}), List{});
  EXPECT_EQ(check([](auto& n) { n[2].ratio.mean = 1.1; }), List{0});
  EXPECT_EQ(check([](auto& n) { n[3].ratio.mean = 0.57; }), List{1});
  EXPECT_EQ(check([](auto& n) { n[4].ratio.mean = 0.16; }), List{2});
  EXPECT_EQ(check([](auto& n) { n[0].k = 0.02; }), List{3});
  auto off = trained;
  off[1].k = 0.2;
  EXPECT_EQ(failing(rotation_claims(rotations(), off)), List{4});
  auto open = rotations();
  open[4].ratio.se = 0.1;  // rare contexts carry it
  EXPECT_FALSE(rotation_claims(open, trained)[2].holds.has_value());
  for (const Claim& claim : rotation_claims({}, {})) EXPECT_FALSE(claim.holds.has_value());
}

TEST(LoopedPublished, TablesHaveOursBesideTheirs) {
  const Table training = published_training(full(), /*quick=*/true);
  expect_shape(training, 7);
  EXPECT_EQ(cell(training, 4).paper, 0.135);
  EXPECT_NEAR(*cell(training, 0, 4).value, 5. * 6 / 26, 0.1);  // d (d + 1) / (n + d + 1)
  EXPECT_GT(*cell(training, 5, 4).value, 100 * 4e-4);          // what the figure cannot be of

  const Table loops = published_loops(extra());
  expect_shape(loops, 12);
  EXPECT_EQ(cell(loops, 0).paper, 4.5);
  EXPECT_EQ(cell(loops, 0).se, 1e-7);
  EXPECT_EQ(cell(loops, 11).paper, 0.018);
}

TEST(LoopedStudies, HaveTheCellsOfThePaper) {
  EXPECT_EQ(test::count_cells(paper), 14u + 7);  // restricted and full; Fig. 3 has these too
  const Setting full{.kind = Parametrisation::full, .layers = 2, .problem = {.d = 5, .n = 20}};
  EXPECT_EQ(full.cell().name, "full-L2-looped-gaussian-d5-n20-kappa1");
  EXPECT_EQ(full.cell().title, "FULL, L = 2, looped, d = 5, n = 20, S = I");
}

}  // namespace
}  // namespace gramian::looped
