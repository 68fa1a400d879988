// How the matrices of a block of prompts lie in memory while a network works on them.
#pragma once

#include <cstddef>

#include "gramian/lanes/block.h"

namespace gramian {

// lanes: element after element, the sixteen prompts of each side by side (block.h). A register
// holds one element of many prompts: no padding, no shuffles, best while a matrix of all
// prompts fits the second-level cache.
// rows: prompt after prompt, each matrix by rows padded to whole registers. A register holds
// neighbours of one row of one prompt; the matrices at work are sixteen times smaller.
enum class Layout { lanes, rows };

// Matrices with at least this many rows lie in rows. One number for every machine, so that results
// do not depend on the instruction set, between the measured ones: with AVX-512 rows are faster
// from about 110 (FULL) and 150 (DIAG), less where others use the third-level cache; with AVX2 from
// 32 (DIAG) and 60 (FULL), by half at 96 (docs/performance.md).
inline constexpr std::size_t kRowsFrom = 96;
constexpr Layout layout_for(std::size_t rows) {
  return rows < kRowsFrom ? Layout::lanes : Layout::rows;
}

// Columns of a row with its padding: one width for every instruction set. An odd number of
// sixteens, so that a column does not fall into a few sets of the cache.
constexpr std::size_t padded(std::size_t columns) {
  return ((columns + kLanes - 1) / kLanes | 1) * kLanes;
}

// Rows of a right factor that are worked on at a time: sixteen kilobytes with the registers of
// AVX-512.
inline constexpr std::size_t kPanelDepth = 72;

// Numbers from prompt to prompt, for [rows, rows] and for [rows] in layout `rows`. Both have room
// for more: a vector for one entry behind its padding, a matrix for some vectors after it. (Prompts
// are then not a power of two apart, which would put them in a few sets of the cache.)
constexpr std::size_t vector_stride(std::size_t rows) { return padded(rows) + kLanes; }
constexpr std::size_t matrix_stride(std::size_t rows) { return (rows + 11) * padded(rows); }

}  // namespace gramian
