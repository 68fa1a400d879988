// Preloaded by tests: a file system without locks of its own.
#include <cerrno>

extern "C" int flock(int, int) {
  errno = ENOSYS;
  return -1;
}
