// Errors as values. Nothing here throws; the program turns an Error into an exit code, and a
// binding to another language would turn it into an exception.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace gramian {

enum class ErrorKind {
  usage,        // the command line is wrong                    -> exit code 2
  config,       // a key, a value or a combination is refused   -> exit code 2
  io,           // a file cannot be read or written             -> exit code 3
  format,       // a file is not what it claims to be           -> exit code 3
  numeric,      // a computation left the finite numbers        -> exit code 4
  interrupted,  // a signal asked to stop; state was saved      -> exit code 130 or 75
};

struct Error {
  ErrorKind kind;
  std::string message;  // names the place, the value and the rule
};

template <class T>
using Expected = std::expected<T, Error>;
using Status = std::expected<void, Error>;

// return fail(ErrorKind::config, "[task.d] must be >= 1, got {}", d);
template <class... Args>
std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace gramian

// const auto text = GRAMIAN_TRY(read_file(path));    GRAMIAN_TRY(check(spec));
//
// The value of an Expected (nothing, of a Status); an error is returned from the enclosing function
// at once. Use it as a whole statement or a whole initialiser: it returns from the middle of an
// expression, and what else that expression has already evaluated would be lost.
#define GRAMIAN_TRY(...)                                                                    \
  (__extension__({                                                                          \
    auto gramian_try_result = (__VA_ARGS__);                                                \
    if (!gramian_try_result) return std::unexpected(std::move(gramian_try_result).error()); \
    *std::move(gramian_try_result);                                                         \
  }))
