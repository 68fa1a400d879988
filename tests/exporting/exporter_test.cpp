#include "gramian/exporting/exporter.h"

#include "gramian/runs/trained_run.h"
#include "tests/exporting/execution.h"
#include "tests/support/cases.h"

namespace gramian {
namespace {

using test::ExportPrompt;
using test::fails;
using test::is_error;
using test::NetworkCase;
using test::predicts;
using test::run_export;
using test::run_gramian;
using test::slurp;
using test::spill;
using test::succeeds;
using test::TemporaryFolder;
using test::Workshop;

// Rounding alone may differ: a layer adds numbers of order one, in another order.
constexpr double kTolerance = 1e-12;

// Each thing that a writer treats in its own way.
std::vector<NetworkCase> exported_networks() {
  using enum Parametrisation;
  return {
      {{.kind = full, .d = 4, .layers = 3}, 7},
      {{.kind = full, .d = 3, .layers = 2, .heads = 2}, 7},
      {{.kind = full, .d = 2, .layers = 3, .heads = 2, .tied = true}, 7},
      {{.kind = full, .d = 1, .layers = 1, .context_scale = ContextScale::sum}, 4},
      {{.kind = diag, .d = 5, .layers = 4}, 7},
      {{.kind = diag, .d = 3, .layers = 3, .tied = true, .context_scale = ContextScale::sum}, 4},
      {{.kind = diag, .d = 1, .layers = 1}, 7},
      {{.kind = gdpp, .d = 4, .layers = 3}, 7},
      {{.kind = gdpp, .d = 3, .layers = 1, .tied = true}, 7},
      {{.kind = gdpp, .d = 2, .layers = 2, .tied = true, .context_scale = ContextScale::sum}, 4},
      {{.kind = preconditioned, .d = 4, .layers = 3}, 7},
      {{.kind = preconditioned, .d = 1, .layers = 2}, 7},
      {{.kind = preconditioned,
        .d = 3,
        .layers = 2,
        .tied = true,
        .context_scale = ContextScale::sum},
       7}};
}

class Exporter : public testing::TestWithParam<const char*> {
 protected:
  std::string how() const { return GetParam(); }
  std::string format() const { return how() == "onnxruntime" ? "onnx" : how(); }
  bool is_missing() const {
    if (how() != "onnxruntime") return false;
    spill(folder_ / "prompt", ExportPrompt(1, 1, 1).text());
    return run_export(how(), "", folder_ / "prompt").exit_code == test::kNoRuntime;
  }
  TemporaryFolder folder_;
};

TEST_P(Exporter, SaysWhatTheReferenceSays) {
  if (is_missing()) GTEST_SKIP() << "there is no onnxruntime; test.sh installs one";
  for (const NetworkCase& c : exported_networks()) {
    SCOPED_TRACE(c.name());
    const ExportSource source{test::random_network(c, 5), 20, "runs/a \"\"\" */ b",
                              "sigma ~ uniform [0, 5]"};
    const auto bytes = export_model(source, export_format(format()).value());
    ASSERT_TRUE(bytes) << test::message_of(bytes);
    spill(folder_ / "learned", *bytes);
    std::filesystem::rename(folder_ / "learned",
                            folder_ / export_file_name(export_format(format()).value()));
    const ExportPrompt prompt(c.spec.d, c.n, 3);  // a context of another length than in training
    spill(folder_ / "prompt", prompt.text());
    const auto outcome = run_export(
        how(), folder_ / export_file_name(export_format(format()).value()), folder_ / "prompt");
    EXPECT_TRUE(predicts(outcome, prompt.reference(source.network), kTolerance));
  }
}

TEST_P(Exporter, WritesTrainedRuns) {
  if (is_missing()) GTEST_SKIP() << "there is no onnxruntime; test.sh installs one";
  const Workshop shop;
  const std::vector<std::vector<std::string>> kinds{{"model.kind=diag"},
                                                    {"model.kind=gdpp"},
                                                    {"model.kind=full"},
                                                    {"model.kind=full", "model.heads=2"},
                                                    {"model.kind=diag", "model.tied=true"}};
  for (const auto& settings : kinds) {
    const std::string run = fmt::format("{}", fmt::join(settings, ""));
    SCOPED_TRACE(run);
    ASSERT_TRUE(succeeds(shop.train(run, settings)));
    ASSERT_TRUE(succeeds(run_gramian({"export", shop / run, "--to", format()})));
    const std::string file = shop / (run + "/") + export_file_name(export_format(format()).value());
    const ExportPrompt prompt(3, 10, 4);
    spill(shop / "prompt", prompt.text());
    const auto trained = load_trained_run(RunDirectory::open(shop / run).value());
    ASSERT_TRUE(trained) << test::message_of(trained);
    EXPECT_TRUE(predicts(run_export(how(), file, shop / "prompt"),
                         prompt.reference(trained->network), kTolerance));
  }
}

INSTANTIATE_TEST_SUITE_P(Format, Exporter, testing::Values("numpy", "c++", "onnx", "onnxruntime"),
                         [](const auto& format) {
                           return std::string(format.param) == "c++" ? "cpp"
                                                                     : std::string(format.param);
                         });

TEST(ExportNumpy, RefusesShapesThatDoNotFit) {
  const TemporaryFolder folder;
  const NetworkCase c{{.kind = Parametrisation::diag, .d = 2, .layers = 1}, 7};
  spill(folder / "learned.py",
        export_model({test::random_network(c, 5), 7, "", ""}, ExportFormat::numpy).value());
  spill(folder / "prompt", ExportPrompt(3, 5, 2).text());
  EXPECT_TRUE(fails(run_export("numpy", folder / "learned.py", folder / "prompt"), 1,
                    {"ValueError", "need x_context [n, 2]", "got (5, 3), (5,), (2, 3)"}));
}

TEST(ExportSourceCode, NamesOmegasScaleAndTraining) {
  const NetworkCase c{{.kind = Parametrisation::diag, .d = 2, .layers = 2}, 7};
  ExportSource source{test::random_network(c, 5), 20, "runs/mine", "sigma ~ uniform [0, 5]"};
  for (const ExportFormat format : {ExportFormat::numpy, ExportFormat::cpp}) {
    source.network.spec.context_scale = ContextScale::mean;
    const std::string text = export_model(source, format).value();
    for (const char* part : {"DIAG, 2 layers, d = 2 inputs", "From runs/mine", "n = 20 examples",
                             "sigma ~ uniform [0, 5]", "omega_xx, omega_xy, omega_yx, omega_yy",
                             "S = mean x x^T", "means, as in training"}) {
      EXPECT_NE(text.find(part), std::string::npos) << part;
    }
    source.network.spec.context_scale = ContextScale::sum;
    const std::string sums = export_model(source, format).value();
    EXPECT_NE(sums.find("S = sum x x^T"), std::string::npos);
    EXPECT_NE(sums.find("plain sums"), std::string::npos);
  }
}

TEST(ExportSourceCode, CallsEveryKindByItsName) {
  const std::pair<Parametrisation, const char*> names[] = {
      {Parametrisation::full, "FULL, 2 layers"},
      {Parametrisation::diag, "DIAG, 2 layers"},
      {Parametrisation::gdpp, "GD++, 2 layers"},
      {Parametrisation::preconditioned, "preconditioned gradient descent, 2 layers"}};
  for (const auto& [kind, name] : names) {
    const NetworkCase c{{.kind = kind, .d = 2, .layers = 2}, 7};
    const ExportSource source{test::random_network(c, 5), 20, "", ""};
    EXPECT_EQ(describe_network(source.network), name);
    for (const ExportFormat format : {ExportFormat::numpy, ExportFormat::cpp, ExportFormat::onnx}) {
      const std::string text = export_model(source, format).value();
      EXPECT_NE(text.find(name), std::string::npos);
      EXPECT_EQ(text.find("omega") != std::string::npos, !c.spec.is_dense());
    }
  }
}

TEST(ExportSourceCode, WritesTheWeightsOfTiedLayersOnce) {
  const NetworkCase c{{.kind = Parametrisation::full, .d = 2, .layers = 5, .tied = true}, 7};
  const ExportSource source{test::random_network(c, 5), 20, "", ""};
  EXPECT_EQ(describe_network(source.network), "FULL, 5 tied layers");
  for (const ExportFormat format : {ExportFormat::numpy, ExportFormat::cpp}) {
    const std::string text = export_model(source, format).value();
    EXPECT_NE(text.find("layer 1"), std::string::npos);
    EXPECT_EQ(text.find("layer 2"), std::string::npos);
  }
  const std::string graph = export_model(source, ExportFormat::onnx).value();
  EXPECT_NE(graph.find("layers.0.heads.0.Q"), std::string::npos);
  EXPECT_EQ(graph.find("layers.1.heads.0.Q"), std::string::npos);
}

TEST(ExportModel, RefusesQueriesAmongTheKeysAndUnknownFormats) {
  const NetworkCase c{{.kind = Parametrisation::diag, .d = 2, .layers = 2, .query_in_keys = true},
                      7};
  for (const ExportFormat format : {ExportFormat::numpy, ExportFormat::cpp, ExportFormat::onnx}) {
    EXPECT_TRUE(is_error(export_model({test::random_network(c, 5), 7, "", ""}, format),
                         ErrorKind::config, {"[model.query_in_keys] must be false"}));
  }
  EXPECT_TRUE(
      is_error(export_format("lisp"), ErrorKind::usage,
               {"numpy, c++, onnx, torch, jax, got 'lisp'"}));
}

}  // namespace
}  // namespace gramian
