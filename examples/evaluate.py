#!/usr/bin/env python3
"""Evaluates a model of `gramian train` with NumPy alone.

    examples/evaluate.py runs/demo/model.safetensors               mean loss on fresh prompts
    examples/evaluate.py runs/demo/model.safetensors --tokens FILE   predictions for your own prompt

FILE holds one prompt: n lines of d numbers x and one number y, then the query x with y = 0.
"""

import argparse
import json

import numpy as np


def load(path):
    """A safetensors file is a length, so many bytes of JSON, and the numbers."""
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, info in header.items():
        begin, end = (start + offset for offset in info["data_offsets"])
        dtype = {"F32": "<f4", "F64": "<f8"}[info["dtype"]]
        tensors[name] = np.frombuffer(data[begin:end], dtype).reshape(info["shape"])
    return tensors, metadata


def predict(tensors, e, query_in_keys=False):
    """The linear transformer. e [prompts, n + 1, d + 1] holds the tokens (x, y), the query last."""
    for layer in range(len(tensors) // 2):
        P, Q = (
            tensors[f"layers.{layer}.P"],
            tensors[f"layers.{layer}.Q"],
        )  # [H, d + 1, d + 1], a head each
        context = e if query_in_keys else e[:, :-1]
        G = context.transpose(0, 2, 1) @ context  # the sum of e e^T over the context
        A = sum(P[h] @ G @ Q[h] for h in range(len(P)))
        e = e + e @ A.transpose(0, 2, 1)  # e' = e + sum_h P_h G Q_h e, for every token at once
    return -e[:, -1, -1]  # minus the last coordinate of the query


def draw(rng, prompts, n, d, low, high):
    """Noisy linear regression: y = <w, x> + sigma noise, with one sigma ~ U[low, high] a prompt."""
    w = rng.normal(size=(prompts, d, 1))
    x = rng.normal(size=(prompts, n + 1, d))
    target = x @ w
    y = target + rng.uniform(low, high, (prompts, 1, 1)) * rng.normal(size=(prompts, n + 1, 1))
    y[:, -1] = 0  # the query comes without its answer
    return np.concatenate([x, y], axis=2), target[:, -1, 0]


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("model")
parser.add_argument("--tokens", metavar="FILE", help="one prompt, instead of fresh ones")
parser.add_argument("--prompts", type=int, default=20_000)
parser.add_argument("--sigma", type=float, nargs=2, default=[0, 5], metavar=("LOW", "HIGH"))
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

tensors, metadata = load(options.model)
query_in_keys = metadata.get("query_in_keys") == "true"
if options.tokens:
    print(
        repr(float(predict(tensors, np.loadtxt(options.tokens, ndmin=2)[None], query_in_keys)[0]))
    )
else:
    n, d = int(metadata["context_length"]), tensors["layers.0.P"].shape[-1] - 1
    tokens, target = draw(
        np.random.default_rng(options.seed), options.prompts, n, d, *options.sigma
    )
    loss = (predict(tensors, tokens, query_in_keys) - target) ** 2 / 2
    print(f"loss {loss.mean():.6g} +- {loss.std() / len(loss) ** 0.5:.2g} on {len(loss)} prompts")
