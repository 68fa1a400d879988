#!/bin/sh
# Makes bench/peers/.venv with JAX and PyTorch from PyPI. Needs Python 3.11 and 7 GB of
# disk, 3 GB of which travel: the Linux x86 wheel of torch on PyPI is the CUDA build, and
# it does not start without its CUDA libraries (tried: --no-deps; import fails on cublas),
# although none of them is used here. torch.compile also needs a C++ compiler (g++).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3.11}
"$python" -m venv "$here/.venv"
"$here/.venv/bin/pip" install --requirement "$here/requirements.txt"
"$here/.venv/bin/python" -c 'import jax, torch; print("jax", jax.__version__, "torch", torch.__version__)'
