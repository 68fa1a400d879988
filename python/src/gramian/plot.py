"""Pictures with matplotlib (the extra `plot`): Axes in and out."""

from __future__ import annotations

import numpy as np


def _axes(ax):
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def profile(evaluation, ax=None, predictors=("model", "bayes", "tunedrr", "constrr")):
    """Adjusted loss by noise level, of an evaluation with a profile, with one standard error."""
    points = evaluation.json.get("profile", [])
    if not points:
        raise ValueError("the evaluation has no profile: evaluate(.., profile=[0, 1, 2, ..])")
    ax = _axes(ax)
    sigmas = [point["sigma"] for point in points]
    for name in predictors:
        entries = [point["adjusted"].get(name) for point in points]
        if any(entry is None or entry["mean"] is None for entry in entries):
            continue
        mean = np.array([entry["mean"] for entry in entries])
        se = np.array([entry["se"] for entry in entries])
        (line,) = ax.plot(sigmas, mean, marker="o", markersize=3, label=name)
        ax.fill_between(sigmas, mean - se, mean + se, color=line.get_color(), alpha=0.2, lw=0)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set_xlabel("noise level sigma of the prompt")
    ax.set_ylabel("adjusted loss")
    ax.legend(frameon=False)
    return ax


def metrics(run, ax=None, column: str = "loss"):
    """The curve of the training of a Run, on logarithmic axes."""
    ax = _axes(ax)
    table = run.metrics
    ax.plot(table["step"], table[column])
    ax.set_xlabel("step")
    ax.set_ylabel(column)
    ax.set_yscale("log")
    return ax


def omegas(run, ax=None):
    """The omegas of a Run with snapshots, or of a Network by layer."""
    from ._runs import Run

    ax = _axes(ax)
    names = ("xx", "xy", "yx", "yy")
    if isinstance(run, Run):
        found = run.snapshots()
        if not found:
            raise ValueError("the run has no snapshots: train with snapshots=20")
        values = np.stack([network.omegas for network in found.values()])
        for layer in range(values.shape[1]):
            for k, name in enumerate(names):
                ax.plot(list(found), values[:, layer, k], color=f"C{k}",
                        label=f"omega_{name}" if layer == 0 else None)
        ax.set_xlabel("step")
    else:
        values = run.omegas
        for k, name in enumerate(names):
            ax.plot(range(1, len(values) + 1), values[:, k], marker="o", label=f"omega_{name}")
        ax.set_xlabel("layer")
    ax.set_ylabel("omega, for means over the context")
    ax.legend(frameon=False)
    return ax


def layers(network, prompts, ax=None):
    """How far the implicit weights of each layer are from the true ones, of some prompts."""
    ax = _axes(ax)
    weights = network.implicit_weights(prompts)
    distance = np.linalg.norm(weights - prompts.w[:, None], axis=-1)
    ax.plot(distance.T, color="C0", alpha=max(0.1, 1 / len(prompts)), lw=1)
    ax.plot(distance.mean(axis=0), color="C1", marker="o", label="mean")
    ax.set_xlabel("layer")
    ax.set_ylabel("|w^l - w|")
    ax.legend(frameon=False)
    return ax
