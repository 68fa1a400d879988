#include "gramian/runs/checkpoint.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "gramian/io/safetensors.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

// Numbers whose last bit, sign or size a text format would lose.
Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.state.theta = {0.1, -0.0, std::numeric_limits<double>::denorm_min()};
  checkpoint.state.adam = {
      .step = 3'000'000'000, .first = {1.0 / 3, -1e300, 2}, .second = {1e-300, 0, 1}};
  checkpoint.seconds = 12.345678901234567;
  checkpoint.dropped = 42;
  return checkpoint;
}

class CheckpointFile : public testing::Test {
 protected:
  // The reader's answer to the example's file after a change.
  Expected<Checkpoint> load_changed(const std::function<void(TensorFile&)>& change) const {
    if (Status ok = save_checkpoint(path_, example()); !ok) return std::unexpected(ok.error());
    auto file = read_safetensors(path_);
    if (!file) return std::unexpected(file.error());
    change(*file);
    if (Status ok = write_safetensors(path_, *file); !ok) return std::unexpected(ok.error());
    return load_checkpoint(path_, 3, Method::adam);
  }
  static Tensor& tensor(TensorFile& file, std::string_view name) {
    return const_cast<Tensor&>(*file.find(name));
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "checkpoint.safetensors";
};

TEST_F(CheckpointFile, RoundTripKeepsEveryBit) {
  const auto bits = [](const std::vector<double>& values) {
    std::vector<std::uint64_t> words;
    for (double value : values) words.push_back(std::bit_cast<std::uint64_t>(value));
    return words;
  };
  const Checkpoint saved = example();
  ASSERT_TRUE(save_checkpoint(path_, saved));
  const Expected<Checkpoint> back = load_checkpoint(path_, 3, Method::adam);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(bits(back->state.theta), bits(saved.state.theta));
  EXPECT_EQ(bits(back->state.adam.first), bits(saved.state.adam.first));
  EXPECT_EQ(bits(back->state.adam.second), bits(saved.state.adam.second));
  EXPECT_EQ(back->state.adam.step, saved.state.adam.step);
  EXPECT_EQ(back->seconds, saved.seconds);
  EXPECT_EQ(back->dropped, saved.dropped);
}

TEST_F(CheckpointFile, GaussNewtonKeepsItsCurvature) {
  Checkpoint saved = example();
  saved.state.error = 0.1;
  saved.state.gauss_newton = {
      .curvature = {1, 2, 3, 4, 5, 6, 7, 8, 9}, .momentum = {0.1, -0.2, 0.3}, .step = 7};
  ASSERT_TRUE(save_checkpoint(path_, saved));
  const Expected<Checkpoint> back = load_checkpoint(path_, 3, Method::gauss_newton);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->state.gauss_newton.curvature, saved.state.gauss_newton.curvature);
  EXPECT_EQ(back->state.gauss_newton.momentum, saved.state.gauss_newton.momentum);
  EXPECT_EQ(back->state.gauss_newton.step, 7);
  EXPECT_EQ(back->state.error, 0.1);
  // One of Adam cannot go on as Gauss-Newton.
  ASSERT_TRUE(save_checkpoint(path_, example()));
  EXPECT_TRUE(is_error(load_checkpoint(path_, 3, Method::gauss_newton), ErrorKind::format,
                       {path_, "no tensor 'gauss_newton.curvature'"}));
}

TEST_F(CheckpointFile, SoapKeepsItsBases) {
  Checkpoint saved = example();
  saved.state.soap = {.left = {1, 2, 3},
                      .right = {4, 5, 6},
                      .left_basis = {0.1, 0.2, 0.3},
                      .right_basis = {7, 8, 9}};
  ASSERT_TRUE(save_checkpoint(path_, saved));
  const Expected<Checkpoint> back = load_checkpoint(path_, 3, Method::soap);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->state.soap.left, saved.state.soap.left);
  EXPECT_EQ(back->state.soap.right, saved.state.soap.right);
  EXPECT_EQ(back->state.soap.left_basis, saved.state.soap.left_basis);
  EXPECT_EQ(back->state.soap.right_basis, saved.state.soap.right_basis);
  ASSERT_TRUE(save_checkpoint(path_, example()));  // of Adam
  EXPECT_TRUE(is_error(load_checkpoint(path_, 3, Method::soap), ErrorKind::format,
                       {path_, "no tensor 'soap.left'"}));
}

