// Training into a directory: what is written, and that no interruption shows in the result.
#include "gramian/runs/train_run.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "gramian/io/safetensors.h"
#include "gramian/models/transformer/flat.h"
#include "gramian/runs/model_file.h"
#include "gramian/runs/trained_run.h"
#include "gramian/runs/transformer_family.h"
#include "gramian/runs/transformer_file.h"
#include "tests/runs/small_run.h"
#include "tests/support/files.h"
#include "tests/support/small_disk.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::is_error;
using test::Overrides;
using test::slurp;
using test::small_run;
using test::SmallDisk;
using test::spill;

class TrainRun : public test::SmallRuns {};

TEST_F(TrainRun, WritesEveryFile) {
  const auto result = train("run");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->first_step, 0);
  EXPECT_EQ(result->steps, 12);
  EXPECT_FALSE(result->already_done);

  std::set<std::string> names;
  for (const auto& [name, content] : files("run")) names.insert(name);
  EXPECT_EQ(names,
            (std::set<std::string>{"config.toml", "model.safetensors", "checkpoint.safetensors",
                                   "metrics.jsonl", "manifest.json"}));  // and no temporary file

  EXPECT_EQ(load_config(folder_ / "run/config.toml")->to_toml(),
            small_run().to_toml());  // every key, resolved
  const auto network = load_model(folder_ / "run/model.safetensors");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->spec.kind, Parametrisation::full);
  EXPECT_EQ(network->spec.heads, 2);
  EXPECT_EQ(read_safetensors(folder_ / "run/checkpoint.safetensors")->metadata["step"], "12");

  const auto manifest = nlohmann::json::parse(bytes("run", "manifest.json"));
  EXPECT_EQ(manifest["command_line"], "the test");
  EXPECT_EQ(manifest["seed"], 0);
  EXPECT_TRUE(manifest["finished"].is_string());
  EXPECT_GT(manifest["seconds"], 0);

  std::vector<int> steps;
  std::istringstream text(bytes("run", "metrics.jsonl"));
  for (std::string line; std::getline(text, line);) {
    const auto row = nlohmann::json::parse(line);
    steps.push_back(row["step"]);
    for (const char* key : {"loss", "grad_norm", "lr", "seconds"}) EXPECT_GT(row[key], 0) << key;
  }
  EXPECT_EQ(steps, (std::vector{2, 4, 6, 8, 10, 12}));
}

TEST_F(TrainRun, TheSameSeedIsTheSameFile) {
  ASSERT_TRUE(train("a", small_run({"train.threads=1"})));
  ASSERT_TRUE(train("b", small_run({"train.threads=3"})));
  ASSERT_TRUE(train("c", small_run({"train.seed=1"})));
  EXPECT_EQ(bytes("a", "model.safetensors"), bytes("b", "model.safetensors"));
  EXPECT_EQ(metrics("a"), metrics("b"));
  EXPECT_NE(bytes("a", "model.safetensors"), bytes("c", "model.safetensors"));
}

TEST_F(TrainRun, ResumedIsUninterrupted) {
  for (const Overrides& kind :
       {Overrides{}, Overrides{"model.kind=diag", "model.heads=1", "train.precision=double"}}) {
    const std::string whole = "whole" + std::to_string(kind.size());
    ASSERT_TRUE(train(whole, small_run(kind)));
    for (int stop : {1, 4, 5, 11}) {  // at a row of metrics, at a checkpoint, and between them
      SCOPED_TRACE(fmt::format("{} stopped after step {}", whole, stop));
      const std::string name = fmt::format("{}-{}", whole, stop);
      EXPECT_TRUE(is_error(train_some(name, stop, small_run(kind)), ErrorKind::interrupted,
                           {fmt::format("step {} of 12", stop), folder_ / name, "--resume"}));
      EXPECT_NE(bytes(name, "model.safetensors"), bytes(whole, "model.safetensors"));
      EXPECT_TRUE(nlohmann::json::parse(bytes(name, "manifest.json"))["finished"].is_null());
      const auto result = train(name, small_run(kind), true);
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(result->first_step, stop);
      EXPECT_EQ(result->steps, 12);
      expect_same(name, whole);
    }
  }
}

