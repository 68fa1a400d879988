// GRAMIAN_ASSERT(condition): a precondition of the function in which it stands, which the caller
// has to ensure. In the debug and sanitizer builds (GRAMIAN_ASSERTIONS) a false condition prints
// the place, the condition and the function, and aborts; elsewhere the condition is not evaluated.
// A mistake of the user is no precondition: it is an error value (base/error.h).
#pragma once

#ifdef GRAMIAN_ASSERTIONS

#include <cstdio>
#include <cstdlib>

namespace gramian {

[[noreturn]] inline void assertion_failed(const char* file, int line, const char* function,
                                          const char* condition) {
  std::fprintf(stderr, "%s:%d: %s: precondition violated: %s\n", file, line, function, condition);
  std::abort();
}

}  // namespace gramian

#define GRAMIAN_ASSERT(...) \
  ((__VA_ARGS__) ? void(0)  \
                 : ::gramian::assertion_failed(__FILE__, __LINE__, __func__, #__VA_ARGS__))

#else

// sizeof names the condition without evaluating it, so that its variables count as used.
#define GRAMIAN_ASSERT(...) static_cast<void>(sizeof((__VA_ARGS__) ? 1 : 0))

#endif
