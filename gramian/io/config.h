// A configuration: a value for every key of the table in config_keys.h.
//
//   auto config = Config::load("noisy.toml", {"task.d=5", "task.noise=constant"});
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
#include "gramian/io/config_keys.h"

namespace gramian {

class Config {
 public:
  // A value of type matrix as it is written: at most one of the two is not empty.
  struct Matrix {
    std::vector<double> diagonal;
    std::vector<std::vector<double>> rows;
    bool operator==(const Matrix&) const = default;
  };

  static Config defaults();
  // An override is "key=value", the value in TOML or a bare word. Errors: io for the file,
  // usage for an override without "=", config for all else.
  static Expected<Config> load(const std::string& path,
                               const std::vector<std::string>& overrides = {});
  static Expected<Config> parse(std::string_view text, const std::string& name,
                                const std::vector<std::string>& overrides = {});

  // The key must be in the table, and of that type: anything else aborts.
  std::int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  bool boolean(std::string_view key) const;
  const std::string& text(std::string_view key) const;  // of a choice
  const std::vector<double>& numbers(std::string_view key) const;
  const Matrix& matrix(std::string_view key) const;

  bool is_set(std::string_view key) const;  // by the file or the command line
  const std::string& where(
      std::string_view key) const;  // "noisy.toml:14", "command line", "default"

  // Every key, in sections; reading it back gives equal values.
  std::string to_toml() const;
  // The settings that name a run: the same without keys that came later and are at their defaults.
  std::string naming_toml() const;

 private:
  friend class ConfigReader;
  using Value = std::variant<std::int64_t, double, bool, std::string, std::vector<double>, Matrix>;
  struct Entry {
    Value value;
    std::string where;
  };

  const Entry& entry(std::string_view key) const;
  template <class T>
  const T& get(std::string_view key) const;
  template <class Wanted>
  std::string print(Wanted wanted) const;

  std::vector<Entry> entries_;  // one for each of config_keys(), in that order
};

}  // namespace gramian