TEST_F(TrainRun, ResumedTwiceOnOtherNumbersOfThreads) {
  ASSERT_TRUE(train("whole"));
  ASSERT_TRUE(is_error(train_some("run", 3), ErrorKind::interrupted, {"step 3"}));
  ASSERT_TRUE(is_error(train_some("run", 5, small_run({"train.threads=1"})), ErrorKind::interrupted,
                       {"step 8"}));
  const auto result = train("run", small_run({"train.threads=4"}), true);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->first_step, 8);
  expect_same("run", "whole");
}

// A crash saves nothing: the run goes on from the last checkpoint, and the rows of metrics
// after it, the last of them torn, are written anew.
TEST_F(TrainRun, ACrashGoesOnFromTheLastCheckpoint) {
  int step = 0;
  ASSERT_TRUE(train("whole", small_run(), false, [&] {
    if (++step == 9) fs::copy(folder_ / "whole", folder_ / "crashed");
    return false;
  }));
  std::string rows = bytes("crashed", "metrics.jsonl");
  ASSERT_NE(rows.find("\"step\":8"), std::string::npos);
  spill(folder_ / "crashed/metrics.jsonl", rows + rows.substr(0, 20));
  const auto result = train("crashed", small_run(), true);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->first_step, 5);
  expect_same("crashed", "whole");
}

TEST_F(TrainRun, ResumeOfAFinishedRunChangesNothing) {
  ASSERT_TRUE(train("run"));
  const auto before = files("run");
  const auto time = fs::last_write_time(folder_ / "run/manifest.json");
  const auto result = train("run", small_run(), true);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->already_done);
  EXPECT_EQ(result->steps, 12);
  EXPECT_GT(result->seconds, 0);
  EXPECT_EQ(files("run"), before);
  EXPECT_EQ(fs::last_write_time(folder_ / "run/manifest.json"), time);
}

TEST_F(TrainRun, ResumeBeginsWhatWasNotBegun) {
  ASSERT_TRUE(train("whole"));
  ASSERT_TRUE(train("new", small_run(), true));
  expect_same("new", "whole");
  // Stopped before the first checkpoint.
  fs::remove(folder_ / "new/checkpoint.safetensors");
  fs::remove(folder_ / "new/model.safetensors");
  const auto result = train("new", small_run(), true);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->first_step, 0);
  expect_same("new", "whole");
}

TEST_F(TrainRun, ResumeRefusesAnotherConfiguration) {
  ASSERT_TRUE(is_error(train_some("run", 4), ErrorKind::interrupted, {}));
  const auto before = files("run");
  const std::map<std::string, std::string> changes{{"task.n=7", "[task] n = 7"},
                                                   {"task.sigma=[0, 4]", "[task] sigma = [0, 4]"},
                                                   {"model.heads=1", "[model] heads = 1"},
                                                   {"train.seed=1", "[train] seed = 1"},
                                                   {"train.steps=13", "[train] steps = 13"},
                                                   {"train.warmup=0", "[train] warmup = 0"}};
  for (const auto& [change, named] : changes) {
    EXPECT_TRUE(is_error(train("run", small_run({change}), true), ErrorKind::config,
                         {named, folder_ / "run/config.toml", "must keep its configuration"}))
        << change;
    EXPECT_EQ(files("run"), before) << change;
  }
  // What does not touch the weights is free.
  EXPECT_TRUE(train(
      "run", small_run({"eval.prompts=7", "train.log_every=3", "train.checkpoint_every=1"}), true));
}

