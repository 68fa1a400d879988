// What libraries throw, in words.
#pragma once

#include <exception>
#include <new>
#include <string>

namespace gramian {

inline std::string reason_of(const std::exception& error) {
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  return memory ? "there is not enough memory" : error.what();
}

}  // namespace gramian
