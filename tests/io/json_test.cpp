#include "gramian/io/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::spill;
using test::TemporaryFolder;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, ReadsWhatIsRight) {
  const auto json = parse_json(R"({"a": [1, -2, 0.5, "text", true, null], "b": {"a": 1}})");
  ASSERT_TRUE(json) << test::message_of(json);
  EXPECT_EQ((*json)["a"][2], 0.5);
  EXPECT_EQ((*json)["b"]["a"], 1);
  EXPECT_TRUE(parse_json("7"));
}

TEST(Json, SaysWhereTheTextIsWrong) {
  EXPECT_TRUE(is_error(parse_json("{\n\"a\": ?}"), ErrorKind::format,
                       {"is not JSON: parse error at line 2, column 6"}));
  EXPECT_TRUE(is_error(parse_json(""), ErrorKind::format, {"is not JSON"}));
  EXPECT_TRUE(is_error(parse_json("{} {}"), ErrorKind::format, {"is not JSON"}));
  EXPECT_TRUE(is_error(parse_json("\"\xff\""), ErrorKind::format, {"is not JSON", "UTF-8"}));
}

TEST(Json, LimitsDepth) {
  EXPECT_TRUE(parse_json(nested(64)));
  // Two million levels would take the stack of whoever copies or prints the value.
  for (const std::size_t depth : {std::size_t{65}, std::size_t{2'000'000}}) {
    EXPECT_TRUE(
        is_error(parse_json(nested(depth)), ErrorKind::format, {"nests deeper than 64 levels"}));
  }
  EXPECT_TRUE(is_error(parse_json("[[[1]]]", {.depth = 2}), ErrorKind::format, {"than 2 levels"}));
}

TEST(Json, LimitsTheNumberOfValues) {
  EXPECT_TRUE(parse_json("[1, [2], {\"a\": 3}]", {.values = 6}));
  EXPECT_TRUE(is_error(parse_json("[1, [2], {\"a\": 3}]", {.values = 5}), ErrorKind::format,
                       {"more than 5 values"}));
}

TEST(Json, RefusesANameThatIsThereTwice) {
  EXPECT_TRUE(
      is_error(parse_json(R"({"a": 1, "b": {}, "a": 2})"), ErrorKind::format, {"has 'a' twice"}));
  EXPECT_TRUE(parse_json(R"([{"a": 1}, {"a": 2}])"));
}

TEST(Json, OfAFileIsNamed) {
  const TemporaryFolder folder;
  spill(folder / "a.json", nested(100));
  EXPECT_TRUE(is_error(read_json(folder / "a.json"), ErrorKind::format,
                       {folder / "a.json", "nests deeper"}));
  EXPECT_TRUE(is_error(read_json(folder / "b.json"), ErrorKind::io, {folder / "b.json"}));
}

}  // namespace
}  // namespace gramian
