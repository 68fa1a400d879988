// The family of networks on graphs: both forms train, are saved, come back and are refused where
// they do not fit.
#include <gtest/gtest.h>

#include <cmath>

#include "gramian/runs/graph_family.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::TemporaryFolder;

Config graph_config(std::vector<std::string> more) {
  std::vector<std::string> settings = {
      "model.kind=graph", "model.layers=2",       "train.steps=150",
      "train.batch=48",   "train.robust=0",       "train.learning_rate=0.02",
      "task.demands=3",   "model.init_noise=0.3", "eval.prompts=64"};
  settings.insert(settings.end(), more.begin(), more.end());
  return parse_config("", "test", settings).value();
}

TEST(GraphFamily, BothFormsLearnAndComeBackFromTheirFiles) {
  const TemporaryFolder folder;
  ThreadPool pool(1);
  for (const char* form : {"efficient", "full"}) {
    const auto experiment =
        make_experiment(graph_config({std::string("model.form=") + form})).value();
    auto loop = experiment->begin(pool, {}).value();
    double first = 0, last = 0;
    while (!loop->done()) {
      last = 2 * loop->step()->loss;
      if (first == 0) first = last;
    }
    EXPECT_LT(last, first) << form;
    const auto model = experiment->model(loop->theta());
    const std::string path = folder / form;
    ASSERT_TRUE(model->save(path).has_value());
    for (const bool any : {false, true}) {
      const auto loaded = any ? load_any(path) : experiment->load(path);
      ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
      EXPECT_TRUE(std::ranges::equal((*loaded)->weights(), model->weights()));
    }
    const auto loss = experiment->mean_loss(*model, 200, 1, pool).value();
    EXPECT_LT(loss.mean(), 1) << form;
    EXPECT_NEAR(loss.mean(), last, 0.2) << form;
    EXPECT_TRUE(experiment->evaluate(*model, pool, {}).has_value());
  }
}

// Without noise Q and K are the identity on the columns of B times this number, V the identity, and
// P and the skips are zero.
TEST(GraphFamily, FullWeightsMayBeginWithTheLaplacianAsScores) {
  const auto experiment =
      GraphExperiment::make(
          graph_config({"model.form=full", "model.init_noise=0", "model.init_scores=3"}))
          .value();
  ThreadPool pool(1);
  const auto loop = experiment.begin(pool, {}).value();
  Transformer network = Transformer::create(experiment.full, loop->theta()).value();
  const int width = experiment.task.width() + experiment.task.demands;
  const auto expect_diagonal = [&](const std::string& name, int count, double value) {
    const auto weights = network.weights(name);
    for (int i = 0; i < width; ++i) {
      for (int j = 0; j < width; ++j) {
        const double here = i == j && i < count ? value : 0;
        EXPECT_EQ(weights[static_cast<std::size_t>(i * width + j)], here) << name << i << j;
      }
    }
  };
  for (const char* layer : {"layers.0.", "layers.1."}) {
    const std::string at = layer;
    expect_diagonal(at + "heads.0.Q", experiment.task.columns(), 3);
    expect_diagonal(at + "heads.0.K", experiment.task.columns(), 3);
    expect_diagonal(at + "heads.0.V", width, 1);
    expect_diagonal(at + "heads.0.P", 0, 0);
    expect_diagonal(at + "mixer_skip", 0, 0);
  }
}

TEST(GraphFamily, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const auto refused = [](std::vector<std::string> settings, const std::string& what) {
    const auto made = make_experiment(graph_config(std::move(settings)));
    const bool found = !made && made.error().message.find(what) != std::string::npos;
    EXPECT_TRUE(found) << what << ": " << (made ? "accepted" : made.error().message);
  };
  refused({"task.d=5"}, "task.d");
  refused({"model.heads=2"}, "model.heads");
  refused({"task.nodes=3"}, "task.nodes");
  refused({"train.optimiser=soap"}, "train.optimiser");
  refused({"task.question=eigenvectors", "task.demands=10"}, "eigenvectors");
  refused({"model.embedding=8"}, "model.embedding");
  const auto two = make_experiment(graph_config({})).value();
  const auto three = make_experiment(graph_config({"model.layers=3"})).value();
  ThreadPool pool(1);
  const auto model = two->model(two->begin(pool, {}).value()->theta());
  ASSERT_TRUE(model->save(folder / "two").has_value());
  EXPECT_FALSE(three->load(folder / "two").has_value());
}

TEST(GraphFamily, FilesThatAreNoNetworksAreRefused) {
  const TemporaryFolder folder;
  const GraphNetwork network{{.layers = 1}, {1, 2, 3, 4, 5, 6}};
  ASSERT_EQ(network.theta.size(), network.spec.numbers());
  ASSERT_TRUE(save_graph_network(folder / "g", {.efficient = network}).has_value());
  EXPECT_EQ(load_graph_network(folder / "g")->efficient.theta, network.theta);
  const auto refused = [&](std::map<std::string, std::string> notes) {
    EXPECT_TRUE(save_graph_network(folder / "bad", {.efficient = network}, notes).has_value());
    const auto loaded = load_graph_network(folder / "bad");
    return !loaded && loaded.error().kind == ErrorKind::format;
  };
  const std::string good =
      R"({"layers":1,"columns":0,"rewrites":false,"couples":false,"norm":"none","scale":"one"})";
  EXPECT_FALSE(refused({{"graph", good}}));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"layers\":1", "\"layers\":0"},
                                                        {"\"layers\":1", "\"layers\":2"},
                                                        {"\"layers\":1", "\"layers\":1.5"},
                                                        {"\"layers\":1", "\"leyers\":1"},
                                                        {"\"none\"", "\"nothing\""},
                                                        {"\"one\"", "3"},
                                                        {"false", "0"},
                                                        {"\"columns\":0,", ""},
                                                        {"{", "["}}) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_TRUE(refused({{"graph", bad}})) << bad;
  }
}

}  // namespace
}  // namespace gramian
