"""Gramian: train linear transformers that learn in context, and see which algorithm they learned.

>>> import gramian as gm
>>> task = gm.Regression(d=5, n=20, noise=gm.Uniform(0, 2))
>>> net = gm.train(task, gm.Diag(layers=2), steps=100, batch=128)
>>> net.predict([[1, 0, 0, 0, 0]] * 20, [1] * 20, [[1, 0, 0, 0, 0]]).shape
(1,)
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from . import _core, convert, solvers
from ._core import DivergedError, __version__
from ._frames import Estimate, Table
from ._lab import (EvaluationResult, Explanation, Record, Score, Step, evaluate, explain, train)
from ._network import Network, Prompts, States
from ._runs import Run
from ._spec import Categorical, Constant, Noise, Spec, Uniform
from ._specs import (Diag, Evaluation, Full, GDpp, GraphTask, GraphTraining, GraphTransformer,
                     Preconditioned, Regression, TokenTask, TokenTraining, Training, Transformer)
from ._studies import StudyResult, carry_out_unit, reproduce, studies, units

__all__ = [
    "Categorical", "Constant", "Diag", "DivergedError", "Estimate", "Evaluation",
    "EvaluationResult", "Explanation", "Full", "GDpp", "GraphTask", "GraphTraining",
    "GraphTransformer", "Network", "Preconditioned", "Prompts",
    "Record", "Regression", "Run", "Score", "Spec", "States", "Step", "StudyResult", "Table",
    "TokenTask", "TokenTraining", "Training", "Transformer", "Uniform", "__version__",
    "carry_out_unit", "convert", "evaluate", "explain", "plot", "reproduce", "sklearn", "solvers",
    "studies", "train", "units", "watch",
]


def _draw(self: Regression, count: int, seed: int = 0, first: int = 0, threads: int = 0) -> Prompts:
    """Draws prompts as arrays; a prompt depends on seed and number alone.

    >>> import gramian as gm
    >>> task = gm.Regression(d=2, n=4)
    >>> bool((task.draw(3, seed=1).x == task.draw(20, seed=1).x[:3]).all())
    True
    """
    return Prompts(**_core.draw(self.settings(), count, seed, first, threads))


def _check(self: Regression) -> None:
    """Raises ValueError, with the rule, where a value or a combination has no meaning."""
    _core.check_settings(self.settings())


Regression.draw = _draw
Regression.check = _check


def watch(network: Network) -> str:
    """The weights of a network in words and numbers, layer by layer.

    >>> import gramian as gm
    >>> net = gm.train(gm.Regression(d=2, n=8), gm.GDpp(layers=1), steps=2, batch=32)
    >>> gm.watch(net).splitlines()[0]
    'GD++, 1 layer, d = 2'
    """
    lines = [repr(network)[len("<gramian.Network "):-1]]
    for layer, (P, Q) in enumerate(zip(network.P, network.Q), 1):
        for head, (p, q) in enumerate(zip(P, Q), 1):
            lines.append(f"layer {layer}, head {head}: P, then Q")
            with np.printoptions(precision=3, suppress=True, linewidth=100):
                lines.append(f"{p}\n{q}")
    return "\n".join(lines)


def _made_public() -> None:
    """What is public is of gramian, and not of the private module that defines it: in pickles, in
    tracebacks and in help(). Names in the annotations of classes are looked up here then: ClassVar,
    np and Noise are imported for them."""
    for name in __all__:
        found = globals().get(name)
        if getattr(found, "__module__", "").startswith("gramian._"):
            found.__module__ = "gramian"


_made_public()


def __getattr__(name: str):
    # What needs more than NumPy is imported when it is used.
    if name in ("plot", "sklearn"):
        import importlib

        return importlib.import_module(f"gramian.{name}")
    raise AttributeError(f"module 'gramian' has no attribute '{name}'")
