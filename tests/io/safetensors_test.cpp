#include "gramian/io/safetensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <ctime>
#include <limits>
#include <random>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

// A file from its header and data, without any check.
std::string assemble(const std::string& header, std::size_t data_bytes,
                     std::uint64_t claimed_bytes) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &claimed_bytes, 8);
  return bytes + header + std::string(data_bytes, '\0');
}
std::string assemble(const std::string& header, std::size_t data_bytes) {
  return assemble(header, data_bytes, header.size());
}

TensorFile example() {
  TensorFile file;
  file.metadata = {{"convention", "e' = e + sum_h P_h G Q_h e"}, {"n", "20"}};
  file.tensors = {{"layers.0.P", DType::f32, {1, 2, 2}, {1, -2.5, 0.1, 1e30}},
                  {"scalar", DType::f64, {}, {0.1}},
                  {"empty", DType::f32, {0, 3}, {}},
                  {"moments", DType::f64, {3}, {1e-300, -0.0, 0.3}}};
  return file;
}

class Safetensors : public testing::Test {
 protected:
  // The reader's answer to these bytes.
  Expected<TensorFile> read(std::string_view bytes) const {
    spill(path_, bytes);
    return read_safetensors(path_);
  }
  testing::AssertionResult refuses(std::string_view bytes,
                                   std::initializer_list<std::string_view> parts) const {
    const auto answer = is_error(read(bytes), ErrorKind::format, parts);
    return answer ? is_error(read(bytes), ErrorKind::format, {path_}) : answer;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.safetensors";
};

TEST_F(Safetensors, RoundTrip) {
  ASSERT_TRUE(write_safetensors(path_, example()));
  const Expected<TensorFile> back = read_safetensors(path_);
  ASSERT_TRUE(back) << back.error().message;
  const TensorFile expected = example();
  EXPECT_EQ(back->metadata, expected.metadata);
  ASSERT_EQ(back->tensors.size(), expected.tensors.size());
  for (const Tensor& tensor : expected.tensors) {
    const Tensor* found = back->find(tensor.name);
    ASSERT_NE(found, nullptr) << tensor.name;
    EXPECT_EQ(found->dtype, tensor.dtype);
    EXPECT_EQ(found->shape, tensor.shape);
    ASSERT_EQ(found->values.size(), tensor.values.size());
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const double value =
          tensor.dtype == DType::f32 ? static_cast<float>(tensor.values[i]) : tensor.values[i];
      EXPECT_EQ(std::bit_cast<std::uint64_t>(found->values[i]),
                std::bit_cast<std::uint64_t>(value));
    }
  }
  EXPECT_EQ(back->find("layers.1.P"), nullptr);
}

TEST_F(Safetensors, BytesAreTheOfficialFormat) {
  TensorFile file;
  file.metadata = {{"k", "v"}};
  file.tensors = {{"b", DType::f32, {2}, {1, 2}}, {"a", DType::f64, {1}, {3}}};
  ASSERT_TRUE(write_safetensors(path_, file));
  std::string header =
      R"({"__metadata__":{"k":"v"},"a":{"data_offsets":[0,8],"dtype":"F64","shape":[1]},)"
      R"("b":{"data_offsets":[8,16],"dtype":"F32","shape":[2]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string expected = assemble(header, 16);
  const double three = 3;
  const float one_two[] = {1, 2};
  std::memcpy(expected.data() + 8 + header.size(), &three, 8);
  std::memcpy(expected.data() + 16 + header.size(), one_two, 8);
  EXPECT_EQ(slurp(path_), expected);
}

TEST_F(Safetensors, BytesDoNotDependOnTheOrderGiven) {
  TensorFile file = example();
  ASSERT_TRUE(write_safetensors(path_, file));
  const std::string bytes = slurp(path_);
  std::swap(file.tensors[0], file.tensors[3]);
  ASSERT_TRUE(write_safetensors(path_, file));
  EXPECT_EQ(slurp(path_), bytes);
}

