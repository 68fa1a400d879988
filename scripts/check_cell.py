#!/usr/bin/env python3
"""Checks a kept network without any code of Gramian: its adjusted loss on prompts of its own.

    scripts/check_cell.py results/models/full-L4-uniform-5-s0-.. [PROMPTS] [SEED]

Needs NumPy. Draws prompts token by token as the config.toml of the run says (covariance I,
Gaussian inputs, w ~ N(0, I)), applies e' = e + sum_h P_h G Q_h e with G = sum_j e_j e_j^T over the
context in float64, and prints mean and standard error of 1/2 |w_network - w|^2 (the loss,
integrated over the query) minus that of ridge regression with the true sigma, prompt by prompt.
"""
import json
import sys
import tomllib

import numpy as np


def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {name: np.frombuffer(data[slice(*t["data_offsets"])]).reshape(t["shape"])
            for name, t in header.items() if name != "__metadata__"}


def adjusted(model, task, prompts, random):
    d, n, sigma = task["d"], task["n"], np.atleast_1d(task["sigma"])
    w, x = random.normal(size=(prompts, d)), random.normal(size=(prompts, n, d))
    uniform = task["noise"] == "uniform"
    s = random.uniform(*sigma, prompts) if uniform else random.choice(sigma, prompts)
    y = np.einsum("pnd,pd->pn", x, w) + s[:, None] * random.normal(size=(prompts, n))
    queries = np.broadcast_to(np.eye(d, d + 1), (prompts, d, d + 1))  # one for each entry of w
    tokens = np.concatenate([np.concatenate([x, y[..., None]], 2), queries], 1)
    for layer in range(len(model) // 2):
        gram = tokens[:, :n].swapaxes(1, 2) @ tokens[:, :n]
        heads = zip(model[f"layers.{layer}.P"], model[f"layers.{layer}.Q"])
        maps = sum(p @ gram @ q for p, q in heads)
        tokens = tokens + tokens @ maps.swapaxes(1, 2)
    ridge = np.linalg.solve(x.swapaxes(1, 2) @ x + s[:, None, None] ** 2 * np.eye(d),
                            np.einsum("pnd,pn->pd", x, y)[..., None])[..., 0]
    return 0.5 * (((-tokens[:, n:, d] - w) ** 2).sum(1) - ((ridge - w) ** 2).sum(1))


def main():
    run = sys.argv[1]
    prompts, seed = (int(x) for x in (sys.argv[2:4] + ["20000", "1"][len(sys.argv) - 2:]))
    with open(f"{run}/config.toml", "rb") as file:
        task = tomllib.load(file)["task"]
    model, random = tensors(f"{run}/model.safetensors"), np.random.default_rng(seed)
    losses = np.concatenate([adjusted(model, task, min(1000, prompts - first), random)
                             for first in range(0, prompts, 1000)])
    print(f"{run}: adjusted loss {losses.mean():.6g} +- {losses.std() / prompts ** 0.5:.2g} "
          f"on {prompts} prompts, largest {losses.max():.3g}")


if __name__ == "__main__":
    main()
