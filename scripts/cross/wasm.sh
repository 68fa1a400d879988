#!/bin/sh
# Builds the core for WebAssembly with SIMD128, without threads, and runs its kernel tests in node.
#
#     apt-get install clang-19 lld-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 \
#                     libclang-rt-19-dev-wasm32 wasi-libc googletest libfmt-dev libeigen3-dev
#     scripts/cross/wasm.sh [BUILD_FOLDER]
#
# It needs node, 18 or newer, too. It uses Clang with WASI's C library and not emscripten: that of
# Debian 12 (3.1.6) has libc++ 13, which has no std::expected. It fetches the sources of Highway
# from Debian 13 into the build folder, because Highway 1.0.3 of Debian 12 has no arithmetic on
# double for WebAssembly. It installs nothing.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$source/build/wasm}
fail() { echo "wasm.sh: $*" >&2; exit 1; }

missing=""
for package in clang-19 lld-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 \
               libclang-rt-19-dev-wasm32 wasi-libc googletest libfmt-dev libeigen3-dev; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *" installed") ;;
    *) missing="$missing $package" ;;
  esac
done
[ -z "$missing" ] || fail "not installed; run: apt-get install$missing"
command -v node > /dev/null || fail "node is not installed"
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' ||
  fail "node 18 or newer is needed, not $(node --version)"

mkdir -p "$build/objects" "$build/apt/lists/partial" "$build/apt/cache/archives/partial"
cd "$build"
build=$(pwd)  # apt needs whole paths

if [ ! -d highway ]; then
  # shellcheck disable=SC2016
  archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' |
    head -1)
  [ -n "$archive" ] || fail "apt has no Debian archive to fetch Highway from; run apt-get update"
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb-src [signed-by=$keys] $archive trixie main" > apt/sources.list
  options="-o Dir::Etc::sourcelist=$build/apt/sources.list -o Dir::Etc::sourceparts=-"
  options="$options -o Dir::State::lists=$build/apt/lists"
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
# GoogleTest assumes threads and dup() on systems that it does not know: both are switched off.
# Clang warns of its attribute for a target where Highway's macros enclose no code: so is that
# warning.
flags="-std=c++23 -O2 -msimd128 -fno-exceptions -I$source -isystem highway"
flags="$flags -isystem /usr/include/eigen3 -isystem $googletest/include -I$googletest"
flags="$flags -DFMT_HEADER_ONLY -Wno-pragma-clang-attribute"
flags="$flags -DGTEST_HAS_PTHREAD=0 -DGTEST_HAS_STREAM_REDIRECTION=0"
objects=""

compile() {  # FILE OBJECT
  # shellcheck disable=SC2086
  $compiler $flags -c "$1" -o "$2"
}

for file in highway/hwy/abort.cc highway/hwy/targets.cc $googletest/src/gtest-all.cc \
            $googletest/src/gtest_main.cc; do
  object="objects/$(basename "$file").o"
  objects="$objects $object"
  [ -e "$object" ] || compile "$file" "$object"
done
core="lanes random sequence tape tasks models"
sources=$(cd "$source" && for room in $core; do
  find "gramian/$room" -name '*.cpp'
  find "tests/$room" -name '*_test.cpp' 2> /dev/null || true
done | sort)
for file in $sources gramian/bench/cases.cpp gramian/bench/tape_cases.cpp; do
  object="objects/$(echo "$file" | tr / _).o"
  objects="$objects $object"
  newer=$(find "$source/gramian" "$source/tests" -newer "$object" -name '*.[ch]*' 2> /dev/null |
    head -1)
  if [ ! -e "$object" ] || [ -n "$newer" ]; then
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
# Fast calls are switched off: with them node 20 and 22 die of a segmentation fault once a test has
# used much memory (probably nodejs/node issue 46777: garbage is collected during such a call).
exec node --no-warnings --no-turbo-fast-api-calls run.mjs
