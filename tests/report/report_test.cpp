#include "gramian/report/report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gramian/report/template.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::spill;
using Json = nlohmann::json;

class Report : public testing::Test {
 protected:
  Report() { std::filesystem::create_directory(results_); }

  void put(const std::string& name, const std::string& text) const {
    spill(results_ + "/" + name, text);
  }
  auto read() const { return read_results(folder_.path()); }

  // What the page's script will find.
  static Json embedded(const std::string& page) {
    const std::string opening = R"(<script type="application/json" id="gramian-results">)";
    const std::size_t begin = page.find(opening) + opening.size();
    return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  }

  test::TemporaryFolder folder_;
  std::string results_ = folder_ / "results";
};

TEST(ReportTemplate, IsTheFileByteForByte) {
  EXPECT_EQ(report_template(), slurp(GRAMIAN_SOURCE_DIR "/web/report/dist/report.html"));
}

TEST(ReportTemplate, AsksForNothingFromOutside) {
  const std::string page(report_template());
  for (const char* word : {" src=", "url(http", "@import", "<link rel=\"stylesheet\""}) {
    EXPECT_EQ(page.find(word), page.npos) << word;
  }
  EXPECT_NE(page.find("default-src 'none'"), page.npos);
}

TEST(ReportTemplate, KeepsTheLicences) {
  const std::string page(report_template());
  for (const char* part : {"@observablehq/plot 0.6.17 (ISC)", "d3-scale 4.0.3 (ISC)",
                           "internmap 2.0.3 (ISC)", "Mike Bostock", "PROVIDED \"AS IS\""}) {
    EXPECT_NE(page.find(part), page.npos) << part;
  }
}

TEST_F(Report, StudiesHaveTheOrderThatTheyName) {
  // Those of old versions and explanations name none: they come last, by name and number.
  for (const char* study : {"zeta", "fig7", "alpha", "fig12", "fig1"})
    put(std::string(study) + ".json", Json{{"study", study}}.dump());
  int order = 3;
  for (const char* study : {"late", "middle", "early"})
    put(std::string(study) + ".json", Json{{"study", study}, {"order", order--}}.dump());
  put("notes.txt", "not a result");
  const auto results = read();
  ASSERT_TRUE(results) << test::message_of(results);
  std::vector<std::string> found;
  for (const StudyFile& result : *results) found.push_back(result.study);
  EXPECT_EQ(found, (std::vector<std::string>{"early", "middle", "late", "alpha", "fig1", "fig7",
                                             "fig12", "zeta"}));
}

TEST_F(Report, TheNumbersArriveAsTheyWereWritten) {
  put("table1.json", R"({"study": "table1", "tables": [{"id": "t", "columns": ["a", "b"],
                         "rows": [[2.5000e-12, {"value": 0.049500000000000002, "se": 1e-4}]]}]})");
  const auto page = render_report(*read());
  ASSERT_TRUE(page) << test::message_of(page);
  EXPECT_NE(page->find("2.5000e-12"), page->npos);
  EXPECT_NE(page->find("0.049500000000000002"), page->npos);
  EXPECT_EQ(embedded(*page)["results"][0], Json::parse(slurp(results_ + "/table1.json")));
}

TEST_F(Report, NoTextOfAResultEndsTheScript) {
  const Json hostile{{"study", "x"},
                     {"title", "</script><script>alert(1)</script><!--<script>"},
                     {"caption", "a < b & \u03c3"}};
  put("x.json", hostile.dump());
  const auto page = render_report(*read());
  ASSERT_TRUE(page) << test::message_of(page);
  EXPECT_EQ(page->find("alert(1)</script>"), page->npos);
  EXPECT_EQ(embedded(*page)["results"][0], hostile);
}

TEST_F(Report, IsWrittenWholeOrNotAtAll) {
  put("fig1.json", R"({"study": "fig1"})");
  const std::string path = folder_ / "report.html";
  const auto summary = write_report(folder_.path(), path);
  ASSERT_TRUE(summary) << test::message_of(summary);
  EXPECT_EQ(summary->studies, std::vector<std::string>{"fig1"});
  const std::string page = slurp(path);
  EXPECT_EQ(page.size(), summary->bytes);
  put("fig2.json", "{");
  EXPECT_FALSE(write_report(folder_.path(), path));
  EXPECT_EQ(slurp(path), page);
  std::filesystem::remove(results_ + "/fig2.json");
  EXPECT_TRUE(is_error(write_report(folder_.path(), folder_ / "no/report.html"), ErrorKind::io,
                       {"no/report.html"}));
}

TEST_F(Report, AnErrorNamesThePlace) {
  EXPECT_TRUE(
      is_error(read_results(folder_ / "nowhere"), ErrorKind::io, {"nowhere is not a directory"}));
  EXPECT_TRUE(is_error(read(), ErrorKind::io, {"no results", folder_.path(), "results/*.json"}));
  put("fig1.json", "{\"study\": \"fig1\",\n \"title\": oops}");
  EXPECT_TRUE(
      is_error(read(), ErrorKind::format, {"results/fig1.json is not JSON", "line 2, column 11"}));
  put("fig1.json", "");
  EXPECT_TRUE(is_error(read(), ErrorKind::format, {"results/fig1.json is not JSON"}));
  put("fig1.json", "{\"study\": \"fig1\", \"title\": \"\xff\"}");
  EXPECT_TRUE(is_error(read(), ErrorKind::format, {"results/fig1.json is not JSON", "UTF-8"}));
  put("fig1.json", R"({"title": "no name"})");
  EXPECT_TRUE(is_error(read(), ErrorKind::format, {"results/fig1.json", "\"study\" is missing"}));
  put("fig1.json", "[]");
  EXPECT_TRUE(is_error(read(), ErrorKind::format, {"results/fig1.json", "JSON object"}));
}

