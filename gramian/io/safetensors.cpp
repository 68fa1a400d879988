#include "gramian/io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "gramian/base/words.h"
#include "gramian/io/files.h"
#include "gramian/io/json.h"

namespace gramian {

namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

using Json = nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;  // bytes, as in the official reader
constexpr std::size_t kMaxTensors = 100'000;
constexpr const char* kMetadata = "__metadata__";

constexpr auto kDTypes = words<DType>(
    {{DType::f32, "F32"}, {DType::f64, "F64"}, {DType::f16, "F16"}, {DType::bf16, "BF16"}});

std::size_t width(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 8;
    case DType::f32:
      return 4;
    case DType::f16:
    case DType::bf16:
      break;
  }
  return 2;
}

// IEEE 754 binary16: a sign, five bits of exponent, ten of fraction.
struct Half {
  std::uint16_t bits;
  explicit operator double() const {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
    if (exponent == 31) {
      return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                           : sign * std::numeric_limits<double>::infinity();
    }
    if (exponent == 0) return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(1024 + fraction, exponent - 25);
  }
};

// The upper half of a float.
struct Bfloat {
  std::uint16_t bits;
  explicit operator double() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
};

struct Entry {
  Tensor tensor;  // without its values
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Number of elements times `factor`; false if it does not fit.
bool multiply_out(const std::vector<std::int64_t>& shape, std::uint64_t factor,
                  std::uint64_t& product) {
  product = factor;
  // A zero makes the product zero even where the other sizes overflow.
  if (std::ranges::find(shape, 0) != shape.end()) product = 0;
  return std::ranges::all_of(shape, [&](std::int64_t size) {
    return size >= 0 &&
           !__builtin_mul_overflow(product, static_cast<std::uint64_t>(size), &product);
  });
}

Expected<Json> parse_header(std::string_view text, const std::string& path) {
  // An entry is an object with a text and two arrays of some numbers; values in an array in a
  // tensor in the header are the deepest.
  constexpr JsonLimits kLimits{.depth = 3, .values = 16 * kMaxTensors};
  auto header = parse_json(text, kLimits);
  if (!header)
    return fail(ErrorKind::format, "{}: the safetensors header {}", path, header.error().message);
  if (!header->is_object()) {
    return fail(ErrorKind::format, "{}: the safetensors header must be a JSON object, got {}", path,
                header->type_name());
  }
  if (header->size() > kMaxTensors) {
    return fail(ErrorKind::format,
                "{}: the safetensors header must have at most {} entries, got {}", path,
                kMaxTensors, header->size());
  }
  return header;
}

// The values of an array of unsigned integers; false if `json` is anything else.
bool read_unsigned(const Json& json, std::vector<std::int64_t>& values) {
  if (!json.is_array()) return false;
  for (const Json& element : json) {
    const auto* value = element.get_ptr<const Json::number_unsigned_t*>();
    if (value == nullptr || *value > std::numeric_limits<std::int64_t>::max()) return false;
    values.push_back(static_cast<std::int64_t>(*value));
  }
  return true;
}

Expected<Entry> read_entry(const std::string& name, const Json& json, std::uint64_t data_bytes,
                           const std::string& path) {
  const std::string place = fmt::format("{}: tensor '{}'", path, name);
  if (!json.is_object())
    return fail(ErrorKind::format, "{} must be a JSON object, got {}", place, json.type_name());
  Entry entry;
  entry.tensor.name = name;

  const Json dtype = json.value("dtype", Json());
  const std::string word =
      dtype.is_string() ? dtype.get_ref<const std::string&>() : std::string(dtype.type_name());
  const auto known = dtype.is_string() ? kDTypes.find(word) : std::nullopt;
  if (!known) {
    return fail(ErrorKind::format, "{} must have dtype {} (others are not supported), got {}",
                place, fmt::join(kDTypes.texts, " or "), word);
  }
  entry.tensor.dtype = *known;

  if (!read_unsigned(json.value("shape", Json()), entry.tensor.shape)) {
    return fail(ErrorKind::format, "{} must have a shape of integers >= 0", place);
  }
  std::vector<std::int64_t> offsets;
  if (!read_unsigned(json.value("data_offsets", Json()), offsets) || offsets.size() != 2) {
    return fail(ErrorKind::format, "{} must have data_offsets of two integers >= 0", place);
  }
  entry.begin = static_cast<std::uint64_t>(offsets[0]);
  entry.end = static_cast<std::uint64_t>(offsets[1]);
  if (entry.begin > entry.end || entry.end > data_bytes) {
    return fail(ErrorKind::format,
                "{} has data_offsets [{}, {}], outside the {} bytes of data in the file", place,
                entry.begin, entry.end, data_bytes);
  }
  std::uint64_t bytes = 0;
  if (!multiply_out(entry.tensor.shape, width(entry.tensor.dtype), bytes)) {
    return fail(ErrorKind::format, "{} has a shape [{}] whose size overflows", place,
                fmt::join(entry.tensor.shape, ", "));
  }
  if (bytes != entry.end - entry.begin) {
    return fail(ErrorKind::format,
                "{} of shape [{}] must have {} bytes, but its data_offsets [{}, {}] span {}", place,
                fmt::join(entry.tensor.shape, ", "), bytes, entry.begin, entry.end,
                entry.end - entry.begin);
  }
  return entry;
}

// Sorts by place and demands that the tensors cover the data with neither gap nor overlap.
Status check_layout(std::vector<Entry>& entries, std::uint64_t data_bytes,
                    const std::string& path) {
  std::ranges::sort(entries, {},
                    [](const Entry& entry) { return std::pair(entry.begin, entry.end); });
  std::uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected) {
      return fail(ErrorKind::format,
                  "{}: the data of tensor '{}' must begin at {}, where the one before ends, got {}",
                  path, entry.tensor.name, expected, entry.begin);
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    return fail(ErrorKind::format, "{}: the tensors must fill the data, but end at byte {} of {}",
                path, expected, data_bytes);
  }
  return {};
}

