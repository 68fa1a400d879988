#include "gramian/io/config.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>

// The distribution's shared toml++ throws; compiled in here, it returns its errors.
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "gramian/io/files.h"

namespace gramian {

namespace {

constexpr std::size_t kMaxConfigFile = 16
                                       << 20;  // bytes; a full 256 x 256 covariance is about 1 MB
constexpr std::string_view kDefault = "default";
constexpr std::string_view kCommandLine = "command line";

std::string shorten(std::string_view text) {
  constexpr std::size_t kShown = 40;
  return text.size() <= kShown ? std::string(text) : fmt::format("{}..", text.substr(0, kShown));
}

// How a refused value appears in an error.
std::string describe(const toml::node& node) {
  if (const auto* value = node.as_integer()) return fmt::format("{}", value->get());
  if (const auto* value = node.as_floating_point()) return fmt::format("{}", value->get());
  if (const auto* value = node.as_boolean()) return fmt::format("{}", value->get());
  if (const auto* value = node.as_string()) return fmt::format("\"{}\"", shorten(value->get()));
  if (const auto* value = node.as_array()) return fmt::format("an array of {}", value->size());
  return node.is_table() ? "a table" : "a date or time";
}

std::optional<double> as_number(const toml::node& node) {
  if (const auto* value = node.as_integer()) return static_cast<double>(value->get());
  if (const auto* value = node.as_floating_point()) return value->get();
  return std::nullopt;
}

}  // namespace

// Fills a Config and collects every mistake on the way.
class ConfigReader {
 public:
  explicit ConfigReader(const KeyTable& table) : table_(table), config_(table) {}
  explicit ConfigReader(Config config) : table_(config.table()), config_(std::move(config)) {}

  void read_defaults() {
    for (const Key& key : table_.keys()) set_text(key, key.fallback, std::string(kDefault));
  }

  Status read_file_text(std::string_view text, const std::string& name) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
      const toml::parse_error& error = parsed.error();
      return fail(ErrorKind::config, "{}:{}:{}: {}", name, error.source().begin.line,
                  error.source().begin.column, error.description());
    }
    for (const auto& [section_name, section] : parsed.table()) {
      const std::string place = fmt::format("{}:{}", name, section.source().begin.line);
      const bool known =
          std::ranges::count(table_.sections(), section_name.str(), &Section::name) > 0;
      const std::string shown = shorten(section_name.str());
      if (known && !section.is_table()) {
        complain("[{}] must be a section, got {} ({})", shown, describe(section), place);
      } else if (!section.is_table()) {
        complain("unknown key [{}] ({}){}", shown, place, table_.suggest_key(section_name.str()));
      } else if (!known) {
        complain("unknown section [{}] ({}){}", shown, place,
                 table_.suggest_section(section_name.str()));
      } else {
        for (const auto& [last_name, node] : *section.as_table()) {
          set_node(fmt::format("{}.{}", section_name.str(), last_name.str()), node,
                   fmt::format("{}:{}", name, node.source().begin.line));
        }
      }
    }
    return {};
  }

  Status read_override(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos) return fail(ErrorKind::usage, "expected key=value, got '{}'", text);
    const std::string_view name = text.substr(0, equals);
    if (const Key* key = table_.find(name)) {
      set_text(*key, text.substr(equals + 1), std::string(kCommandLine));
    } else {
      complain("unknown key [{}] ({}){}", shorten(name), kCommandLine, table_.suggest_key(name));
    }
    return {};
  }

  Expected<Config> finish() && {
    if (!errors_.empty()) return fail(ErrorKind::config, "{}", fmt::join(errors_, "\n"));
    return std::move(config_);
  }

 private:
  using Value = Config::Value;
  using Converted = std::expected<Value, std::string>;  // or what was found instead

  template <class... Args>
  void complain(fmt::format_string<Args...> format, Args&&... args) {
    errors_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  void set_text(const Key& key, std::string_view text, std::string where) {
    // The first line holds the value, and the value alone: "1 \n b = 2" is no number.
    const bool bare_word = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) &&
                           text.find_first_of(" \t\r\n") == text.npos;
    const toml::parse_result parsed = toml::parse(fmt::format("value = {}", text));
    if (parsed && parsed.table().size() == 1) {
      set(key, convert(key, *parsed.table().get("value")), std::move(where));
    } else if (bare_word) {
      set(key, convert(key, toml::value<std::string>(std::string(text))), std::move(where));
    } else {
      set(key, std::unexpected(fmt::format("'{}'", shorten(text))), std::move(where));
    }
  }

  void set_node(const std::string& name, const toml::node& node, std::string where) {
    if (const Key* key = table_.find(name)) {
      set(*key, convert(*key, node), std::move(where));
    } else {
      complain("unknown key [{}] ({}){}", shorten(name), where, table_.suggest_key(name));
    }
  }

  void set(const Key& key, Converted value, std::string where) {
    if (value) {
      config_.entries_[table_.index(key)] = {*std::move(value), std::move(where)};
    } else {
      complain("[{}] must be {}, got {} ({})", key.name, key.rule(), value.error(), where);
    }
  }

  static Converted convert(const Key& key, const toml::node& node) {
    switch (key.type) {
      case KeyType::integer: {
        // 1e6 is an integer too; the ranges keep within the exact integers of a double.
        const std::optional<double> value = as_number(node);
        if (!value || !key.range.contains(*value) || std::trunc(*value) != *value) break;
        return static_cast<std::int64_t>(*value);
      }
      case KeyType::number: {
        const std::optional<double> value = as_number(node);
        if (!value || !key.range.contains(*value)) break;
        return *value;
      }
      case KeyType::boolean:
        if (!node.is_boolean()) break;
        return node.as_boolean()->get();
      case KeyType::choice: {
        if (!node.is_string()) break;
        const std::string& word = node.as_string()->get();
        if (std::ranges::count(key.choices, word) == 0) break;
        return word;
      }
      case KeyType::numbers:
        if (const toml::array* array = node.as_array())
          return convert_numbers(*array, key.range, key.longest);
        if (const std::optional<double> value = as_number(node);
            value && key.range.contains(*value)) {
          return std::vector{*value};
        }
        break;
      case KeyType::matrix:
        if (const toml::array* array = node.as_array()) return convert_matrix(*array, key);
        break;
    }
    return std::unexpected(describe(node));
  }

  static std::expected<std::vector<double>, std::string> convert_numbers(const toml::array& array,
                                                                         const Range& range,
                                                                         std::size_t longest) {
    if (array.size() > longest) return std::unexpected(describe(array));
    std::vector<double> values;
    for (const toml::node& node : array) {
      const std::optional<double> value = as_number(node);
      if (!value || !range.contains(*value)) {
        return std::unexpected(fmt::format("{} as entry {}", describe(node), values.size() + 1));
      }
      values.push_back(*value);
    }
    return values;
  }

  static Converted convert_matrix(const toml::array& array, const Key& key) {
    Config::Matrix matrix;
    if (array.size() > key.longest) return std::unexpected(describe(array));
    if (array.empty() || !array.front().is_array()) {
      auto diagonal = GRAMIAN_TRY(convert_numbers(array, key.range, key.longest));
      matrix.diagonal = std::move(diagonal);
      return matrix;
    }
    for (const toml::node& node : array) {
      const std::size_t number = matrix.rows.size() + 1;
      if (!node.is_array())
        return std::unexpected(fmt::format("{} as row {}", describe(node), number));
      auto row = convert_numbers(*node.as_array(), key.range, key.longest);
      if (!row) return std::unexpected(fmt::format("{} of row {}", row.error(), number));
      matrix.rows.push_back(*std::move(row));
    }
    return matrix;
  }

  const KeyTable& table_;
  Config config_;
  std::vector<std::string> errors_;
};

