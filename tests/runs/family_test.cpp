#include "gramian/runs/family.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gramian/io/safetensors.h"
#include "gramian/runs/gram_family.h"
#include "gramian/runs/transformer_family.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::TemporaryFolder;

using Overrides = std::vector<std::string>;

const Overrides kGram{"model.kind=full"};
const Overrides kTransformer{"model.kind=transformer", "model.hidden=4", "model.softmax_layers=1"};

Config small(const Overrides& more) {
  Overrides all{"task.d=3",       "task.n=6",        "model.layers=2",  "train.steps=3",
                "train.batch=64", "train.threads=1", "eval.prompts=200"};
  all.insert(all.end(), more.begin(), more.end());
  if (more.front() != kTransformer.front()) all.push_back("eval.tuning_prompts=500");
  return parse_config("", "test", all).value();
}

Expected<std::string> no_run_before(const Config&, const std::string&) {
  return fail(ErrorKind::io, "no other run is needed");
}

std::unique_ptr<Model> trained(const Experiment& experiment) {
  ThreadPool pool(1);
  const auto loop = experiment.begin(pool, no_run_before);
  EXPECT_TRUE(loop) << test::message_of(loop);
  while (!(*loop)->done()) EXPECT_TRUE((*loop)->step());
  return experiment.model((*loop)->theta());
}

std::vector<double> values(const Model& model) {
  return {model.weights().begin(), model.weights().end()};
}

TEST(Families, EveryKindBelongsToOne) {
  const Key& kind = *key_table().find("model.kind");
  std::vector<std::string_view> all;
  for (const Family* family : families()) {
    EXPECT_EQ(std::ranges::count(families(), family->name, &Family::name), 1) << family->name;
    all.insert(all.end(), family->kinds.begin(), family->kinds.end());
  }
  EXPECT_TRUE(std::ranges::is_permutation(all, kind.choices));
  for (const std::string_view word : kind.choices) {
    const Config config = default_config().with({fmt::format("model.kind={}", word)}).value();
    EXPECT_EQ(std::ranges::count(family_of(config).kinds, word), 1) << word;
  }
  for (const Key& key : key_table().keys()) {
    EXPECT_TRUE(key.only.empty() || std::ranges::count(families(), key.only, &Family::name) == 1)
        << key.name;
  }
}

// What train, eval and reproduce do with a system, for each family and kind.
TEST(Families, MakeTrainSaveLoadEvaluate) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  for (const Overrides& what :
       {kGram, Overrides{"model.kind=full", "model.tied=true", "model.context_scale=sum"},
        Overrides{"model.kind=diag"}, Overrides{"model.kind=gdpp", "model.tied=true"},
        Overrides{"model.kind=preconditioned"}, kTransformer}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(what, " ")));
    const auto experiment = make_experiment(small(what)).value();
    const auto model = trained(*experiment);
    ASSERT_TRUE(model->save(path));
    EXPECT_EQ(read_safetensors(path)->metadata.at("family"), experiment->family().name);

    const auto back = experiment->load(path);
    ASSERT_TRUE(back) << test::message_of(back);
    ASSERT_EQ((*back)->weights().size(), model->weights().size());
    for (std::size_t i = 0; i < model->weights().size(); ++i)
      EXPECT_NEAR((*back)->weights()[i], model->weights()[i], 1e-15);
    const auto alone = load_any(path);  // without the configuration
    ASSERT_TRUE(alone) << test::message_of(alone);
    EXPECT_EQ(values(**alone), values(**back));

    ThreadPool pool(1);
    const auto report = experiment->evaluate(**back, pool, {});
    ASSERT_TRUE(report) << test::message_of(report);
    const auto json = nlohmann::json::parse(report->json);
    EXPECT_EQ(json["prompts"], 200);
    EXPECT_TRUE(json["loss"]["model"]["mean"].is_number());
    EXPECT_NE(report->table.find("model"), std::string::npos);
    EXPECT_NE(experiment->describe().find("n = 6"), std::string::npos);

    const auto loss = experiment->mean_loss(**back, 500, 2, pool);
    ASSERT_TRUE(loss);
    EXPECT_GT(loss->mean(), 0);
    EXPECT_GT(loss->standard_error(), 0);
    const auto shared = experiment->shared("");
    const Examination how{.prompts = 200, .tuning_prompts = 500};
    const auto one = experiment->examine(**back, how, *shared, pool, {});
    const auto two = experiment->examine(**alone, how, *shared, pool, {});
    ASSERT_TRUE(one && two);
    EXPECT_EQ(*one, *two);
    EXPECT_EQ(nlohmann::json::parse(*one)["prompts"], 200);
  }
}

