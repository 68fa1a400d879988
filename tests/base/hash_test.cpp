#include "gramian/base/hash.h"

#include <gtest/gtest.h>

namespace gramian {
namespace {

// Of the test vectors that its authors publish.
TEST(Hash, HasThePublishedValuesOfFnv1a) {
  EXPECT_EQ(hash_bytes(""), 0xcbf29ce484222325u);
  EXPECT_EQ(hash_bytes("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(hash_bytes("foobar"), 0x85944171f73967e8u);
  EXPECT_EQ(hash_bytes("\xff"), 0xaf64724c8602eb6eu) << "a byte is not negative";
}

TEST(Hash, GoesOnWhereItEnded) {
  EXPECT_EQ(hash_bytes("bar", hash_bytes("foo")), hash_bytes("foobar"));
  EXPECT_EQ(hash_number(0x7261626f6f66), hash_bytes({"foobar\0\0", 8}));
  EXPECT_EQ(hash_number(1, hash_bytes("a")), hash_bytes({"a\1\0\0\0\0\0\0\0", 9}));
}

}  // namespace
}  // namespace gramian
