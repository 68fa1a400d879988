#include "gramian/tabular/dataset.h"

#include <gtest/gtest.h>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using Names = std::vector<std::string>;

Expected<Dataset> dataset(std::string_view text, const std::string& target = "y",
                          const Names& features = {}) {
  return make_dataset(parse_csv(text, "t.csv").value(), target, features);
}

TEST(Dataset, RowsWithoutATargetAreQueries) {
  const auto data = dataset("a,y,b\n1,10,2\n3,,4\n+5,-1e1,6.5\n7,\"\",8\n");
  ASSERT_TRUE(data) << test::message_of(data);
  EXPECT_EQ(data->features, (Names{"a", "b"}));
  EXPECT_EQ(data->context.d, 2u);
  EXPECT_EQ(data->context.x, (std::vector<double>{1, 2, 5, 6.5}));
  EXPECT_EQ(data->context.y, (std::vector<double>{10, -10}));
  EXPECT_EQ(data->queries, (std::vector<double>{3, 4, 7, 8}));
  EXPECT_EQ(data->query_lines, (std::vector<std::size_t>{3, 5}));
}

TEST(Dataset, FeaturesAreThoseThatWereNamedInTheirOrder) {
  const auto data = dataset("a,text,y,b\n1,x,10,2\n3,z,4,5\n", "y", {"b", "a"});
  ASSERT_TRUE(data) << test::message_of(data);
  EXPECT_EQ(data->context.x, (std::vector<double>{2, 1, 5, 3}));
}

TEST(Dataset, RefusesColumnsThatAreNotThereOrTwice) {
  constexpr const char* kText = "a,y\n1,2\n3,4\n";
  EXPECT_TRUE(
      is_error(dataset(kText, "z"), ErrorKind::usage, {"t.csv has no column 'z'; there are a, y"}));
  EXPECT_TRUE(is_error(dataset(kText, "y", {"c"}), ErrorKind::usage, {"no column 'c'"}));
  EXPECT_TRUE(is_error(dataset(kText, "y", {"a", "y"}), ErrorKind::usage,
                       {"'y' cannot be the target and an input"}));
  EXPECT_TRUE(is_error(dataset(kText, "y", {"a", "a"}), ErrorKind::usage, {"'a' is named twice"}));
}

TEST(Dataset, RefusesCellsByLineAndColumn) {
  const auto refuses = [](std::string_view cell, std::string_view rule) {
    const std::string message = "t.csv:3: column 'b' ";
    return is_error(dataset("b,y\n1,2\n" + std::string(cell) + ",4\n5,6\n"), ErrorKind::format,
                    {message, rule});
  };
  EXPECT_TRUE(refuses("", "is empty: fill in missing inputs, or leave out the row"));
  EXPECT_TRUE(refuses("NA", "must be a number, got 'NA'"));
  EXPECT_TRUE(refuses("1 2", "must be a number, got '1 2'"));
  EXPECT_TRUE(refuses("12kg", "must be a number"));
  EXPECT_TRUE(refuses("+-1", "must be a number"));
  EXPECT_TRUE(refuses("\"1,5\"", "must be a number, got '1,5'"));
  EXPECT_TRUE(refuses("nan", "must be a finite number"));
  EXPECT_TRUE(refuses("-inf", "must be a finite number"));
  EXPECT_TRUE(refuses("1e999", "in the range of a double"));
  EXPECT_TRUE(refuses("-2e100", "must be at most 1e+100 in size, got '-2e100'"));
  EXPECT_TRUE(is_error(dataset("b,y\n1,2\n3,?\n"), ErrorKind::format,
                       {"t.csv:3: column 'y' must be a number"}));
  EXPECT_TRUE(dataset("b,y\n1,2\n1e100,4\n"));
}

TEST(Dataset, NeedsTwoRowsToLearnFrom) {
  EXPECT_TRUE(
      is_error(dataset("b,y\n"), ErrorKind::format, {"no row with a target in column 'y'"}));
  EXPECT_TRUE(is_error(dataset("b,y\n1,\n2,\n"), ErrorKind::format, {"no row with a target"}));
  EXPECT_TRUE(is_error(dataset("b,y\n1,2\n3,\n"), ErrorKind::format,
                       {"one row with a target", "2 or more"}));
}

}  // namespace
}  // namespace gramian