Status read_metadata(const Json& json, std::map<std::string, std::string>& metadata,
                     const std::string& path) {
  if (!json.is_object()) {
    return fail(ErrorKind::format, "{}: {} must be a JSON object, got {}", path, kMetadata,
                json.type_name());
  }
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      return fail(ErrorKind::format, "{}: {} '{}' must be a string, got {}", path, kMetadata, key,
                  value.type_name());
    }
    metadata[key] = value.get_ref<const std::string&>();
  }
  return {};
}

template <class T>
void decode(std::string_view bytes, std::vector<double>& values) {
  values.resize(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
}

void decode(std::string_view bytes, Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::f32:
      return decode<float>(bytes, tensor.values);
    case DType::f64:
      return decode<double>(bytes, tensor.values);
    case DType::f16:
      return decode<Half>(bytes, tensor.values);
    case DType::bf16:
      return decode<Bfloat>(bytes, tensor.values);
  }
}

template <class T>
void encode(const std::vector<double>& values, std::string& bytes) {
  for (const double wide : values) {
    const T value = static_cast<T>(wide);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
}

Expected<TensorFile> read_open_file(const File& file, std::uint64_t file_bytes,
                                    const std::string& path) {
  if (file_bytes < kLengthBytes) {
    return fail(ErrorKind::format,
                "{}: not a safetensors file: it must have at least {} bytes, has {}", path,
                kLengthBytes, file_bytes);
  }
  std::uint64_t header_bytes = 0;
  GRAMIAN_TRY(file.read_at(0, {reinterpret_cast<char*>(&header_bytes), kLengthBytes}));
  const std::uint64_t largest = std::min(file_bytes - kLengthBytes, kMaxHeader);
  if (header_bytes > largest) {
    return fail(ErrorKind::format,
                "{}: not a safetensors file, or truncated: its header must have at most {} bytes, "
                "but claims {}",
                path, largest, header_bytes);
  }
  std::string text(header_bytes, '\0');
  GRAMIAN_TRY(file.read_at(kLengthBytes, text));
  const auto header = GRAMIAN_TRY(parse_header(text, path));

  const std::uint64_t data_start = kLengthBytes + header_bytes;
  const std::uint64_t data_bytes = file_bytes - data_start;
  TensorFile result;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == kMetadata) {
      GRAMIAN_TRY(read_metadata(json, result.metadata, path));
      continue;
    }
    auto entry = GRAMIAN_TRY(read_entry(name, json, data_bytes, path));
    entries.push_back(std::move(entry));
  }
  GRAMIAN_TRY(check_layout(entries, data_bytes, path));

  for (Entry& entry : entries) {
    std::string bytes(entry.end - entry.begin, '\0');
    GRAMIAN_TRY(file.read_at(data_start + entry.begin, bytes));
    decode(bytes, entry.tensor);
    result.tensors.push_back(std::move(entry.tensor));
  }
  return result;
}

}  // namespace

