#!/usr/bin/env python3
"""Runs networks that gramian construct has written, and compares what they compute with NumPy.

    run_construction.py DIRECTORY ...       each holds a model.safetensors

A network is run by what its file says of it (metadata "description"), with attention, ReLU and sums
alone: no other function is called on the tokens. What it should give comes from numpy.linalg, or
from the plain iteration. One line a directory: the construction, the largest relative error, and
the bound that it is held to. Exit status: 0 if all are within it.
"""
import json
import struct
import sys

import numpy as np


def load(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F64"
        tensors[name] = np.frombuffer(data[begin:end]).reshape(entry["shape"])
    return metadata, tensors


def normed(e, norm):
    """A norm of columns of all tokens together."""
    if norm["kind"] not in ("frobenius", "columns"):
        assert norm["kind"] == "none"
        return e
    e, lead, first = e.copy(), norm["lead"], norm["first"]
    last = first + norm["count"]
    if lead:
        e[:, :lead] /= np.linalg.norm(e[:, :lead])
    axis = 0 if norm["kind"] == "columns" else None
    e[:, first:last] /= np.linalg.norm(e[:, first:last], axis=axis)
    return e


def mesa(mixer, e, tensors, of):
    """What a head of the mesa layer adds: ridge regression for each token."""
    plain = {"convolution": 0, "unit_keys": False, "norm_heads": False, "bias": False,
             "gates": {"decay": False, "strength": False, "cap": 1.0, "momentum": 0.0}}
    assert all(mixer[name] == value for name, value in plain.items()), mixer
    assert mixer["mesa"]["ridge"] == "fixed"
    q, k, v, p = (tensors[of + name] for name in "QKVP")
    ridge = mixer["mesa"]["least"] * np.eye(k.shape[1])
    rows = []
    for t in range(len(e)):
        keys, values = e[:t + 1] @ k, e[:t + 1] @ v
        rows.append(np.linalg.solve(keys.T @ keys + ridge, e[t] @ q) @ (keys.T @ values))
    return np.array(rows) @ p


def run_tokens(metadata, tensors, tokens):
    """The output of a transformer: attention, the mesa layer, ReLU, skips."""
    spec = json.loads(metadata["description"])
    stem, blocks, readout = spec["stem"], spec["blocks"], spec["readout"]
    count, width = tokens.shape
    assert (count, width) == (stem["tokens"], stem["width"]), (tokens.shape, stem)
    positions = stem["positions"]
    parts = [tokens, np.zeros((count, stem["zeros"]))]
    if positions["kind"] == "one_hot":
        parts.append(np.eye(count, positions["width"]))
    e = np.concatenate(parts, axis=1)
    if stem["embedding"]:
        e = e @ tensors["embedding"]
    owners = spec["weights_of"] or range(len(blocks))
    for block, owner in zip(blocks, owners):
        mixer, mlp, of = block["mixer"], block["mlp"], f"layers.{owner}."
        if mixer["kind"] == "mesa":
            e = e + sum(mesa(mixer, e, tensors, f"{of}heads.{h}.") for h in range(mixer["heads"]))
        if mixer["kind"] == "linear":
            keys = e[:-1] if mixer["mask"] == "context" else e
            scale = 1 / len(keys) if mixer["scale"] == "mean" else 1
            read = 0
            for h in range(mixer["heads"]):
                q, k, v, p = (tensors[f"{of}heads.{h}.{name}"] for name in "QKVP")
                scores = (e @ q) @ (keys @ k).T
                if mixer["mask"] == "causal":
                    scores = np.tril(scores)
                read = read + scores @ (keys @ v) @ p
            linear = block["mixer_skip"]["kind"] == "linear"
            mapped = e @ tensors[of + "mixer_skip"] if linear else 0
            e = normed(e + mapped + scale * read, block["after_mixer"])
        if mlp["kind"] == "relu":
            hidden = np.maximum(e @ tensors[of + "mlp.in"] + tensors[of + "mlp.in_bias"], 0)
            e = e + hidden @ tensors[of + "mlp.out"] + tensors[of + "mlp.out_bias"]
    first = readout["first"] % e.shape[1]
    rows = e if readout["rows"] == "every" else e[-1]
    return readout["factor"] * rows[..., first:first + readout["outputs"]]


def run_gram(metadata, tensors, tokens):
    """Minus the y of the query of a network on Gram matrices: attention and skips."""
    assert metadata["query_in_keys"] == "false"
    e = tokens.copy()
    for layer in range(len(tensors) // 2):
        p, q = tensors[f"layers.{layer}.P"], tensors[f"layers.{layer}.Q"]
        context = e[:-1]
        e = e + sum(((e @ q[h].T) @ context.T @ context) @ p[h].T for h in range(len(p)))
    return -e[-1, -1]


def random_matrix(rng, d, symmetric):
    """Singular values from 0.1 to 1, the range of the default construction."""
    u, _ = np.linalg.qr(rng.standard_normal((d, d)))
    v, _ = np.linalg.qr(rng.standard_normal((d, d)))
    values = 0.1 ** np.linspace(0, 1, d)
    if symmetric:
        return u * (values * (-1) ** np.arange(d)) @ u.T
    return u * values @ v.T


def prompt(rng, d, n, outputs=1):
    x = rng.standard_normal((n + 1, d))
    return x, x[:n] @ rng.standard_normal((d, outputs)) + 0.1 * rng.standard_normal((n, outputs))


def joined(x, y):
    return np.concatenate([x, np.vstack([y, np.zeros((1, y.shape[1]))])], axis=1)


def descent(x, y, steps, step, curvature=0.0):
    """GD++ of all tokens at once, from W = 0: what is predicted for the query."""
    x, left = x.copy(), np.vstack([y, np.zeros((1, y.shape[1]))])
    for _ in range(steps):
        scores = x @ x[:-1].T / (len(x) - 1)
        left, x = left - step * scores @ left[:-1], x - curvature * scores @ x[:-1]
    return -left[-1]


def newton(a, y, mu):
    """The minimum of regularised logistic regression."""
    w = np.zeros(a.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(y * (a @ w)))
        slope = mu * w - a.T @ (y * p) / len(y)
        hessian = mu * np.eye(len(w)) + (a.T * (p * (1 - p))) @ a / len(y)
        step = np.linalg.solve(hessian, slope)
        w = w - 2 * np.sqrt(mu) / (2 * np.sqrt(mu) + np.sqrt(slope @ step)) * step
    return w


def heavy_ball(s, alpha, steps, step, momentum):
    w = v = np.zeros(len(alpha))
    for _ in range(steps):
        v = momentum * v + alpha - s @ w
        w = w + step * v
    return w


def on_gram(name, rng, run):
    """Errors of constructions on Gram matrices, with the default settings: d = 5, n = 20."""
    d, n, step = 5, 20, 0.5
    x, y = prompt(rng, d, n)
    if name == "second-order":
        u, _ = np.linalg.qr(rng.standard_normal((n, d)))
        x[:n] = u * np.sqrt(n * np.linspace(0.2, 3, d))
        y = x[:n] @ rng.standard_normal((d, 1))
    if name == "two-noise-levels":
        x, y = x / np.sqrt(n), y / np.sqrt(n)
    # What holds to first order in alpha is seen with targets that are nearly orthogonal to x.
    first_order = {"momentum", "adaptive-ridge", "polynomial", "heavy-ball"}
    if name in first_order:
        noise = y - x[:n] @ np.linalg.lstsq(x[:n], y, rcond=None)[0]
        noise *= np.sqrt(n) / np.linalg.norm(noise)  # rho = 1
        y = noise + 1e-5 * x[:n] @ rng.standard_normal((d, 1))
    s, alpha = x[:n].T @ x[:n] / n, x[:n].T @ y[:, 0] / n
    w = np.zeros(d)
    if name == "gradient-descent":
        want = descent(x, y, 4, step)[0]
    elif name == "corrected-descent":
        want = descent(x, y, 4, step, 0.05)[0]
    elif name == "second-order":
        want = x[n] @ np.linalg.solve(s, alpha)
    elif name == "momentum":
        u = np.zeros(d)
        for _ in range(4):
            h = alpha - s @ w + u
            w, u = w + step * h, u + 0.1 * h
        want = x[n] @ w
    elif name == "adaptive-ridge":
        for _ in range(4):
            w = w + step * (alpha - s @ w - 0.0667 * w)
        want = x[n] @ w
    elif name == "polynomial":
        m = np.eye(d) - step * s
        want = x[n] @ (step * (np.eye(d) + 2 * m + m @ m)) @ alpha
    elif name == "heavy-ball":
        want = x[n] @ heavy_ball(s, alpha, 4, step, 0.5)
    elif name == "two-noise-levels":
        big = x[:n].T @ y[:, 0]
        a = (1 + 0.25 + 4) / (1.25 * 5)  # -omega_yx
        left = y[:, 0] - a * x[:n] @ big
        want = a * (1 - left @ left / n / (1 + 0.25 + 4)) * (x[n] @ big)
    elif name == "shrunk-step":
        left = y[:, 0] - step * x[:n] @ alpha
        want = (1 - 0.1 * left @ left / n) * step * (x[n] @ alpha)
    elif name == "noise-dependent-step":
        want = step * (1 - 0.1 * y[:, 0] @ y[:, 0] / n) * (x[n] @ alpha)
    else:
        raise SystemExit(f"no comparison for {name}")
    bound = 1e-6 if name == "second-order" else 1e-7 if name in first_order else 1e-12
    return abs(run(joined(x, y)) - want) / abs(want), bound


def on_tokens(name, rng, run):
    d, n = 5, 20
    if name in ("symmetric-inverse", "general-inverse"):
        a = random_matrix(rng, d, name == "symmetric-inverse")
        x = 2 / (1 + 0.01) * a.T  # eight steps from there, as plain matrices
        for _ in range(8):
            x = 2 * x - x @ a @ x
        return np.linalg.norm(run(a).T - x) / np.linalg.norm(x), 1e-12
    if name == "newton-regression":
        u, _ = np.linalg.qr(rng.standard_normal((n, d)))
        x, y = prompt(rng, d, n)
        x[:n] = u * np.sqrt(n * np.linspace(1.2, 2.6, d))  # eight steps are enough for these
        want = x[n] @ np.linalg.lstsq(x[:n], y, rcond=None)[0][:, 0]
        return abs(run(joined(x, y))[0] - want) / abs(want), 1e-9
    if name == "logistic-newton":
        n = 26
        x, y = prompt(rng, d, n)
        x, y = x / np.linalg.norm(x, axis=1, keepdims=True), np.sign(y)
        want = x[n] @ newton(x[:n], y[:, 0], 0.1)
        return abs(run(joined(x, y))[0] - want) / np.linalg.norm(want), 5e-3
    x, y = prompt(rng, d, n)
    if name == "token-descent":
        return abs(run(joined(x, y))[0] - descent(x, y, 3, 0.5)[0]), 1e-12
    tokens = np.zeros((2 * n + 1, d + (name == "copied-descent")))
    tokens[::2, :d], tokens[1::2, -1] = x, y[:, 0]
    return abs(run(tokens)[0] - descent(x, y, 1, 0.5)[0]), 1e-12


def on_sequences(name, rng, run):
    """A linear dynamical system, d = 5, 20 tokens: beside the sums of Proposition 1, and within the
    bound of the iteration of ridge regression."""
    d, count = 5, 20
    w, _ = np.linalg.qr(rng.standard_normal((d, d)))
    s = [rng.uniform(-1, 1, d)]
    for _ in range(count - 1):
        s.append(w @ s[-1] + 0.01 * rng.standard_normal(d))
    s, nothing = np.array(s), np.zeros((count, d))
    before = np.vstack([nothing[:1], s[:-1]])
    if name == "mesa-descent":
        want = 0.1 * np.tril(s @ before.T) @ s
        found = run(np.hstack([nothing, s, before]))
        return np.linalg.norm(found - want) / np.linalg.norm(want), 1e-12
    if name == "mesa-layer":
        found, worst = run(np.hstack([nothing, s, before])), 0
        for t in range(count):  # least squares, with the ridge as more pairs of the system
            phi = np.linalg.lstsq(np.vstack([before[:t + 1], np.eye(d)]),
                                  np.vstack([s[:t + 1], np.zeros((d, d))]), rcond=None)[0]
            worst = max(worst, np.linalg.norm(found[t] - s[t] @ phi) / np.linalg.norm(s[t]))
        return worst, 1e-12
    # The largest eigenvalue is below 20, so that |x - solution| shrinks by the bound.
    shrinks = {"mesa-richardson": (1 + 2 / 20) ** -20.0,
               "mesa-chebyshev": 1 / np.cosh(20 * np.arccosh(1 + 2 / 20))}[name]
    found = run(np.hstack([nothing, s, s, before]))
    worst = 0
    for t in range(count):
        sums, pairs = before[:t + 1].T @ before[:t + 1], s[:t + 1].T @ before[:t + 1]
        assert np.linalg.norm(sums, 2) < 20
        x = np.linalg.solve(sums + np.eye(d), s[t])
        allowed = shrinks * np.linalg.norm(pairs, 2) * np.linalg.norm(s[t] - x)
        worst = max(worst, np.linalg.norm(found[t] - pairs @ x) / (allowed + 1e-12))
    return worst, 1


def graph(rng):
    """Circular skip links of ten nodes with weights as Cheng et al. (2024) draw them: B, and the
    Laplacian, whose largest eigenvalue is scaled to 25 as the default settings have it."""
    n, skip = 10, rng.choice([2, 4])
    b = np.zeros((n, 2 * n))
    for j, (u, v) in enumerate([(i, (i + s) % n) for s in (1, skip) for i in range(n)]):
        b[u, j], b[v, j] = 1, -1
    b = b * np.exp(2 * rng.random(2 * n) - 1)
    b *= 5 / np.linalg.norm(b, 2)
    return b, b @ b.T


def on_graphs(name, rng, run):
    """Beside numpy.linalg, within the bound of the algorithm at the eigenvalues of the graph."""
    b, laplacian = graph(rng)
    values, vectors = np.linalg.eigh(laplacian)
    values, u = values[1:], vectors[:, 1:]
    psi = rng.standard_normal((10, 4))
    if name == "electric-eigenvectors":
        phi = np.linalg.qr(psi)[0]
        for _ in range(20):
            phi = np.linalg.qr(laplacian @ phi)[0]
        found = run(np.hstack([b, np.linalg.qr(psi)[0]]))
        return np.linalg.norm(np.abs(found.T @ phi) - np.eye(4)), 1e-9
    psi = psi - psi.mean(0)
    found = run(np.hstack([b, psi]))
    of = {"potential": lambda x: 1 / x, "embedding": lambda x: x ** -0.5,
          "heat": lambda x: np.exp(-0.5 * x)}
    want = u * of[name.split("-")[1]](values) @ u.T @ psi
    bound = {"electric-potential": (1 - values[0] / 25) ** 20,
             "electric-potential-fast": (1 - values[0] / 25) ** 2 ** 7 + 1e-11,
             "electric-embedding": 1 - np.sqrt(values[0] / 25) * series(1 - values[0] / 25, 20),
             "electric-heat-taylor": 1e-9,
             "electric-heat-euler": np.abs((1 - values / 120) ** 60 - np.exp(-values / 2)).max(),
             "electric-heat-fast": np.abs((1 - values / 2 ** 13) ** 2 ** 12
                                          - np.exp(-values / 2)).max()}[name]
    size = np.linalg.norm(psi) if "heat" in name else np.linalg.norm(want)
    return np.linalg.norm(found - want) / size / bound, 1


def series(x, terms):
    """The first terms of (1 - x)^(-1/2)."""
    total, term = 0, 1
    for j in range(terms):
        total, term = total + term, term * x * (2 * j + 1) / (2 * j + 2)
    return total


def main():
    failures = 0
    for directory in sys.argv[1:]:
        metadata, tensors = load(directory + "/model.safetensors")
        name = metadata["construction"]
        assert metadata["convention"] and metadata["algorithm"] and metadata["bound"]
        gram = metadata["family"] == "gram"
        worst, bound = 0.0, 0.0
        for seed in range(3):
            rng = np.random.default_rng(seed)
            run = lambda tokens: (run_gram if gram else run_tokens)(metadata, tensors, tokens)
            compare = (on_gram if gram else on_graphs if name.startswith("electric")
                       else on_sequences if name.startswith("mesa") else on_tokens)
            error, bound = compare(name, rng, run)
            worst = max(worst, float(error))
        print(f"{name:<25} {worst:.2g} (at most {bound:g})")
        failures += not worst <= bound
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