TEST_F(TrainRun, ResumeRefusesDamagedFiles) {
  ASSERT_TRUE(is_error(train_some("run", 4), ErrorKind::interrupted, {}));
  const auto intact = files("run");
  const auto expect_refused = [&](const char* file, const std::string& content, const char* part) {
    const std::string path = folder_ / (std::string("run/") + file);
    spill(path, content);
    const auto before = files("run");
    EXPECT_TRUE(is_error(train("run", small_run(), true), ErrorKind::format, {file, part}));
    EXPECT_EQ(files("run"), before);
    spill(path, intact.at(file));
  };
  const std::string checkpoint = "checkpoint.safetensors";
  expect_refused("checkpoint.safetensors", intact.at(checkpoint).substr(0, 300), "truncated");
  expect_refused("checkpoint.safetensors", intact.at("model.safetensors"), "not a checkpoint");
  expect_refused("metrics.jsonl", "{\"step\":2}\noops\n", "metrics.jsonl:2:");
  // A checkpoint of a network with other sizes.
  ASSERT_TRUE(train("other", small_run({"model.layers=3"})));
  expect_refused("checkpoint.safetensors", bytes("other", checkpoint),
                 "'theta' must be 128 numbers");
  EXPECT_TRUE(train("run", small_run(), true));
}

TEST_F(TrainRun, AFolderInUseIsRefused) {
  ASSERT_TRUE(train("run"));
  const auto before = files("run");
  EXPECT_TRUE(is_error(train("run"), ErrorKind::io, {folder_ / "run", "not empty", "--resume"}));
  EXPECT_EQ(files("run"), before);
  // --resume does not help where no run was: the reason is another one.
  fs::create_directory(folder_ / "mine");
  spill(folder_ / "mine/notes.txt", "mine");
  EXPECT_TRUE(
      is_error(train("mine", small_run(), true), ErrorKind::io, {"mine/config.toml is missing"}));
  EXPECT_EQ(files("mine").size(), 1u);
}

TEST_F(TrainRun, DivergenceStopsWithTheStepAndKeepsTheCheckpoint) {
  const Config config = small_run(
      {"train.learning_rate=10", "train.warmup=0", "train.checkpoint_every=1", "model.heads=1"});
  std::map<std::string, std::string> last;
  int steps = 0;
  const auto result = train("run", config, false, [&] {
    ++steps;
    return false;
  });
  EXPECT_TRUE(is_error(
      result, ErrorKind::numeric,
      {fmt::format("diverged at step {}", steps + 1), "train.learning_rate",
       fmt::format("checkpoint of step {} is kept in {}", steps, folder_ / "run/checkpoint")}));
  ASSERT_GE(steps, 1);
  const auto before = files("run");
  EXPECT_EQ(read_safetensors(folder_ / "run/checkpoint.safetensors")->metadata["step"],
            std::to_string(steps));
  EXPECT_TRUE(load_model(folder_ / "run/model.safetensors"));
  // The same again from there, and the checkpoint is still named and kept.
  EXPECT_TRUE(is_error(train("run", config, true), ErrorKind::numeric,
                       {fmt::format("diverged at step {}", steps + 1),
                        fmt::format("checkpoint of step {} is kept", steps)}));
  EXPECT_EQ(bytes("run", "checkpoint.safetensors"), before.at("checkpoint.safetensors"));
  EXPECT_EQ(bytes("run", "model.safetensors"), before.at("model.safetensors"));
}

TEST_F(TrainRun, AFullDiskKeepsTheOldFiles) {
  ASSERT_TRUE(train("whole"));
  std::map<std::string, std::string> before;
  std::optional<SmallDisk> disk;
  int step = 0;
  // No room for the checkpoint of step 10.
  const auto result = train("run", small_run({"train.log_every=1000"}), false, [&] {
    if (++step == 7) {
      before = files("run");
      disk.emplace(1000);
    }
    return false;
  });
  disk.reset();
  EXPECT_TRUE(is_error(result, ErrorKind::io,
                       {"cannot write", folder_ / "run/checkpoint.safetensors", "File too large"}));
  EXPECT_EQ(step, 10);
  EXPECT_EQ(files("run"), before);  // the old files, and no half of a new one
  const auto resumed = train("run", small_run({"train.log_every=1000"}), true);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ(resumed->first_step, 5);
  EXPECT_EQ(bytes("run", "model.safetensors"), bytes("whole", "model.safetensors"));
}

