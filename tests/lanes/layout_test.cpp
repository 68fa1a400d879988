#include "gramian/lanes/layout.h"

#include <gtest/gtest.h>

#include "gramian/lanes/target.h"

namespace gramian {
namespace {

// Buffers are as large as these say. Called at run time, so that the copies of the functions that
// the linker has kept are tested: there was once a second gramian::padded in another file, and
// without optimisation the two got into each other's place.
TEST(Layout, RowsArePaddedToAnOddNumberOfSixteens) {
  std::size_t (*const padding)(std::size_t) = padded;
  const std::pair<std::size_t, std::size_t> known[] = {{1, 16},  {11, 16}, {16, 16}, {17, 48},
                                                       {32, 48}, {48, 48}, {49, 80}, {101, 112}};
  for (const auto& [columns, width] : known) EXPECT_EQ(padding(columns), width) << columns;

  std::size_t (*const vector)(std::size_t) = vector_stride,
                      (*const matrix)(std::size_t) = matrix_stride;
  EXPECT_EQ(vector(11), 32u);
  EXPECT_EQ(matrix(11), 352u);
  EXPECT_EQ(matrix(101), 112u * 112);
}

TEST(Target, RunsTheBodyOnceOnTheTargetThatIsNamed) {
  for (const std::string& name : simd_targets()) {
    int runs = 0;
    with_simd_target(name, [&] {
      ++runs;
      EXPECT_EQ(simd_target(), name);
    });
    EXPECT_EQ(runs, 1);
  }
}

#if defined(__x86_64__)
// Flags that lack one extension make Highway compile plain loops without a word.
TEST(Target, KernelsAreNeverPlainLoopsHere) {
  for (const std::string& name : simd_targets()) {
    EXPECT_NE(name, "SCALAR");
    EXPECT_NE(name, "EMU128");
  }
}
#endif

#ifdef GRAMIAN_ASSERTIONS
TEST(TargetDeathTest, ATargetThatIsNotThereIsAMistakeOfTheCaller) {
  EXPECT_DEATH(with_simd_target("Z80", [] {}), "precondition violated");
}
#endif

}  // namespace
}  // namespace gramian
