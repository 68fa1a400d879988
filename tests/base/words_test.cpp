#include "gramian/base/words.h"

#include <gtest/gtest.h>

namespace gramian {
namespace {

enum class Shade { light, dark };
constexpr auto kShades = words<Shade>({{Shade::dark, "dark"}, {Shade::light, "light"}});

TEST(Words, AreParsedAndPrintedByOneTable) {
  EXPECT_EQ(kShades.word(Shade::light), "light");
  EXPECT_EQ(kShades.value("dark"), Shade::dark);
  EXPECT_EQ(kShades.find("light"), Shade::light);
  EXPECT_EQ(kShades.find("grey"), std::nullopt);
  EXPECT_EQ(kShades.find(""), std::nullopt);
  ASSERT_EQ(kShades.list().size(), 2u);
  EXPECT_EQ(kShades.list()[0], "dark") << "in the order of the table";
}

}  // namespace
}  // namespace gramian
