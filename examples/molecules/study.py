"""Does a learned positional encoding help a small network on molecules?

    pip install -r examples/molecules/requirements.txt
    python examples/molecules/study.py                              # all of it
    python examples/molecules/study.py --seeds 1 --epochs 4 --out DIR    # a rehearsal

Message passing over bonds sees no further than its layers. An encoding of each atom's place in
the whole molecule may tell it more. Compared are, with the same network and the same numbers of
inputs:

    none          six zeros
    eigenvectors  of the normalised Laplacian, the six of the least eigenvalues but 0, with signs
                  drawn anew for each batch
    learned       the linear transformer on graphs of encoder.py, three layers three times each,
                  from a learned start whose rows are dealt to the atoms anew for each batch
                  (Cheng et al. 2024). Trained first to answer these eigenvectors, then with the
                  network
    of atoms      the same transformer, its start a linear map of the atoms' features, trained
                  with the network alone (not in the publication)

The network: atoms to width 48, three layers of h <- norm(h + W ReLU(U h + V sum of bonded h)),
where a bond's weight is a number for its type, mean and sum over atoms, and two layers to the
four targets of data.py, each over its standard deviation. Adam on the mean absolute error. A seed
draws the split (70% training, 10% to choose the epoch, 20% test), the weights and the batches;
the split and the first weights of the network are the same for all encodings.

Printed are test errors in the units of the target, as mean over seeds and half the width of their
95% interval (Student's t), and the same for the difference between encodings within a seed, which
has less noise. --out DIR gets molecules.csv, a line a seed, and results/electric-molecules.json,
which `gramian report DIR` shows. A seed that is in the CSV already is not trained again.
"""

import argparse
import os
import pathlib
import sys
import time

os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

import data  # noqa: E402
import encoder  # noqa: E402
import tables  # noqa: E402

WIDTH, LAYERS, HIDDEN = 48, 3, 64
ENCODING = 6  # numbers of an encoding
COLUMNS, ENCODER_LAYERS, LOOPS = 8, 3, 3
SIZES = (14, 20, data.MOST)  # molecules are padded to the next of these
BATCH = 64
RATE, ENCODER_RATE = 2e-3, 5e-3
PRETRAIN_STEPS = 1000


# Batches.


class Shelf:
    """Molecules of at most `size` atoms as arrays [count, size, ..], padded with zeros."""

    def __init__(self, molecules, size):
        count = len(molecules)
        self.nodes = np.array([m.nodes for m in molecules], np.float32)
        self.atoms = np.zeros((count, size, data.FEATURES), np.float32)
        self.bonds = np.zeros((count, len(data.BONDS), size, size), np.float32)
        self.gram = np.zeros((count, size, size), np.float32)
        self.vectors = np.zeros((count, size, ENCODING), np.float32)
        self.mask = np.zeros((count, size, 1), np.float32)
        self.targets = np.array([m.targets for m in molecules], np.float32)
        for i, m in enumerate(molecules):
            n = m.nodes
            self.atoms[i, :n], self.mask[i, :n] = m.atoms, 1
            for u, v, kind in m.bonds:
                self.bonds[i, kind, u, v] = self.bonds[i, kind, v, u] = 1
            laplacian = data.laplacian(m)
            self.gram[i, :n, :n] = laplacian / np.trace(laplacian)
            scale = np.diag(laplacian) ** -0.5
            vectors = np.linalg.eigh(laplacian * scale * scale[:, None])[1][:, 1 : 1 + ENCODING]
            self.vectors[i, :n, : vectors.shape[1]] = vectors

    def batch(self, chosen, rng):
        """With what each batch draws anew: signs of eigenvectors, rows of the learned start."""
        size = self.atoms.shape[1]
        rows = np.argsort(rng.random((len(chosen), data.MOST)), axis=1)[:, :size]
        signs = rng.choice(np.float32([-1, 1]), (len(chosen), 1, ENCODING))
        names = ("nodes", "atoms", "bonds", "gram", "vectors", "mask", "targets")
        return {"rows": rows, "signs": signs} | {
            name: getattr(self, name)[chosen] for name in names
        }


def shelves(molecules):
    sizes = np.array([min(s for s in SIZES if m.nodes <= s) for m in molecules])
    return [
        Shelf([m for m, at in zip(molecules, sizes) if at == s], s)
        for s in SIZES
        if (sizes == s).any()
    ]


def batches(shelf_list, rng, shuffle=True):
    """One pass over all molecules. The last batch of a shelf is filled up: so many of it count."""
    plan = []
    for shelf in shelf_list:
        count = len(shelf.nodes)
        order = rng.permutation(count) if shuffle else np.arange(count)
        for first in range(0, count, BATCH):
            taken = order[first : first + BATCH]
            plan.append((shelf, np.resize(taken, BATCH), len(taken)))
    for at in rng.permutation(len(plan)) if shuffle else range(len(plan)):
        shelf, chosen, counted = plan[at]
        yield shelf.batch(chosen, rng), counted


