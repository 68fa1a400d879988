#include "gramian/runs/model_file.h"
#include "gramian/base/decompositions.h"

#include "gramian/models/keys.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "gramian/io/safetensors.h"
#include "gramian/models/reference.h"
#include "tests/support/cases.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::NetworkCase;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Every parametrisation and option that the file has to carry. n = 7: 1/n is not exact.
std::vector<NetworkCase> saved_networks() {
  std::vector<NetworkCase> cases;
  for (ContextScale scale : {ContextScale::mean, ContextScale::sum}) {
    for (int heads : {1, 2, 3}) {
      cases.push_back({{.kind = Parametrisation::full,
                        .d = 4,
                        .layers = 3,
                        .heads = heads,
                        .context_scale = scale},
                       7});
    }
    for (Parametrisation kind : {Parametrisation::diag, Parametrisation::gdpp}) {
      cases.push_back({{.kind = kind, .d = 5, .layers = 4, .context_scale = scale}, 7});
      cases.push_back({{.kind = kind, .d = 1, .layers = 1, .context_scale = scale}, 7});
      cases.push_back(
          {{.kind = kind, .d = 4, .layers = 3, .tied = true, .context_scale = scale}, 7});
    }
    cases.push_back(
        {{.kind = Parametrisation::full, .d = 3, .layers = 2, .tied = true, .context_scale = scale},
         7});
    cases.push_back({{.kind = Parametrisation::full,
                      .d = 3,
                      .layers = 2,
                      .context_scale = scale,
                      .query_in_keys = true},
                     7});
  }
  return cases;
}

class ModelFile : public testing::Test {
 protected:
  // Saves a small network, changes its file, and gives the reader's answer.
  Expected<Network> load_changed(const std::function<void(TensorFile&)>& change,
                                 int heads = 2) const {
    const NetworkCase c{{.kind = Parametrisation::full, .d = 2, .layers = 2, .heads = heads}, 7};
    if (Status ok = save_model(path_, test::random_network(c, 3), c.n); !ok)
      return std::unexpected(ok.error());
    auto file = read_safetensors(path_);
    if (!file) return std::unexpected(file.error());
    change(*file);
    if (Status ok = write_safetensors(path_, *file); !ok) return std::unexpected(ok.error());
    return load_model(path_);
  }
  testing::AssertionResult refuses(const std::function<void(TensorFile&)>& change,
                                   std::initializer_list<std::string_view> parts) const {
    const Expected<Network> answer = load_changed(change);
    const auto names_the_file = is_error(answer, ErrorKind::format, {path_});
    return names_the_file ? is_error(answer, ErrorKind::format, parts) : names_the_file;
  }
  static Tensor& tensor(TensorFile& file, std::string_view name) {
    return const_cast<Tensor&>(*file.find(name));
  }
  static void remove(TensorFile& file, std::string_view name) {
    std::erase_if(file.tensors, [&](const Tensor& t) { return t.name == name; });
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "model.safetensors";
};

TEST_F(ModelFile, RoundTripKeepsTheNetwork) {
  for (const NetworkCase& c : saved_networks()) {
    SCOPED_TRACE(c.name());
    const Network network = test::random_network(c, 3);
    ASSERT_TRUE(save_model(path_, network, c.n));
    const Expected<Network> back = load_model(path_);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->spec.kind, c.spec.kind);  // diag comes back as diag, not as its expansion
    EXPECT_EQ(back->spec.heads, c.spec.heads);
    EXPECT_EQ(back->spec.d, c.spec.d);
    EXPECT_EQ(back->spec.layers, c.spec.layers);
    EXPECT_EQ(back->spec.context_scale, c.spec.context_scale);
    EXPECT_EQ(back->spec.query_in_keys, c.spec.query_in_keys);
    ASSERT_EQ(back->theta.size(), back->spec.parameters());
    for (int layer = 0; layer < c.spec.layers; ++layer) {  // tied layers come back as equal ones
      const LayerWeights want = network.expanded(layer), got = back->expanded(layer);
      ASSERT_EQ(got.p.size(), want.p.size());
      EXPECT_EQ(got.q, want.q);
      for (std::size_t i = 0; i < want.p.size(); ++i) {
        // Folding 1/n into P and out again rounds twice; sums are not folded.
        if (c.spec.context_scale == ContextScale::mean) {
          EXPECT_NEAR(got.p[i], want.p[i], 4e-16 * std::abs(want.p[i]));
        } else {
          EXPECT_EQ(got.p[i], want.p[i]);
        }
      }
    }
  }
}

