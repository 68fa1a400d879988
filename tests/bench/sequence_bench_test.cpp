// The bench of mixers measures each of them, and counts what it says.
#include "gramian/bench/sequence_bench.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gramian {
namespace {

TEST(SequenceBench, MeasuresEachMixerOnce) {
  int last = 0, total = 0;
  const SequenceBench bench =
      run_sequence_bench({.tokens = {8, 2048}}, 1e-4, [&](int done, int all) {
        last = done;
        total = all;
        return all > 0 && done < 11;  // the long sequences take too long for a test
      });
  EXPECT_EQ(total, 20);
  EXPECT_EQ(last, 11);
  ASSERT_EQ(bench.times.size(), 11u);
  const std::vector<std::string> names = bench_mixers();
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(bench.times[i].mixer, names[i]);
    EXPECT_EQ(bench.times[i].tokens, 8);
    EXPECT_GT(bench.times[i].forward_ns, 0);
    EXPECT_GT(bench.times[i].backward_ns, 0);
    const bool solves = names[i].starts_with("mesa");
    EXPECT_EQ(bench.times[i].error > 0, solves) << names[i];
    EXPECT_LT(bench.times[i].error, names[i].contains("gradients") ? 1e-3 : 1e-5) << names[i];
  }
  EXPECT_EQ(bench.times[10].tokens, 2048);
  const SequenceTime& additive = bench.times[0];
  // Forward is a product and a read of a state of 32 x 32 numbers, and the adjoint three of those.
  EXPECT_NEAR(
      additive.peak_share * bench.peak_gflops * (additive.forward_ns + additive.backward_ns),
      2 * 8 * 32 * 32, 1e-6);
  const auto json = nlohmann::json::parse(sequence_bench_json(bench));
  EXPECT_EQ(json["mixers"].size(), 11u);
  EXPECT_EQ(json["mixers"][0]["mixer"], "additive");
  EXPECT_FALSE(json["mixers"][1].contains("peak_share"));
  EXPECT_NE(sequence_bench_table(bench).find("softmax"), std::string::npos);
}

TEST(SequenceBench, MeasuresOneMixerWhereAsked) {
  const SequenceBench bench = run_sequence_bench(
      {.tokens = {8, 16}, .head_size = 5, .only = "delta"}, 1e-4, [](int, int) { return true; });
  ASSERT_EQ(bench.times.size(), 2u);
  EXPECT_EQ(bench.times[1].mixer, "delta");
  EXPECT_EQ(bench.times[1].tokens, 16);
  EXPECT_EQ(nlohmann::json::parse(sequence_bench_json(bench))["head_size"], 5);
}

}  // namespace
}  // namespace gramian
