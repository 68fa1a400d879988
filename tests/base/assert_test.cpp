#include "gramian/base/assert.h"

#include <gtest/gtest.h>

#include "gramian/base/aligned.h"

namespace gramian {
namespace {

#ifdef GRAMIAN_ASSERTIONS

void take_positive(int number) { GRAMIAN_ASSERT(number > 0); }

TEST(AssertDeathTest, SaysWhereAndWhatWasViolated) {
  take_positive(1);
  EXPECT_DEATH(take_positive(0),
               "assert_test.cpp:.*take_positive: precondition violated: number > 0");
}

TEST(AssertDeathTest, AnArrayIsNotReadBeyondItsEnd) {
  const AlignedArray<double> array(3);
  EXPECT_EQ(array[2], 0);
  EXPECT_DEATH((void)array[3], "i < size_");
}

#else

TEST(Assert, ConditionsAreNotEvaluated) {
  int evaluated = 0;
  GRAMIAN_ASSERT(++evaluated > 0);
  EXPECT_EQ(evaluated, 0);
}

#endif

}  // namespace
}  // namespace gramian
