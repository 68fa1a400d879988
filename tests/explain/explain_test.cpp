// The whole of it on networks that are known: numbers, words, text, and the section of the report.
#include "gramian/explain/explain.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gramian/explain/page.h"
#include "gramian/explain/text.h"
#include "gramian/explain/words.h"
#include "gramian/report/shape.h"
#include "gramian/theory/constructions.h"
#include "tests/support/files.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

const ExplainOptions kQuick{.reading_prompts = 40,
                            .probe_prompts = 300,
                            .similarity_prompts = 40,
                            .algorithm_steps = 3,
                            .eval_prompts = 1000,
                            .blowup_prompts = 1000,
                            .retrain_steps = 3,
                            .retrain_starts = 2};

RegressionTask task() { return small_task(4, 12, uniform(0, 2)); }

Explanation explained(const Network& network) {
  ThreadPool pool(2);
  TrainSpec trained;
  trained.batch = 64;
  ExplainOptions options = kQuick;
  options.start.assign(network.theta.size(), 0.0);
  auto result = explain(task(), network, trained, options, pool);
  EXPECT_TRUE(result) << message_of(result);
  return result.value();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

Network descent() {
  return network_of(constructions::gradient_descent(2, 0.35), 4, ContextScale::mean);
}

TEST(Explain, GradientDescentIsCalledSo) {
  const Explanation e = explained(descent());
  EXPECT_EQ(e.sigmas, (std::vector<double>{0, 0.5, 1, 1.5, 2}));
  ASSERT_EQ(e.adjusted.size(), 2u);
  EXPECT_GT(e.model_minus_bayes.mean(), 0);
  const auto sentences = in_words(e);
  ASSERT_EQ(sentences.size(), 6u);
  const std::string& second = sentences.back();
  EXPECT_TRUE(contains(second, "Layer 2: a gradient step of size 0.35 (0.35 to 0.35) at sigma = 1"))
      << second;
  EXPECT_TRUE(contains(second, "w is the same as of gradient descent, step 2")) << second;
  for (const char* word : {"shrunk", "enlarged", "momentum", "preconditioned"})
    EXPECT_FALSE(contains(second, word));
}

// A shrinking layer is said to shrink, by the median that is printed.
TEST(Explain, ShrinkageIsSaidWithItsNumbers) {
  Network network = network_of(constructions::shrunk_step(0.03, 0.004), 4);
  const Explanation e = explained(network);
  const std::string last = in_words(e).back();
  EXPECT_TRUE(contains(last, "Layer 2: no gradient step")) << last;
  const Reading& loud = e.readings[1].back();
  EXPECT_TRUE(
      contains(last, fmt::format("shrunk by {:.0f}% at sigma = 2", 100 * loud.shrinkage->median)))
      << last;
}

TEST(Explain, FullNetworksAreReadThroughTheirNearestDiagonal) {
  const Explanation e = explained(in_disguise(descent()));
  const std::string second = in_words(e).back();
  EXPECT_TRUE(contains(second, "a gradient step of size 0.35 (0.35 to 0.35)")) << second;
  EXPECT_TRUE(contains(second, "A diagonal layer has 100.0% of its row of y")) << second;
  EXPECT_TRUE(contains(to_text(e), "nearest DIAG without omega_xy"));
}

TEST(Explain, TheSectionIsAStudyWithItsNumbers) {
  for (const Network& network : {descent(), in_disguise(descent())}) {
    const Explanation e = explained(network);
    const StudyResult section = to_study(e, "my run/4");
    const auto json = nlohmann::json::parse(to_json(e, section));
    const auto study = check_shape(json, "x.json");
    ASSERT_TRUE(study) << study.error().message;
    EXPECT_EQ(study->study, "explain-my-run-4");
    const auto& numbers = json["explanation"];
    EXPECT_EQ(numbers["words"], in_words(e));
    EXPECT_NEAR(numbers["layers"][1]["readings"][2]["step"][1].get<double>(), 0.35, 1e-7);
    EXPECT_EQ(numbers["layers"][0]["match"]["algorithm"], "gd");
    EXPECT_EQ(numbers["layers"][0]["readings"][0]["plain_momentum"], nullptr);
    EXPECT_EQ(numbers["stability"]["blowups"]["count"], 0);
    EXPECT_EQ(numbers["layers"][0]["heads"].size(),
              network.spec.kind == Parametrisation::full ? 2u : 0u);
    EXPECT_TRUE(json["claims"][0]["holds"].get<bool>());
    const bool full = network.spec.kind == Parametrisation::full;
    EXPECT_EQ(numbers["changes"]["updates"].size(), full ? 8u : 0u);
    EXPECT_EQ(numbers["changes"]["truncations"].size(), full ? 5u : 0u);
    EXPECT_EQ(numbers["changes"]["pruning"].size(), 8u);
    EXPECT_EQ(contains(to_text(e), "Rank of what training changed"), full);
    EXPECT_TRUE(contains(to_text(e), "50%, smallest first"));
  }
}

TEST(Explain, OneThreadAndTwoSayTheSame) {
  ThreadPool one(1), two(2);
  TrainSpec trained;
  trained.batch = 64;
  const auto a = explain(task(), descent(), trained, kQuick, one),
             b = explain(task(), descent(), trained, kQuick, two);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(to_json(*a, to_study(*a, "x")), to_json(*b, to_study(*b, "x")));
}

TEST(Explain, OneNoiseLevelHasNoNoiseToRead) {
  ThreadPool pool(1);
  TrainSpec trained;
  trained.batch = 64;
  const auto e =
      explain(task().with_noise(NoisePrior::constant(0).value()), descent(), trained, kQuick, pool);
  ASSERT_TRUE(e) << message_of(e);
  EXPECT_FALSE(e->noise_probe);
  EXPECT_EQ(e->sigmas, std::vector<double>{0});
  EXPECT_TRUE(contains(to_text(*e), "there is none to read"));
  EXPECT_TRUE(check_shape(nlohmann::json::parse(to_json(*e, to_study(*e, "x"))), "x.json"));
}

TEST(Explain, NoiseLevelsSpanThePrior) {
  EXPECT_EQ(noise_levels(NoisePrior::categorical({3, 1}).value()), (std::vector<double>{1, 3}));
  EXPECT_EQ(noise_levels(uniform(1, 5)), (std::vector<double>{1, 2, 3, 4, 5}));
}

TEST(Explain, RefusesWhatHasNoImplicitWeights) {
  ThreadPool pool(1);
  Network network = descent();
  network.spec.query_in_keys = true;
  EXPECT_TRUE(is_error(explain(task(), network, {}, kQuick, pool), ErrorKind::config,
                       {"[model.query_in_keys]"}));
  network = descent();
  network.theta[3] = NAN;
  EXPECT_TRUE(
      is_error(explain(task(), network, {}, kQuick, pool), ErrorKind::numeric, {"not finite"}));
  const auto stop = [](std::uint64_t done, std::uint64_t) { return done < 3; };
  EXPECT_TRUE(is_error(explain(task(), descent(), {}, kQuick, pool, stop), ErrorKind::interrupted,
                       {"interrupted"}));
}

}  // namespace
}  // namespace gramian::test