TEST_F(CheckpointFile, OfAnotherNetworkIsRefused) {
  ASSERT_TRUE(save_checkpoint(path_, example()));
  for (std::size_t parameters : {2, 4}) {
    EXPECT_TRUE(is_error(
        load_checkpoint(path_, parameters, Method::adam), ErrorKind::format,
        {path_, fmt::format("'theta' must be {} numbers", parameters), "got 3 of float64"}));
  }
  for (const char* name : {"theta", "adam.first", "adam.second"}) {
    const auto longer = [&](TensorFile& f) {
      tensor(f, name).shape = {4};
      tensor(f, name).values.resize(4);
    };
    EXPECT_TRUE(is_error(load_changed(longer), ErrorKind::format, {path_, name, "got 4"}));
    // Rounded to float32 it would not go on to the same bits.
    const auto rounded = [&](TensorFile& f) {
      tensor(f, name).values = {1, 2, 3};
      tensor(f, name).dtype = DType::f32;
    };
    EXPECT_TRUE(
        is_error(load_changed(rounded), ErrorKind::format, {path_, name, "got 3 of float32"}));
  }
}

TEST_F(CheckpointFile, MissingTensorsAreNamed) {
  for (const char* name : {"theta", "adam.first", "adam.second"}) {
    const auto renamed = [&](TensorFile& f) { tensor(f, name).name = "other"; };
    EXPECT_TRUE(is_error(load_changed(renamed), ErrorKind::format,
                         {path_, "not a checkpoint", fmt::format("no tensor '{}'", name)}));
  }
}

TEST_F(CheckpointFile, NumbersMustBeFinite) {
  for (const char* name : {"theta", "adam.first", "adam.second"}) {
    EXPECT_TRUE(
        is_error(load_changed([&](TensorFile& f) { tensor(f, name).values[2] = std::nan(""); }),
                 ErrorKind::format, {path_, name, "must be finite", "[2]"}));
  }
}

TEST_F(CheckpointFile, MetadataMustBeNumbers) {
  for (const char* key : {"step", "gauss_newton_step", "error", "seconds", "dropped"}) {
    for (const char* bad : {"", "-1", "x", "1 2", "nan", "inf", "99999999999999999999e999"}) {
      EXPECT_TRUE(is_error(load_changed([&](TensorFile& f) { f.metadata[key] = bad; }),
                           ErrorKind::format,
                           {path_, "not a checkpoint", key, fmt::format("got '{}'", bad)}))
          << key << " = " << bad;
    }
    EXPECT_TRUE(is_error(load_changed([&](TensorFile& f) { f.metadata.erase(key); }),
                         ErrorKind::format, {path_, key, "got none"}));
  }
}

TEST_F(CheckpointFile, DamagedFilesAreRefusedByName) {
  EXPECT_TRUE(is_error(load_checkpoint(folder_ / "none", 3, Method::adam), ErrorKind::io,
                       {folder_ / "none"}));
  spill(path_, "this is no safetensors file");
  EXPECT_TRUE(is_error(load_checkpoint(path_, 3, Method::adam), ErrorKind::format,
                       {path_, "not a safetensors file"}));
  ASSERT_TRUE(save_checkpoint(path_, example()));
  const std::string whole = slurp(path_);
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    spill(path_, whole.substr(0, length));
    EXPECT_TRUE(is_error(load_checkpoint(path_, 3, Method::adam), ErrorKind::format, {path_}))
        << length << " of " << whole.size();
  }
}

TEST_F(CheckpointFile, UnwritablePlaceIsNamed) {
  EXPECT_TRUE(is_error(save_checkpoint(folder_ / "none/c", example()), ErrorKind::io,
                       {folder_ / "none/c"}));
}

}  // namespace
}  // namespace gramian
