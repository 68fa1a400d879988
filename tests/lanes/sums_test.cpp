// Sums over lanes against the order that their header states, to the bit, on every instruction set.
#include "gramian/lanes/sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gramian/base/aligned.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

double by_halves(double* sum) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int p = 0; p < half; ++p) sum[p] += sum[p + half];
  }
  return sum[0];
}

// Numbers of many sizes, so that another order would round to other bits.
template <class T>
AlignedArray<T> uneven_numbers(std::size_t rows) {
  AlignedArray<T> numbers(lane_size(rows));
  for (std::size_t k = 0; k < numbers.size(); ++k)
    numbers[k] = static_cast<T>(std::sin(1.0 + static_cast<double>(k)) * std::pow(10, k % 13));
  return numbers;
}

template <class T>
void check_sums() {
  constexpr std::size_t kRows = 5;
  const AlignedArray<T> numbers = uneven_numbers<T>(kRows);
  const LaneView<const T> rows(numbers.data(), kRows);
  std::vector<double> sums(kRows), square(kRows * kRows, 0.5);
  sum_lanes(rows, sums.data());
  add_lane_products(rows, square.data());
  for (std::size_t i = 0; i < kRows; ++i) {
    double sum[kLanes];
    for (std::size_t p = 0; p < kLanes; ++p) sum[p] = static_cast<double>(rows.at(i, 0, p));
    EXPECT_EQ(sums[i], by_halves(sum)) << i;
    for (std::size_t j = 0; j < kRows; ++j) {
      for (std::size_t p = 0; p < kLanes; ++p) {
        const T product = rows.at(i, 0, p) * rows.at(j, 0, p);
        sum[p] = static_cast<double>(product);
      }
      EXPECT_EQ(square[i * kRows + j], j <= i ? 0.5 + by_halves(sum) : 0.5) << i << ", " << j;
    }
  }
}

TEST(LaneSums, AreByHalvesInDoubleOnEveryInstructionSet) {
  test::for_each_target([] {
    check_sums<float>();
    check_sums<double>();
  });
}

}  // namespace
}  // namespace gramian
