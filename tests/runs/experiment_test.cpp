#include "gramian/runs/family.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gramian/runs/keys.h"
#include "gramian/tasks/keys.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

Expected<TaskSpec> spec_of(std::string_view task, const std::vector<std::string>& overrides = {}) {
  const Expected<Config> config =
      parse_config(fmt::format("[task]\n{}\n", task), "noisy.toml", overrides);
  if (!config) return std::unexpected(config.error());
  return task_spec(*config);
}

testing::AssertionResult refuses(std::string_view task, std::string_view message) {
  return test::is_error(spec_of(task), ErrorKind::config, {message});
}

TEST(TaskSpecOfConfig, Defaults) {
  const Expected<TaskSpec> spec = task_spec(default_config());
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->d, 10);
  EXPECT_EQ(spec->n, 20);
  EXPECT_EQ(spec->noise.describe(), "uniform [0, 5]");
  EXPECT_TRUE(spec->covariance.empty());
  EXPECT_EQ(spec->inputs, InputLaw::gaussian);
  EXPECT_EQ(spec->weights, WeightLaw::isotropic);
  EXPECT_EQ(spec->sampler, SamplerKind::automatic);
}

TEST(TaskSpecOfConfig, EveryKey) {
  const Expected<TaskSpec> spec = spec_of(
      "d = 2\nn = 7\nnoise = 'categorical'\nsigma = [1, 3]\ncovariance = [2, 3]\ninputs = "
      "'uniform'\n"
      "weights = 'inverse_covariance'\nsampler = 'tokens'");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->d, 2);
  EXPECT_EQ(spec->n, 7);
  EXPECT_EQ(spec->noise.describe(), "categorical {1, 3}");
  EXPECT_EQ(spec->covariance, (std::vector<double>{2, 0, 0, 3}));
  EXPECT_EQ(spec->inputs, InputLaw::uniform);
  EXPECT_EQ(spec->weights, WeightLaw::inverse_covariance);
  EXPECT_EQ(spec->sampler, SamplerKind::tokens);
  EXPECT_TRUE(RegressionTask::create(*spec));
}

TEST(TaskSpecOfConfig, FullCovarianceAndGram) {
  const Expected<TaskSpec> spec =
      spec_of("d = 2\nsampler = 'gram'\ncovariance = [[2, 1], [0.5, 3]]");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->covariance, (std::vector<double>{2, 1, 0.5, 3}));
  EXPECT_EQ(spec->sampler, SamplerKind::gram);
}

TEST(TaskSpecOfConfig, SigmaMustFitTheNoise) {
  EXPECT_TRUE(refuses(
      "sigma = 2",
      "[task.sigma] must be [low, high] with low <= high for task.noise = \"uniform\", got [2] "
      "(noisy.toml:2)"));
  EXPECT_TRUE(refuses("sigma = [3, 1]", "got [3, 1] (noisy.toml:2)"));
  EXPECT_TRUE(refuses("sigma = [1, 2, 3]", "got [1, 2, 3] (noisy.toml:2)"));
  EXPECT_TRUE(refuses("noise = 'categorical'\nsigma = []", "must be at least one level"));
  EXPECT_TRUE(refuses(
      "noise = 'constant'\nsigma = [1, 2]",
      "[task.sigma] must be one level for task.noise = \"constant\", got [1, 2] (noisy.toml:3)"));
  // The default sigma does not fit: the place is that of the key that asked for it.
  EXPECT_TRUE(refuses("noise = 'constant'", "got [0, 5] (noisy.toml:2)"));
  EXPECT_TRUE(
      test::is_error(spec_of("", {"task.noise=constant"}), ErrorKind::config, {"(command line)"}));
  EXPECT_EQ(spec_of("noise = 'constant'\nsigma = 2")->noise.describe(), "constant 2");
  EXPECT_EQ(spec_of("sigma = [2, 2]")->noise.describe(), "constant 2");
}