# The network.


def initial(rng, kind):
    def normal(*shape):
        return rng.normal(size=shape) / np.sqrt(shape[0])

    weights = {
        "atoms": normal(data.FEATURES, WIDTH),
        "encoding": normal(ENCODING, WIDTH),
        "layers": [
            {
                "own": normal(WIDTH, WIDTH),
                "bonded": normal(WIDTH, WIDTH),
                "bonds": np.ones(len(data.BONDS)),
                "bias": np.zeros(WIDTH),
                "out": normal(WIDTH, WIDTH),
                "gain": np.ones(WIDTH),
                "shift": np.zeros(WIDTH),
            }
            for _ in range(LAYERS)
        ],
        "hidden": normal(2 * WIDTH, HIDDEN),
        "hidden_bias": np.zeros(HIDDEN),
        "answer": normal(HIDDEN, len(tables.TARGETS)),
        "answer_bias": np.zeros(len(tables.TARGETS)),
    }
    if kind in ("learned", "of atoms"):
        rows = data.MOST if kind == "learned" else data.FEATURES
        weights["encoder"] = {
            "layers": encoder.initial(rng, ENCODER_LAYERS, COLUMNS),
            "start": rng.normal(size=(rows, COLUMNS)),
            "mix": normal(COLUMNS, ENCODING),
        }
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), weights)


def encoding_of(weights, batch, kind):
    """[molecules, atoms, ENCODING], of size about 1 a number."""
    scale = jnp.sqrt(batch["nodes"])[:, None, None]  # columns have length 1
    if kind == "eigenvectors":
        return scale * batch["vectors"] * batch["signs"]
    if kind == "none":
        return jnp.zeros_like(batch["vectors"])
    learned = weights["encoder"]
    start = (
        learned["start"][batch["rows"]] if kind == "learned" else batch["atoms"] @ learned["start"]
    )
    start = start * batch["mask"]
    start = (start - start.sum(1, keepdims=True) / batch["nodes"][:, None, None]) * batch["mask"]
    phi = encoder.encode(learned["layers"], LOOPS, batch["nodes"], batch["gram"], start)
    return scale * (phi @ learned["mix"])


def answers(weights, batch, kind):
    """[molecules, targets]"""
    mask, nodes = batch["mask"], batch["nodes"][:, None]
    h = batch["atoms"] @ weights["atoms"] + encoding_of(weights, batch, kind) @ weights["encoding"]
    for p in weights["layers"]:
        bonds = jnp.einsum("t,btij->bij", p["bonds"], batch["bonds"])
        z = h @ p["own"] + (bonds @ h) @ p["bonded"] + p["bias"]
        h = h + jax.nn.relu(z) @ p["out"]
        h = h - h.mean(-1, keepdims=True)
        h = h / jnp.sqrt((h * h).mean(-1, keepdims=True) + 1e-5) * p["gain"] + p["shift"]
    total = (h * mask).sum(1)
    z = (
        jnp.concatenate([total / nodes, total / 10], -1) @ weights["hidden"]
        + weights["hidden_bias"]
    )
    return jax.nn.relu(z) @ weights["answer"] + weights["answer_bias"]


def eigenvector_loss(weights, batch):
    """Sum over columns of min |+- phi - u|^2, of which there are fewer in small molecules."""
    nodes = batch["nodes"][:, None, None]
    phi = encoding_of(weights, batch, "learned") / jnp.sqrt(nodes)
    phi = phi / jnp.sqrt((phi * phi).sum(1, keepdims=True) + 1e-12)
    there = (batch["vectors"] ** 2).sum(1) > 0.5
    cosine = jnp.abs((phi * batch["vectors"]).sum(1))
    return jnp.where(there, 2 - 2 * cosine, 0).sum(-1).mean()


# Training.


def adam_step(weights, gradient, state, rate, factors):
    mean, square, count = state
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradient)) + 1e-12)
    clip = jnp.minimum(1, 1 / norm)
    count = count + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * clip * g, mean, gradient)
    square = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * (clip * g) ** 2, square, gradient)

    def moved(w, m, s, factor):
        m, s = m / (1 - 0.9**count), s / (1 - 0.99**count)
        return w - factor * rate * m / (jnp.sqrt(s) + 1e-8)

    return jax.tree.map(moved, weights, mean, square, factors), (mean, square, count)


def start_of(weights):
    zeros = jax.tree.map(jnp.zeros_like, weights)
    factors = jax.tree_util.tree_map_with_path(
        lambda path, _: ENCODER_RATE / RATE if path[0].key == "encoder" else 1.0, weights
    )
    return (zeros, zeros, jnp.float32(0)), factors


def stepper(loss, factors):
    @jax.jit
    def step(weights, state, batch, rate):
        value, gradient = jax.value_and_grad(loss)(weights, batch)
        weights, state = adam_step(weights, gradient, state, rate, factors)
        return weights, state, value

    return step