// The contract of the file: its own words, evaluated by somebody who knows nothing else.
TEST_F(ModelFile, TheWrittenFormulaIsTheNetwork) {
  for (const NetworkCase& c : saved_networks()) {
    SCOPED_TRACE(c.name());
    const Network network = test::random_network(c, 4);
    ASSERT_TRUE(save_model(path_, network, c.n));
    const auto file = read_safetensors(path_);
    ASSERT_TRUE(file);
    const int rows = c.spec.d + 1;
    std::vector<double> tokens;  // [n + 1, D], the query last
    for (int i = 0; i < (c.n + 1) * rows; ++i) tokens.push_back(std::sin(1.0 + 1.7 * i));
    tokens.back() = 0;
    const double want = token_predictions(network, tokens).back();

    Matrix e = Eigen::Map<Matrix>(tokens.data(), c.n + 1, rows).transpose();  // a token a column
    const int keys = file->metadata.at("query_in_keys") == "true" ? c.n + 1 : c.n;
    ASSERT_EQ(file->tensors.size(), static_cast<std::size_t>(2 * c.spec.layers));
    for (int layer = 0; layer < c.spec.layers; ++layer) {
      const Tensor* p = file->find(fmt::format("layers.{}.P", layer));
      const Tensor* q = file->find(fmt::format("layers.{}.Q", layer));
      ASSERT_TRUE(p != nullptr && q != nullptr);
      ASSERT_EQ(p->shape, (std::vector<std::int64_t>{p->shape[0], rows, rows}));
      ASSERT_EQ(q->shape, p->shape);
      const Matrix gram = e.leftCols(keys) * e.leftCols(keys).transpose();
      Matrix change = Matrix::Zero(rows, rows);
      for (std::int64_t h = 0; h < p->shape[0]; ++h) {
        change += Eigen::Map<const Matrix>(p->values.data() + h * rows * rows, rows, rows) * gram *
                  Eigen::Map<const Matrix>(q->values.data() + h * rows * rows, rows, rows);
      }
      e += change * e;
    }
    EXPECT_NEAR(-e(rows - 1, c.n), want, 1e-12 * std::max(1.0, e.cwiseAbs().maxCoeff()));
  }
}

TEST_F(ModelFile, MetadataSpeaksForItself) {
  const NetworkCase c{{.kind = Parametrisation::diag, .d = 2, .layers = 1}, 7};
  ASSERT_TRUE(save_model(path_, test::random_network(c, 3), c.n));
  auto metadata = read_safetensors(path_)->metadata;
  EXPECT_NE(metadata["convention"].find("e' = e + sum_h P_h G Q_h e"), std::string::npos);
  EXPECT_NE(
      metadata["convention"].find("prediction = minus the last coordinate of the query token"),
      std::string::npos);
  EXPECT_EQ(metadata["kind"], "diag");
  EXPECT_EQ(metadata["context_scale"], "mean");
  EXPECT_EQ(metadata["context_length"], "7");
}

TEST_F(ModelFile, ForeignFilesOfFloat32NeedNoMetadata) {
  const NetworkCase c{{.kind = Parametrisation::full,
                       .d = 3,
                       .layers = 2,
                       .heads = 2,
                       .context_scale = ContextScale::sum},
                      7};
  const Network network = test::random_network(c, 5);
  ASSERT_TRUE(save_model(path_, network, c.n));
  auto file = read_safetensors(path_);
  ASSERT_TRUE(file);
  file->metadata.clear();
  for (Tensor& tensor : file->tensors) tensor.dtype = DType::f32;
  ASSERT_TRUE(write_safetensors(path_, *file));
  const Expected<Network> back = load_model(path_);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->spec.context_scale, ContextScale::sum);
  ASSERT_EQ(back->theta.size(), network.theta.size());
  for (std::size_t i = 0; i < network.theta.size(); ++i) {
    EXPECT_EQ(back->theta[i], static_cast<double>(static_cast<float>(network.theta[i])));
  }
}