TEST_F(TrainRun, AFullDiskUnderTheMetricsIsNamed) {
  ASSERT_TRUE(train("whole"));
  std::optional<SmallDisk> disk;
  int step = 0;
  const auto result = train("run", small_run(), false, [&] {
    if (++step == 6) disk.emplace(fs::file_size(folder_ / "run/metrics.jsonl") + 10);
    return false;
  });
  disk.reset();
  EXPECT_TRUE(is_error(result, ErrorKind::io,
                       {"cannot write", folder_ / "run/metrics.jsonl", "File too large"}));
  const auto resumed = train("run", small_run(), true);
  ASSERT_TRUE(resumed) << resumed.error().message;
  expect_same("run", "whole");
}

TEST_F(TrainRun, WhatCannotBeMadeIsRefused) {
  spill(folder_ / "file", "");
  EXPECT_TRUE(is_error(train("file/run"), ErrorKind::io, {folder_ / "file/run"}));
  EXPECT_TRUE(is_error(train("file"), ErrorKind::io, {folder_ / "file", "it is a file"}));
  // A combination that means nothing is found before the folder is made.
  EXPECT_TRUE(is_error(train("run", small_run({"model.kind=diag"})), ErrorKind::config,
                       {"[model.heads] = 2"}));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

// A dense network that begins as GD++: the first run is inside the second, and both resume.
TEST_F(TrainRun, GdppInsideARun) {
  const Config config = small_run({"model.heads=1", "model.init=gdpp", "train.steps=12"});
  const auto whole = train("whole", config);
  ASSERT_TRUE(whole) << test::message_of(whole);
  EXPECT_TRUE(fs::exists(folder_ / "whole/gdpp/model.safetensors"));
  const auto gdpp = load_model(folder_ / "whole/gdpp/model.safetensors");
  ASSERT_TRUE(gdpp);
  EXPECT_EQ(gdpp->spec.kind, Parametrisation::gdpp);

  for (const int count : {5, 5, 5, 5}) {
    const auto part = train_some("parts", count, config);
    if (part) break;
    EXPECT_EQ(part.error().kind, ErrorKind::interrupted) << part.error().message;
  }
  ASSERT_TRUE(train("parts", config, true));
  EXPECT_EQ(slurp(folder_ / "whole/model.safetensors"), slurp(folder_ / "parts/model.safetensors"));

  for (const char* bad : {"model.heads=2", "model.tied=true", "model.kind=gdpp"}) {
    const auto refused = train("bad", small_run({"model.heads=1", "model.init=gdpp", bad}));
    EXPECT_TRUE(is_error(refused, ErrorKind::config, {"[model.init] gdpp"})) << bad;
  }
}

// The GD++ network of least expected loss, computed: in each kind the same function, with no step
// as with more.
TEST_F(TrainRun, BeginsAtTheBestGdpp) {
  const auto optimum = [](std::vector<std::string> more) {
    std::vector<std::string> settings{"model.heads=1", "model.layers=3", "model.init=gdpp_optimum",
                                      "train.steps=0"};
    settings.insert(settings.end(), more.begin(), more.end());
    return small_run(settings);
  };
  const auto gdpp = train("gdpp", optimum({"model.kind=gdpp"}));
  ASSERT_TRUE(gdpp) << test::message_of(gdpp);
  EXPECT_EQ(gdpp->steps, 0);
  EXPECT_FALSE(gdpp->already_done);
  const Network network = load_model(folder_ / "gdpp/model.safetensors").value();
  EXPECT_EQ(network.spec.layers, 3);

  ASSERT_TRUE(train("diag", optimum({"model.kind=diag"})));
  ASSERT_TRUE(train("full", optimum({"model.kind=full"})));
  ASSERT_TRUE(train("sum", optimum({"model.kind=gdpp", "model.context_scale=sum"})));
  for (int layer = 0; layer < 3; ++layer) {
    const Omega omega = network.omega(layer);
    EXPECT_LT(omega.yx, 0);
    const Omega diag = load_model(folder_ / "diag/model.safetensors").value().omega(layer);
    EXPECT_EQ(diag.xx, omega.xx);
    EXPECT_EQ(diag.yx, omega.yx);
    EXPECT_EQ(diag.xy, 0);
    const LayerWeights full =
        load_model(folder_ / "full/model.safetensors").value().expanded(layer);
    EXPECT_EQ(full.p, network.expanded(layer).p);
    EXPECT_EQ(full.q, network.expanded(layer).q);
    const Omega sum = load_model(folder_ / "sum/model.safetensors").value().omega(layer);
    EXPECT_NEAR(6 * sum.yx, omega.yx,
                1e-12 * std::abs(omega.yx));  // for a plain sum of n = 6 tokens
  }
  // A run without steps is finished, and says so when it is asked again; one with steps goes on
  // from the same place.
  const auto again = train("gdpp", optimum({"model.kind=gdpp"}), true);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->already_done);
  ASSERT_TRUE(train("trained", optimum({"model.kind=diag", "train.steps=5"})));
  EXPECT_NE(slurp(folder_ / "trained/model.safetensors"),
            slurp(folder_ / "diag/model.safetensors"));

  for (const auto& [bad, what] : {std::pair{"model.heads=2", "heads = 1"},
                                  {"model.tied=true", "tied = false"},
                                  {"model.layers=17", "[model.layers]"},
                                  {"task.inputs=uniform", "[task.inputs]"},
                                  {"task.covariance=[1, 2, 3]", "[task.covariance]"}}) {
    EXPECT_TRUE(is_error(train("bad", optimum({"model.kind=full", bad})), ErrorKind::config,
                         {"[model.init] gdpp_optimum", what}))
        << bad;
  }
}

