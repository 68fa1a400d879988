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

// Matrices with at least this many rows lie in rows. The number is the same on every machine, so
// that results do not depend on the instruction set, and a compromise between measured ones: with
// AVX-512 rows are faster from about 110 (FULL) and 150 (DIAG) on, or less where other programs use
// the third-level cache; with AVX2 from 32 (DIAG) and 60 (FULL), and by half at 96
// (docs/performance.md).
inline constexpr std::size_t kRowsFrom = 96;
constexpr Layout layout_for(std::size_t rows) {
  return rows < kRowsFrom ? Layout::lanes : Layout::rows;
}

// Columns of a row with its padding, the same for every instruction set. It is an odd multiple of
// sixteen, so that the entries of a column do not compete for a few sets of the cache.
constexpr std::size_t padded(std::size_t columns) {
  return ((columns + kLanes - 1) / kLanes | 1) * kLanes;
}

// So many rows of a right factor are used at a time: sixteen kilobytes with the registers of
// AVX-512.
inline constexpr std::size_t kPanelDepth = 72;

// The distance between two prompts in layout `rows`, of vectors [rows] and of matrices [rows,
// rows]. Both leave room: behind a vector and its padding for one more entry, behind a matrix for
// some vectors. (Prompts are then not a power of two apart, and do not compete for a few sets of
// the cache.)
constexpr std::size_t vector_stride(std::size_t rows) { return padded(rows) + kLanes; }
constexpr std::size_t matrix_stride(std::size_t rows) { return (rows + 11) * padded(rows); }

}  // namespace gramian