// The file says what it is, and that is read: a dense network whose weights happen to be diagonal
// stays dense, a preconditioned one is no dense one, tied layers are one set of weights again.
TEST_F(ModelFile, IsReadAsWhatItSays) {
  const NetworkCase gdpp{{.kind = Parametrisation::gdpp, .d = 3, .layers = 2}, 8};
  const Network diagonal = test::random_network(gdpp, 3);
  ASSERT_TRUE(save_model(path_, diagonal.as_full(), gdpp.n));
  EXPECT_EQ(load_model(path_)->spec.kind, Parametrisation::full);
  EXPECT_EQ(load_model(path_)->theta.size(), diagonal.as_full().theta.size());

  // 1/8 is exact: nothing is lost where it is folded into P and out again.
  for (const bool tied : {false, true}) {
    for (const Parametrisation kind : kParametrisations.values) {
      const NetworkCase c{{.kind = kind, .d = 3, .layers = 3, .tied = tied}, 8};
      const Network network = test::random_network(c, 3);
      ASSERT_TRUE(save_model(path_, network, c.n));
      const auto back = load_model_file(path_);
      ASSERT_TRUE(back) << test::message_of(back);
      EXPECT_EQ(back->network.spec.kind, kind);
      EXPECT_EQ(back->network.spec.tied, tied);
      EXPECT_EQ(back->network.spec.layers, 3);
      EXPECT_EQ(back->network.theta, network.theta);
      EXPECT_EQ(back->n, c.n);
    }
  }
}

// Without its words a file is read as before: exactly diagonal networks as such, others as full.
TEST_F(ModelFile, WithoutWordsDiagonalIsRecognised) {
  for (const Parametrisation kind : {Parametrisation::gdpp, Parametrisation::diag,
                                     Parametrisation::full, Parametrisation::preconditioned}) {
    const NetworkCase c{{.kind = kind, .d = 3, .layers = 2, .tied = true}, 8};
    ASSERT_TRUE(save_model(path_, test::random_network(c, 3), c.n));
    auto file = read_safetensors(path_);
    for (const char* word : {"family", "kind", "tied"}) file->metadata.erase(word);
    ASSERT_TRUE(write_safetensors(path_, *file));
    const auto back = load_model(path_);
    ASSERT_TRUE(back) << test::message_of(back);
    const bool diagonal = kind == Parametrisation::gdpp || kind == Parametrisation::diag;
    EXPECT_EQ(back->spec.kind, diagonal ? kind : Parametrisation::full);
    EXPECT_FALSE(back->spec.tied);
  }
}

TEST_F(ModelFile, WordsThatDoNotFitAreRefused) {
  EXPECT_TRUE(refuses([](TensorFile& file) { file.metadata["kind"] = "dense"; },
                      {"'kind' must be full or diag or gdpp or preconditioned", "'dense'"}));
  EXPECT_TRUE(refuses([](TensorFile& file) { file.metadata["tied"] = "yes"; },
                      {"'tied' must be true or false", "'yes'"}));
  EXPECT_TRUE(refuses([](TensorFile& file) { file.metadata["tied"] = "true"; },
                      {"'tied' is true", "not have the same weights"}));
}

TEST_F(ModelFile, AlmostDiagonalIsFull) {
  const NetworkCase c{{.kind = Parametrisation::diag, .d = 3, .layers = 2}, 7};
  ASSERT_TRUE(save_model(path_, test::random_network(c, 3), c.n));
  auto file = read_safetensors(path_);
  ASSERT_TRUE(file);
  tensor(*file, "layers.1.Q").values[1] = 1e-9;
  ASSERT_TRUE(write_safetensors(path_, *file));
  const Expected<Network> back = load_model(path_);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->spec.kind, Parametrisation::full);
  EXPECT_EQ(back->spec.heads, 2);
}

TEST_F(ModelFile, MissingTensorsAreNamed) {
  EXPECT_TRUE(refuses([](TensorFile& f) { f.tensors.clear(); }, {"not a model", "layers.0.P"}));
  EXPECT_TRUE(refuses([](TensorFile& f) { tensor(f, "layers.0.P").name = "weights"; },
                      {"not a model", "layers.0.P"}));
  EXPECT_TRUE(refuses([](TensorFile& f) { tensor(f, "layers.1.Q").name = "layers.1.R"; },
                      {"no 'layers.1.Q'"}));
  EXPECT_TRUE(refuses([](TensorFile& f) { tensor(f, "layers.1.P").name = "layers.2.P"; },
                      {"no 'layers.1.P'"}));
  // An odd number of tensors: half a layer, or a stranger.
  EXPECT_TRUE(refuses([](TensorFile& f) { f.tensors = {tensor(f, "layers.0.P")}; },
                      {"1 tensors", "a P and a Q each"}));
  EXPECT_TRUE(
      refuses([](TensorFile& f) { remove(f, "layers.1.Q"); }, {"3 tensors", "a P and a Q each"}));
  EXPECT_TRUE(refuses(
      [](TensorFile& f) {
        f.tensors.push_back({"bias", DType::f64, {}, {1}});
      },
      {"5 tensors"}));
}

