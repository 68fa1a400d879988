#!/bin/sh
# Builds the core for 64-bit ARM and runs its kernel tests under qemu.
#
#     apt-get install g++-12-aarch64-linux-gnu qemu-user
#     scripts/cross/aarch64.sh [BUILD_FOLDER]
#
# Fetches Highway, fmt and GoogleTest for arm64 from Debian into the build folder; installs nothing.
# SVE is switched off: the kernels keep arrays of registers, and those of SVE have no size at
# compile time.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$source/build/aarch64}
compiler="aarch64-linux-gnu-g++-12"
mkdir -p "$build/objects" "$build/debs" "$build/apt/lists/partial" \
         "$build/apt/cache/archives/partial"
cd "$build"

if [ ! -d root ]; then
  options="-o APT::Architecture=arm64 -o APT::Architectures=arm64"
  options="$options -o Dir::State::lists=$build/apt/lists"
  options="$options -o Dir::Cache=$build/apt/cache -o APT::Sandbox::User=root"
  # shellcheck disable=SC2086
  (cd debs && apt-get $options -qq update &&
    apt-get $options -qq download libhwy-dev libhwy1 libgtest-dev libfmt-dev)
  mkdir root.part
  for package in debs/*.deb; do dpkg -x "$package" root.part; done
  mv root.part root
fi

libraries=root/usr/lib/aarch64-linux-gnu
flags="-std=c++23 -O2 -I$source -isystem root/usr/include -isystem /usr/include/eigen3"
flags="$flags -DFMT_HEADER_ONLY -Wno-psabi"
flags="$flags -DHWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)"
core="lanes random sequence tape tasks models"
sources=$(cd "$source" && for room in $core; do find "gramian/$room" -name '*.cpp'; done | sort)
objects=""
for file in $sources gramian/bench/cases.cpp tests/models/pass_test.cpp; do
  object="objects/$(echo "$file" | tr / _).o"
  objects="$objects $object"
  newer=$(find "$source/gramian" "$source/tests/models" -newer "$object" -name '*.[ch]*' \
    2>/dev/null | head -1)
  if [ ! -e "$object" ] || [ -n "$newer" ]; then
    echo "$file"
    # shellcheck disable=SC2086
    $compiler $flags -c "$source/$file" -o "$object"
  fi
done
# shellcheck disable=SC2086
$compiler $objects $libraries/libgtest.a $libraries/libgtest_main.a $libraries/libhwy.so \
          -o test_models
qemu="${QEMU:-qemu-aarch64} -L /usr/aarch64-linux-gnu"
# shellcheck disable=SC2086
exec $qemu -E LD_LIBRARY_PATH="$build/$libraries" ./test_models
