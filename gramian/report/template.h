// web/report/dist/report.html, put into the library by cmake/report_template.cmake.
#pragma once

#include <string_view>

namespace gramian {

std::string_view report_template();

}  // namespace gramian