TEST_F(Safetensors, WriterRefusesWhatCannotBeRead) {
  TensorFile file;
  file.tensors = {{"a", DType::f32, {2, 2}, {1, 2, 3}}};
  EXPECT_TRUE(is_error(write_safetensors(path_, file), ErrorKind::format,
                       {path_, "'a'", "[2, 2]", "3 values"}));
  file.tensors = {{"a", DType::f32, {1}, {1}}, {"a", DType::f64, {1}, {1}}};
  EXPECT_TRUE(is_error(write_safetensors(path_, file), ErrorKind::format, {path_, "'a' is taken"}));
  file.tensors = {{"__metadata__", DType::f32, {1}, {1}}};
  EXPECT_TRUE(
      is_error(write_safetensors(path_, file), ErrorKind::format, {"'__metadata__' is taken"}));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Safetensors, MissingFileIsAnIoError) {
  EXPECT_TRUE(is_error(read_safetensors(path_), ErrorKind::io, {path_, "No such file"}));
}

TEST_F(Safetensors, RefusesWhatIsNoSafetensorsFile) {
  EXPECT_TRUE(refuses("", {"at least 8 bytes, has 0"}));
  EXPECT_TRUE(
      refuses("\x7f"
              "ELF",
              {"at least 8 bytes, has 4"}));
  EXPECT_TRUE(
      refuses("this is a text file, not tensors", {"not a safetensors file", "at most 24 bytes"}));
  EXPECT_TRUE(refuses(assemble("{}", 0, 1ull << 63), {"claims 9223372036854775808"}));
}

TEST_F(Safetensors, RefusesAHeaderOfMoreThan100MB) {
  spill(path_, assemble("", 0, 100'000'001));
  std::filesystem::resize_file(path_, 1ull << 30);  // sparse
  EXPECT_TRUE(is_error(read_safetensors(path_), ErrorKind::format,
                       {"at most 100000000 bytes", "claims 100000001"}));
}

TEST_F(Safetensors, RefusesBadHeaders) {
  EXPECT_TRUE(refuses(assemble("{", 0), {"is not JSON"}));
  EXPECT_TRUE(refuses(assemble("", 0), {"is not JSON"}));
  EXPECT_TRUE(refuses(assemble("[1]", 0), {"must be a JSON object, got array"}));
  EXPECT_TRUE(refuses(assemble(R"({"a":7})", 0), {"'a' must be a JSON object, got number"}));
  EXPECT_TRUE(refuses(assemble(R"({"__metadata__":[]})", 0),
                      {"__metadata__ must be a JSON object, got array"}));
  EXPECT_TRUE(
      refuses(assemble(R"({"__metadata__":{"n":20}})", 0), {"'n' must be a string, got number"}));
  EXPECT_TRUE(refuses(assemble("{\"\xff\":{}}", 0), {"is not JSON"}));
}

TEST_F(Safetensors, RefusesDeepNesting) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_TRUE(refuses(assemble(R"({"a":)" + deep + "}", 0), {"nests deeper"}));
  std::string objects = "1";
  for (int i = 0; i < 1000; ++i) objects = R"({"a":)" + objects + "}";
  EXPECT_TRUE(refuses(assemble(objects, 0), {"nests deeper"}));
}

// Each tensor is one value, after all the others.
std::string header_of(int tensors) {
  std::string header = "{";
  for (int t = 0; t < tensors; ++t) {
    header += fmt::format(R"({}"t{}":{{"dtype":"F32","shape":[],"data_offsets":[{},{}]}})",
                          t > 0 ? "," : "", t, 4 * t, 4 * t + 4);
  }
  return header + "}";
}

