// The papers that this library reproduces. A paper is a folder beside this file; only papers.cpp
// names it.
#pragma once

#include <span>
#include <string_view>

#include "gramian/studies/study.h"

namespace gramian {

std::span<const Paper* const> all_papers();

// The studies of all papers, paper by paper.
std::span<const Study> all_studies();
const Study* find_study(std::string_view name);  // null if there is none

}  // namespace gramian
