// Claims judged by numbers: each passes where it should, and fails when its own number is off.
#include "gramian/papers/gd/claims.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "gramian/papers/gd/published.h"
#include "tests/support/results.h"

namespace gramian::gd {
namespace {

using test::cell;
using test::expect_shape;
using test::failing;
using List = std::vector<int>;

OneLayerNumbers one_layer() {
  return {.loss = {0.206, 4e-4},
          .seconds = 1,
          .cosine = 0.9999,
          .prediction = 0.003,
          .sensitivity = 0.01,
          .off_diagonal = 0.004,
          .step = 0.606,
          .best_step = 0.607};
}

TEST(GradientDescentClaims, OneLayer) {
  EXPECT_EQ(failing(one_layer_claims(one_layer())), List{});
  EXPECT_EQ(one_layer_claims(one_layer())[0].detail, "0.206 +- 0.0004 in 1.0 s");
  for (const double loss : {0.2021, 0.2103}) {  // better than the best would be as wrong
    auto one = one_layer();
    one.loss.mean = loss;
    EXPECT_EQ(failing(one_layer_claims(one)), List{0}) << loss;
  }
  auto one = one_layer();
  one.cosine = 0.9979;
  EXPECT_EQ(failing(one_layer_claims(one)), List{1});
  one = one_layer();
  one.off_diagonal = 0.051;
  EXPECT_EQ(failing(one_layer_claims(one)), List{2});
  one = one_layer();
  one.loss.mean = NAN;
  EXPECT_EQ(failing(one_layer_claims(one)), List{0});

  EXPECT_EQ(interpolation_claim(0.2061, 0.2063).holds, true);
  EXPECT_EQ(interpolation_claim(0.2110, 0.2063).holds, false);
}

TEST(GradientDescentClaims, TheWorstCaseDecidesAndIsTold) {
  Worst gap;
  EXPECT_FALSE(context_lengths_claim(gap).holds.has_value());
  gap.add(0.001, "n = 5");
  gap.add(0.015, "n = 10");
  gap.add(0.01, "n = 25");
  EXPECT_EQ(gap.where, "n = 10");
  EXPECT_EQ(context_lengths_claim(gap).holds, true);
  EXPECT_EQ(context_lengths_claim(gap).detail, "worst: n = 10");
  EXPECT_EQ(out_of_distribution_claim(gap).holds, true);
  gap.add(0.03, "n = 50");
  EXPECT_EQ(context_lengths_claim(gap).holds, false);
  EXPECT_EQ(out_of_distribution_claim(gap).holds, true);
  gap.add(0.051, "targets 5");
  EXPECT_EQ(out_of_distribution_claim(gap).holds, false);
}

TEST(GradientDescentClaims, RollOut) {
  EXPECT_EQ(failing(roll_out_claims({50, 0.03, INFINITY, 0.137, "1: 0.22"})), List{});
  EXPECT_EQ(failing(roll_out_claims({50, 0.21, INFINITY, 0.137, ""})), List{0});
  EXPECT_EQ(failing(roll_out_claims({50, 0.03, 0.2, 0.137, ""})), List{1});
  EXPECT_EQ(failing(roll_out_claims({50, NAN, NAN, 0.137, ""})), (List{0, 1}));
}

SeveralLayersNumbers several(int layers, int n, bool tied) {
  return {.name = tied ? "loops" : "layers",
          .layers = layers,
          .n = n,
          .tied = tied,
          .loss = {0.11, 3e-4},
          .gd = 0.156,
          .gdpp = 0.1099,
          .gdpp_shared = 0.111,
          .to_gd = 0.95,
          .to_gdpp = 0.9999,
          .gamma = n == 25 ? 0.098 : 0.178,
          .best_gamma = 0.177};
}

TEST(GradientDescentClaims, SeveralLayers) {
  const auto check = [](SeveralLayersNumbers s,
                        const std::function<void(SeveralLayersNumbers&)>& change) {
    change(s);
    return failing(several_layers_claims(s));
  };
  const SeveralLayersNumbers two = several(2, 10, true), many = several(2, 25, true),
                             untied = several(5, 10, false);
  EXPECT_EQ(check(two, [](auto&) {}), List{});
  EXPECT_EQ(check(two, [](auto& s) { s.loss.mean = 0.119; }), List{0});
  EXPECT_EQ(check(two, [](auto& s) { s.gd = 0.10; }), List{0});
  EXPECT_EQ(check(two, [](auto& s) { s.to_gd = 0.99995; }), List{1});
  EXPECT_EQ(check(two, [](auto& s) { s.gamma = 0.149; }), List{2});
  EXPECT_EQ(check(two, [](auto& s) { s.gamma = 0.201; }), List{2});
  EXPECT_EQ(check(many, [](auto&) {}), List{});
  EXPECT_EQ(check(many, [](auto& s) { s.gamma = 0.083; }), List{0});
  EXPECT_EQ(check(several(5, 10, true), [](auto&) {}), List{});
  EXPECT_EQ(check(several(5, 10, true), [](auto& s) { s.loss.mean = 0.157; }), List{0});
  EXPECT_EQ(check(untied, [](auto&) {}), List{});
  EXPECT_EQ(check(untied, [](auto& s) { s.loss.mean = 0.112; }), List{1});
  EXPECT_EQ(check(untied, [](auto& s) { s.loss.mean = 0.157; }), (List{0, 1, 2}));
  // As good as GD++ with one step for all layers, and twice as bad as with steps of their own.
  EXPECT_EQ(check(untied, [](auto& s) { s.gdpp = 0.05; }), List{2});
}

InterleavedNumbers interleaved() {
  return {.loss = {0.207, 1e-3},
          .cosine = 0.97,
          .own = 6.1,
          .next = 4.8,
          .others = 0.1,
          .copies = 1400,
          .falls = 1480};
}

TEST(GradientDescentClaims, Interleaved) {
  const auto check = [](const std::function<void(InterleavedNumbers&)>& change) {
    InterleavedNumbers numbers = interleaved();
    change(numbers);
    return failing(interleaved_claims(numbers));
  };
  EXPECT_EQ(check([](auto&) {}), List{});
  EXPECT_EQ(check([](auto& n) { n.loss.mean = 0.217; }), List{0});
  EXPECT_EQ(check([](auto& n) { n.loss.mean = NAN; }), List{0});
  EXPECT_EQ(check([](auto& n) { n.cosine = 0.94; }), List{1});
  EXPECT_EQ(check([](auto& n) { n.next = 0.4; }), List{2});
  EXPECT_EQ(check([](auto& n) { n.next = n.others = 0; }), List{2});
  EXPECT_EQ(check([](auto& n) { n.copies = 1481; }), List{3});
  // At the same snapshot there is no order to be seen.
  InterleavedNumbers tie = interleaved();
  tie.copies = tie.falls;
  EXPECT_FALSE(interleaved_claims(tie)[3].holds.has_value());
  tie.copies.reset();
  EXPECT_FALSE(interleaved_claims(tie)[3].holds.has_value());
}

TEST(GradientDescentPublished, TablesHaveOursBesideTheirs) {
  std::vector<double> rolled(50, 0.1);  // losses after 1, 2, .. applications
  rolled[0] = 0.221;
  rolled[49] = 0.0452;
  const Table one = published_one_layer(one_layer(), {0.2061, 1e-4}, rolled);
  expect_shape(one, 4);
  EXPECT_EQ(cell(one, 0).value, 0.2061);
  EXPECT_EQ(cell(one, 1).value, 0.206);
  EXPECT_EQ(cell(one, 1).se, 4e-4);
  EXPECT_EQ(cell(one, 1).paper, 0.20468888);
  EXPECT_EQ(cell(one, 3).value, 0.0452);
  expect_shape(published_one_layer(one_layer(), {0.2061, 1e-4}, {}), 2);  // without the roll-out

  const std::vector<SeveralLayersNumbers> networks{several(2, 10, true), several(5, 10, false),
                                                   several(2, 25, true)};
  const auto many = published_several_layers(networks, /*quick=*/true);
  ASSERT_TRUE(many);
  expect_shape(*many, 2 + 4 * 3);
  EXPECT_EQ(cell(*many, 2).value, 0.178);
  EXPECT_EQ(cell(*many, 2).paper, 0.179);
  EXPECT_NEAR(*cell(*many, 4).value, 4.6, 1.2);  // 500 contexts: an extreme value of fewer
  EXPECT_NEAR(*cell(*many, 8).value, 0.056,
              0.004);  // n = 50: the best loop; published from trained ones
  EXPECT_NEAR(*cell(*many, 11).value, 0.029, 0.002);  // n = 100
  EXPECT_NEAR(*cell(*many, 13).value, 17.196, 2);
}

}  // namespace
}  // namespace gramian::gd
