// One target under libFuzzer: gramian_fuzz --target=NAME [flags of libFuzzer] [folders].
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fuzz/targets.h"

namespace {

const gramian::fuzz::Target* chosen = nullptr;

}  // namespace

// Flags that begin with two dashes are ours: libFuzzer leaves them alone.
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view kFlag = "--target=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument((*arguments)[i]);
    if (argument.starts_with(kFlag))
      chosen = gramian::fuzz::find_target(argument.substr(kFlag.size()));
  }
  if (chosen == nullptr) {
    std::fputs("gramian_fuzz needs --target=NAME; there are:", stderr);
    for (const auto& target : gramian::fuzz::targets())
      std::fprintf(stderr, " %s", target.name.data());
    std::fputs("\n", stderr);
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
