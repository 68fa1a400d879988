#!/bin/sh
# Builds the core for WebAssembly with SIMD128, without threads, and runs its kernel tests under node.
#
#     apt-get install clang-19 lld-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32 \
#                     wasi-libc googletest libfmt-dev libeigen3-dev     (and node, 18 or newer)
#     scripts/cross/wasm.sh [BUILD_FOLDER]
#
# Clang with WASI's C library, not emscripten: Debian 12's (3.1.6) has libc++ 13, which has no std::expected.
# Highway's sources are fetched from Debian 13 into the build folder, and nothing is installed: Debian 12's 1.0.3
# has no arithmetic on double for WebAssembly.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$source/build/wasm}
fail() { echo "wasm.sh: $*" >&2; exit 1; }

missing=""
for package in clang-19 lld-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32 wasi-libc \
               googletest libfmt-dev libeigen3-dev; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *" installed") ;;
    *) missing="$missing $package" ;;
  esac
done
[ -z "$missing" ] || fail "not installed; run: apt-get install$missing"
command -v node > /dev/null || fail "node is not installed"
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || fail "node 18 or newer is needed, not $(node --version)"

mkdir -p "$build/objects" "$build/apt/lists/partial" "$build/apt/cache/archives/partial"
cd "$build"
build=$(pwd)  # apt needs whole paths

if [ ! -d highway ]; then
  # shellcheck disable=SC2016
  archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -1)
  [ -n "$archive" ] || fail "apt has no Debian archive to fetch Highway from; run apt-get update"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive trixie main" > apt/sources.list
  options="-o Dir::Etc::sourcelist=$build/apt/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists=$build/apt/lists"
  options="$options -o Dir::Cache=$build/apt/cache -o APT::Sandbox::User=root"
  # shellcheck disable=SC2086
  (cd apt && apt-get $options -qq update && apt-get $options -qq source --download-only highway)
  rm -rf highway.part
  mkdir highway.part
  # Without Debian's patches: none is for WebAssembly.
  tar -xf apt/highway_*.orig.tar.* -C highway.part --strip-components=1
  mv highway.part highway
fi

googletest=/usr/src/googletest/googletest
compiler="clang++-19 --target=wasm32-wasi"
# GoogleTest takes threads and dup() for granted on systems that it does not know. Clang's attribute for a target
# is unused in functions without code, which Highway's macros then enclose.
flags="-std=c++23 -O2 -msimd128 -fno-exceptions -I$source -isystem highway -isystem /usr/include/eigen3"
flags="$flags -isystem $googletest/include -I$googletest -DFMT_HEADER_ONLY -Wno-pragma-clang-attribute"
flags="$flags -DGTEST_HAS_PTHREAD=0 -DGTEST_HAS_STREAM_REDIRECTION=0"
objects=""

compile() {  # FILE OBJECT
  # shellcheck disable=SC2086
  $compiler $flags -c "$1" -o "$2"
}

for file in highway/hwy/abort.cc highway/hwy/targets.cc $googletest/src/gtest-all.cc $googletest/src/gtest_main.cc; do
  object="objects/$(basename "$file").o"
  objects="$objects $object"
  [ -e "$object" ] || compile "$file" "$object"
done
core="lanes random tape tasks models"
for file in $(cd "$source" && for room in $core; do ls gramian/"$room"/*.cpp tests/"$room"/*_test.cpp 2> /dev/null || true; done) \
            gramian/bench/cases.cpp; do
  object="objects/$(echo "$file" | tr / _).o"
  objects="$objects $object"
  if [ ! -e "$object" ] || [ -n "$(find "$source/gramian" "$source/tests" -newer "$object" -name '*.[ch]*' | head -1)" ]; then
    compile "$source/$file" "$object"
  fi
done
# The stack is 64 KiB unless told otherwise; first in memory, so that running over it is an error.
# shellcheck disable=SC2086
$compiler -Wl,-z,stack-size=1048576,--stack-first $objects -o tests.wasm

cat > run.mjs << 'END'
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";
const wasi = new WASI({ version: "preview1", args: ["tests"], returnOnExit: true });
const { instance } = await WebAssembly.instantiate(await readFile("tests.wasm"), {
  wasi_snapshot_preview1: wasi.wasiImport,
});
process.exitCode = wasi.start(instance);
END
# Without fast calls, which seem to collect garbage where none must be (nodejs/node issue 46777): node 20 and 22 die of
# a segmentation fault once a test has used much memory.
exec node --no-warnings --no-turbo-fast-api-calls run.mjs
