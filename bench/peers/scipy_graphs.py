#!/usr/bin/env python3
"""Conjugate gradients of SciPy beside those of Eigen and a network, on one graph in one run.

    bench/peers/.venv/bin/python bench/peers/scipy_graphs.py build/release/gramian

`gramian bench --graphs` times the network of Chebyshev's steps and Eigen's conjugate gradients
on a random graph of a million edges, and writes the graph down. Here SciPy solves the same
system, with the same diagonal preconditioner, to the residual that the network has reached. The
matrix is made before, which neither time has. Times are of the processor, on one thread; of SciPy
the median of three.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402
import scipy  # noqa: E402
import scipy.sparse as sparse  # noqa: E402
from scipy.sparse.linalg import cg  # noqa: E402


def laplacian_of(edges):
    """edges: [m, 3], two nodes and a weight."""
    u, v, w = edges[:, 0].astype(int), edges[:, 1].astype(int), edges[:, 2]
    n = int(max(u.max(), v.max())) + 1
    entries = np.concatenate([w, w, -w, -w])
    rows, columns = np.concatenate([u, v, u, v]), np.concatenate([u, v, v, u])
    return sparse.coo_matrix((entries, (rows, columns)), shape=(n, n)).tocsr()


def solve(matrix, psi, tolerance):
    """The answer, how many steps it took and processor seconds, the preconditioner's among them."""
    steps = 0

    def count(_):
        nonlocal steps
        steps += 1

    begin = time.process_time()
    inverse = sparse.diags_array(1 / matrix.diagonal())
    x, failed = cg(matrix, psi, rtol=tolerance, atol=0, M=inverse, callback=count)
    seconds = time.process_time() - begin
    if failed:
        raise SystemExit("conjugate gradients of SciPy did not converge")
    return x, steps, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gramian", type=pathlib.Path, help="the program")
    program = parser.parse_args().gramian.resolve()
    with tempfile.TemporaryDirectory() as folder:
        edges, numbers = f"{folder}/edges.txt", f"{folder}/bench.json"
        subprocess.run(
            [program, "bench", "--graphs", "--edges", edges, "--json", numbers],
            check=True,
        )
        matrix = laplacian_of(np.loadtxt(edges))
        bench = json.loads(pathlib.Path(numbers).read_text())
    psi = np.zeros(matrix.shape[0])
    psi[0], psi[1] = 1, -1
    tries = [solve(matrix, psi, bench["network_residual"]) for _ in range(3)]
    x, steps, _ = tries[0]
    seconds = sorted(t for _, _, t in tries)[1]
    residual = np.linalg.norm(matrix @ x - psi) / np.linalg.norm(psi)
    print(
        f"conjugate gradients (SciPy {scipy.__version__}) {seconds:.3g}, residual {residual:.2g} "
        f"after {steps} steps: the network takes {bench['network_seconds'] / seconds:.1f} times "
        f"that, and Eigen {bench['solver_seconds'] / seconds:.2f} times"
    )


if __name__ == "__main__":
    main()
