// The claims of Giannou et al. (2024) on numbers that are as they should be, and on others.
#include "gramian/papers/newton/claims.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/results.h"

namespace gramian::newton {
namespace {

using test::failing;

std::vector<int> none_fails() { return {}; }

// The claims that are judged.
std::size_t judged_claims(const std::vector<Claim>& claims) {
  return static_cast<std::size_t>(
      std::ranges::count_if(claims, [](const Claim& claim) { return claim.holds.has_value(); }));
}

// Errors that fall by a factor a step.
StepErrors falling_errors(int order, double factor) {
  StepErrors errors{.name = "iteration", .order = order};
  for (int t = 0; t <= 6; ++t) errors.steps.push_back({std::pow(factor, t), 0});
  return errors;
}

std::vector<StepErrors> both_orders() { return {falling_errors(2, 0.5), falling_errors(3, 0.2)}; }

TEST(NewtonClaims, ConstructedNetworksAreJudgedByWhatTheyDid) {
  std::vector<ConstructedNumbers> networks{measure_constructed(10).value()};
  const std::vector<LogisticNumbers> logistic{{16, 1e-2, {1, 1e-4}}, {32, 3e-3, {1, 1e-5}}};
  EXPECT_EQ(failing(constructed_claims(networks, logistic)), none_fails());
  auto bad = networks;
  bad[0].deviation[3] = 1e-9;
  EXPECT_EQ(failing(constructed_claims(bad, logistic)), std::vector{0});
  bad = networks;
  bad[0].residual[1] *= 1.1;
  EXPECT_EQ(failing(constructed_claims(bad, logistic)), std::vector{1});
  bad = networks;
  bad[0].residual.back() = 1e-6;
  EXPECT_EQ(failing(constructed_claims(bad, logistic)), std::vector{2});
  bad = networks;
  bad[0].descent_to_1e8 = 5;
  EXPECT_EQ(failing(constructed_claims(bad, logistic)), std::vector{3});
  EXPECT_EQ(failing(constructed_claims(networks, {{16, 1e-2, {1, 1e-4}}, {32, 4e-3, {1, 1e-5}}})),
            std::vector{4});
  EXPECT_EQ(failing(constructed_claims(networks, {{16, 1e-2, {1, 1e-4}}, {32, 3e-3, {1, 2e-3}}})),
            std::vector{5});
  EXPECT_EQ(judged_claims(constructed_claims({}, {})), 0u);
}

TEST(NewtonClaims, DepthIsComparedWithAsManySteps) {
  const auto trained = [](int layers, double error) {
    return TrainedErrors{.setting = {.layers = layers}, .seeds = {{error, 0}, {error, 0}}};
  };
  EXPECT_EQ(failing(depth_claims({trained(1, 0.4), trained(2, 0.1)}, both_orders())), none_fails());
  EXPECT_EQ(failing(depth_claims({trained(1, 0.6)}, both_orders())), std::vector{0});
  EXPECT_EQ(failing(depth_claims({trained(2, 0.03)}, both_orders())), std::vector{1});
  // One bad seed is enough; more than three layers and norms are not judged.
  auto uneven = trained(1, 0.4);
  uneven.seeds[1].mean = 0.7;
  EXPECT_EQ(failing(depth_claims({uneven}, both_orders())), std::vector{0});
  auto normed = trained(1, 0.9);
  normed.setting.variant = Variant::normed;
  EXPECT_EQ(judged_claims(depth_claims({trained(4, 9), normed}, both_orders())), 0u);
}

TEST(NewtonClaims, LinesAndBends) {
  const std::vector<BendNumbers> good{{Variant::plain, {1e-9}, {1e-9}},
                                      {Variant::normed, {0.2}, {0.6}},
                                      {Variant::biased, {0.1}, {0.1}}};
  EXPECT_EQ(failing(coordinate_claims(good)), none_fails());
  auto bad = good;
  bad[0].outside[0] = 1e-3;
  EXPECT_EQ(failing(coordinate_claims(bad)), std::vector{0});
  bad = good;
  bad[1].outside.push_back(0.1);
  EXPECT_EQ(failing(coordinate_claims(bad)), std::vector{2});
  bad = good;
  bad[2].outside[0] = 1e-3;
  EXPECT_EQ(failing(coordinate_claims(bad)), std::vector{1});
  EXPECT_EQ(judged_claims(coordinate_claims({{.variant = Variant::plain}})), 0u);
}

TEST(NewtonClaims, ConditionNumbers) {
  const auto at = [](double kappa, double noise, double error) {
    return ConditionNumbers{
        .trained = {.setting = {.layers = 3, .problem = {.kappa = kappa, .noise = noise}},
                    .seeds = {{error, 0}}},
        .iterations = both_orders()};
  };
  EXPECT_EQ(failing(condition_claims({at(5, 0, 0.1), at(5, 0.1, 0.1)})), none_fails());
  EXPECT_EQ(failing(condition_claims({at(5, 0, 0.1), at(5, 0.1, 0.2)})), std::vector{0});
  EXPECT_EQ(failing(condition_claims({at(5, 0, 0.1), at(10, 0, 0.001)})), std::vector{1});
}

TEST(NewtonClaims, Encoders) {
  const LogisticSteps steps{.newton = {{1, 0}, {0.1, 0}, {1e-2, 0}, {1e-4, 0}}};
  EXPECT_EQ(failing(logistic_claims({{1, {{0.05, 0}}}, {2, {{0.01, 0}}}}, steps)), none_fails());
  EXPECT_EQ(failing(logistic_claims({{1, {{0.2, 0}}}, {2, {{0.01, 0}}}}, steps)), std::vector{0});
  EXPECT_EQ(failing(logistic_claims({{2, {{1e-5, 0}}}}, steps)), std::vector{1});
}

TEST(NewtonClaims, Degrees) {
  EXPECT_EQ(degree_of_iterate(2, 3), 15);
  EXPECT_EQ(degree_of_iterate(3, 2), 17);
  EXPECT_EQ(degree_of_attention(3), 27);
  // Halfway between steps 1 and 2 in the logarithm: 2 2^1.5 - 1.
  const StepErrors second = falling_errors(2, 0.5);
  EXPECT_NEAR(equivalent_degree(second, std::pow(0.5, 1.5)), 2 * std::pow(2, 1.5) - 1, 1e-12);
  EXPECT_TRUE(std::isnan(equivalent_degree(second, 2)));
  EXPECT_EQ(failing(degree_claims({{2, 12}, {3, 40}})), none_fails());
  EXPECT_EQ(failing(degree_claims({{2, 6.9}})), (std::vector{0, 2}));
  EXPECT_EQ(failing(degree_claims({{2, 8}})), std::vector{2});
  EXPECT_EQ(failing(degree_claims({{2, 18}})), std::vector{1});
  EXPECT_EQ(failing(degree_claims({{2, NAN}})), (std::vector{0, 1, 2}));
}

}  // namespace
}  // namespace gramian::newton
