#include "gramian/tabular/csv.h"

#include <gtest/gtest.h>

#include "tests/support/files.h"

namespace gramian {
namespace {

using namespace std::string_literals;
using test::is_error;
using Cells = std::vector<std::string>;

CsvTable parsed(std::string_view text) {
  const auto table = parse_csv(text, "t.csv");
  EXPECT_TRUE(table) << test::message_of(table);
  return table.value_or(CsvTable{});
}

testing::AssertionResult refuses(std::string_view text,
                                 std::initializer_list<std::string_view> parts) {
  return is_error(parse_csv(text, "t.csv"), ErrorKind::format, parts);
}

TEST(Csv, ReadsCellsAndKnowsTheirLines) {
  const CsvTable table = parsed("a,b\n1,2\n\n 3 ,\t4\t\n");
  EXPECT_EQ(table.header, (Cells{"a", "b"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].cells, (Cells{"1", "2"}));
  EXPECT_EQ(table.rows[0].line, 2u);
  EXPECT_EQ(table.rows[1].cells, (Cells{"3", "4"}));
  EXPECT_EQ(table.rows[1].line, 4u);
}

TEST(Csv, KnowsAllEndsOfLinesAndTheMarkOfUtf8) {
  for (const auto& text : {"a,b\r\n1,\r\n"s, "a,b\n1,"s, "a,b\r1,\r"s,
                           "\xEF\xBB\xBF"s + "a,b\n1,\n"s, "\n\na,b\n1,"s}) {
    const CsvTable table = parsed(text);
    EXPECT_EQ(table.header, (Cells{"a", "b"}));
    ASSERT_EQ(table.rows.size(), 1u);
    EXPECT_EQ(table.rows[0].cells, (Cells{"1", ""}));
  }
}

TEST(Csv, KnowsQuotes) {
  const CsvTable table =
      parsed("\"a, \"\"quoted\"\" name\",b\n \"two\nlines\" ,\" 1 \"\n\"\",x\n3,4\n");
  EXPECT_EQ(table.header, (Cells{"a, \"quoted\" name", "b"}));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0].cells, (Cells{"two\nlines", " 1 "}));
  EXPECT_EQ(table.rows[1].cells, (Cells{"", "x"}));
  EXPECT_EQ(table.rows[2].line, 5u);  // a line break in quotes is a line of the file too
}

TEST(Csv, OneColumnHasNoEmptyCells) {
  EXPECT_EQ(parsed("a\n1\n\n2\n").rows.size(), 2u);      // an empty line is no row,
  EXPECT_EQ(parsed("a\n1\n\"\"\n2\n").rows.size(), 3u);  // an empty cell in quotes is
}

TEST(Csv, WhatItWritesItReads) {
  for (const char* text : {"plain", "a,b", "a \"quoted\" name", "two\nlines", " padded", ""}) {
    const CsvTable table = parsed("name,x\n" + csv_cell(text) + ",1\n");
    ASSERT_EQ(table.rows.size(), 1u);
    EXPECT_EQ(table.rows[0].cells[0], text);
  }
  EXPECT_EQ(csv_cell("plain"), "plain");
  // The first cell of a file may begin like a mark of its encoding (found by fuzzing).
  for (const std::string name : {"\xEF\xBB\xBFx", "\xFF\xFEx", "\xFE\xFF"})
    EXPECT_EQ(parsed(csv_cell(name) + ",y\n1,2\n").header[0], name);
}

TEST(Csv, RefusesWhatIsNoTable) {
  EXPECT_TRUE(refuses("", {"t.csv: empty"}));
  EXPECT_TRUE(refuses("\n\r\n", {"t.csv: empty"}));
  EXPECT_TRUE(refuses("a\0b"s, {"not a text file"}));
  EXPECT_TRUE(
      refuses("\xFF\xFE"
              "a",
              {"not a text file"}));
}

TEST(Csv, RefusesRowsByLine) {
  EXPECT_TRUE(refuses("a,b\n1,2\n1,2,3\n", {"t.csv:3: 3 cells, but the header names 2 columns"}));
  EXPECT_TRUE(refuses("a,b\n1\n", {"t.csv:2: 1 cells"}));
  EXPECT_TRUE(refuses("a;b\n1,5;2\n", {"t.csv:2: 2 cells, but the header names 1 columns"}));
}

TEST(Csv, RefusesHeadersWithoutNamesOrWithTheSame) {
  EXPECT_TRUE(refuses("a,,b\n1,2,3\n", {"t.csv:1: column 2 has no name"}));
  EXPECT_TRUE(refuses("a,b, a\n1,2,3\n", {"t.csv:1: columns 1 and 3 have the same name 'a'"}));
}

TEST(Csv, RefusesBrokenQuotes) {
  EXPECT_TRUE(
      refuses("a,b\n1,\"2\n3,4\n", {"t.csv:2: column 2: a quote is opened and never closed"}));
  EXPECT_TRUE(refuses("a,b\n\"1\"2,3\n", {"t.csv:2: column 1: text after the closing quote"}));
  EXPECT_TRUE(refuses("a,b\n1,2\"\n", {"t.csv:2: column 2: a quote within a cell"}));
}

}  // namespace
}  // namespace gramian