const Tensor* TensorFile::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

Expected<TensorFile> read_safetensors(const std::string& path) {
  const auto file = GRAMIAN_TRY(File::open_for_reading(path));
  const auto size = GRAMIAN_TRY(file.size());
  return read_open_file(file, size, path);
}

Status write_safetensors(const std::string& path, const TensorFile& file) {
  std::vector<const Tensor*> order;
  for (const Tensor& tensor : file.tensors) order.push_back(&tensor);
  std::ranges::sort(order, {},
                    [](const Tensor* t) { return std::pair(t->dtype != DType::f64, t->name); });

  Json header = Json::object();
  if (!file.metadata.empty()) header[kMetadata] = file.metadata;
  std::string data;
  for (const Tensor* tensor : order) {
    std::uint64_t count = 0;
    if (!multiply_out(tensor->shape, 1, count) || count != tensor->values.size()) {
      return fail(ErrorKind::format,
                  "{}: tensor '{}' of shape [{}] cannot be written: it has {} values", path,
                  tensor->name, fmt::join(tensor->shape, ", "), tensor->values.size());
    }
    if (tensor->name == kMetadata || header.contains(tensor->name)) {
      return fail(ErrorKind::format, "{}: the tensor name '{}' is taken", path, tensor->name);
    }
    const std::size_t begin = data.size();
    const bool wide = tensor->dtype == DType::f64;
    if (wide) {
      encode<double>(tensor->values, data);
    } else {
      encode<float>(tensor->values, data);
    }
    header[tensor->name] = {{"dtype", wide ? "F64" : "F32"},
                            {"shape", tensor->shape},
                            {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');  // the data then begins at a multiple of 8

  const std::uint64_t header_bytes = text.size();
  std::string bytes(reinterpret_cast<const char*>(&header_bytes), kLengthBytes);
  return write_file_atomically(path, bytes + text + data);
}

Status require_finite(const TensorFile& file, const std::string& path) {
  for (const Tensor& tensor : file.tensors) {
    const auto bad =
        std::ranges::find_if_not(tensor.values, [](double v) { return std::isfinite(v); });
    if (bad == tensor.values.end()) continue;
    auto rest = bad - tensor.values.begin();
    std::vector<std::int64_t> index(tensor.shape.size());
    for (std::size_t axis = index.size(); axis-- > 0;) {
      index[axis] = rest % tensor.shape[axis];
      rest /= tensor.shape[axis];
    }
    return fail(ErrorKind::format, "{}: tensor '{}' must be finite, got {} at [{}]", path,
                tensor.name, *bad, fmt::join(index, ", "));
  }
  return {};
}

}  // namespace gramian
