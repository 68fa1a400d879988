#include "gramian/runs/transformer_json.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "gramian/models/transformer/fields.h"

namespace gramian {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 8;

// Visitor of fields.h: a part as a JSON object.
struct Writer {
  Json object = Json::object();

  void operator()(std::string_view name, bool value) { object[std::string(name)] = value; }

  template <class E>
  requires std::is_enum_v<E>
  void operator()(std::string_view name, E value) { object[std::string(name)] = word(value); }

  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(std::string_view name, T value, Bounds<T>) { object[std::string(name)] = value; }

  void operator()(std::string_view name, const std::vector<int>& list, Bounds<int>) {
    object[std::string(name)] = list;
  }

  void operator()(std::string_view name, const std::vector<Block>& blocks, Bounds<int>) {
    Json array = Json::array();
    for (const Block& block : blocks) array.push_back(written(block));
    object[std::string(name)] = std::move(array);
  }

  template <class Part>
  requires std::is_class_v<Part>
  void operator()(std::string_view name, const Part& part) {
    object[std::string(name)] = written(part);
  }

  template <class Part>
  static Json written(const Part& part) {
    Writer writer;
    fields(writer, part);
    return std::move(writer.object);
  }
};

// Visitor of fields.h: fills a part from a JSON object and keeps the first fault.
class Reader {
 public:
  Status status = {};

  template <class Part>
  void read(const Json& object, Part& part, const std::string& path) {
    if (!object.is_object()) return refuse("{} must be an object", path.empty() ? "it" : path);
    const Json* outside = std::exchange(object_, &object);
    const std::string outside_path = std::exchange(path_, path.empty() ? path : path + ".");
    auto outside_known = std::exchange(known_, {});
    fields(*this, part);
    for (const auto& [name, value] : object.items()) {
      if (!known_.contains(name)) {
        refuse("unknown field '{}{}'; there are {}", path_, name, fmt::join(known_, ", "));
        break;
      }
    }
    object_ = outside;
    path_ = outside_path;
    known_ = std::move(outside_known);
  }

  void operator()(std::string_view name, bool& value) {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_boolean()) return refuse("{} must be true or false", at(name));
    value = found->get<bool>();
  }

  template <class E>
  requires std::is_enum_v<E>
  void operator()(std::string_view name, E& value) {
    const Json* found = find(name);
    if (found == nullptr) return;
    constexpr auto words = words_of(E{});
    const auto place = found->is_string()
                           ? std::ranges::find(words, found->get_ref<const std::string&>())
                           : words.end();
    if (place == words.end())
      return refuse("{} must be one of {}", at(name), fmt::join(words, ", "));
    value = static_cast<E>(place - words.begin());
  }

  void operator()(std::string_view name, int& value, Bounds<int>) {
    const Json* found = find(name);
    if (found != nullptr) read_integer(*found, at(name), value);
  }

  void operator()(std::string_view name, double& value, Bounds<double>) {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_number()) return refuse("{} must be a number", at(name));
    value = found->get<double>();
  }

  void operator()(std::string_view name, std::vector<int>& list, Bounds<int> length) {
    const Json* found = find(name);
    if (found == nullptr || !is_list(*found, at(name), length)) return;
    list.assign(found->size(), 0);
    for (std::size_t i = 0; i < list.size(); ++i)
      read_integer((*found)[i], fmt::format("{}[{}]", at(name), i), list[i]);
  }

  void operator()(std::string_view name, std::vector<Block>& blocks, Bounds<int> length) {
    const Json* found = find(name);
    if (found == nullptr || !is_list(*found, at(name), length)) return;
    blocks.assign(found->size(), {});
    for (std::size_t l = 0; l < blocks.size(); ++l)
      read((*found)[l], blocks[l], fmt::format("{}[{}]", at(name), l));
  }

  template <class Part>
  requires std::is_class_v<Part>
  void operator()(std::string_view name, Part& part) {
    const Json* found = find(name);
    if (found != nullptr) read(*found, part, at(name));
  }

 private:
  const Json* find(std::string_view name) {
    known_.insert(std::string(name));
    const auto found = object_->find(name);
    return found == object_->end() ? nullptr : &*found;
  }

  void read_integer(const Json& json, const std::string& path, int& value) {
    const bool fits =
        json.is_number_integer() &&
        (json.is_number_unsigned()
             ? json.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<int>::max()}
             : json.get<std::int64_t>() >= std::numeric_limits<int>::min());
    if (!fits) return refuse("{} must be a whole number of at most 2^31 - 1", path);
    value = json.get<int>();
  }

  bool is_list(const Json& json, const std::string& path, Bounds<int> length) {
    if (json.is_array() && json.size() <= static_cast<std::size_t>(length.high)) return true;
    refuse("{} must be a list of at most {}", path, length.high);
    return false;
  }

  std::string at(std::string_view name) const { return path_ + std::string(name); }

  template <class... Args>
  void refuse(fmt::format_string<Args...> format, Args&&... args) {
    if (status) status = fail(ErrorKind::format, format, std::forward<Args>(args)...);
  }

  const Json* object_ = nullptr;
  std::string path_;
  std::set<std::string> known_;  // names of the object that is being read
};

// Parses, but neither deep nesting nor an object that has a name twice: such JSON means different
// things to different readers.
Expected<Json> parse(std::string_view text) {
  if (text.size() > kMaxDescription) {
    return fail(ErrorKind::format, "a description of {} bytes; at most {}", text.size(),
                kMaxDescription);
  }
  Status status;
  std::vector<std::set<std::string>> names;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (depth > kMaxDepth && status)
      status = fail(ErrorKind::format, "nested deeper than {} levels", kMaxDepth);
    if (event == Json::parse_event_t::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!names.back().insert(name).second && status)
        status = fail(ErrorKind::format, "the field '{}' is there twice", name);
    }
    return status.has_value();
  };
  Json json = Json::parse(text, watch, false);
  GRAMIAN_TRY(status);
  if (json.is_discarded()) return fail(ErrorKind::format, "not valid JSON");
  return json;
}

}  // namespace

std::string to_json(const TransformerSpec& spec) { return Writer::written(spec).dump(); }

Expected<TransformerSpec> transformer_from_json(std::string_view text) {
  const auto fault = [](const std::string& message) {
    return fail(ErrorKind::format, "description of a transformer: {}", message);
  };
  const auto json = parse(text);
  if (!json) return fault(json.error().message);
  TransformerSpec spec;
  Reader reader;
  reader.read(*json, spec, "");
  if (!reader.status) return fault(reader.status.error().message);
  if (const Status status = spec.check(); !status) return fault(status.error().message);
  return spec;
}

std::string first_difference(const TransformerSpec& is, const TransformerSpec& expected) {
  if (is == expected) return "";
  const Json one = Writer::written(is).flatten(), other = Writer::written(expected).flatten();
  for (const auto& [path, value] : one.items()) {
    const auto found = other.find(path);
    if (found != other.end() && *found == value) continue;
    return fmt::format("{} is {}, not {}", path, value.dump(),
                       found == other.end() ? "there" : found->dump());
  }
  return fmt::format("it has {} blocks, not {}", is.blocks.size(), expected.blocks.size());
}

}  // namespace gramian