TEST_F(ModelFile, ShapesMustFit) {
  const auto with_shape = [](std::vector<std::int64_t> shape) {
    return [shape](TensorFile& f) {
      std::size_t count = 1;
      for (std::int64_t size : shape) count *= static_cast<std::size_t>(size);
      for (Tensor& t : f.tensors) {
        t.shape = shape;
        t.values.assign(count, 0.25);
      }
    };
  };
  const std::vector<std::vector<std::int64_t>> bad{
      {18},      {3, 3},    {1, 3, 3, 1}, {2, 3, 4},     {2, 4, 3},
      {0, 3, 3}, {1, 1, 1}, {65, 2, 2},   {1, 258, 258}, {1, 0, 0}};
  for (const auto& shape : bad) {
    EXPECT_TRUE(refuses(with_shape(shape), {"'layers.0.P' must have shape [H, d+1, d+1]",
                                            fmt::format("got [{}]", fmt::join(shape, ", "))}));
  }
  EXPECT_TRUE(load_changed(with_shape({1, 3, 3})));  // the maker of these shapes is not to blame
  EXPECT_TRUE(load_changed(with_shape({1, 257, 257})));
}

TEST_F(ModelFile, ShapesMustBeTheSameInEveryLayer) {
  for (const char* name : {"layers.0.Q", "layers.1.P", "layers.1.Q"}) {
    EXPECT_TRUE(refuses(
        [&](TensorFile& f) {
          tensor(f, name).shape = {1, 3, 3};
          tensor(f, name).values.resize(9);
        },
        {name, "[1, 3, 3]", "'layers.0.P' has [2, 3, 3]"}));
  }
}

TEST_F(ModelFile, TooManyLayersAreRefused) {
  const auto layers = [](int count) {
    return [count](TensorFile& f) {
      f.tensors.clear();
      for (int l = 0; l < count; ++l) {
        for (const char* part : {"P", "Q"}) {
          f.tensors.push_back(
              {fmt::format("layers.{}.{}", l, part), DType::f64, {1, 2, 2}, {1, 2, 3, 4}});
        }
      }
    };
  };
  EXPECT_TRUE(refuses(layers(101), {"at most 100 layers", "101"}));
  EXPECT_EQ(load_changed(layers(100))->spec.layers, 100);
}

TEST_F(ModelFile, NumbersMustBeFinite) {
  for (double bad : {std::nan(""), -std::numeric_limits<double>::infinity()}) {
    EXPECT_TRUE(refuses([&](TensorFile& f) { tensor(f, "layers.1.Q").values[9 + 5] = bad; },
                        {"'layers.1.Q' must be finite", fmt::format("got {}", bad), "[1, 1, 2]"}));
  }
}

TEST_F(ModelFile, MetadataMustMakeSense) {
  for (const char* n : {"", "0", "-7", "x", "7x", "7.5", "99999999999"}) {
    EXPECT_TRUE(refuses([&](TensorFile& f) { f.metadata["context_length"] = n; },
                        {"context_length", "integer >= 1"}))
        << n;
  }
  EXPECT_TRUE(refuses([](TensorFile& f) { f.metadata.erase("context_length"); },
                      {"context_length", "got none"}));
  EXPECT_TRUE(refuses([](TensorFile& f) { f.metadata["context_scale"] = "average"; },
                      {"context_scale", "mean or sum", "'average'"}));
  EXPECT_TRUE(refuses([](TensorFile& f) { f.metadata["query_in_keys"] = "yes"; },
                      {"query_in_keys", "true or false", "'yes'"}));
}

TEST_F(ModelFile, DamagedFilesAreRefusedByName) {
  EXPECT_TRUE(
      is_error(load_model(folder_ / "none"), ErrorKind::io, {folder_ / "none", "No such file"}));
  for (const char* bytes : {"", "PK", "this is no safetensors file at all"}) {
    spill(path_, bytes);
    EXPECT_TRUE(is_error(load_model(path_), ErrorKind::format, {path_, "not a safetensors file"}));
  }
  const NetworkCase c{{.kind = Parametrisation::diag, .d = 2, .layers = 1}, 7};
  ASSERT_TRUE(save_model(path_, test::random_network(c, 3), c.n));
  const std::string whole = slurp(path_);
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    spill(path_, whole.substr(0, length));
    EXPECT_TRUE(is_error(load_model(path_), ErrorKind::format, {path_}))
        << length << " of " << whole.size();
  }
}

TEST_F(ModelFile, UnwritablePlaceIsNamed) {
  const Network network = test::random_network({{.d = 2, .layers = 1}, 7}, 3);
  EXPECT_TRUE(is_error(save_model(folder_ / "none/model", network, 7), ErrorKind::io,
                       {folder_ / "none/model"}));
}

}  // namespace
}  // namespace gramian