// In time that is linear in the header: 40,000 tensors took 20 seconds where it was not.
TEST_F(Safetensors, ReadsManyTensorsButNotAnyNumber) {
#ifdef GRAMIAN_SANITIZED
  constexpr int kMany = 4'000;
#else
  constexpr int kMany = 40'000;
#endif
  const std::clock_t start = std::clock();
  const auto file = read(assemble(header_of(kMany), 4 * kMany));
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 5);
  ASSERT_TRUE(file) << test::message_of(file);
  EXPECT_EQ(file->tensors.size(), std::size_t{kMany});
  EXPECT_TRUE(refuses(assemble(header_of(100'001), 400'004), {"at most 100000 entries"}));
}

TEST_F(Safetensors, RefusesDuplicateNames) {
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_TRUE(refuses(assemble("{" + a + "," + a + "}", 4), {"has 'a' twice"}));
  EXPECT_TRUE(refuses(
      assemble(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4),
      {"has 'dtype' twice"}));
  // The same field of two tensors is no duplicate.
  EXPECT_TRUE(
      read(assemble("{" + a + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8)));
}

// Bits and numbers from IEEE 754 (binary16) and from the upper halves of floats.
TEST_F(Safetensors, ReadsHalfPrecision) {
  const auto read_bits = [&](const char* dtype, const std::vector<std::uint16_t>& bits) {
    std::string bytes =
        assemble(fmt::format(R"({{"a":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}}}})",
                             dtype, bits.size(), 2 * bits.size()),
                 2 * bits.size());
    std::memcpy(bytes.data() + bytes.size() - 2 * bits.size(), bits.data(), 2 * bits.size());
    const auto file = read(bytes);
    return file ? file->tensors.at(0).values : std::vector<double>{};
  };
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(read_bits("F16", {0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x0400, 0x8000, 0xfc00}),
            (std::vector<double>{1, -2, 0.333251953125, 65504, std::ldexp(1, -24),
                                 std::ldexp(1, -14), -0.0, -infinity}));
  EXPECT_TRUE(std::isnan(read_bits("F16", {0x7e00}).at(0)));
  EXPECT_EQ(read_bits("BF16", {0x3f80, 0xc000, 0x3eab, 0x7f80}),
            (std::vector<double>{1, -2, 0.333984375, infinity}));
  // What was half precision is written as float, with the same numbers.
  TensorFile file{{}, {{"a", DType::bf16, {2}, {1, 0.333984375}}}};
  ASSERT_TRUE(write_safetensors(path_, file));
  const auto again = read_safetensors(path_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->tensors[0].dtype, DType::f32);
  EXPECT_EQ(again->tensors[0].values, file.tensors[0].values);
}

