#include "gramian/io/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace gramian {

namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);

std::string duration_text(double seconds) {
  const auto total = static_cast<std::int64_t>(std::min(seconds, 1e9) + 0.5);
  if (total >= 3600)
    return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

// A line is redrawn by control sequences, which a dumb terminal (an editor's, for example) prints.
bool is_drawable(std::FILE* out) {
  const char* const terminal = std::getenv("TERM");
  return ::isatty(::fileno(out)) == 1 &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

// A line that wraps could not be redrawn in place.
std::size_t terminal_columns(std::FILE* out) {
  winsize size{};
  const bool known = ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

std::string progress_line(std::string_view label, std::int64_t first, std::int64_t done,
                          std::int64_t total, std::string_view unit, double seconds,
                          std::string_view suffix) {
  constexpr std::size_t kWidth = 20;
  const double fraction =
      total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 1;
  std::string bar(static_cast<std::size_t>(fraction * kWidth), '=');
  if (bar.size() < kWidth) bar += '>';
  bar.resize(kWidth, ' ');
  std::string line = fmt::format("{} [{}] {}/{} {}", label, bar, done, total, unit);
  if (done > first && seconds > 0) {
    const double rate = static_cast<double>(done - first) / seconds;
    const double left = static_cast<double>(std::max<std::int64_t>(total - done, 0)) / rate;
    line += fmt::format(", {:.3g}/s, {} left", rate, duration_text(left));
  }
  if (!suffix.empty()) line += fmt::format(", {}", suffix);
  return line;
}

Progress::Progress(std::string label, std::int64_t total, std::string unit, std::int64_t done,
                   std::FILE* out, Clock::duration quiet)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      first_(done),
      out_(out),
      visible_(is_drawable(out)),
      start_(Clock::now()),
      next_(start_ + quiet) {}

void Progress::update(std::int64_t done, std::string_view suffix) {
  if (!visible_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kRedraw;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::string line = progress_line(label_, first_, done, total_, unit_, seconds, suffix);
  line.resize(std::min(line.size(), terminal_columns(out_) - 1));
  fmt::print(out_, "\r{}\x1b[K", line);
  std::fflush(out_);
}

void Progress::finish() {
  if (!drawn_) return;
  drawn_ = false;
  fmt::print(out_, "\r\x1b[K");
  std::fflush(out_);
}

}  // namespace gramian
