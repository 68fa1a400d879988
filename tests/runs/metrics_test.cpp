#include "gramian/runs/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

class Metrics : public testing::Test {
 protected:
  Status append(std::int64_t last_step, const std::vector<MetricsRow>& rows) const {
    Expected<MetricsLog> log = MetricsLog::open(path_, last_step);
    if (!log) return std::unexpected(log.error());
    for (const MetricsRow& row : rows) {
      if (Status ok = log->append(row); !ok) return ok;
    }
    return {};
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "metrics.jsonl";
};

TEST_F(Metrics, OneLineARow) {
  ASSERT_TRUE(append(-1, {{50, 0.1, 2.5, 1e-3, 1.25, 0}, {100, NAN, INFINITY, 0, 2, 3}}));
  EXPECT_EQ(
      slurp(path_),
      "{\"step\":50,\"loss\":0.1,\"grad_norm\":2.5,\"lr\":0.001,\"seconds\":1.25,\"dropped\":0}\n"
      "{\"step\":100,\"loss\":null,\"grad_norm\":null,\"lr\":0.0,\"seconds\":2.0,\"dropped\":3}\n");
}

TEST_F(Metrics, ARowIsOnDiskAtOnce) {
  Expected<MetricsLog> log = MetricsLog::open(path_, -1);
  ASSERT_TRUE(log);
  ASSERT_TRUE(log->append({.step = 1}));
  EXPECT_NE(slurp(path_).find("\"step\":1"), std::string::npos);
}

TEST_F(Metrics, ResumeCutsWhatComesAfterTheCheckpoint) {
  spill(path_,
        "{\"step\":50}\n{\"step\":100}\n{\"step\":150}\n{\"step\":2");  // the last line is torn
  ASSERT_TRUE(append(100, {{.step = 150, .loss = 0.5}}));
  const std::string text = slurp(path_);
  EXPECT_EQ(text.substr(0, 38), "{\"step\":50}\n{\"step\":100}\n{\"step\":150,\"");
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
}

TEST_F(Metrics, ATornLineIsDroppedThoughItParses) {
  spill(path_, "{\"step\":50}\n{\"step\":60}");  // no newline: more may have followed
  ASSERT_TRUE(append(100, {}));
  EXPECT_EQ(slurp(path_), "{\"step\":50}\n");
}

TEST_F(Metrics, BeginningAnewForgetsTheOldFile) {
  spill(path_, "anything");
  ASSERT_TRUE(append(-1, {}));
  EXPECT_EQ(slurp(path_), "");
}

TEST_F(Metrics, DamagedLinesAreNamed) {
  for (const char* line : {"oops", "", "[1]", "{\"loss\":1}", "{\"step\":\"1\"}"}) {
    spill(path_, std::string("{\"step\":50}\n") + line + "\n{\"step\":100}\n");
    EXPECT_TRUE(is_error(append(100, {}), ErrorKind::format, {path_ + ":2:", "step"})) << line;
  }
}

TEST_F(Metrics, FullDisk) {
  Expected<MetricsLog> log = MetricsLog::open("/dev/full", -1);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_TRUE(is_error(log->append({.step = 1}), ErrorKind::io, {"/dev/full", "No space left"}));
}

TEST_F(Metrics, UnwritablePlace) {
  EXPECT_TRUE(is_error(MetricsLog::open(folder_ / "none/metrics.jsonl", -1), ErrorKind::io,
                       {"none/metrics.jsonl"}));
}

}  // namespace
}  // namespace gramian
