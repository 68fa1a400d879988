#include "gramian/runs/manifest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/files.h"

namespace gramian {
namespace {

TEST(Manifest, DescribesThisMachine) {
  const Manifest manifest = Manifest::begin(7, "gramian train a.toml", "AVX2");
  EXPECT_EQ(manifest.seed, 7u);
  EXPECT_GE(manifest.cores, 1);
  EXPECT_FALSE(manifest.cpu.empty());
  EXPECT_EQ(manifest.cpu.find_first_of("\n\t:"), std::string::npos);
  EXPECT_NE(manifest.compiler.find_first_of("0123456789"), std::string::npos);
  EXPECT_FALSE(manifest.version.empty());
  EXPECT_FALSE(manifest.commit.empty());
}

TEST(Manifest, TimesAreIso8601InUtc) {
  const std::string now = utc_now();
  ASSERT_EQ(now.size(), 20u);
  std::string pattern;
  for (const char c : now) pattern += c >= '0' && c <= '9' ? '0' : c;
  EXPECT_EQ(pattern, "0000-00-00T00:00:00Z");
}

TEST(Manifest, WrittenAsJson) {
  const test::TemporaryFolder folder;
  Manifest manifest{"0.1.0",
                    "abc",
                    9007199254740991,
                    "A CPU",
                    2,
                    "GCC 12",
                    "AVX2",
                    "gramian \"x\" \xff",
                    "2025-01-31T12:00:00Z",
                    "",
                    1.5};
  ASSERT_TRUE(write_manifest(folder / "manifest.json", manifest));
  auto json = nlohmann::json::parse(test::slurp(folder / "manifest.json"));
  EXPECT_EQ(json["version"], "0.1.0");
  EXPECT_EQ(json["commit"], "abc");
  EXPECT_EQ(json["seed"], 9007199254740991);
  EXPECT_EQ(json["machine"]["cpu"], "A CPU");
  EXPECT_EQ(json["machine"]["cores"], 2);
  EXPECT_EQ(json["machine"]["compiler"], "GCC 12");
  EXPECT_EQ(json["machine"]["simd"], "AVX2");
  EXPECT_EQ(json["command_line"], "gramian \"x\" \xef\xbf\xbd");  // not UTF-8: replaced
  EXPECT_EQ(json["started"], "2025-01-31T12:00:00Z");
  EXPECT_TRUE(json["finished"].is_null());
  EXPECT_EQ(json["seconds"], 1.5);

  manifest.finished = "2025-01-31T12:00:02Z";
  ASSERT_TRUE(write_manifest(folder / "manifest.json", manifest));
  json = nlohmann::json::parse(test::slurp(folder / "manifest.json"));
  EXPECT_EQ(json["finished"], "2025-01-31T12:00:02Z");
}

TEST(Manifest, UnwritableFolder) {
  EXPECT_TRUE(test::is_error(write_manifest("/dev/null/manifest.json", {}), ErrorKind::io,
                             {"Not a directory"}));
}

}  // namespace
}  // namespace gramian