TEST_F(Safetensors, RefusesBadTensors) {
  const auto tensor = [](const std::string& fields) {
    return assemble(R"({"a":{)" + fields + "}}", 8);
  };
  EXPECT_TRUE(refuses(tensor(R"("dtype":"I64","shape":[1],"data_offsets":[0,8])"),
                      {"'a'", "F32 or F64 or F16 or BF16", "got I64"}));
  EXPECT_TRUE(refuses(tensor(R"("shape":[2],"data_offsets":[0,8])"), {"dtype", "got null"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","data_offsets":[0,8])"), {"shape of integers >= 0"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"),
                      {"shape of integers >= 0"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"),
                      {"shape of integers >= 0"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"),
                      {"shape of integers >= 0"}));
  EXPECT_TRUE(
      refuses(tensor(R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])"),
              {"shape of integers >= 0"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":[2])"), {"data_offsets of two integers"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4,8])"),
                      {"data_offsets of two"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":[2],"data_offsets":["0",8])"),
                      {"data_offsets of two"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"),
                      {"[3] must have 12 bytes", "[0, 8] span 8"}));
  EXPECT_TRUE(
      refuses(tensor(R"("dtype":"F64","shape":[2],"data_offsets":[0,8])"), {"must have 16 bytes"}));
  EXPECT_TRUE(refuses(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"),
                      {"[8, 0], outside the 8 bytes"}));
}

TEST_F(Safetensors, RefusesSizesThatOverflow) {
  // 2^32 x 2^32 x 4 bytes is 0 modulo 2^64.
  EXPECT_TRUE(refuses(
      assemble(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
      {"[4294967296, 4294967296] whose size overflows"}));
  EXPECT_TRUE(refuses(
      assemble(R"({"a":{"dtype":"F64","shape":[1000000000000],"data_offsets":[0,8000000000000]}})",
               8),
      {"outside the 8 bytes"}));
  EXPECT_TRUE(read(assemble(
      R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}})", 0)));
}

TEST_F(Safetensors, RefusesGapsAndOverlaps) {
  const auto two = [](const std::string& first, const std::string& second) {
    return assemble(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + first +
                        R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + second + "}}",
                    20);
  };
  EXPECT_TRUE(refuses(two("[0,8]", "[4,12]"), {"'b' must begin at 8", "got 4"}));
  EXPECT_TRUE(refuses(two("[0,8]", "[0,8]"), {"must begin at 8", "got 0"}));
  EXPECT_TRUE(refuses(two("[0,8]", "[12,20]"), {"'b' must begin at 8", "got 12"}));
  EXPECT_TRUE(refuses(two("[4,12]", "[12,20]"), {"'a' must begin at 0", "got 4"}));
  EXPECT_TRUE(refuses(two("[0,8]", "[8,16]"), {"end at byte 16 of 20"}));
}

TEST_F(Safetensors, RefusesEveryTruncation) {
  ASSERT_TRUE(write_safetensors(path_, example()));
  const std::string bytes = slurp(path_);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_TRUE(is_error(read(bytes.substr(0, size)), ErrorKind::format, {path_}))
        << size << " bytes";
  }
  EXPECT_TRUE(refuses(bytes + "x", {"must fill the data"}));
}

// Whatever the bytes, the answer is a file no larger than its bytes, or an error.
TEST_F(Safetensors, SurvivesDamage) {
  ASSERT_TRUE(write_safetensors(path_, example()));
  const std::string valid = slurp(path_);
  std::mt19937 random(20240229);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  int refused = 0;
  constexpr int kTrials = 1000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::string bytes = valid;
    for (std::size_t flips = 1 + below(4); flips > 0; --flips) {
      bytes[below(bytes.size())] ^= static_cast<char>(1 << below(8));
    }
    if (below(4) == 0) bytes.resize(below(bytes.size()));
    const Expected<TensorFile> file = read(bytes);
    if (!file) {
      ++refused;
      ASSERT_TRUE(is_error(file, ErrorKind::format, {path_}));
      continue;
    }
    std::size_t values = 0;
    for (const Tensor& tensor : file->tensors) values += tensor.values.size();
    ASSERT_LE(values * sizeof(float), bytes.size());
  }
  // Most damage hits the header; what hits the data alone cannot be seen.
  EXPECT_GT(refused, kTrials / 2);
  EXPECT_LT(refused, kTrials);
}

TEST_F(Safetensors, RequireFiniteNamesTensorAndIndex) {
  TensorFile file = example();
  EXPECT_TRUE(require_finite(file, path_));
  file.tensors[0].values[2] = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(write_safetensors(path_, file));
  const Expected<TensorFile> back = read_safetensors(path_);
  ASSERT_TRUE(back);
  EXPECT_TRUE(is_error(require_finite(*back, path_), ErrorKind::format,
                       {path_, "'layers.0.P' must be finite, got nan at [0, 1, 0]"}));
  file = example();
  file.tensors[1].values[0] = -std::numeric_limits<double>::infinity();
  EXPECT_TRUE(is_error(require_finite(file, path_), ErrorKind::format,
                       {"'scalar' must be finite, got -inf at []"}));
}

}  // namespace
}  // namespace gramian
