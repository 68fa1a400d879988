// The claims of von Oswald et al. (2023) on numbers that are as they should be, and on others.
#include "gramian/papers/mesa_optimisation/claims.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/papers/mesa_optimisation/few_shot.h"
#include "gramian/papers/mesa_optimisation/linearised.h"
#include "tests/support/results.h"

namespace gramian::mesa_optimisation {
namespace {

using test::failing;
using Places = std::vector<int>;

OneLayerNumbers good_layer() {
  return {.loss = {0.88, 0.001},
          .descent = {0.89, 0.001},
          .best_step = 0.033,
          .weights = {.share = 0.97, .identity = 0.99, .step = 0.034}};
}

template <class Change>
Places failing_layer(Change change) {
  std::vector<OneLayerNumbers> seeds(3, good_layer());
  change(seeds[1]);
  return failing(one_layer_claims(seeds));
}

TEST(MesaClaims, OneLayer) {
  EXPECT_EQ(failing_layer([](OneLayerNumbers&) {}), Places{});
  EXPECT_EQ(failing_layer([](OneLayerNumbers& at) { at.loss.mean = 0.95; }), Places{0});
  EXPECT_EQ(failing_layer([](OneLayerNumbers& at) { at.weights.share = 0.94; }), Places{1});
  EXPECT_EQ(failing_layer([](OneLayerNumbers& at) { at.weights.share = NAN; }), Places{1});
  EXPECT_EQ(failing_layer([](OneLayerNumbers& at) { at.weights.identity = 0.9; }), Places{2});
  EXPECT_EQ(failing_layer([](OneLayerNumbers& at) { at.weights.step = 0.037; }), Places{3});
  EXPECT_EQ(failing_layer([](OneLayerNumbers& at) { at.weights.step = -0.033; }), Places{3});
  for (const Claim& claim : one_layer_claims({})) EXPECT_FALSE(claim.holds.has_value());
}

BaselineLosses usual_baselines() {
  return {{"zero", {1.6, 0}},    {"descent", {0.9, 0}}, {"steps-1", {0.6, 0}},
          {"steps-2", {0.5, 0}}, {"steps-3", {0.4, 0}}, {"least-squares", {0.1, 0}}};
}

TEST(MesaClaims, Depth) {
  const auto at = [](double one, double two, double four) {
    return failing(depth_claims({{1, {{one, 0.001}, {one, 0.001}}},
                                 {2, {{two, 0.001}, {two + 0.01, 0.001}}},
                                 {4, {{four, 0.001}}}},
                                usual_baselines()));
  };
  EXPECT_EQ(at(0.9, 0.5, 0.3), Places{});
  EXPECT_EQ(at(0.505, 0.5, 0.3), Places{0});
  EXPECT_EQ(at(0.9, 0.3, 0.305), Places{0});
  EXPECT_EQ(at(0.9, 0.595, 0.3), Places{1});  // its other seed
  EXPECT_EQ(at(0.9, 0.5, 0.09), Places{2});
  EXPECT_FALSE(depth_claims({}, usual_baselines())[1].holds.has_value());
}

TEST(MesaClaims, Compressed) {
  const auto at = [](double half, double whole) {
    return failing(compressed_claims({{2, {0.5, 0.001}, {half, 0.001}, {whole, 0.001}}}, 1.6));
  };
  EXPECT_EQ(at(0.51, 0.53), Places{});
  EXPECT_EQ(at(0.51, 0.6), Places{0});
  EXPECT_EQ(at(0.6, 0.5), Places{1});
  EXPECT_EQ(at(NAN, INFINITY), (Places{0, 1}));
}

TEST(MesaClaims, Interpolation) {
  const auto at = [](double early, double late, double scalar) {
    return failing(interpolation_claims({{.layers = 2,
                                          .seed = 0,
                                          .steps = {0, 4000},
                                          .own = {{0.8, 0.001}, {0.2, 0.001}},
                                          .block_scalar = {{0.8, 0.001}, {0.3, 0.001}},
                                          .with_end = {{early, 0.001}, {late, 0.001}}}},
                                        {{.layers = 2,
                                          .free = {{0.2, 0.001}, {0.2, 0.001}},
                                          .block_scalar = {{0.2, 0.001}, {scalar, 0.001}}}}));
  };
  EXPECT_EQ(at(0.4, 0.21, 0.21), Places{});
  EXPECT_EQ(at(0.9, 0.21, 0.21), Places{0});
  EXPECT_EQ(at(0.4, 0.23, 0.21), Places{0});
  EXPECT_EQ(at(0.4, NAN, 0.21), Places{0});
  EXPECT_EQ(at(0.4, 0.21, 0.23), Places{1});
  EXPECT_EQ(at(0.4, 0.21, INFINITY), Places{1});
  for (const Claim& claim : interpolation_claims({}, {})) EXPECT_FALSE(claim.holds.has_value());
}

// Layers of two seeds at d = 4 and 10, of which the second costs so much.
Places failing_layers(double first, double small, double large, double without = 2) {
  std::vector<LinearisedNumbers> layers;
  for (const int seed : {0, 1}) {
    const double rest = seed == 0 ? 0 : 1e-3;
    layers.push_back({.d = 4, .seed = seed, .layer = 1, .own = {1, 0}, .linear = {1 + first, 0}});
    layers.push_back({.d = 4,
                      .seed = seed,
                      .layer = 2,
                      .own = {1, 0},
                      .linear = {1 + small + rest, 0},
                      .without = {without, 0}});
    layers.push_back({.d = 10,
                      .seed = seed,
                      .layer = 2,
                      .own = {1, 0},
                      .linear = {1 + large + rest, 0},
                      .without = {without, 0}});
  }
  return failing(linearised_claims(layers));
}

TEST(MesaClaims, Linearised) {
  EXPECT_EQ(failing_layers(0.5, 0.05, 0.01), Places{});
  EXPECT_EQ(failing_layers(0.5, 0.11, 0.01), Places{0});
  EXPECT_EQ(failing_layers(0.5, 0.05, 0.01, 1.09), Places{0});  // a layer that does nothing
  EXPECT_EQ(failing_layers(0.5, 0.05, 0.01, NAN), Places{0});
  EXPECT_EQ(failing_layers(0.09, 0.05, 0.01), Places{1});
  EXPECT_EQ(failing_layers(0.5, 0.05, 0.049), Places{});
  EXPECT_EQ(failing_layers(0.5, 0.05, 0.0495), Places{2});
  EXPECT_EQ(failing_layers(NAN, 0.05, 0.01), Places{1});
  EXPECT_EQ(failing_layers(0.5, NAN, 0.01), (Places{0, 2}));
  EXPECT_EQ(failing_layers(0.5, 0.05, NAN), (Places{0, 2}));
  for (const Claim& claim : linearised_claims({})) EXPECT_FALSE(claim.holds.has_value());
}

std::vector<Estimate> course(const std::vector<double>& losses) {
  std::vector<Estimate> list;
  for (const double loss : losses) list.push_back({loss, 0.001});
  return list;
}

TEST(MesaClaims, FewShot) {
  // One seed of each network is changed, or another of the hybrid.
  const auto at = [](auto change, bool is_hybrid = true) {
    FewShotNumbers good{.network = "a network",
                        .is_hybrid = true,
                        .plain = course({2.5, 3, 2, 1.5, 1.2}),
                        .separated = course({2.5, 2, 1}),
                        .prefixed = course({2.5, 2, 1.5, 1, 0.8}),
                        .both = course({2.5, 1, 0.5}),
                        .changed = course({2.5, 2, 4, 3}),
                        .change_after = 2};
    FewShotNumbers softmax = good;
    softmax.is_hybrid = false;
    FewShotNumbers other = is_hybrid ? good : softmax;
    change(other);
    return failing(few_shot_claims({good, softmax, other}));
  };
  EXPECT_EQ(at([](auto&) {}), Places{});
  EXPECT_EQ(at([](auto& n) { n.plain[1].mean = 2.4; }), Places{0});  // falls at once
  EXPECT_EQ(at([](auto& n) { n.plain[1].mean = 2.4; }, false), Places{1});
  EXPECT_EQ(at([](auto& n) { n.plain.back().mean = 2.6; }), Places{0});  // stays above
  EXPECT_EQ(at([](auto& n) { n.separated[1].mean = 5; }), Places{2});
  EXPECT_EQ(at([](auto& n) { n.separated.back().mean = 2.1; }), Places{3});
  EXPECT_EQ(at([](auto& n) { n.prefixed[1].mean = 6; }), Places{4});
  EXPECT_EQ(at([](auto& n) { n.prefixed.back().mean = 1.3; }), Places{5});
  EXPECT_EQ(at([](auto& n) { n.both[1].mean = 2.6; }), Places{6});
  EXPECT_EQ(at([](auto& n) { n.both.back().mean = 1.1; }), Places{7});
  EXPECT_EQ(at([](auto& n) { n.changed[2].mean = 1.9; }), (Places{8, 9}));
  EXPECT_EQ(at([](auto& n) { n.changed[1].mean = 4.1; }), Places{8});
  EXPECT_EQ(at([](auto& n) { n.changed[3].mean = 4.1; }), Places{9});
  for (const Claim& claim : few_shot_claims({})) EXPECT_FALSE(claim.holds.has_value());
  FewShotNumbers lost;
  lost.plain = course({2.5, 3, NAN});
  EXPECT_EQ(few_shot_claims({lost})[1].holds, false);
  FewShotNumbers unknown;
  unknown.plain = course({2.5, 3, 1});
  unknown.prefixed = course({2.5, 3, NAN});
  for (const std::size_t k : {4u, 5u}) EXPECT_FALSE(few_shot_claims({unknown})[k].holds);
}

TEST(MesaClaims, Probes) {
  const auto at = [](double last_next, double inner_inverse, double deeper) {
    const ProbeNumbers one{.next = {0.1, last_next}, .inverse = {0.3, 0.31}};
    const ProbeNumbers two{.next = {0.1, 0.3, 0.7}, .inverse = {0.3, inner_inverse, 0.33}};
    const ProbeNumbers four{.next = {0.1, 0.2, 0.3, 0.4, 0.8},
                            .inverse = {0.3, 0.4, 0.4, deeper, 0.3}};
    return failing(probe_claims({{1, one}, {2, two}, {4, four}}));
  };
  EXPECT_EQ(at(0.5, 0.4, 0.6), Places{});
  EXPECT_EQ(at(0.105, 0.4, 0.6), Places{0});
  EXPECT_EQ(at(0.5, 0.305, 0.6), Places{1});
  EXPECT_EQ(at(0.5, 0.61, 0.6), Places{2});
  EXPECT_FALSE(probe_claims({})[0].holds.has_value());
}

TEST(MesaClaims, Systems) {
  const auto at = [](double contracting, double fixed, double elsewhere) {
    OneLayerNumbers layer = good_layer();
    layer.loss.mean = contracting;
    return failing(system_claims(
        {layer}, {{2, {fixed, 0.001}, {0.2, 0.001}, {elsewhere, 0.001}, {0.8, 0.001}}}));
  };
  EXPECT_EQ(at(0.9, 0.1, 1.5), Places{});
  EXPECT_EQ(at(0.95, 0.1, 1.5), Places{0});
  EXPECT_EQ(at(0.9, 0.3, 1.5), Places{1});
  EXPECT_EQ(at(0.9, 0.1, 0.5), Places{2});
}

TEST(MesaClaims, Raw) {
  const auto at = [](double layer, double hybrid, double other, double copied, double elsewhere) {
    const std::string linear = "linear systems";
    return failing(raw_claims({{"softmax, mesa", linear, true, {{0.2, 0}, {hybrid, 0.001}}},
                               {"linear, linear", linear, false, {{0.9, 0}, {other, 0.001}}},
                               {"linear, linear", "others", false, {{0.1, 0}}}},
                              {.seeds = {{0.1, 0}, {layer, 0.0001}}, .least_squares = {0.1, 0}},
                              {{"softmax, mesa", linear, true, 0.1, copied},
                               {"softmax, mesa", "others", false, 0.1, elsewhere}}));
  };
  EXPECT_EQ(at(0.105, 0.25, 0.5, 0.99, 0.96), Places{});
  EXPECT_EQ(at(0.115, 0.25, 0.5, 0.99, 0.96), Places{0});
  EXPECT_EQ(at(0.105, 0.55, 0.5, 0.99, 0.96), Places{1});
  EXPECT_EQ(at(0.105, 0.25, 0.5, 0.94, 0.96), Places{2});
  EXPECT_EQ(at(0.105, 0.25, 0.5, 0.99, NAN), Places{3});
}

TEST(MesaClaims, Reference) {
  const auto at = [](double zero, double steps, double two) {
    return failing(
        reference_claims({{"zero", {zero, 0}, 1.66}, {"steps-2", {steps, 0}, 0.529}}, {{two, 0}}));
  };
  EXPECT_EQ(at(1.67, 0.4, 0.45), Places{});
  EXPECT_EQ(at(1.75, 0.4, 0.45), Places{0});
  EXPECT_EQ(at(1.67, 0.55, 0.45), Places{1});
  EXPECT_EQ(at(1.67, 0.4, 0.5), Places{2});
  EXPECT_EQ(failing({finite_claim({{1, 0}, {NAN, 0}})}), Places{0});
  EXPECT_EQ(failing({finite_claim({{1, 0}})}), Places{});
}

}  // namespace
}  // namespace gramian::mesa_optimisation
