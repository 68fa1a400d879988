#include "gramian/exporting/text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace gramian {
namespace {

TEST(Text, LiteralsReadBackToTheSameBits) {
  for (const double value : {0.1, 1.0 / 3, -2e-300, 1e300, 123456789.0, 5e-324, -0.0}) {
    EXPECT_EQ(std::strtod(literal(value).c_str(), nullptr), value);
    EXPECT_NE(literal(value).find_first_of(".e"), std::string::npos)
        << "an integer literal: " << literal(value);
  }
  EXPECT_EQ(literal(2.0), "2.0");
  EXPECT_EQ(literals(std::array{1.0, -0.5}), "1.0, -0.5");
}

TEST(Text, WhatIsPutInIsNotSearchedAgain) {
  EXPECT_EQ(fill_in("@A@ and @B@, @A@", {{"@A@", "@B@"}, {"@B@", "b"}}), "@B@ and b, @B@");
  EXPECT_EQ(fill_in("", {{"@A@", "a"}}), "");
}

TEST(Text, CommentsCannotBeLeft) {
  EXPECT_EQ(comment_text("runs/full-7 (a)"), "runs/full-7 (a)");
  EXPECT_EQ(comment_text("a\"\"\"\n*/\\\x01"), "a_____/__");
}

}  // namespace
}  // namespace gramian
