// Errors as tests see them.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "gramian/base/error.h"

namespace gramian::test {

// Passes if `result` is an error of this kind whose message has all these parts.
template <class T>
testing::AssertionResult is_error(const Expected<T>& result, ErrorKind kind,
                                  std::initializer_list<std::string_view> parts) {
  if (result) return testing::AssertionFailure() << "succeeded";
  const std::string& message = result.error().message;
  if (result.error().kind != kind)
    return testing::AssertionFailure() << "another kind of error: " << message;
  for (const std::string_view part : parts) {
    if (message.find(part) == message.npos) {
      return testing::AssertionFailure() << "'" << part << "' is not in: " << message;
    }
  }
  return testing::AssertionSuccess();
}

template <class T>
std::string message_of(const Expected<T>& result) {
  return result ? "" : result.error().message;
}

}  // namespace gramian::test
