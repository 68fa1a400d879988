#include "gramian/api/array.h"

#include <fmt/ranges.h>

#include <cmath>
#include <string>

namespace gramian::api {

namespace {

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text;
  for (const std::size_t extent : shape) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ",
                        extent == kAny ? "any" : fmt::format("{}", extent));
  }
  return "[" + text + "]";
}

}  // namespace

Array Array::zeros(std::vector<std::size_t> shape) {
  std::size_t size = 1;
  for (const std::size_t extent : shape) size *= extent;
  return {std::move(shape), std::vector<double>(size)};
}

Status require_shape(const Array& array, std::string_view name, std::string_view letters,
                     const std::vector<std::size_t>& shape) {
  bool fits = array.shape.size() == shape.size();
  for (std::size_t k = 0; fits && k < shape.size(); ++k)
    fits = shape[k] == kAny || shape[k] == array.shape[k];
  if (fits) return {};
  return fail(ErrorKind::config, "{} must have shape {} = {}, got {}", name, letters,
              shape_text(shape), shape_text(array.shape));
}

Status require_finite(const Array& array, std::string_view name) {
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    if (std::isfinite(array.values[i])) continue;
    std::vector<std::size_t> index(array.shape.size());
    std::size_t rest = i;
    for (std::size_t k = array.shape.size(); k-- > 0;) {
      index[k] = rest % array.shape[k];
      rest /= array.shape[k];
    }
    return fail(ErrorKind::config, "{}[{}] is {}: every number must be finite", name,
                fmt::join(index, ", "), array.values[i]);
  }
  return {};
}

}  // namespace gramian::api
