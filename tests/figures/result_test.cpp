// Results as files.
#include "gramian/figures/result.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace gramian {
namespace {

TEST(Result, IsJsonWithoutInfinities) {
  StudyResult result{.study = "x"};
  result.claims = {{"holds", true, ""}, {"unknown", std::nullopt, ""}};
  result.figures.push_back(
      {.id = "f",
       .title = "F",
       .panels = {
           {.series = {{.name = "s", .points = {{.x = 1, .y = INFINITY}, {.x = 2, .y = 3}}}}}}});
  const auto json = nlohmann::json::parse(to_json(result));
  EXPECT_EQ(json["claims"][0]["holds"], true);
  EXPECT_TRUE(json["claims"][1]["holds"].is_null());
  const auto& points = json["figures"][0]["panels"][0]["series"][0]["points"];
  EXPECT_TRUE(points[0]["y"].is_null());
  EXPECT_EQ(points[1]["y"], 3);
  EXPECT_FALSE(points[1].contains("low"));
}

}  // namespace
}  // namespace gramian
