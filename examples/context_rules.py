#!/usr/bin/env python3
"""How should a network that was trained on n tokens read N rows? Three rules, on the same splits.

    gramian export runs/full7 --to numpy
    examples/context_rules.py runs/full7/learned.py examples/data/diabetes.csv --tokens 20

    tokens   the rule of gramian predict: the moments of all rows, with the residuals of n tokens
    as is    the rows as the context: their mean moments, and with them the noise of single rows
    bagging  predictions from 50 random contexts of n rows, averaged

A learned.py that takes means over the context (the default of training) sees its tokens only
through their second moments, so d + 1 tokens with given moments are enough. The target is the last
column of the file. docs/predict.md has the results.
"""

import argparse
import importlib.util

import numpy as np


def load(path):
    spec = importlib.util.spec_from_file_location("learned", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tokens_of(gram):
    """d + 1 tokens whose mean e e^T is `gram`: x [d + 1, d], y [d + 1]."""
    values, vectors = np.linalg.eigh(gram)
    e = (vectors * np.sqrt(np.maximum(values, 0) * len(gram))).T
    return e[:, :-1], e[:, -1]


def standardised(x, y, n, noise):
    """Inputs z and targets v as in training, and the maps of queries to z and of predictions to y.

    gramian/tabular/network_regressor.h has the formulas.
    """
    mean, deviation, y_mean = x.mean(0), x.std(0), y.mean()
    top = np.linalg.eigvalsh(np.corrcoef(x.T))[-1]
    shrink = min(1, (1 + np.sqrt(x.shape[1] / n)) / np.sqrt(top))
    scale = np.sqrt(x.shape[1] * shrink**2 + noise) / y.std()
    forward = lambda rows: shrink * (rows - mean) / deviation
    return forward(x), scale * (y - y_mean), forward, lambda v: y_mean + v / scale


def moments(z, v):
    e = np.column_stack([z, v])
    return e.T @ e / len(e)


def by_tokens(predict, x, y, query, n, noise, rng):
    z, v, forward, back = standardised(x, y, n, noise)
    gram, d = moments(z, v), z.shape[1]
    explained = gram[-1, :-1] @ np.linalg.solve(gram[:-1, :-1], gram[:-1, -1])
    gram[-1, -1] = explained + (gram[-1, -1] - explained) * (n - d) / (len(z) - d - 1)
    return back(predict(*tokens_of(gram), forward(query)))


def as_is(predict, x, y, query, n, noise, rng):
    z, v, forward, back = standardised(x, y, n, noise)
    return back(predict(z, v, forward(query)))


def bagging(predict, x, y, query, n, noise, rng):
    z, v, forward, back = standardised(x, y, n, noise)
    draws = [rng.choice(len(z), n, replace=len(z) < n) for _ in range(50)]
    return back(np.mean([predict(z[i], v[i], forward(query)) for i in draws], axis=0))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("learned")
    parser.add_argument("data")
    parser.add_argument(
        "--tokens", type=int, required=True, help="n, the context length of training"
    )
    parser.add_argument(
        "--sigma", type=float, default=5, help="noise of training: sigma ~ U(0, SIGMA)"
    )
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--context", type=int, help="rows to learn from; default: all of the other folds"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    predict = load(options.learned).predict
    table = np.loadtxt(options.data, delimiter=",", skiprows=1)
    x, y = table[:, :-1], table[:, -1]
    rng = np.random.default_rng(options.seed)
    rules = {"tokens": by_tokens, "as is": as_is, "bagging": bagging}
    errors = {name: np.zeros(len(y)) for name in rules}
    for _ in range(options.repeats):
        fold = rng.permutation(len(y)) % options.folds
        for k in range(options.folds):
            rows = rng.permutation(np.flatnonzero(fold != k))[: options.context]
            for name, rule in rules.items():
                with np.errstate(all="ignore"):  # a network outside of what it knows explodes
                    p = rule(
                        predict,
                        x[rows],
                        y[rows],
                        x[fold == k],
                        options.tokens,
                        options.sigma**2 / 3,
                        rng,
                    )
                errors[name][fold == k] += (p - y[fold == k]) ** 2 / options.repeats / y.var()
    for name, error in errors.items():
        print(f"{name:8} {error.mean():12.8g} +- {error.std(ddof=1) / len(error)**0.5:.2g}")


if __name__ == "__main__":
    main()
