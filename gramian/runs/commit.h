// The commit from which this library was built, followed by "+" if files had been changed;
// "unknown" if it was built outside a checkout. cmake/commit.cmake finds it.
//
// It is a source file of its own so that a commit changes one small translation unit.
#pragma once

#include <string_view>

namespace gramian {

std::string_view built_commit();

}  // namespace gramian