TEST(Snapshots, AreDenserWhereTrainingIsYoung) {
  EXPECT_EQ(snapshot_steps(1000, 0), std::vector<std::int64_t>{});
  EXPECT_EQ(snapshot_steps(1000, 1), std::vector<std::int64_t>{1000});
  EXPECT_EQ(snapshot_steps(1000, 6), (std::vector<std::int64_t>{0, 40, 160, 360, 640, 1000}));
  EXPECT_EQ(snapshot_steps(3, 100), (std::vector<std::int64_t>{0, 1, 2, 3}));
}

TEST_F(TrainRun, KeepsModelsAlongTheWay) {
  const Config config = small_run({"train.snapshots=4"});
  const auto result = train("run", config);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_TRUE(train("plain"));
  EXPECT_EQ(bytes("run", "model.safetensors"), bytes("plain", "model.safetensors"));
  EXPECT_FALSE(fs::exists(folder_ / "plain/snapshots"));
  const auto count = std::distance(fs::directory_iterator(result->directory.snapshots()),
                                   fs::directory_iterator());
  EXPECT_EQ(count, 4);  // steps 0, 1, 5, 12
  EXPECT_EQ(slurp(result->directory.snapshot(12)), bytes("run", "model.safetensors"));
  const auto first = load_model(result->directory.snapshot(0));
  ASSERT_TRUE(first);
  EXPECT_NE(first->theta, load_model(result->directory.model())->theta);

  // An interrupted run keeps the same ones.
  ASSERT_TRUE(is_error(train_some("torn", 3, config), ErrorKind::interrupted, {"step 3"}));
  ASSERT_TRUE(train("torn", config, true));
  for (const std::int64_t step : {0, 1, 5, 12}) {
    EXPECT_EQ(slurp(result->directory.snapshot(step)),
              slurp(folder_ / fmt::format("torn/snapshots/step-{:08}.safetensors", step)));
  }
}

Overrides transformer_settings() {
  return {"model.kind=transformer", "model.heads=1",    "task.family=sine",
          "model.embedding=5",      "model.hidden=8",   "model.softmax_layers=1",
          "model.clip=10",          "train.snapshots=2"};
}

