#!/usr/bin/env bash
# Installs the packages that are missing (Debian 12), builds the optimised program and its tests,
# and runs all of them. docs/performance.md says what each part of it costs.
#
#   ./test.sh               the preset release
#   ./test.sh PRESET ...    the presets named: release, asan-ubsan, tsan, debug-rooms, debug
#
# The presets are in CMakePresets.json; .ci/run runs all but debug. The exit status is 0 only if
# everything was built and every test passed.
source "$(dirname "$0")/scripts/common.sh"

presets=("$@")
[[ ${#presets[@]} -gt 0 ]] || presets=(release)

install_packages tests
[[ " ${presets[*]} " == *" release "* ]] && python_environment
for preset in "${presets[@]}"; do
  targets=() selection=()
  if [[ $preset == tsan ]]; then  # rooms whose code runs on several threads: tests/CMakeLists.txt
    targets=(threaded_tests)
    selection=(--label-regex threads)
  fi
  if [[ $preset == tsan || $preset == asan-ubsan ]]; then  # whole trainings: release runs them
    selection+=(--label-exclude long)
  fi
  build "$preset" "${targets[@]}"
  ctest --preset "$preset" -j "$(nproc)" "${selection[@]}"
done
