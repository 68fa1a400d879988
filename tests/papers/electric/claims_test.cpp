// Each claim of the paper holds on numbers as they should be, and fails on numbers as they should
// not be.
#include <gtest/gtest.h>

#include <cmath>

#include "gramian/papers/electric/claims.h"

namespace gramian::electric {
namespace {

std::vector<bool> judged(const std::vector<Claim>& claims) {
  std::vector<bool> list;
  for (const Claim& claim : claims) {
    EXPECT_TRUE(claim.holds.has_value()) << claim.text;
    list.push_back(claim.holds.value_or(false));
  }
  return list;
}

TEST(ElectricClaims, ConstructedOnesFail) {
  ConstructedRow row{.name = "electric potential",
                     .layers = 5,
                     .error = .7,
                     .algorithm = .7,
                     .deviation = 1e-14,
                     .share = .9,
                     .kappa = 22};
  EXPECT_EQ(judged(constructed_claims({row})), (std::vector<bool>{true, true, true}));
  row.deviation = 1e-11;
  row.error = 1.5;
  row.share = 1.01;
  EXPECT_EQ(judged(constructed_claims({row})), (std::vector<bool>{false, false, false}));
  EXPECT_FALSE(constructed_claims({})[0].holds.has_value());
}

std::vector<SettingErrors> depths(const Setting& setting, const std::vector<double>& logs) {
  std::vector<SettingErrors> list;
  for (std::size_t i = 0; i < std::size(kDepths); ++i) {
    SettingErrors at{.setting = setting, .seeds = {{std::exp(logs[i]), 0}}};
    at.setting.layers = kDepths[i];
    list.push_back(at);
  }
  return list;
}

TEST(ElectricClaims, DepthOnesFail) {
  const std::vector<Estimate> descent = {{std::exp(-.8), 0},
                                         {std::exp(-1.8), 0},
                                         {std::exp(-2.4), 0},
                                         {std::exp(-2.8), 0},
                                         {std::exp(-3.2), 0}};
  auto good = depths({}, {-1, -3, -5, -6, -7});
  const auto raw = depths({.centred = false}, {-1, -2, -3, -5, -6});
  good.insert(good.end(), raw.begin(), raw.end());
  const auto full = depths({.form = GraphForm::full, .centred = false}, {-1, -2, -3, -5, -6});
  good.insert(good.end(), full.begin(), full.end());
  EXPECT_EQ(judged(depth_claims(good, descent)), std::vector<bool>(7, true));
  auto bad = depths({}, {-1, -3, -3.8, -2, -2});
  const auto worse = depths({.centred = false}, {-1, -2, -2.5, -5, -6});
  bad.insert(bad.end(), worse.begin(), worse.end());
  // From the third depth on, so that the first claim fails at five layers and not only after.
  const auto worse_full =
      depths({.form = GraphForm::full, .centred = false}, {-1, -2, -1.5, -5, -6});
  bad.insert(bad.end(), worse_full.begin(), worse_full.end());
  EXPECT_EQ(judged(depth_claims(bad, descent)), std::vector<bool>(7, false));
  // What rises beyond five layers fails the second alone.
  auto late = good;
  late[3].seeds[0].mean = std::exp(-4.9);
  const auto after_five = judged(depth_claims(late, descent));
  EXPECT_TRUE(after_five[0]);
  EXPECT_FALSE(after_five[1]);
  // One seed is enough.
  good[2].seeds.push_back({std::exp(-3.5), 0});
  const auto mixed = judged(depth_claims(good, descent));
  EXPECT_FALSE(mixed[2]);
}

TEST(ElectricClaims, EigenvectorOnesFail) {
  const Setting setting{.question = GraphQuestion::eigenvectors};
  EXPECT_EQ(judged(eigenvector_claims(depths(setting, {1, .5, 0, -.5, -1}))),
            (std::vector<bool>{true, true}));
  EXPECT_EQ(judged(eigenvector_claims(depths(setting, {1, .5, .6, .2, .1}))),
            (std::vector<bool>{false, false}));
}

TEST(ElectricClaims, GeneralOnesFail) {
  const GeneralNumbers here{.graph = "tree", .seeds = {{.01, .001}}, .descent = {.1, 0}},
      there{.graph = "tree", .nodes = 40, .seeds = {{.01, .001}}, .descent = {.1, 0}};
  EXPECT_EQ(judged(general_claims({here, there}, {{.01, .01, .01}})),
            (std::vector<bool>{true, true, true}));
  GeneralNumbers bad = here, far = there;
  bad.seeds.push_back({.2, .001});
  far.seeds[0] = {.0995, .001};
  EXPECT_EQ(judged(general_claims({bad, far}, {{.01, .01, .5}})),
            (std::vector<bool>{false, false, false}));
}

TEST(ElectricClaims, RewritingOnesFail) {
  RewritingNumbers at{.condition = {20, 10, 4, 1.5, 1.4}, .errors = {1, .5, .1, 1e-4}};
  const std::vector<double> chebyshev = {1, .5, .2, .01};
  EXPECT_EQ(judged(rewriting_claims({at}, chebyshev)), (std::vector<bool>{true, true, true}));
  at.condition[3] = 15;
  at.errors[3] = 5e-3;
  EXPECT_EQ(judged(rewriting_claims({at}, chebyshev)), (std::vector<bool>{false, false, false}));
}

}  // namespace
}  // namespace gramian::electric