TEST_F(TrainRun, TransformersAreTrainedInterruptedAndResumed) {
  const Config config = small_run(transformer_settings());
  ASSERT_TRUE(train("whole", config));
  EXPECT_TRUE(is_error(train_some("torn", 7, config), ErrorKind::interrupted, {"step 7 of 12"}));
  ASSERT_TRUE(train("torn", config, true));
  expect_same("whole", "torn");
  const auto experiment = transformer_experiment(config);
  ASSERT_TRUE(experiment);
  const auto transformer =
      load_transformer(folder_ / "whole/model.safetensors", experiment->transformer);
  ASSERT_TRUE(transformer) << transformer.error().message;
  EXPECT_NE(transformer->theta,
            load_transformer(folder_ / "whole/snapshots/step-00000000.safetensors",
                             experiment->transformer)
                ->theta);
  // What works on Gram matrices says so.
  const auto directory = RunDirectory::open(folder_ / "whole");
  EXPECT_TRUE(is_error(load_trained_run(*directory), ErrorKind::usage, {"transformer on tokens"}));
}

TEST_F(TrainRun, ATransformerMayBeLeftAsItBegins) {
  Overrides settings = transformer_settings();
  settings.push_back("train.steps=0");
  const auto result = train("run", small_run(settings));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->steps, 0);
  EXPECT_EQ(bytes("run", "model.safetensors"), bytes("run", "snapshots/step-00000000.safetensors"));
  const auto again = train("run", small_run(settings), true);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->already_done);
}

// A file from before there were descriptions is read by that of the configuration.
TEST_F(TrainRun, AnOldTransformerFileIsReadByItsConfiguration) {
  FlatTransformer flat{.tokens = 5, .width = 2, .hidden = 4, .layers = 2};
  const TransformerSpec spec = describe(flat).value();
  const Transformer transformer = Transformer::initial(spec, 0.1, 1).value();
  const std::string path = folder_ / "model.safetensors";
  ASSERT_TRUE(save_transformer(path, transformer));
  auto file = read_safetensors(path);
  ASSERT_TRUE(file);
  file->metadata.erase("description");
  ASSERT_TRUE(write_safetensors(path, *file));
  EXPECT_EQ(load_transformer(path, spec)->theta, transformer.theta);
  EXPECT_TRUE(is_error(load_transformer(path), ErrorKind::format, {"does not describe"}));
  flat.layers = 1;
  EXPECT_TRUE(is_error(load_transformer(path, describe(flat).value()), ErrorKind::format,
                       {"16 tensors in place of 8"}));
  flat.layers = 3;
  EXPECT_TRUE(is_error(load_transformer(path, describe(flat).value()), ErrorKind::format,
                       {"no tensor 'layers.2.mlp.in'"}));
  flat = {.tokens = 5, .width = 2, .hidden = 6, .layers = 2};
  EXPECT_TRUE(is_error(load_transformer(path, describe(flat).value()), ErrorKind::format,
                       {"'layers.0.mlp.in'", "[2, 6]", "[2, 4]"}));
  file->metadata["description"] = "{\"blocks\": 3}";
  ASSERT_TRUE(write_safetensors(path, *file));
  EXPECT_TRUE(is_error(load_transformer(path), ErrorKind::format, {"blocks", "list"}));
}

TEST_F(TrainRun, AFileThatIsNotThisTransformerIsRefused) {
  const FlatTransformer flat{.tokens = 5, .width = 2, .hidden = 4, .layers = 2};
  const TransformerSpec spec = describe(flat).value();
  const Transformer transformer = Transformer::initial(spec, 0.1, 1).value();
  const std::string path = folder_ / "model.safetensors";
  ASSERT_TRUE(save_transformer(path, transformer));
  EXPECT_EQ(load_transformer(path, spec)->theta, transformer.theta);
  EXPECT_EQ(load_transformer(path)->spec(), spec);
  EXPECT_EQ(load_transformer(path)->theta, transformer.theta);
  TransformerSpec longer = spec;
  longer.stem.tokens = 9;  // the same weights, for longer prompts
  EXPECT_EQ(load_transformer(path, longer)->spec(), longer);
  TransformerSpec other = spec;
  other.blocks[1].clip = 3;
  EXPECT_TRUE(is_error(load_transformer(path, other), ErrorKind::format,
                       {"not the transformer of this configuration", "/blocks/1/clip is 0"}));
  EXPECT_TRUE(is_error(load_model(path), ErrorKind::format, {"layers.0.P"}));
}

}  // namespace
}  // namespace gramian
