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
  if [[ $preset == tsan ]]; then  # the rooms of tests/CMakeLists.txt that have the label "threads"
    targets=(test_parallel test_training test_evaluation test_runs test_studies test_explain)
    selection=(--label-regex threads)
  fi
  build "$preset" "${targets[@]}"
  ctest --preset "$preset" -j "$(nproc)" "${selection[@]}"
done
