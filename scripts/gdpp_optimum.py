#!/usr/bin/env python3
"""The least expected loss of a GD++ network without noise.

A GD++ network multiplies the residual of each eigenvector of G/n by a polynomial of its eigenvalue
alone: s_0 = lambda, r_0 = 1, and layer by layer (a = -omega_xx, b = -omega_yx)

    r <- r (1 - b s),    s <- s (1 - a s)^2.

So the loss is a one-dimensional integral, d/2 E[r_L(lambda)^2], over the law of an eigenvalue of G/n.
Here that law is a histogram of 20 million draws with both tails extrapolated (log-quadratic in
sqrt(lambda) above, a power of lambda below), and the 2L - 1 numbers are found by Levenberg and
Marquardt's method from random starts. With --tail q both tails are cut where fewer than q eigenvalues
a prompt lie beyond: what a mean over 1/q prompts would see. docs/results.md has the answers.

    scripts/gdpp_optimum.py --layers 2 3 4 5 6 7 [--tail 1e-6] [--starts 100]
"""
import argparse

import numpy as np

D, N = 10, 20  # input dimension, context length


def eigenvalues(rng, prompts):
    """[prompts, D] eigenvalues of G/n, G = A A^T with Bartlett's factor A."""
    parts = []
    for _ in range(prompts // 100_000):
        a = np.zeros((100_000, D, D))
        for i in range(D):
            a[:, i, i] = np.sqrt(rng.chisquare(N - i, 100_000))
            a[:, i, :i] = rng.standard_normal((100_000, i))
        parts.append(np.linalg.eigvalsh(a @ a.transpose(0, 2, 1) / N))
    return np.concatenate(parts)


def law(rng, prompts):
    """Nodes lambda and, for each, the expected number of eigenvalues of a prompt there."""
    root = np.sqrt(eigenvalues(rng, prompts).ravel())
    edges = np.linspace(0, 3.6, 3601)
    x = (edges[1:] + edges[:-1]) / 2
    density = np.histogram(root, edges)[0] / len(root)
    counted = density * len(root) > 200
    low, high = x[counted][0], x[counted][-1]
    log = np.log(np.maximum(density, 1e-300))
    near = (x > high - 0.35) & (x < high)
    above = x >= high
    density[above] = np.exp(np.polyval(np.polyfit(x[near], log[near], 2), x[above]))
    near = (x > low) & (x < low + 0.1)
    below = x <= low
    density[below] = np.exp(np.polyval(np.polyfit(np.log(x[near]), log[near], 1), np.log(x[below])))
    keep = density > 1e-30
    return x[keep] ** 2, D * density[keep]


def residual(theta, layers, nodes):
    """r_L at the nodes and its derivatives [2L - 1, nodes] by a_0.., b_0.. (a of the last layer is idle)."""
    a, b = theta[: layers - 1], theta[layers - 1 :]
    s, r = nodes.copy(), np.ones_like(nodes)
    ds, dr = np.zeros((len(theta), len(nodes))), np.zeros((len(theta), len(nodes)))
    for k in range(layers):
        factor = 1 - b[k] * s
        dr = dr * factor - r * b[k] * ds
        dr[layers - 1 + k] -= r * s
        r = r * factor
        if k < layers - 1:
            q = 1 - a[k] * s
            ds = ds * (q * q - 2 * a[k] * s * q)
            ds[k] -= 2 * s * s * q
            s = s * q * q
    return r, dr


def minimise(theta, layers, nodes, weights):
    scale = np.sqrt(weights)
    r, jacobian = residual(theta, layers, nodes)
    loss, damping = np.sum(weights * r * r), 1e-2
    for iteration in range(300):
        j = jacobian * scale
        hessian, gradient = j @ j.T, j @ (scale * r)
        while True:
            step = -np.linalg.solve(hessian + damping * np.diag(np.diag(hessian) + 1e-300), gradient)
            trial_r, trial_jacobian = residual(theta + step, layers, nodes)
            trial = np.sum(weights * trial_r * trial_r)
            if trial < loss:
                break
            damping *= 4
            if damping > 1e12:
                return loss, theta
        gain = (loss - trial) / loss
        theta, r, jacobian, loss = theta + step, trial_r, trial_jacobian, trial
        damping = max(damping / 3, 1e-14)
        if gain < 1e-10 and iteration > 50:
            break
    return loss, theta


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--tail", type=float, default=0.0, help="eigenvalues a prompt that are cut off at either end")
    parser.add_argument("--prompts", type=int, default=2_000_000)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    nodes, count = law(rng, options.prompts)
    inside = (np.cumsum(count) > options.tail) & (np.cumsum(count[::-1])[::-1] > options.tail)
    nodes, count = nodes[inside], count[inside]
    for layers in options.layers:
        found = []
        for _ in range(options.starts):
            noise = np.exp(0.2 * rng.standard_normal(2 * layers - 1))
            a = rng.uniform(0.02, 0.3) * rng.uniform(1, 2.4) ** np.arange(layers - 1)
            b = rng.uniform(0.2, 0.6) * rng.uniform(1, 2.6) ** np.arange(layers)
            with np.errstate(all="ignore"):
                try:
                    loss, theta = minimise(np.concatenate([a, b]) * noise, layers, nodes, count / 2)
                except np.linalg.LinAlgError:  # exploded at the start
                    continue
            if np.isfinite(loss):
                found.append((loss, theta))
        found.sort(key=lambda pair: pair[0])
        loss, theta = found[0]
        print(f"L = {layers}: {loss:.3g} (next best {found[1][0]:.3g}, median of starts {found[len(found) // 2][0]:.3g})")
        print(f"  -omega_xx {np.round(theta[: layers - 1], 3)}  -omega_yx {np.round(theta[layers - 1 :], 3)}", flush=True)


if __name__ == "__main__":
    main()
