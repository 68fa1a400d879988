#include "gramian/evaluation/accumulate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/evaluation/network_predictor.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

using test::is_error;

// A network of two layers beside all solvers.
struct Accumulated {
  explicit Accumulated(int n = 8) {
    TaskSpec of;
    of.d = 3;
    of.n = n;
    of.noise = NoisePrior::uniform(0, 2).value();
    task = RegressionTask::create(of).value();
    network = Network::initial({.kind = Parametrisation::diag, .d = 3, .layers = 2}, {}, n, 1);
    baselines = tune_baselines(*task, task->spec().noise, spec, pool);
    predictor = std::make_unique<NetworkPredictor>(network, n, 1);
  }
  EvalResult of(std::uint64_t first, std::uint64_t prompts) {
    EvalSpec part = spec;
    part.first = first;
    part.prompts = prompts;
    return evaluate(*task, baselines, predictor.get(), part, pool).value();
  }
  EvalResult none() const { return empty_result(baselines, predictor.get(), spec); }

  EvalSpec spec{.seed = 3, .tuning_prompts = 300};
  std::optional<RegressionTask> task;
  Network network;
  ThreadPool pool{1};
  Baselines baselines;
  std::unique_ptr<NetworkPredictor> predictor;
};

TEST(Accumulate, PartsAddUpToTheWhole) {
  for (const int n : {8, 2}) {  // with n = 2 < d some solvers are undefined
    Accumulated a(n);
    const EvalResult whole = a.of(0, 640);
    EvalResult sum = a.none();
    for (const std::uint64_t first : {0, 128, 384}) add(a.of(first, first == 0 ? 128 : 256), sum);
    EXPECT_EQ(sum.prompts, 640u);
    EXPECT_EQ(sum.blowups.count, whole.blowups.count);
    EXPECT_EQ(sum.blowups.threshold, whole.blowups.threshold);
    ASSERT_EQ(sum.solvers.size(), whole.solvers.size());
    const auto expect_near = [](const RunningMean& one, const RunningMean& other) {
      if (other.count() == 0) return;
      EXPECT_EQ(one.count(), other.count());
      EXPECT_NEAR(one.mean(), other.mean(), 1e-12 * std::abs(other.mean()));
      EXPECT_NEAR(one.variance(), other.variance(), 1e-12 * other.variance());
    };
    for (std::size_t s = 0; s < sum.solvers.size(); ++s) {
      expect_near(sum.solvers[s].loss, whole.solvers[s].loss);
      expect_near(sum.solvers[s].adjusted, whole.solvers[s].adjusted);
    }
    for (std::size_t l = 0; l < 2; ++l) {
      expect_near(sum.layers[l].loss, whole.layers[l].loss);
      expect_near(sum.layers[l].adjusted, whole.layers[l].adjusted);
    }
    expect_near(sum.model_minus_bayes, whole.model_minus_bayes);
    expect_near(sum.blowups.adjusted_without, whole.blowups.adjusted_without);
  }
}

TEST(Accumulate, ARowIsReadBackToTheBit) {
  for (const int n : {8, 2}) {
    Accumulated a(n);
    const std::string row = to_row(640, a.of(640, 128));
    const auto back = from_row(row, a.none());
    ASSERT_TRUE(back) << test::message_of(back);
    EXPECT_EQ(back->first, 640u);
    EXPECT_EQ(back->result.prompts, 128u);
    EXPECT_EQ(to_row(640, back->result), row);
    const std::string header = row_header(a.none());
    EXPECT_EQ(std::ranges::count(header, ','), std::ranges::count(row, ','));
    EXPECT_NE(header.find(",model.adjusted.mean,"), header.npos);
    EXPECT_EQ(header.find("adarr") == header.npos, n == 2);  // undefined
  }
}

TEST(Accumulate, RowsThatCannotBeAreRefused) {
  Accumulated a;
  const std::string row = to_row(0, a.of(0, 64));
  const auto cells = [&](const std::string& beginning) {
    std::size_t comma = row.find(',');
    comma = row.find(',', comma + 1);
    return beginning + row.substr(row.find(',', comma + 1));
  };
  const auto refused = [&](const std::string& text, std::string_view why) {
    EXPECT_TRUE(is_error(from_row(text, a.none()), ErrorKind::format, {why})) << text;
  };
  ASSERT_TRUE(from_row(cells("0,64,0"), a.none()));
  refused("", "cell 1 is ''");
  refused(cells("0,64"), "cell 4 is");  // one cell less: the next are taken for others
  refused(cells("0,64,65"), "65 blow-ups of 64 prompts");
  refused(cells("0,-64,0"), "cell 2 is '-64'");
  refused(cells("x,64,0"), "cell 1 is 'x'");
  refused(row + ",0", "more than");
  refused(row.substr(0, row.rfind(',')), "must have more");
  refused(row.substr(0, row.rfind(',')) + ",nan", "finite");
  refused(row.substr(0, row.rfind(',')) + ",-1", "cannot be");
}

TEST(Accumulate, CountsOfBlowUpsAreRowsToo) {
  const BlowUpCount one{.prompts = 32,
                        .count = 2,
                        .threshold = 4,
                        .largest = INFINITY,
                        .loss = RunningMean({32, 1, 0.1, 0.7})},
      other{.prompts = 16,
            .count = 0,
            .threshold = 4,
            .largest = 3.5,
            .loss = RunningMean({16, 0, 0.3, 0.1})};
  for (const BlowUpCount& count : {one, other}) {
    const auto read = blowups_from_row(to_row(64, count), 4);
    ASSERT_TRUE(read) << test::message_of(read);
    EXPECT_EQ(read->first, 64u);
    EXPECT_EQ(to_row(64, read->count), to_row(64, count));
  }
  BlowUpCount sum{.threshold = 4};
  add(other, sum);
  EXPECT_EQ(sum.largest, 3.5);
  add(one, sum);
  EXPECT_EQ(sum.prompts, 48u);
  EXPECT_EQ(sum.count, 2u);
  EXPECT_EQ(sum.largest, INFINITY);
  EXPECT_EQ(sum.loss.count(), 48u);
  for (const char* const row :
       {"0,16,0,5,0,0.3,0.1",     // a largest loss beyond the threshold, and no blow-up
        "0,16,1,3,0,0.3,0.1",     // the other way round
        "0,16,17,5,0,0.3,0.1",    // more than prompts
        "0,16,0,nan,0,0.3,0.1",   // no loss
        "0,16,0,-1,0,0.3,0.1",    // none either
        "0,16,0,3,0,inf,0.1",     // a mean that is none
        "0,16,0,3,0,0.3,0.1,1"})  // one cell more
    EXPECT_TRUE(is_error(blowups_from_row(row, 4), ErrorKind::format, {})) << row;
}

}  // namespace
}  // namespace gramian