// Without noise the network alone on more prompts gives the adjusted loss, and its quantiles; with
// noise they stand beside it.
TEST(Families, ExaminesTheNetworkAloneOnMorePrompts) {
  for (const bool noisy : {false, true}) {
    const auto experiment =
        make_experiment(
            small({"model.kind=full", noisy ? "task.noise=uniform" : "task.noise=constant",
                   noisy ? "task.sigma=[0, 1]" : "task.sigma=[0]"}))
            .value();
    const auto model = trained(*experiment);
    ThreadPool pool(1);
    const auto shared = experiment->shared("");
    const auto examined = [&](std::uint64_t alone) {
      return nlohmann::json::parse(
          experiment
              ->examine(
                  *model,
                  {.seed = 7, .prompts = 500, .network_prompts = alone, .tuning_prompts = 500},
                  *shared, pool, {})
              .value());
    };
    const auto few = examined(0), many = examined(3000);
    EXPECT_FALSE(few.contains("network"));
    const double mean = experiment->mean_loss(*model, 3000, 7, pool).value().mean();
    EXPECT_EQ(many["network"]["prompts"], 3000);
    EXPECT_EQ(many["network"]["loss"]["mean"], mean);
    EXPECT_EQ(many["adjusted"]["model"]["mean"],
              noisy ? few["adjusted"]["model"]["mean"] : many["network"]["loss"]["mean"]);
    double before = 0;
    for (const auto& pair : many["network"]["quantiles"]) {
      EXPECT_GE(pair[1].get<double>(), before);
      before = pair[1].get<double>();
    }
    EXPECT_LT(many["network"]["quantiles"][0][1].get<double>(), mean);  // the median: a skew law
    EXPECT_GT(before, mean);
  }
}

