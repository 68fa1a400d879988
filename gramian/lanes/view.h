// A matrix of each prompt of a block, seen without the arithmetic of its memory (block.h):
//
//     element (i, j) of prompt p  =  data[(i * columns + j) * kLanes + p]
//
// Shapes: `rows` and `columns` are those of the matrix of one prompt; a vector has one column. T is
// float or double, or const of it where nothing is written. A view owns no memory.
// Preconditions: `data` holds lane_size(rows * columns) numbers, and indices are in range
// (asserted).
// Errors: none. Cost: that of the arithmetic.
#pragma once

#include <algorithm>
#include <cstddef>

#include "gramian/base/assert.h"
#include "gramian/lanes/block.h"

namespace gramian {

// The memory that `numbers` numbers of each prompt take, in numbers.
constexpr std::size_t lane_size(std::size_t numbers) { return numbers * kLanes; }

// How many lanes of the block that begins with prompt `first` hold one of `total` prompts.
constexpr int lanes_in_use(std::size_t first, std::size_t total) {
  return static_cast<int>(std::min<std::size_t>(kLanes, total - first));
}

// Calls body(first, count) for each block of `total` prompts, in order: its first prompt and the
// number of its lanes that hold one, kLanes but for the last block.
template <class Body>
void for_lanes(std::size_t total, Body&& body) {
  for (std::size_t first = 0; first < total; first += kLanes) {
    body(first, lanes_in_use(first, total));
  }
}

template <class T>
class LaneView {
 public:
  LaneView(T* data, std::size_t rows, std::size_t columns = 1)
      : data_(data), rows_(rows), columns_(columns) {
    GRAMIAN_ASSERT(data != nullptr || rows * columns == 0);
  }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

  // Element (i, j) of all prompts, [kLanes].
  T* lanes(std::size_t i, std::size_t j = 0) const {
    GRAMIAN_ASSERT(i < rows_ && j < columns_);
    return data_ + (i * columns_ + j) * kLanes;
  }

  T& at(std::size_t i, std::size_t j, std::size_t prompt) const {
    GRAMIAN_ASSERT(prompt < kLanes);
    return lanes(i, j)[prompt];
  }

  // The matrix of one prompt, row-major [rows, columns], from a block or into it.
  template <class U>
  void copy_out(std::size_t prompt, U* matrix) const {
    GRAMIAN_ASSERT(prompt < kLanes);
    for (std::size_t k = 0; k < rows_ * columns_; ++k)
      matrix[k] = static_cast<U>(data_[k * kLanes + prompt]);
  }
  template <class U>
  void copy_in(std::size_t prompt, const U* matrix) const {
    GRAMIAN_ASSERT(prompt < kLanes);
    for (std::size_t k = 0; k < rows_ * columns_; ++k)
      data_[k * kLanes + prompt] = static_cast<T>(matrix[k]);
  }

  // Sets or multiplies all numbers of one prompt.
  void fill(std::size_t prompt, T value) const {
    GRAMIAN_ASSERT(prompt < kLanes);
    for (std::size_t k = 0; k < rows_ * columns_; ++k) data_[k * kLanes + prompt] = value;
  }
  void scale(std::size_t prompt, T factor) const {
    GRAMIAN_ASSERT(prompt < kLanes);
    for (std::size_t k = 0; k < rows_ * columns_; ++k) data_[k * kLanes + prompt] *= factor;
  }

 private:
  T* data_;
  std::size_t rows_, columns_;
};

// All numbers of a buffer of lanes as one column: an AlignedArray or a vector.
template <class Array>
auto lane_view(Array& array) {
  return LaneView(array.data(), array.size() / kLanes);
}

}  // namespace gramian