TEST_F(Report, TwoFilesOfOneStudyAreRefused) {
  put("a.json", R"({"study": "fig1"})");
  put("b.json", R"({"study": "fig1"})");
  EXPECT_TRUE(is_error(read(), ErrorKind::format, {"a.json", "b.json", "'fig1'"}));
}

TEST_F(Report, WhatThePageCouldNotDrawIsRefusedWithItsPlace) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"("study": "a b")", "/study must be a name"},
      {R"("study": 7)", "/study must be a name"},
      {R"("study": "x", "title": 3)", "/title must be a text, got 3"},
      {R"("study": "x", "quick": "no")", "/quick must be true or false"},
      {R"("study": "x", "order": "1")", "/order must be a number"},
      {R"("study": "x", "publication": "P")", "/publication must be an object"},
      {R"("study": "x", "publication": {"title": "t"})", "/publication/short must be there"},
      {R"("study": "x", "publication": {"short": 1})", "/publication/short must be a text"},
      {R"("study": "x", "claims": {})", "/claims must be an array"},
      {R"("study": "x", "claims": [{"holds": true}])", "/claims/0/text must be there"},
      {R"("study": "x", "claims": [{"text": "t", "holds": "yes"}])",
       "/claims/0/holds must be true, false or null"},
      {R"("study": "x", "tables": [{"id": "t", "columns": ["a"]}])",
       "/tables/0/rows must be there"},
      {R"("study": "x", "tables": [{"id": "t", "columns": ["a"], "rows": [[1, 2]]}])",
       "/tables/0/rows/0 must be an array of 1 cells"},
      {R"("study": "x", "tables": [{"id": "t", "columns": ["a"], "rows": [[true]]}])",
       "/tables/0/rows/0/0 must be a text"},
      {R"("study": "x", "tables": [{"id": "t", "columns": ["a"], "rows": [[{"value": "1"}]]}])",
       "/rows/0/0/value must be a number"},
      {R"("study": "x", "tables": [{"id": "t", "columns": ["a"], "rows": [[{"value": 1, "status": "good"}]]}])",
       "/status must be one of better"},
      {R"("study": "x", "figures": [{"id": "f"}])", "/figures/0/panels must be there"},
      {R"("study": "x", "figures": [{"id": "../f", "panels": []}])",
       "/figures/0/id must be a name"},
      {R"("study": "x", "figures": [{"id": "f", "panels": [{"y": {"scale": "ln"}}]}])",
       "/panels/0/y/scale must be one of linear, log"},
      {R"("study": "x", "figures": [{"id": "f", "panels": [{"y": {"domain": [2, 1]}}]}])",
       "/y/domain must be a low and a higher"},
      {R"("study": "x", "figures": [{"id": "f", "panels": [{"y": {"scale": "log", "domain": [0, 1]}}]}])",
       "/y/domain must be positive on a log axis"},
      {R"("study": "x", "figures": [{"id": "f", "panels": [{"series": [{"name": "s", "points": [{"y": 1}]}]}]}])",
       "/series/0/points/0/x must be a number"},
      {R"("study": "x", "figures": [{"id": "f", "panels": [{"series": [{"name": "s", "role": "best", "points": []}]}]}])",
       "/series/0/role must be one of full"},
      {R"("study": "x", "figures": [{"id": "f", "panels": [{"heatmap": {"rows": ["a"], "columns": ["b"], "values": [[1, 2]]}}]}])",
       "/heatmap/values/0 must be an array with a number for each column"},
      {R"("study": "x", "provenance": [])", "/provenance must be an object"},
  };
  for (const auto& [content, message] : wrong) {
    put("x.json", "{" + content + "}");
    EXPECT_TRUE(is_error(read(), ErrorKind::format, {"results/x.json: ", message})) << content;
  }
}

TEST_F(Report, NullsAndMissingKeysAreNoErrors) {
  put("x.json",
      R"({"study": "x", "title": null, "claims": [{"text": "t", "holds": null}],
                    "tables": [{"id": "t", "columns": ["a", "b"], "rows": [[null, {"value": null, "se": null}]]}],
                    "figures": [{"id": "f", "panels": [{"x": {"ticks": null, "domain": []}, "heatmap": null,
                                 "series": [{"name": "s", "points": [{"x": 1, "y": null}]}]}]}]})");
  put("y.json", R"({"study": "y", "claims": null, "tables": null, "figures": null})");
  const auto results = read();
  EXPECT_TRUE(results) << test::message_of(results);
}

// Printing or copying such a value would take the stack.
TEST_F(Report, DeepNestingIsRefused) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  put("x.json", R"({"study": "x", "title": )" + deep + "}");
  EXPECT_TRUE(is_error(read(), ErrorKind::format, {"results/x.json", "nests deeper"}));
  put("x.json", R"({"study": "x", "study": "y"})");
  EXPECT_TRUE(is_error(read(), ErrorKind::format, {"results/x.json", "has 'study' twice"}));
}

}  // namespace
}  // namespace gramian
