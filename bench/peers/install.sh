#!/bin/sh
# Makes bench/peers/.venv with JAX and PyTorch from PyPI. Needs Python 3.11, a C++ compiler (g++,
# for torch.compile) and 7 GB of disk, 3 GB of which are downloaded: the Linux x86 wheel of torch on
# PyPI is the CUDA build, which does not start without its CUDA libraries although none of them is
# used here (tried: with --no-deps the import fails on cublas).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3.11}
"$python" -m venv "$here/.venv"
"$here/.venv/bin/pip" install --requirement "$here/requirements.txt"
"$here/.venv/bin/python" -c \
  'import jax, torch; print("jax", jax.__version__, "torch", torch.__version__)'
