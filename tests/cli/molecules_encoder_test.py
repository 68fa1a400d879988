"""The encoder of examples/molecules is the network that `gramian graph --run` runs, and the claims
of its study can fail.

    molecules_encoder_test.py GRAMIAN SOURCE_DIR

Needs NumPy alone: neither RDKit nor JAX.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

program, source = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, str(source / "examples" / "molecules"))
import encoder  # noqa: E402
import tables  # noqa: E402

NODES, COLUMNS, LAYERS, LOOPS = 9, 4, 2, 3


def random_tree_with_a_chord(rng):
    edges = [(int(rng.integers(i)), i) for i in range(1, NODES)]
    return [*edges, next((0, v) for v in range(1, NODES) if (0, v) not in edges)]


def check_encoder(folder):
    rng = np.random.default_rng(5)
    edges = random_tree_with_a_chord(rng)
    gram = np.zeros((NODES, NODES))
    for u, v in edges:
        gram[[u, v], [u, v]] += 1
        gram[[u, v], [v, u]] -= 1
    weight = float(1 / np.trace(gram))
    pairs = [(0, 5), (1, 6), (2, 7), (3, 8)]
    psi = np.zeros((NODES, COLUMNS))
    for j, (u, v) in enumerate(pairs):
        psi[u, j], psi[v, j] = 1, -1
    layers = encoder.initial(rng, LAYERS, COLUMNS)
    phi = encoder.encode(layers, LOOPS, np.array(float(NODES)), weight * gram, psi)

    graph, model, answer = folder / "graph.txt", folder / "model.safetensors", folder / "out.json"
    # Nodes of a file are in the order of their numbers.
    graph.write_text("".join(f"{u} {v} {weight!r}\n" for u, v in edges))
    encoder.save(model, layers, LOOPS, COLUMNS)
    options = [
        "--from",
        ",".join(str(u) for u, _ in pairs),
        "--to",
        ",".join(str(v) for _, v in pairs),
    ]
    command = [program, "graph", graph, "--ask", "heat", *options, "--run", model, "--no-exact"]
    subprocess.run([*command, "--json", answer], check=True, stdout=subprocess.DEVNULL)
    theirs = np.array(json.loads(answer.read_text())["answer"]).reshape(NODES, COLUMNS)
    error = np.linalg.norm(theirs - phi) / np.linalg.norm(phi)
    assert error < 1e-10, f"the encoder differs from gramian graph by {error}"

    # Graphs that are padded with nodes of zeros have the same answer.
    wide = np.zeros((NODES + 3, NODES + 3))
    wide[:NODES, :NODES] = weight * gram
    padded = encoder.encode(
        layers, LOOPS, np.array(float(NODES)), wide, np.pad(psi, ((0, 3), (0, 0)))
    )
    assert np.linalg.norm(padded[:NODES] - phi) < 1e-10 * np.linalg.norm(phi)
    assert not padded[NODES:].any()


def rows_with(shift):
    rows = []
    for seed in range(3):
        for encoding, below in (("none", 0), ("eigenvectors", 0), ("learned", 1), ("of atoms", 1)):
            errors = {t: 1 - below * shift[t] + 0.001 * seed for t in tables.TARGETS}
            rows.append({"encoding": encoding, "seed": seed, **errors})
    return rows


def check_claims():
    good = {"kirchhoff": 0.1, "wiener": 0.1, "ring": 0.1, "tpsa": 0}
    bad = {"kirchhoff": 0.1, "wiener": -0.1, "ring": 0.1, "tpsa": 0.1}
    assert [c["holds"] for c in tables.claims(rows_with(good))] == 6 * [True]
    assert [c["holds"] for c in tables.claims(rows_with(bad))] == 6 * [False]
    one_seed = [row for row in rows_with(good) if row["seed"] == 0]
    assert [c["holds"] for c in tables.claims(one_seed)] == 6 * [None]


with tempfile.TemporaryDirectory() as name:
    check_encoder(pathlib.Path(name))
check_claims()
