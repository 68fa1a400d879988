// Two functions in the versions that older systems have, so that a wheel that is built here (glibc
// 2.36, GCC 12) runs with glibc 2.34 and the libstdc++ of GCC 11, such as RHEL 9 has. The linker
// sends all calls of them here (--wrap in python/CMakeLists.txt).
//
//   hypot                      since glibc 2.35 without the error handling of System V
//   condition_variable::wait   since GCC 12 noexcept
//
// What they compute is the same. scripts/release_check.sh prints the tag that results.
#include <features.h>  // __GLIBC__

#if defined(__x86_64__) && defined(__GLIBC__)

extern "C" {

double hypot_of_glibc_2_2_5(double x, double y);
__asm__(".symver hypot_of_glibc_2_2_5, hypot@GLIBC_2.2.5");

double __wrap_hypot(double x, double y) { return hypot_of_glibc_2_2_5(x, y); }

// A member function takes its object as a first argument, and a reference is a pointer.
void wait_of_gcc_11(void* condition, void* lock);
__asm__(
    ".symver wait_of_gcc_11, "
    "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");

void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(void* condition, void* lock) {
  wait_of_gcc_11(condition, lock);
}

}  // extern "C"

#endif
