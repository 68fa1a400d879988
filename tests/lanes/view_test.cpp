// A view of a block against the arithmetic of its memory, which is written out here.
#include "gramian/lanes/view.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "gramian/base/aligned.h"

namespace gramian {
namespace {

TEST(LaneView, ElementsLieWhereTheLayoutSays) {
  AlignedArray<float> data(lane_size(3 * 2));
  ASSERT_EQ(data.size(), 96u);
  std::iota(data.begin(), data.end(), 0.0f);
  const LaneView<const float> view(data.data(), 3, 2);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_EQ(view.lanes(i, j), data.data() + (i * 2 + j) * 16);
      for (std::size_t p = 0; p < 16; ++p)
        EXPECT_EQ(view.at(i, j, p), static_cast<float>((i * 2 + j) * 16 + p));
    }
  }
}

TEST(LaneView, WhatIsCopiedInComesOutAgainAndOtherPromptsStay) {
  for (const std::size_t prompt : {0u, 7u, 15u}) {
    AlignedArray<double> data(lane_size(4 * 5));
    std::iota(data.begin(), data.end(), 1.0);
    const LaneView<double> view(data.data(), 4, 5);
    std::vector<double> matrix(20), read(20);
    for (std::size_t k = 0; k < 20; ++k) matrix[k] = -1.0 - static_cast<double>(k);
    view.copy_in(prompt, matrix.data());
    view.copy_out(prompt, read.data());
    EXPECT_EQ(read, matrix);
    for (std::size_t k = 0; k < data.size(); ++k) {
      if (k % 16 != prompt) {
        EXPECT_EQ(data[k], 1.0 + static_cast<double>(k));
      }
    }
    view.scale(prompt, 2);
    EXPECT_EQ(view.at(3, 4, prompt), -40);
    view.fill(prompt, 0);
    view.copy_out(prompt, read.data());
    EXPECT_EQ(read, std::vector<double>(20));
  }
}

TEST(LaneView, CopiesConvert) {
  AlignedArray<float> data(lane_size(2));
  const LaneView<float> view = lane_view(data);
  EXPECT_EQ(view.rows(), 2u);
  EXPECT_EQ(view.columns(), 1u);
  const double vector[] = {0.1, 1e30};
  view.copy_in(3, vector);
  EXPECT_EQ(view.at(0, 0, 3), 0.1f);
  double read[2];
  view.copy_out(3, read);
  EXPECT_EQ(read[0], static_cast<double>(0.1f));
}

}  // namespace
}  // namespace gramian
