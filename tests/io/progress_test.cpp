#include "gramian/io/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "tests/support/files.h"

namespace gramian {
namespace {

using namespace std::chrono_literals;

// A terminal of `columns` whose output can be read back. A bare chroot without /dev/pts has none
// to give: then out() is null and there is nothing to test.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) : master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0) return;
    grantpt(master_);
    unlockpt(master_);
    const winsize size{24, columns, 0, 0};
    ioctl(master_, TIOCSWINSZ, &size);
    const char* name = ptsname(master_);
    if (name != nullptr) out_ = std::fopen(name, "w");
    fcntl(master_, F_SETFL, O_NONBLOCK);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (out_ != nullptr) std::fclose(out_);
    if (master_ >= 0) close(master_);
  }

  std::FILE* out() const { return out_; }
  std::string shown() const {
    std::string text(65536, '\0');
    const ssize_t count = read(master_, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
  }

 private:
  int master_;
  std::FILE* out_ = nullptr;
};

TEST(ProgressLine, ShowsRateAndTimeLeft) {
  EXPECT_EQ(progress_line("train", 0, 500, 1000, "steps", 2, "loss 0.06"),
            "train [==========>         ] 500/1000 steps, 250/s, 0:02 left, loss 0.06");
  EXPECT_EQ(progress_line("train", 400, 500, 1000, "steps", 2, ""),
            "train [==========>         ] 500/1000 steps, 50/s, 0:10 left");
  EXPECT_EQ(progress_line("eval", 0, 1, 36611, "prompts", 0.1, ""),
            "eval [>                   ] 1/36611 prompts, 10/s, 1:01:01 left");
  EXPECT_EQ(progress_line("eval", 0, 7, 7, "prompts", 1, ""),
            "eval [====================] 7/7 prompts, 7/s, 0:00 left");
}

TEST(ProgressLine, IsDefinedWhereNothingIsKnown) {
  EXPECT_EQ(progress_line("a", 0, 0, 10, "b", 3, ""), "a [>                   ] 0/10 b");
  EXPECT_EQ(progress_line("a", 0, 0, 0, "b", 0, ""), "a [====================] 0/0 b");
  EXPECT_EQ(progress_line("a", 0, 20, 10, "b", 1, ""),
            "a [====================] 20/10 b, 20/s, 0:00 left");
}

TEST(Progress, SilentInAFile) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    Progress progress("a", 10, "b", 0, file, 0s);
    progress.update(5);
  }
  EXPECT_EQ(std::ftell(file), 0);
  std::fclose(file);
}

TEST(Progress, SilentForTheFirstSeconds) {
  const Terminal terminal(80);
  if (terminal.out() == nullptr) GTEST_SKIP() << "no pseudo terminals here (/dev/pts)";
  {
    Progress progress("a", 10, "b", 0, terminal.out());
    progress.update(5);
  }
  EXPECT_EQ(terminal.shown(), "");
}

TEST(Progress, DrawsAtMostTenTimesASecondAndWipes) {
  const Terminal terminal(80);
  if (terminal.out() == nullptr) GTEST_SKIP() << "no pseudo terminals here (/dev/pts)";
  Progress progress("train", 10, "steps", 0, terminal.out(), 0s);
  const auto start = Progress::Clock::now();
  for (int i = 0; i < 1000; ++i) progress.update(5, "loss 1");
  std::string shown = terminal.shown();
  const auto most = 1 + (Progress::Clock::now() - start) / 100ms;
  EXPECT_EQ(shown.substr(0, 22), "\rtrain [==========>   ");
  EXPECT_NE(shown.find("loss 1\x1b[K"), std::string::npos);
  EXPECT_LE(std::ranges::count(shown, '\r'), most);
  std::this_thread::sleep_for(110ms);
  progress.update(6);
  EXPECT_NE(terminal.shown().find("6/10 steps"), std::string::npos);
  progress.finish();
  progress.finish();
  EXPECT_EQ(terminal.shown(), "\r\x1b[K");
}

TEST(Progress, NeverWraps) {
  const Terminal terminal(30);
  if (terminal.out() == nullptr) GTEST_SKIP() << "no pseudo terminals here (/dev/pts)";
  Progress progress("train", 10, "steps", 0, terminal.out(), 0s);
  progress.update(5, "a long suffix");
  EXPECT_EQ(terminal.shown(), "\rtrain [==========>         ] \x1b[K");
}

}  // namespace
}  // namespace gramian
