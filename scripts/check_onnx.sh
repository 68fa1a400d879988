#!/usr/bin/env bash
# Checks `gramian export --to onnx` with onnxruntime and with the checker of the onnx package. Both
# are installed from PyPI into a virtual environment in build/onnx the first time, which needs a
# network; ./test.sh never does.
#
#   scripts/check_onnx.sh [BUILD]      BUILD: folder of a built tree, build/release if not given
source "$(dirname "$0")/common.sh"

build=${1:-build/release}
venv=build/onnx
if ! "$venv/bin/python" -c "import onnx, onnxruntime" 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement scripts/onnx_requirements.txt
fi
GRAMIAN_ONNXRUNTIME_PYTHON="$PWD/$venv/bin/python" \
  ctest --test-dir "$build" --output-on-failure -R 'exporting.*onnxruntime'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for kind in diag gdpp full; do
  "$build/gramian" train configs/paper_sigma5.toml "model.kind=$kind" train.steps=100 \
    --out "$work/$kind" >/dev/null
  "$build/gramian" export "$work/$kind" --to onnx >/dev/null
  "$venv/bin/python" - "$work/$kind/learned.onnx" <<'PYTHON'
import collections, sys
import onnx

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
counts = collections.Counter(node.op_type for node in model.graph.node)
print("onnx.checker:", ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
PYTHON
done
