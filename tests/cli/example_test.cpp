// examples/evaluate.py is the proof that a model file needs no Gramian: it must say the same.
#include <cmath>
#include <cstdio>

#include "gramian/models/reference.h"
#include "gramian/runs/model_file.h"
#include "tests/cli/process.h"
#include "tests/support/cases.h"

namespace gramian {
namespace {

using test::NetworkCase;
using test::Process;
using test::run_gramian;
using test::succeeds;
using test::Workshop;

test::Outcome run_example(test::Arguments arguments) {
  arguments.insert(arguments.begin(), {GRAMIAN_PYTHON, GRAMIAN_SOURCE_DIR "/examples/evaluate.py"});
  return Process(arguments).wait();
}

TEST(Example, LossIsThatOfTheEvaluation) {
  const Workshop shop;
  for (const char* kind : {"model.kind=full", "model.kind=diag"}) {
    SCOPED_TRACE(kind);
    const std::string run = std::string(kind).substr(11);
    ASSERT_TRUE(succeeds(shop.train(run, {kind})));
    ASSERT_TRUE(succeeds(run_gramian({"eval", shop / run, "--prompts", "20000"})));
    const auto model = shop.json(run + "/eval.json")["loss"]["model"];
    const auto outcome = run_example(
        {shop / (run + "/model.safetensors"), "--sigma", "0", "1", "--prompts", "20000"});
    ASSERT_TRUE(succeeds(outcome));
    double loss = 0, se = 0;
    int prompts = 0;
    ASSERT_EQ(
        std::sscanf(outcome.out.c_str(), "loss %lf +- %lf on %d prompts", &loss, &se, &prompts), 3);
    EXPECT_EQ(prompts, 20000);
    // Other prompts, of a query drawn instead of integrated: equal in distribution only.
    const double mean = model["mean"], other_se = model["se"];
    EXPECT_NEAR(loss, mean, 4 * std::hypot(se, other_se));
    EXPECT_LT(std::hypot(se, other_se), 0.1 * mean);  // sharp enough to see a mistake
  }
}

TEST(Example, PredictionIsThatOfTheReference) {
  const Workshop shop;
  const std::vector<NetworkCase> cases{
      {{.kind = Parametrisation::full, .d = 4, .layers = 3, .heads = 3}, 7},
      {{.kind = Parametrisation::full, .d = 2, .layers = 2, .context_scale = ContextScale::sum}, 7},
      {{.kind = Parametrisation::diag, .d = 3, .layers = 4, .tied = true}, 7},
      {{.kind = Parametrisation::gdpp, .d = 3, .layers = 2, .query_in_keys = true}, 7}};
  for (const NetworkCase& c : cases) {
    SCOPED_TRACE(c.name());
    const Network network = test::random_network(c, 9);
    ASSERT_TRUE(save_model(shop / "model.safetensors", network, c.n));
    std::vector<double> tokens;
    std::string text;
    for (int i = 0; i <= c.n; ++i) {
      for (int j = 0; j <= c.spec.d; ++j) {
        const bool unknown = i == c.n && j == c.spec.d;
        tokens.push_back(unknown ? 0 : std::sin(1.0 + static_cast<double>(tokens.size()) * 1.7));
        text += fmt::format("{} ", tokens.back());
      }
      text += "\n";
    }
    test::spill(shop / "tokens.txt", text);
    const auto outcome = run_example({shop / "model.safetensors", "--tokens", shop / "tokens.txt"});
    ASSERT_TRUE(succeeds(outcome));
    const double want = token_predictions(network, tokens).back();
    EXPECT_GT(std::abs(want), 1e-3);
    EXPECT_NEAR(std::stod(outcome.out), want, 1e-12 * std::max(1.0, std::abs(want))) << outcome.out;
  }
}

}  // namespace
}  // namespace gramian
