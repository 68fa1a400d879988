// A configuration: a value for every key of a table (key_table.h).
//
//   auto config = Config::load(table, "noisy.toml", {"task.d=5", "task.noise=constant"});
//
// An error names the key, the rule, the value and the place, one line for each mistake:
//
//   [task.d] must be an integer in [1, 256], got -1 (noisy.toml:14)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/base/settings.h"
#include "gramian/io/key_table.h"

namespace gramian {

class Config final : public Settings {
 public:
  // The table must outlive the configuration. That of this program is in runs/keys.h, with
  // shorter names for these three.
  static Config defaults(const KeyTable& table);
  // An override is "key=value", the value in TOML or a bare word. Errors: io for the file,
  // usage for an override without "=", config for all else.
  static Expected<Config> load(const KeyTable& table, const std::string& path,
                               const std::vector<std::string>& overrides = {});
  static Expected<Config> parse(const KeyTable& table, std::string_view text,
                                const std::string& name,
                                const std::vector<std::string>& overrides = {});
  // The same with other values of some keys. Errors as above.
  Expected<Config> with(const std::vector<std::string>& overrides) const;

  // The key must be in the table, and of that type: anything else aborts.
  std::int64_t integer(std::string_view key) const override;
  double number(std::string_view key) const override;
  bool boolean(std::string_view key) const override;
  const std::string& text(std::string_view key) const override;
  const std::vector<double>& numbers(std::string_view key) const override;
  const Matrix& matrix(std::string_view key) const override;

  bool is_set(std::string_view key) const override;
  const std::string& where(std::string_view key) const override;

  const KeyTable& table() const { return *table_; }
  std::string printed(const Key& key) const;             // its value, as TOML
  bool same(const Key& key, const Config& other) const;  // equal values
  // Every key, in sections; reading it back gives equal values.
  std::string to_toml() const;

 private:
  friend class ConfigReader;
  using Value = std::variant<std::int64_t, double, bool, std::string, std::vector<double>, Matrix>;
  struct Entry {
    Value value;
    std::string where;
  };

  explicit Config(const KeyTable& table);
  const Entry& entry(std::string_view key) const;
  template <class T>
  const T& get(std::string_view key) const;

  const KeyTable* table_;
  std::vector<Entry> entries_;  // in the order of the table
};

}  // namespace gramian
