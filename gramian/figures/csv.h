// Comma-separated values of results.
#pragma once

#include <string>
#include <string_view>

#include "gramian/figures/result.h"

namespace gramian {

std::string csv_number(double value);         // six digits; nothing if it is not finite
std::string csv_text(std::string_view text);  // in quotation marks

// Every point of every figure and every entry of its heat maps, one a line:
// figure,panel,series,x,y,low,high; of a heat map the row is the series, the column x, the value y.
std::string figures_csv(const StudyResult& result);

}  // namespace gramian
