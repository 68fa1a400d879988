#include "gramian/studies/recipe.h"

#include <fmt/format.h>

namespace gramian {

std::string cell_name(std::string_view model, int layers, bool looped, std::string_view problem) {
  return fmt::format("{}-L{}-{}{}", model, layers, looped ? "looped-" : "", problem);
}

std::string cell_title(std::string_view model, int layers, bool looped, std::string_view problem) {
  return fmt::format("{}, L = {}{}, {}", model, layers, looped ? ", looped" : "", problem);
}

}  // namespace gramian