def cosine_rate(at, steps):
    warm = min(1, (at + 1) / (0.05 * steps + 1))
    return RATE * warm * 0.5 * (1 + np.cos(np.pi * at / steps))


def pretrain(weights, shelf_list, rng, steps):
    state, factors = start_of(weights)
    step = stepper(eigenvector_loss, factors)
    at, last = 0, []
    while at < steps:
        for batch, _ in batches(shelf_list, rng):
            weights, state, loss = step(weights, state, batch, cosine_rate(at, steps))
            at += 1
            last.append(float(loss))
            if at == steps:
                break
    return weights, float(np.mean(last[-50:]))


def errors_of(predict, weights, shelf_list, mean, deviation):
    """Mean absolute error of each target in its units. The draws of batches are always the same."""
    sums, count = np.zeros(len(tables.TARGETS)), 0
    for batch, counted in batches(shelf_list, np.random.default_rng(99), shuffle=False):
        said = np.asarray(predict(weights, batch)) * deviation + mean
        sums += np.abs(said - batch["targets"])[:counted].sum(0)
        count += counted
    return sums / count


def split(molecules, seed):
    order = np.random.default_rng(1000 + seed).permutation(len(molecules))
    first, second = int(0.7 * len(order)), int(0.8 * len(order))
    return [
        [molecules[i] for i in part]
        for part in (order[:first], order[first:second], order[second:])
    ]


def train(molecules, kind, seed, epochs, quiet):
    """Test errors of the epoch with the least error on the part that is for choosing it."""
    training, choosing, test = split(molecules, seed)
    values = np.array([m.targets for m in training])
    mean, deviation = values.mean(0), values.std(0)
    shelf_list, rng = shelves(training), np.random.default_rng(seed)
    weights = initial(rng, kind)
    began, note = time.process_time(), None
    if kind == "learned":
        weights, note = pretrain(weights, shelf_list, rng, PRETRAIN_STEPS * epochs // 40)

    def loss(w, batch):
        return jnp.abs(answers(w, batch, kind) - (batch["targets"] - mean) / deviation).mean()

    state, factors = start_of(weights)
    step = stepper(loss, factors)
    predict = jax.jit(lambda w, batch: answers(w, batch, kind))
    steps, at = epochs * sum(-(-len(s.nodes) // BATCH) for s in shelf_list), 0
    choosing, test = shelves(choosing), shelves(test)
    best, kept = np.inf, weights
    for epoch in range(epochs):
        for batch, _ in batches(shelf_list, rng):
            weights, state, _ = step(weights, state, batch, cosine_rate(at, steps))
            at += 1
        error = (errors_of(predict, weights, choosing, mean, deviation) / deviation).mean()
        if error < best:
            best, kept = error, weights
        if not quiet:
            print(
                f"\r{kind}, seed {seed}: epoch {epoch + 1} of {epochs}, {error:.4f} ",
                end="",
                file=sys.stderr,
            )
    if not quiet:
        print("\r" + " " * 70 + "\r", end="", file=sys.stderr)
    return {
        "encoding": kind,
        "seed": seed,
        **dict(zip(tables.TARGETS, errors_of(predict, kept, test, mean, deviation), strict=True)),
        "eigenvector_loss": note,
        "seconds": time.process_time() - began,
    }


def by_size_alone(molecules, seed):
    """Least squares on the numbers of atoms and bonds and their logarithms, on the same split."""

    def inputs(part):
        sizes = np.array([(m.nodes, len(m.bonds)) for m in part], float)
        return np.column_stack([np.ones(len(part)), sizes, np.log(sizes)])

    training, _, test = split(molecules, seed)
    fit = np.linalg.lstsq(inputs(training), np.array([m.targets for m in training]), rcond=None)[0]
    error = np.abs(inputs(test) @ fit - np.array([m.targets for m in test])).mean(0)
    targets = dict(zip(tables.TARGETS, error, strict=True))
    return {
        "encoding": "size alone",
        "seed": seed,
        **targets,
        "eigenvector_loss": None,
        "seconds": None,
    }


KINDS = ("none", "eigenvectors", "learned", "of atoms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("molecules"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "molecules.csv"
    rows = tables.read_rows(file)
    molecules = data.molecules()
    print(f"{len(molecules)} molecules")
    for kind in ("size alone", *KINDS):
        for seed in range(arguments.seeds):
            if any(r["encoding"] == kind and r["seed"] == seed for r in rows):
                continue
            if kind == "size alone":
                rows.append(by_size_alone(molecules, seed))
            else:
                rows.append(train(molecules, kind, seed, arguments.epochs, not sys.stderr.isatty()))
            tables.write_rows(file, rows)
    tables.report(arguments.out, rows, len(molecules), arguments.epochs, " ".join(sys.argv))


if __name__ == "__main__":
    main()
