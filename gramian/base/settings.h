// Values of configuration keys (base/key.h), to read: what a room's keys.cpp makes its specs from.
// io/config.h has the implementation that reads files and command lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gramian {

class Settings {
 public:
  // A value of type matrix as it is written: at most one of the two is not empty.
  struct Matrix {
    std::vector<double> diagonal;
    std::vector<std::vector<double>> rows;
    bool operator==(const Matrix&) const = default;
  };

  virtual ~Settings() = default;

  // Require: there is such a key, and it is of that type. Anything else is a bug and aborts.
  virtual std::int64_t integer(std::string_view key) const = 0;
  virtual double number(std::string_view key) const = 0;
  virtual bool boolean(std::string_view key) const = 0;
  virtual const std::string& text(std::string_view key) const = 0;  // of a choice
  virtual const std::vector<double>& numbers(std::string_view key) const = 0;
  virtual const Matrix& matrix(std::string_view key) const = 0;

  virtual bool is_set(std::string_view key) const = 0;  // by the file or the command line
  // "noisy.toml:14", "command line" or "default": for errors.
  virtual const std::string& where(std::string_view key) const = 0;
};

}  // namespace gramian
