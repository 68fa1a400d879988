# Shared by demo.sh and test.sh: sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# install_packages [TAG ...]: installs those packages of packages.txt that are missing; needs no
# network if none is. A package with a tag behind it ("# tests", "# ci") is left out unless the tag
# is given.
install_packages() {
  local package tag missing=()
  while read -r package tag; do
    [[ -n $tag && " $* " != *" ${tag#\# } "* ]] && continue
    [[ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" == "install ok installed" ]] ||
      missing+=("$package")
  done < <(grep -v '^#' packages.txt)
  [[ ${#missing[@]} -eq 0 ]] && return
  echo "Installing: ${missing[*]}"
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || {
      echo "These packages are missing, and installing needs root (no sudo): ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" >/dev/null
}

# python_environment [FILE ...]: a virtual environment of Debian's Python in build/python, with what
# the Python package is built and tested with (python/requirements.txt) and the packages of these
# files. Needs no network where they are there.
python_environment() {
  local file stamp
  [[ -x build/python/bin/python ]] || /usr/bin/python3 -m venv build/python
  for file in python/requirements.txt "$@"; do
    stamp=build/python/installed-$(sha256sum <"$file" | cut -c-16)
    [[ -f $stamp ]] && continue
    echo "Installing the packages of $file into build/python ..."
    build/python/bin/pip install --quiet --disable-pip-version-check -r "$file"
    touch "$stamp"
  done
}

# build PRESET [TARGET ...]: configures and builds, quietly unless it fails. In CI warnings are
# errors.
# The sources of a room are compiled together: cmake/translation_units.cmake. The program of the
# preset release has MPI where its compiler wrapper is installed.
build() {
  local preset=$1 log started=$SECONDS mpi=OFF
  [[ $preset == release ]] && command -v mpicxx >/dev/null && mpi=ON
  shift
  log=$(mktemp)
  echo "Building ($preset) ..."
  local python=()
  if [[ $preset == release && -x build/python/bin/python ]]; then
    python=(-DGRAMIAN_PYTHON_MODULE=ON -DPython_EXECUTABLE="$PWD/build/python/bin/python"
      -DGRAMIAN_PYTHON="$PWD/build/python/bin/python")
  fi
  if ! { cmake --preset "$preset" -DGRAMIAN_WERROR="${CI:+ON}" -DCMAKE_UNITY_BUILD=ON \
    -DGRAMIAN_MPI=$mpi "${python[@]}" &&
    cmake --build --preset "$preset" --target "${@:-all}"; } >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    rm -f "$log"
    echo "The build ($preset) failed." >&2
    exit 1
  fi
  rm -f "$log"
  echo "Built ($preset) in $((SECONDS - started)) s."
}
