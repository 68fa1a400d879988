#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: optimised, under the address and
# undefined-behaviour sanitizers, and the threaded ones under the thread sanitizer.
#
#   ./test.sh            all of it
#   ./test.sh release    one preset: release, asan-ubsan or tsan
source "$(dirname "$0")/scripts/common.sh"

presets=("$@")
[[ ${#presets[@]} -gt 0 ]] || presets=(release asan-ubsan tsan)

install_packages tests
for preset in "${presets[@]}"; do
  targets=() selection=()
  if [[ $preset == tsan ]]; then  # the rooms of tests/CMakeLists.txt whose code runs on several threads
    targets=(threaded_tests)
    selection=(--label-regex threads)
  fi
  build "$preset" "${targets[@]}"
  ctest --preset "$preset" -j "$(nproc)" "${selection[@]}"
done
