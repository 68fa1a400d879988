#include "gramian/models/network.h"

#include <gtest/gtest.h>

#include "gramian/models/pass.h"
#include "gramian/models/reference.h"

namespace gramian {
namespace {

Network zeros(Parametrisation kind, int d = 3) {
  const NetworkSpec spec{.kind = kind, .d = d, .layers = 2};
  return {spec, std::vector<double>(spec.parameters())};
}

TEST(Network, OneDenseHeadHoldsGdppAndPreconditioned) {
  for (const Parametrisation kind : {Parametrisation::gdpp, Parametrisation::preconditioned}) {
    const Network full = zeros(kind).as_full();
    EXPECT_EQ(full.spec.kind, Parametrisation::full);
    EXPECT_EQ(full.spec.heads, 1);
    EXPECT_EQ(full.theta.size(), full.spec.parameters());
  }
}

#ifdef GRAMIAN_ASSERTIONS

// What a network of another kind would answer is not an error but nonsense.
TEST(NetworkDeathTest, AKindIsAskedOnlyForWhatItHas) {
  EXPECT_DEATH(zeros(Parametrisation::diag).as_full(), "precondition violated");
  EXPECT_DEATH(zeros(Parametrisation::full).as_full(), "precondition violated");
  EXPECT_DEATH(zeros(Parametrisation::full).as_diag(), "precondition violated");
  EXPECT_DEATH(zeros(Parametrisation::preconditioned).omega(0), "precondition violated");
  EXPECT_DEATH(expand({.xx = 1, .xy = 1, .yx = 1, .yy = 0}, 3, 1), "precondition violated");
}

TEST(NetworkDeathTest, LayersAreInRange) {
  const Network network = zeros(Parametrisation::diag);
  EXPECT_DEATH(network.omega(2), "layer < layers");
  EXPECT_DEATH(network.expanded(-1), "layer >= 0");
}

TEST(NetworkDeathTest, APassWantsItsOwnBlockAndAForwardPassFirst) {
  const Network network = zeros(Parametrisation::diag);
  NetworkPass<double> pass(network.spec);
  AlignedArray<double> weights(4 * kLanes), dtheta(network.theta.size() * kLanes);
  const PromptBlock<double> other(4);
  EXPECT_DEATH(pass.backward(weights.data(), dtheta.data()), "theta_ != nullptr");
  EXPECT_DEATH(pass.forward(network.theta.data(), other, 1, weights.data()), "block.d == spec_.d");
  EXPECT_DEATH(token_forward(network, std::vector<double>(4)), "tokens.size");
}

#endif

}  // namespace
}  // namespace gramian