Config::Config(const KeyTable& table) : table_(&table), entries_(table.keys().size()) {}

Config Config::defaults(const KeyTable& table) { return parse(table, "", "").value(); }

Expected<Config> Config::load(const KeyTable& table, const std::string& path,
                              const std::vector<std::string>& overrides) {
  const auto text = GRAMIAN_TRY(read_file(path, kMaxConfigFile));
  return parse(table, text, path, overrides);
}

Expected<Config> Config::parse(const KeyTable& table, std::string_view text,
                               const std::string& name, const std::vector<std::string>& overrides) {
  ConfigReader reader(table);
  reader.read_defaults();
  GRAMIAN_TRY(reader.read_file_text(text, name));
  for (const std::string& item : overrides) {
    GRAMIAN_TRY(reader.read_override(item));
  }
  return std::move(reader).finish();
}

Expected<Config> Config::with(const std::vector<std::string>& overrides) const {
  ConfigReader reader(*this);
  for (const std::string& item : overrides) {
    GRAMIAN_TRY(reader.read_override(item));
  }
  return std::move(reader).finish();
}

const Config::Entry& Config::entry(std::string_view name) const {
  const Key* key = table_->find(name);
  if (key == nullptr) {
    fmt::print(stderr, "bug: there is no configuration key {}\n", name);
    std::abort();
  }
  return entries_[table_->index(*key)];
}

template <class T>
const T& Config::get(std::string_view key) const {
  const T* value = std::get_if<T>(&entry(key).value);
  if (value == nullptr) {
    fmt::print(stderr, "bug: configuration key {} has another type\n", key);
    std::abort();
  }
  return *value;
}

std::int64_t Config::integer(std::string_view key) const { return get<std::int64_t>(key); }
double Config::number(std::string_view key) const { return get<double>(key); }
bool Config::boolean(std::string_view key) const { return get<bool>(key); }
const std::string& Config::text(std::string_view key) const { return get<std::string>(key); }
const std::vector<double>& Config::numbers(std::string_view key) const {
  return get<std::vector<double>>(key);
}
const Config::Matrix& Config::matrix(std::string_view key) const { return get<Matrix>(key); }

bool Config::is_set(std::string_view key) const { return entry(key).where != kDefault; }
const std::string& Config::where(std::string_view key) const { return entry(key).where; }

namespace {

std::string join(const std::vector<double>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

// fmt prints the shortest digits that read back as the same double.
struct Printer {
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(bool value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return fmt::format("\"{}\"", value); }
  std::string operator()(const std::vector<double>& value) const { return join(value); }
  std::string operator()(const Config::Matrix& value) const {
    if (value.rows.empty()) return join(value.diagonal);
    std::vector<std::string> rows;
    for (const std::vector<double>& row : value.rows) rows.push_back(join(row));
    return fmt::format("[{}]", fmt::join(rows, ", "));
  }
};

}  // namespace

std::string Config::printed(const Key& key) const {
  return std::visit(Printer{}, entry(key.name).value);
}

bool Config::same(const Key& key, const Config& other) const {
  return entry(key.name).value == other.entry(key.name).value;
}

std::string Config::to_toml() const {
  std::string text;
  for (const Section& section : table_->sections()) {
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section.name);
    for (const Key& key : table_->keys()) {
      if (key.section() == section.name)
        text += fmt::format("{} = {}\n", key.last_name(), printed(key));
    }
  }
  return text;
}

}  // namespace gramian
