#include "gramian/bench/bench.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "gramian/bench/kernels.h"
#include "gramian/bench/peak.h"
#include "gramian/lanes/target.h"
#include "gramian/models/operations.h"

namespace gramian {
namespace {

// Counted by hand from the kernels, in multiply-adds, with D = 3 (D^3 = 27, D^2 = 9, symmetric
// products 18) and d = 2 (d^3 = 8, d^2 = 4, symmetric 6, triangle 3).
TEST(Operations, AreThoseCountedByHand) {
  const auto full1 = count_operations({.kind = Parametrisation::full, .d = 2, .layers = 1});
  EXPECT_EQ(full1.forward, 2 * (9 + 9));
  EXPECT_EQ(full1.backward, 2 * (9 + 9 + 9));
  const auto full3 =
      count_operations({.kind = Parametrisation::full, .d = 2, .layers = 3, .heads = 2});
  // T of the second layer on a vector is 3 H D^2 = 54, and its adjoint is of H (1 + 2 H) pairs.
  const double map = 3 * 2 * 9;
  EXPECT_EQ(full3.forward, 2 * ((4 * 27 + 27 + 18 + 9) + 2 * (3 * 9 + 2 * map) + map));
  const double first = 9 + 2 * 27 + 9 + 2 * 3 * 27, second = 2 * 2 * 5 * 9 + 2 * 2 * (1 + 5) * 6;
  EXPECT_EQ(full3.backward, 2 * (first + 2 * (3 * 9 + 2 * map) + map + second));
  const auto diag = count_operations({.kind = Parametrisation::diag, .d = 2, .layers = 2});
  EXPECT_EQ(diag.forward, 2 * (8 + 4));
  EXPECT_EQ(diag.backward, 2 * 4);
  // The first, the second and the third layer of four.
  const auto diag4 = count_operations({.kind = Parametrisation::diag, .d = 2, .layers = 4});
  EXPECT_EQ(diag4.forward, 2 * (2 * (8 + 12 + 12 + 4) + (8 + 4)));
  EXPECT_EQ(diag4.backward,
            2 * ((4 + 8 + 8 + 4) + (4 + 8 + 8 + 8 + 6 + 8 + 8 + 18) + (4 + 8 + 18)));
  const auto gdpp4 = count_operations({.kind = Parametrisation::gdpp, .d = 2, .layers = 4});
  EXPECT_EQ(gdpp4.forward, 2 * (2 * (8 + 12 + 6 + 4) + (8 + 4)));
  EXPECT_EQ(gdpp4.backward, diag4.backward - 2 * (4 + 8));
}

// Those with fused multiply-adds compute the same numbers, and so do those without. If one
// changes, every number that was ever computed changes with it: say why, and compute the committed
// results anew.
const std::map<std::string, std::string> kSignatures{
    {"AVX3", "a37cf0739dde39ac"}, {"AVX2", "a37cf0739dde39ac"}, {"SSE4", "6558fc6497ef06e5"}};

TEST(Bench, TheSignatureIsPinnedForEachInstructionSet) {
  std::string unknown;
  for (const std::string& target : simd_targets()) {
    std::string signature;
    with_simd_target(target, [&] { signature = bench_signature(); });
    const auto known = kSignatures.find(target);
    if (known == kSignatures.end()) {
      EXPECT_EQ(signature.size(), 16u) << target;
      unknown += fmt::format("{} {}; ", target, signature);
    } else {
      EXPECT_EQ(signature, known->second) << target;
    }
  }
  if (!unknown.empty()) GTEST_SKIP() << "no signature is known to compare with: " << unknown;
}

TEST(Bench, TheSignatureIsTheSameAgain) { EXPECT_EQ(bench_signature(), bench_signature()); }

TEST(Bench, TheNumbersOfACaseBelongTogether) {
  const BenchCase what{
      .kind = Parametrisation::diag, .layers = 2, .d = 3, .n = 9, .batch = 100, .threads = 2};
  const BenchTime time = time_case(what, 10.0, 0.01);
  EXPECT_GT(time.ms, 0);
  const double operations = count_operations({.kind = what.kind, .d = 3, .layers = 2}).total();
  EXPECT_NEAR(time.gflops, operations * 100 / (time.ms * 1e6), 1e-9 * time.gflops);
  EXPECT_NEAR(time.peak_fraction, time.gflops / 20.0, 1e-12);
  EXPECT_NEAR(time.sampling + time.forward + time.backward + time.rest, 1.0, 1e-12);
  EXPECT_GT(measure_peak_gflops(), 0.1);

  BenchResult result;
  result.signature = "0123456789abcdef";
  result.peak_gflops_per_core = 10;
  result.cases = {time};
  const auto json = nlohmann::json::parse(bench_json(result));
  EXPECT_EQ(json["signature"], "0123456789abcdef");
  EXPECT_EQ(json["peak_gflops_per_core"], 10.0);
  for (const char* key :
       {"kind", "layers", "d", "n", "batch", "threads", "ms", "gflops", "peak_fraction"}) {
    EXPECT_TRUE(json["cases"][0].contains(key)) << key;
  }
  EXPECT_EQ(json["cases"][0]["ms"], time.ms);
  EXPECT_NE(bench_table(result).find("diag"), std::string::npos);
}

TEST(TokenBench, TimesTheNetworksOfTheStudies) {
  BenchResult result;
  result.tokens = time_tokens(100, 1e-4);
  ASSERT_EQ(result.tokens.size(), 2u);
  EXPECT_EQ(result.tokens[0].parameters, 2u * 40 + 2 * 40 * 160 + 160 + 40 + 4 * 40 * 40);
  for (const TokenBenchTime& time : result.tokens) {
    EXPECT_GT(time.ms, 0);
    EXPECT_NEAR(time.peak_fraction, time.gflops / 100, 1e-12);
    EXPECT_NE(bench_table(result).find(time.name), std::string::npos);
  }
  EXPECT_EQ(nlohmann::json::parse(bench_json(result))["tokens"][1]["name"], "interleaved");
}

TEST(KernelBench, TimesEachCaseOnEachTarget) {
  const std::vector<NetworkCase> cases{
      {{.kind = Parametrisation::full, .d = 3, .layers = 2, .heads = 2}, 5},
      {{.kind = Parametrisation::gdpp, .d = 2, .layers = 1}, 1}};
  const std::vector<std::string> targets = simd_targets();
  int calls = 0;
  const KernelBench bench = run_kernel_bench(cases, targets, 1e-4, [&](int done, int total) {
    EXPECT_EQ(done, calls++);
    EXPECT_EQ(total, static_cast<int>(2 * targets.size()));
    return true;
  });
  ASSERT_EQ(bench.rows.size(), 2u);
  ASSERT_EQ(bench.targets.size(), targets.size());
  const auto json = nlohmann::json::parse(kernel_json(bench));
  for (size_t row = 0; row < 2; ++row) {
    ASSERT_EQ(bench.rows[row].times.size(), targets.size());
    for (size_t i = 0; i < targets.size(); ++i) {
      EXPECT_GT(bench.rows[row].times[i].us(), 0);
      EXPECT_EQ(json["kernels"][row]["times"][i]["simd"], targets[i]);
    }
  }
  EXPECT_EQ(json["kernels"][0]["case"], cases[0].name());
  EXPECT_NE(kernel_table(bench).find(cases[0].name()), std::string::npos);
  // Stopped after one time: only rows that are whole are there, and one is, of a single target.
  EXPECT_EQ(
      run_kernel_bench(cases, targets, 1e-4, [](int done, int) { return done < 1; }).rows.size(),
      1 / targets.size());
}

}  // namespace
}  // namespace gramian