// The means of samples of the same prompts, in order: their mean is that of all, and the first is
// that of the first prompts alone.
TEST(Families, ExaminesTheNetworkAloneBySamples) {
  const auto experiment =
      make_experiment(small({"model.kind=full", "task.noise=constant", "task.sigma=[0]"})).value();
  const auto model = trained(*experiment);
  ThreadPool pool(1);
  const auto shared = experiment->shared("");
  const auto json = nlohmann::json::parse(experiment
                                              ->examine(*model,
                                                        {.seed = 7,
                                                         .prompts = 500,
                                                         .network_prompts = 3'300,
                                                         .sample_prompts = 1'600,
                                                         .tuning_prompts = 500},
                                                        *shared, pool, {})
                                              .value());
  const auto& samples = json["network"]["samples"];
  EXPECT_EQ(samples["prompts"], 1'600);
  ASSERT_EQ(samples["means"].size(), 2u);  // and a hundred prompts that are no sample
  const double first = samples["means"][0], second = samples["means"][1];
  EXPECT_EQ(first, experiment->mean_loss(*model, 1'600, 7, pool).value().mean());
  EXPECT_NE(first, second);
  const double both = experiment->mean_loss(*model, 3'200, 7, pool).value().mean();
  EXPECT_NEAR((first + second) / 2, both, 1e-12 * both);
  const double all = experiment->mean_loss(*model, 3'300, 7, pool).value().mean();
  EXPECT_NEAR(json["network"]["loss"]["mean"].get<double>(), all, 1e-12 * all);
}

// GD++ without noise has its exact expectation beside the mean of a sample.
TEST(Families, ExaminesGdppByTheExactLaw) {
  const auto experiment = make_experiment(small({"model.kind=gdpp", "task.n=12", "model.layers=1",
                                                 "task.noise=constant", "task.sigma=[0]"}))
                              .value();
  const auto model = trained(*experiment);
  ThreadPool pool(1);
  const auto shared = experiment->shared("");
  const auto json = nlohmann::json::parse(
      experiment
          ->examine(*model,
                    {.seed = 7, .prompts = 500, .network_prompts = 40'000, .tuning_prompts = 500},
                    *shared, pool, {})
          .value());
  const auto& alone = json["network"];
  EXPECT_NEAR(alone["exact"]["loss"], alone["loss"]["mean"], 4 * alone["loss"]["se"].get<double>());
  EXPECT_LT(alone["loss"]["se"], 0.02 * alone["loss"]["mean"].get<double>());
  EXPECT_LT(alone["exact"]["without_rare"], alone["exact"]["loss"].get<double>());
}

TEST(Families, CostsAndSpeedsAreThereForEstimates) {
  for (const Overrides& what : {kGram, kTransformer}) {
    const auto experiment = make_experiment(small(what)).value();
    Overrides longer = what;
    longer.push_back("train.steps=30");
    EXPECT_GT(experiment->cost(), 0);
    EXPECT_NEAR(make_experiment(small(longer)).value()->cost(), 10 * experiment->cost(),
                1e-6 * experiment->cost());
    const auto seconds = experiment->seconds_per_cost();
    ASSERT_TRUE(seconds);
    EXPECT_GT(*seconds, 0);
    EXPECT_FALSE(experiment->speed_group().empty());
  }
}

TEST(Families, AFileOfAFamilyThatIsNotKnownIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  const auto experiment = make_experiment(small(kGram)).value();
  ASSERT_TRUE(trained(*experiment)->save(path));
  auto file = read_safetensors(path).value();
  file.metadata["family"] = "organ";
  ASSERT_TRUE(write_safetensors(path, file));
  EXPECT_TRUE(is_error(load_any(path), ErrorKind::format, {path, "'organ'"}));
  file.metadata.clear();  // as other programs write them
  ASSERT_TRUE(write_safetensors(path, file));
  EXPECT_TRUE(load_any(path));
  EXPECT_TRUE(is_error(load_any(folder / "none"), ErrorKind::io, {"none"}));
}

// Commands that need a network on Gram matrices refuse others in one place.
TEST(Families, WhoNeedsAGramNetworkSaysSo) {
  const auto gram = make_experiment(small(kGram)).value();
  EXPECT_EQ(require_gram(*gram, "runs/a").value(), gram->as_gram());
  const auto tokens = make_experiment(small(kTransformer)).value();
  EXPECT_EQ(tokens->as_gram(), nullptr);
  const auto refusal = require_gram(*tokens, "runs/a/model.safetensors");
  EXPECT_TRUE(is_error(refusal, ErrorKind::usage,
                       {"runs/a/model.safetensors is a transformer on tokens ([model.kind] "
                        "transformer)",
                        "full, diag, gdpp, preconditioned", "eval and explain"}));
  EXPECT_TRUE(is_error(gram_experiment(small(kTransformer), "noisy.toml"), ErrorKind::usage,
                       {"noisy.toml is a transformer on tokens"}));
  EXPECT_TRUE(is_error(transformer_experiment(small(kGram)), ErrorKind::usage, {"full"}));
}

// A value that is not the default.
std::string another(const Key& key) {
  switch (key.type) {
    case KeyType::integer:
      return fmt::format("{}", default_config().integer(key.name) + 1);
    case KeyType::number: {
      const double usual = default_config().number(key.name);
      return fmt::format("{}",
                         (usual + (usual < key.range.high ? key.range.high : key.range.low)) / 2);
    }
    case KeyType::boolean:
      return default_config().boolean(key.name) ? "false" : "true";
    case KeyType::choice:
      return std::string(key.choices[key.fallback == key.choices[0] ? 1 : 0]);
    case KeyType::numbers:
      return "[0.25, 0.75, 7]";
    case KeyType::matrix:
      return "[0.5]";
  }
  return "";
}

TEST(Families, AKeyOfAnotherFamilyIsRefusedByItsAttribute) {
  int refused = 0;
  for (const Family* family : families()) {
    for (const Key& key : key_table().keys()) {
      if (key.only.empty() || key.only == family->name || !key.changes_weights()) continue;
      const std::string kind = fmt::format("model.kind={}", family->kinds.front());
      const auto config =
          parse_config("", "test", {kind, fmt::format("{}={}", key.name, another(key))});
      ASSERT_TRUE(config) << test::message_of(config);
      EXPECT_TRUE(is_error(make_experiment(*config), ErrorKind::config,
                           {fmt::format("[{}] is for [model.kind] ", key.name),
                            fmt::format("not for {}", family->kinds.front()), "command line"}));
      ++refused;
    }
  }
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace gramian
