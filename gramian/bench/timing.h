// How a body of code is timed: medians of repetitions.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

namespace gramian {

double seconds_of(const auto& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Of this thread on its processor, without what others took from it.
inline double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double processor_seconds_of(const auto& body) {
  const double begin = processor_seconds();
  body();
  return processor_seconds() - begin;
}

struct Sample {
  double median = 0;
  double spread = 0;  // interquartile range / median
};

// Repeats the body for `budget` seconds, at least five times, after one run to warm up.
Sample repeat(double budget, const auto& body) {
  body();
  std::vector<double> times;
  for (double spent = 0; spent < budget || times.size() < 5;) {
    times.push_back(seconds_of(body));
    spent += times.back();
  }
  std::sort(times.begin(), times.end());
  const std::size_t count = times.size();
  const double median = times[count / 2];
  return {median, (times[count * 3 / 4] - times[count / 4]) / median};
}

// The median time of a body that is too short for the clock: as many as take 20 us are timed
// together.
double median_seconds(double budget, const auto& body) {
  body();
  const double once = std::min(seconds_of(body), seconds_of(body));
  const int count = once > 20e-6 ? 1 : static_cast<int>(20e-6 / std::max(once, 50e-9)) + 1;
  return repeat(budget,
                [&] {
                  for (int i = 0; i < count; ++i) body();
                })
             .median /
         count;
}

}  // namespace gramian
