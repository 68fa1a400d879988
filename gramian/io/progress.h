// A progress bar for what takes longer than two seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace gramian {

// One line, redrawn in place at most ten times a second, and only if `out` is a terminal;
// it is silent in logs and pipes. Use from one thread.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr Clock::duration kSoon = std::chrono::seconds(2);
  static constexpr Clock::duration kNever = Clock::duration::max() / 2;

  // `done` of `total` are done already (a resumed run). Nothing is drawn for `quiet`.
  Progress(std::string label, std::int64_t total, std::string unit, std::int64_t done = 0,
           std::FILE* out = stderr, Clock::duration quiet = kSoon);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { finish(); }

  void update(std::int64_t done, std::string_view suffix = "");
  void finish();  // wipes the line, for what is printed next

 private:
  std::string label_;
  std::string unit_;
  std::int64_t total_;
  std::int64_t first_;  // done before the clock started
  std::FILE* out_;
  bool visible_;  // out is a terminal
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point next_;  // no drawing before
};

// "train [=====>    ] 500/1000 steps, 250/s, 0:02 left, loss 0.06"; `seconds` were spent
// on `done` - `first`.
std::string progress_line(std::string_view label, std::int64_t first, std::int64_t done,
                          std::int64_t total, std::string_view unit, double seconds,
                          std::string_view suffix);

}  // namespace gramian
