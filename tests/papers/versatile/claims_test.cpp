// Claims judged by numbers: each passes where it should, fails when its own number is off, and is
// not judged where a number is missing.
#include "gramian/papers/versatile/claims.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "gramian/papers/versatile/comparison.h"
#include "gramian/papers/versatile/diversity.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/papers/versatile/paper.h"
#include "gramian/papers/versatile/shift.h"
#include "tests/support/results.h"

namespace gramian::versatile {
namespace {

using test::failing;
using List = std::vector<int>;

// The places of claims that are not judged.
List open_claims(const std::vector<Claim>& claims) {
  List list;
  for (std::size_t k = 0; k < claims.size(); ++k) {
    if (!claims[k].holds.has_value()) list.push_back(static_cast<int>(k));
  }
  return list;
}

DepthNumbers depth() {
  return {.label = "5",
          .sigma_max = 5,
          .full7 = {0.041, 5e-4},
          .diag7 = {0.043, 5e-4},
          .gdpp7 = {0.36, 2e-3},
          .full4 = {0.06, 5e-4},
          .diag4 = {0.056, 5e-4},
          .full5 = {0.046, 5e-4},
          .full6 = {0.044, 5e-4},
          .constrr = {0.36, 2e-3},
          .adarr = {0.07, 1e-3},
          .tunedrr = {0.0505, 5e-4}};
}

TEST(VersatileClaims, LossAgainstDepth) {
  const auto claims_with = [](const std::function<void(DepthNumbers&)>& change) {
    std::vector<DepthNumbers> problems{depth(), depth()};
    change(problems[1]);
    return fig1_claims(problems);
  };
  EXPECT_EQ(failing(claims_with([](auto&) {})), List{});
  EXPECT_EQ(failing(claims_with([](auto& p) { p.gdpp7.mean = 0.38; })), List{0});
  EXPECT_EQ(failing(claims_with([](auto& p) { p.full7.mean = 0.038; })), List{1});
  EXPECT_EQ(failing(claims_with([](auto& p) { p.adarr.mean = 0.05; })), List{2});
  // Every depth from five on counts, and not the deepest alone.
  EXPECT_EQ(failing(claims_with([](auto& p) { p.full5.mean = 0.053; })), List{3});
  EXPECT_EQ(failing(claims_with([](auto& p) { p.full6.mean = 0.053; })), List{3});
  EXPECT_EQ(open_claims(claims_with([](auto& p) { p.full5.mean = 0.0501; })), List{3});
  EXPECT_EQ(open_claims(claims_with([](auto& p) {
              p.gdpp7.mean = p.full7.mean = p.full4.mean = p.diag4.mean = p.full5.mean = NAN;
            })),
            (List{0, 1, 2, 3}));
  // On U(0, 1) the paper says nothing of ridge regression.
  EXPECT_EQ(failing(claims_with([](auto& p) {
              p.sigma_max = 1;
              p.gdpp7.mean = p.full4.mean = p.diag4.mean = p.full5.mean = 5;
            })),
            List{});
  EXPECT_EQ(open_claims(fig1_claims({})), (List{0, 1, 2, 3}));
}

std::vector<ProfileNumbers> profiles() {
  std::vector<ProfileNumbers> list;
  for (int layers = 2; layers <= 7; ++layers) {
    ProfileNumbers& one = list.emplace_back(ProfileNumbers{.layers = layers});
    for (const double sigma : {0.0, 2.5, 5.0}) {
      one.levels.push_back({.sigma = sigma,
                            .full = {0.04, 1e-3},
                            .diag = {0.043, 1e-3},
                            .gdpp = {0.4, 1e-3},
                            .constrr = {0.41, 1e-3},
                            .adarr = {0.03 * sigma, 1e-3}});
    }
  }
  return list;
}

TEST(VersatileClaims, Profiles) {
  const auto claims_with = [](const std::function<void(std::vector<ProfileNumbers>&)>& change) {
    auto depths = profiles();
    change(depths);
    return fig2_claims(depths);
  };
  EXPECT_EQ(failing(claims_with([](auto&) {})), List{});
  // Apart on both sides of a curve is apart, though the means agree.
  EXPECT_EQ(failing(claims_with([](auto& p) {
              p.back().levels[0].gdpp.mean = 0.5;
              p.back().levels[2].gdpp.mean = 0.32;
            })),
            List{0});
  EXPECT_EQ(failing(claims_with([](auto& p) { p.back().levels[0].adarr.mean = 1e-3; })), List{1});
  EXPECT_EQ(failing(claims_with([](auto& p) { p.back().levels[2].adarr.mean = 0.05; })), List{1});
  // One level of one depth above GD++ fails "the whole range"; two layers may be above.
  EXPECT_EQ(failing(claims_with([](auto& p) { p[1].levels[1].gdpp.mean = 0.03; })), List{2});
  EXPECT_EQ(failing(claims_with([](auto& p) { p[0].levels[1].gdpp.mean = 0.03; })), List{});
  EXPECT_EQ(open_claims(claims_with([](auto& p) { p[1].levels[1].gdpp.mean = 0.0405; })), List{2});
  EXPECT_EQ(failing(claims_with([](auto& p) {
              for (auto& level : p.back().levels) level.diag.mean = 0.048;
            })),
            List{3});
  EXPECT_EQ(open_claims(claims_with([](auto& p) {
              p.back().levels[1] = {.sigma = 2.5,
                                    .full = {NAN, NAN},
                                    .diag = {NAN, NAN},
                                    .gdpp = {NAN, NAN},
                                    .constrr = {NAN, NAN},
                                    .adarr = {NAN, NAN}};
            })),
            (List{0, 1, 2, 3}));
  EXPECT_EQ(open_claims(fig2_claims({})), (List{0, 1, 2, 3}));
}

TEST(VersatileClaims, CategoricalNoise) {
  const CategoricalNumbers good{.full_two = {0.008, 1e-4},
                                .diag_two = {0.0124, 1e-4},
                                .full_three = {0.036, 4e-4},
                                .diag_three = {0.043, 4e-4},
                                .full_beyond = {0.6, 0.01},
                                .diag_beyond = {0.3, 0.01}};
  EXPECT_EQ(failing(fig3_claims(good)), List{});
  CategoricalNumbers numbers = good;
  numbers.full_two.mean = 0.013;
  EXPECT_EQ(failing(fig3_claims(numbers)), List{0});
  numbers = good;
  numbers.diag_beyond = {0.7, 0.01};
  EXPECT_EQ(failing(fig3_claims(numbers)), List{1});
  numbers.diag_beyond = {5e40, 5e40};  // one prompt carries the mean
  EXPECT_EQ(open_claims(fig3_claims(numbers)), List{1});
  numbers = good;
  numbers.full_three.mean = NAN;
  EXPECT_EQ(open_claims(fig3_claims(numbers)), List{2});
}

TEST(VersatileClaims, LayerByLayer) {
  const std::vector<LayerNumbers> good{{"one", {1, 0.5, 0.4}}, {"two", {1, 1.01}}};
  EXPECT_EQ(fig5_claim(good).holds, true);
  EXPECT_EQ(fig5_claim(good).detail, "0 of 3 layers raise it");
  auto networks = good;
  networks[1].losses[1] = 1.03;
  EXPECT_EQ(fig5_claim(networks).holds, false);
  EXPECT_NE(fig5_claim(networks).detail.find("two, layer 2: 1.03 after 1"), std::string::npos);
  networks[1].losses[1] = NAN;
  EXPECT_FALSE(fig5_claim(networks).holds.has_value());
  EXPECT_FALSE(fig5_claim({}).holds.has_value());
}

TEST(VersatileClaims, LossesThatAreNotAdjusted) {
  const std::vector<CurveNumbers> good{{"FULL", {3.15, 0.01}}, {"CONSTRR", {3.2, 0.01}}};
  EXPECT_EQ(failing(fig6_claims(good, 3.067)), List{});
  auto curves = good;
  curves[1].loss.mean = 1.28 * 3.067;  // another curve than FULL's
  EXPECT_EQ(failing(fig6_claims(curves, 3.067)), List{0});
  curves[0].loss.mean = 3.5;
  EXPECT_EQ(failing(fig6_claims(curves, 3.067)), (List{0, 1}));
  EXPECT_EQ(open_claims(fig6_claims(good, NAN)), (List{0, 1}));
  EXPECT_EQ(open_claims(fig6_claims({}, 3)), (List{0, 1}));
}

TEST(VersatileClaims, WhichLayerGains) {
  const LayerProfiles good{.gdpp_low = {4, 3, 2, 1},
                           .gdpp_high = {1, 0.1, 0.5, 0.8},
                           .full_low = {2, 1, 0.01, 0.006},
                           .full_high = {0.2, 0.3, 0.26, 0.08}};
  EXPECT_EQ(failing(fig7_claims(good)), List{});
  LayerProfiles p = good;
  p.gdpp_high = {1, 0.9, 0.8, 0.7};
  EXPECT_EQ(failing(fig7_claims(p)), List{0});
  p = good;
  p.full_low = {2, 1, 0.1, 0.006};  // settled with the last layer, as high noise is
  EXPECT_EQ(failing(fig7_claims(p)), List{1});
  p = good;
  p.full_high = {0.2, 0.02, 0.015, 0.014};  // an earlier layer gains more
  EXPECT_EQ(failing(fig7_claims(p)), (List{1, 2}));
  p = good;
  p.full_high[1] = p.gdpp_low[2] = NAN;
  EXPECT_EQ(open_claims(fig7_claims(p)), (List{0, 1, 2}));
  EXPECT_EQ(open_claims(fig7_claims({})), (List{0, 1, 2}));
}

TEST(VersatileClaims, Guards) {
  constexpr std::uint64_t kPrompts = 10'000'000;
  const GuardNumbers good{
      .guarded = 5, .plain = 400, .guarded_loss = {0.28, 1e-5}, .plain_loss = {0.28, 1e-5}};
  EXPECT_EQ(guards_claim(std::vector{good}, kPrompts).holds, true);
  GuardNumbers numbers = good;
  numbers.guarded = 160;
  EXPECT_EQ(guards_claim(std::vector{numbers}, kPrompts).holds, false);
  numbers.guarded = 40;  // a tenth, more or less
  EXPECT_FALSE(guards_claim(std::vector{numbers}, kPrompts).holds.has_value());
  numbers = good;
  numbers.guarded = 0;
  numbers.plain = 3;  // too few to say
  EXPECT_FALSE(guards_claim(std::vector{numbers}, kPrompts).holds.has_value());
  numbers = good;
  numbers.guarded_loss.mean = 0.284;
  EXPECT_EQ(guards_claim(std::vector{numbers}, kPrompts).holds, false);
  numbers.guarded_loss.mean = NAN;
  EXPECT_FALSE(guards_claim(std::vector{numbers}, kPrompts).holds.has_value());
  EXPECT_FALSE(guards_claim({}, kPrompts).holds.has_value());
}

ShiftCurve curve(std::vector<ShiftPoint> points) {
  return {.name = "x", .points = std::move(points)};
}

TEST(VersatileClaims, ContextsOfOtherLengths) {
  const ContextShift good{.kind = "DIAG",
                          .trained = curve({{20, {0.056, 1e-4}}, {80, {0.4, 1e-3}}}),
                          .moments = curve({{20, {0.056, 1e-4}}, {80, {0.02, 1e-4}}}),
                          .mixed = curve({{20, {0.06, 1e-4}}, {80, {0.005, 1e-4}}}),
                          .bayes = curve({{20, {0.04, 1e-4}}, {80, {0.0015, 1e-5}}})};
  const auto check = [&](const std::function<void(ContextShift&)>& change) {
    ContextShift shift = good;
    change(shift);
    return failing(context_claims(std::vector{shift}));
  };
  EXPECT_EQ(check([](auto&) {}), List{});
  EXPECT_EQ(check([](auto& s) { s.trained.points[1].loss.mean = 0.05; }), List{0});
  EXPECT_EQ(check([](auto& s) { s.bayes.points[1].loss.mean = 0.05; }), List{0});
  EXPECT_EQ(check([](auto& s) { s.moments.points[1].loss.mean = 0.06; }), List{1});
  EXPECT_EQ(check([](auto& s) { s.mixed.points[1].loss.mean = 0.03; }), List{2});
  EXPECT_EQ(check([](auto& s) { s.mixed.points[0].loss.mean = 0.05; }), List{3});
  ContextShift nothing{.kind = "FULL"};
  EXPECT_EQ(open_claims(context_claims(std::vector{good, nothing})), (List{0, 1, 2, 3}));
  EXPECT_EQ(open_claims(context_claims({})), (List{0, 1, 2, 3}));
}

TEST(VersatileClaims, OtherShifts) {
  OtherShift noise{.networks = {curve({{1, {0.01, 1e-4}}, {10, {0.1, 1e-3}}})},
                   .bayes = {},
                   .trained = curve({{1, {0.005, 1e-4}}, {10, {0.2, 1e-3}}})};
  noise.networks[0].name = "FULL";
  EXPECT_EQ(failing(noise_shift_claims(noise)), List{});
  OtherShift shift = noise;
  shift.networks[0].points[0].loss.mean = 0.004;
  EXPECT_EQ(failing(noise_shift_claims(shift)), List{0});
  shift = noise;
  shift.trained.points[1].loss.mean = 0.05;
  EXPECT_EQ(failing(noise_shift_claims(shift)), List{1});
  const OtherShift covariance{
      .networks = {curve({{1, {0.05, 1e-4}}, {4, {0.06, 1e-4}}, {16, {0.2, 1e-3}}})},
      .bayes = curve({{1, {0.04, 1e-4}}, {16, {0.045, 1e-4}}}),
      .trained = {}};
  EXPECT_EQ(failing(covariance_shift_claims(covariance)), List{});
  shift = covariance;
  shift.networks[0].points[1].loss.mean = 0.07;
  EXPECT_EQ(failing(covariance_shift_claims(shift)), List{0});
  shift = covariance;
  shift.networks[0].points[2].loss.mean = 0.09;
  EXPECT_EQ(failing(covariance_shift_claims(shift)), List{1});
  shift = covariance;
  shift.bayes.points[1].loss.mean = 0.09;
  EXPECT_EQ(failing(covariance_shift_claims(shift)), List{1});
  const OtherShift size{.networks = {curve({{5, {0.05, 1e-4}}, {20, {0.2, 1e-3}}}), curve({})},
                        .bayes = curve({{5, {0.02, 1e-4}}, {20, {0.08, 1e-4}}}),
                        .trained = {}};
  EXPECT_EQ(failing(size_shift_claims(size)), List{});
  shift = size;
  shift.networks[0].points[1].loss.mean = 0.3;
  EXPECT_EQ(failing(size_shift_claims(shift)), List{0});
  EXPECT_EQ(open_claims(size_shift_claims({})), List{0});
}

Trained trained(double loss, double se, double single_query, double selection) {
  Trained one;
  one.scores.adjusted["model"] = {loss, se};
  one.scores.single_query = {loss, single_query};
  one.selection = selection;
  return one;
}

TEST(VersatileComparison, HasBothErrors) {
  const Trained chosen = trained(0.05, 3e-4, 4e-4, 1), second = trained(0.051, 3e-4, 4e-4, 2),
                third = trained(0.08, 3e-4, 4e-4, 3);
  const Published paper{0.05, 0.0005};
  const Comparison one = compare(chosen, {&chosen}, paper);
  EXPECT_EQ(one.training, 0);
  EXPECT_NEAR(one.error(), 5e-4, 1e-15);  // 3, 4, 5
  // The jackknife of the best of three: two thirds of the gap to the second by selection.
  const Comparison three = compare(chosen, {&third, &chosen, &second}, paper);
  EXPECT_EQ(three.seeds, 3);
  EXPECT_NEAR(three.training, 2e-3 / 3, 1e-15);
  EXPECT_NEAR(three.error(), std::hypot(5e-4, std::sqrt(2.0) * 2e-3 / 3), 1e-15);
}

TEST(VersatileComparison, VerdictsInThreeWords) {
  const auto verdict = [](double loss) {
    const Trained chosen = trained(loss, 3e-4, 4e-4, 1);
    return words(compare(chosen, {&chosen}, {0.05, 0.0005}).verdict());
  };
  EXPECT_EQ(verdict(0.0484), "clearly better");  // 1.6e-3 > 1e-3 + 5e-4
  EXPECT_EQ(verdict(0.0486), "not distinguishable");
  EXPECT_EQ(verdict(0.0514), "not distinguishable");
  EXPECT_EQ(verdict(0.0516), "clearly worse");
  EXPECT_EQ(verdict(NAN), "clearly worse");
  EXPECT_EQ(verdict(INFINITY), "clearly worse");
}

// One sample in forty holds the rare prompt that carries the mean of 5e-11.
TEST(VersatileComparison, WhereRarePromptsCarryTheMeanSamplesJudge) {
  const Published paper{2.5e-12, 5e-14};
  const auto verdict = [&](std::vector<double> means) {
    Trained chosen = trained(5e-11, 5e-11, 0, 1);
    chosen.scores.sample_means = std::move(means);
    const Comparison comparison = compare(chosen, {&chosen}, paper);
    // Samples cannot show what is left after correction for 210 comparisons.
    EXPECT_EQ(comparison.p_value() == 1, comparison.by_samples());
    return words(comparison.verdict());
  };
  std::vector<double> samples(40, 6e-14);
  EXPECT_EQ(verdict({}), "clearly worse");  // by errors, which excuse no more than the value
  EXPECT_EQ(verdict(samples), "clearly better");
  samples[7] = 2e-9;
  EXPECT_EQ(verdict(samples), "not distinguishable");
  samples.assign(40, 3e-12);
  EXPECT_EQ(verdict(samples), "clearly worse");
  samples[7] = 2.52e-12;  // the published value, as it is printed
  EXPECT_EQ(verdict(samples), "not distinguishable");
  samples.assign(40, NAN);
  EXPECT_EQ(verdict(samples), "clearly worse");
  // Where errors say what other prompts would give, they judge.
  Trained tame = trained(5e-11, 1e-11, 0, 1);
  tame.scores.sample_means.assign(40, 6e-14);
  EXPECT_EQ(words(compare(tame, {&tame}, paper).verdict()), "clearly worse");
  Trained infinite = trained(INFINITY, INFINITY, 0, 1);
  infinite.scores.sample_means.assign(40, 6e-14);
  EXPECT_EQ(words(compare(infinite, {&infinite}, paper).verdict()), "clearly worse");
}

TEST(VersatileComparison, AtOrBelowIsTheMeanAsPrinted) {
  const auto is = [](double loss) {
    const Trained chosen = trained(loss, 1, 1, 1);  // errors excuse nothing
    return compare(chosen, {&chosen}, {0.05, 0.0005}).at_or_below();
  };
  EXPECT_TRUE(is(0.0504));
  EXPECT_FALSE(is(0.0506));
  EXPECT_FALSE(is(NAN));
}

// Without networks no claim is judged, and nothing is thrown; claims that count cells count none.
TEST(VersatileClaims, NothingIsJudgedWithoutNetworks) {
  for (const auto draw : {draw_fig1, draw_fig2, draw_fig3, draw_fig5, draw_fig6, draw_fig7}) {
    StudyResult result;
    ASSERT_TRUE(draw({}, {}, result));
    ASSERT_FALSE(result.claims.empty());
    for (const Claim& claim : result.claims) EXPECT_FALSE(claim.holds.has_value()) << claim.text;
  }
}

// A network whose losses are all NaN passes no claim of any figure.
TEST(VersatileClaims, NanPassesNothing) {
  const Estimate nan{NAN, NAN};
  const std::set<std::string_view> names{"table1", "fig1", "fig2", "fig3", "fig5", "fig6", "fig7"};
  for (const Study& study : paper.studies) {
    if (!names.contains(study.name)) continue;
    Archive archive;
    for (const Cell& cell : study.cells()) {
      Trained one{.cell = cell, .directory = "x"};
      std::map<std::string, Estimate> losses;
      for (const char* name : {"model", "bayes", "constrr", "adarr", "tunedrr", "oracle"})
        losses[name] = nan;
      one.scores.adjusted = one.scores.loss = losses;
      one.scores.layers.assign(8, nan);
      one.scores.model_minus_bayes = one.scores.single_query = nan;
      for (const double sigma : {0.0, 1.0, 2.5, 5.0})
        one.scores.profile.push_back({sigma, losses, losses, std::vector<Estimate>(8, nan)});
      archive.add(std::move(one));
    }
    StudyResult result;
    ASSERT_TRUE(study.draw(archive, {}, result));
    for (const Claim& claim : result.claims)
      EXPECT_NE(claim.holds, std::optional(true)) << claim.text << ": " << claim.detail;
  }
}

TEST(VersatileClaims, FewTasks) {
  const auto pool = [](int size) {
    return Diversity{.pool = size,
                     .ridge = {{0.133, 1e-4}, {0.133, 1e-4}},
                     .posterior = {{1e-4, 1e-5}, {1.5, 0.01}},
                     .one = {{1.4, 0.01}, {1.5, 0.01}},
                     .full = {{0.02, 1e-4}, {1.2, 0.1}},
                     .diag = {{0.1325, 1e-4}, {0.2, 0.01}},
                     .one_to_optimum = 1.001,
                     .optimum = {1.39, 0}};
  };
  const auto claims_with = [&](const std::function<void(std::vector<Diversity>&)>& change) {
    std::vector<Diversity> list{pool(2), pool(8), pool(2048), pool(0)};
    list[2].full = {{0.133, 1e-4}, {0.1335, 1e-4}};
    list[3].full = {{0.133, 1e-4}, {0.133, 1e-4}};
    change(list);
    return diversity_claims(list);
  };
  EXPECT_EQ(failing(claims_with([](auto&) {})), List{});
  EXPECT_EQ(open_claims(claims_with([](auto&) {})), List{});
  EXPECT_EQ(failing(claims_with([](auto& l) { l[1].one_to_optimum = 1.03; })), List{0});
  EXPECT_EQ(open_claims(claims_with([](auto& l) { l[1].one_to_optimum = kUnknown; })), List{0});
  EXPECT_EQ(failing(claims_with([](auto& l) { l[1].full.own.mean = 0.14; })), List{1});
  EXPECT_EQ(failing(claims_with([](auto& l) { l[0].full.own_blowups = 1; })), List{1});
  EXPECT_EQ(failing(claims_with([](auto& l) { l[2].diag.own.mean = 0.12; })), List{2});
  EXPECT_EQ(failing(claims_with([](auto& l) { l[0].full.fresh = {0.2, 1e-3}; })), List{3});
  EXPECT_EQ(open_claims(claims_with([](auto& l) { l[0].full.fresh.se = 1; })), List{3});
  EXPECT_EQ(failing(claims_with([](auto& l) { l[2].full.fresh.mean = 0.142; })), List{4});
  EXPECT_EQ(failing(claims_with([](auto& l) { l[2].full.fresh_blowups = 1; })), List{4});
  EXPECT_EQ(open_claims(diversity_claims({})), (List{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace gramian::versatile