TEST(TaskSpecOfConfig, CovarianceMustFitTheDimension) {
  EXPECT_TRUE(refuses(
      "d = 3\ncovariance = [1, 2]",
      "[task.covariance] must be d x d, or d numbers on the diagonal, d = 3, got 2 on the diagonal "
      "(noisy.toml:3)"));
  EXPECT_TRUE(refuses("d = 2\ncovariance = [[1, 0]]", "d = 2, got 1 rows (noisy.toml:3)"));
  EXPECT_TRUE(
      refuses("d = 2\ncovariance = [[1, 0], [0]]", "d = 2, got 1 numbers in row 2 (noisy.toml:3)"));
  EXPECT_TRUE(refuses("d = 2\ncovariance = [[]]", "got 1 rows"));
}

// Values that are no defaults, of the keys that transformers on tokens alone read.
constexpr std::pair<std::string_view, std::string_view> kKeysOfTransformers[] = {
    {"task.family", "sine"},
    {"task.layout", "interleaved"},
    {"task.amplitude", "[0.2, 0.5]"},
    {"task.correlated", "true"},
    {"task.patterns", "9"},
    {"task.relevant", "4"},
    {"task.mixed", "true"},
    {"task.relevant_share", "0.4"},
    {"task.confusing_share", "0.2"},
    {"task.token_noise", "0.2"},
    {"task.positive_share", "0.4"},
    {"model.positions", "2"},
    {"model.embedding", "8"},
    {"model.hidden", "8"},
    {"model.key_size", "4"},
    {"model.softmax_layers", "1"},
    {"model.mixer", "mesa"},
    {"model.gates", "both"},
    {"model.decay_cap", "0.9975"},
    {"model.momentum", "0.6"},
    {"model.ridge", "softplus"},
    {"model.least_ridge", "0.25"},
    {"model.convolution", "4"},
    {"model.unit_keys", "true"},
    {"model.norm_heads", "true"},
    {"model.mixer_norm", "rms"},
    {"model.attention", "gradient_descent"},
    {"model.clip", "10"},
    {"model.attention_bias", "true"},
    {"model.neurons", "8"},
    {"model.init_query_key", "0.1"},
    {"model.init_value", "0.5"},
    {"train.loss", "hinge"},
    {"task.condition", "10"},
    {"task.largest", "[1, 2]"},
    {"task.shared", "8"},
    {"task.response", "sign"},
    {"task.unit_norm", "true"},
    {"task.curriculum", "5"},
    {"task.system", "fixed"},
    {"task.tokens", "10"},
    {"task.state", "12"},
    {"task.slots", "pairs"},
    {"task.start", "normal"},
    {"task.step_noise", "0.1"},
    {"task.clean_targets", "true"},
    {"task.teacher", "1"},
    {"task.recall", "noisy"},
    {"task.vocabulary", "32"},
    {"task.items", "4"},
    {"task.noise_share", "0.5"},
    {"model.described", "true"},
};

TEST(ExperimentOfConfig, NetworksOnGramMatricesRefuseKeysOfTransformers) {
  for (const Key& key : key_table().keys()) {
    const auto* token = std::ranges::find(kKeysOfTransformers, key.name,
                                          &std::pair<std::string_view, std::string_view>::first);
    ASSERT_EQ(token != std::end(kKeysOfTransformers), key.only == "transformer") << key.name;
    if (key.only != "transformer") continue;
    for (const char* kind : {"full", "diag", "gdpp", "preconditioned"}) {
      const Expected<Config> config = parse_config(
          "", "",
          {fmt::format("model.kind={}", kind), fmt::format("{}={}", token->first, token->second)});
      ASSERT_TRUE(config) << test::message_of(config);
      EXPECT_TRUE(
          test::is_error(make_experiment(*config), ErrorKind::config,
                         {fmt::format("[{}]", key.name), "transformer", kind, "(command line)"}))
          << key.name;
    }
  }
}

TEST(ConfigExamples, AllDescribeATask) {
  int count = 0;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(GRAMIAN_SOURCE_DIR "/configs")) {
    if (file.path().extension() != ".toml") continue;
    const Expected<Config> config = load_config(file.path().string());
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(test::message_of(task_spec(*config)), "") << file.path();
    ++count;
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace gramian
