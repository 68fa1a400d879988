"""Classical solvers on prompts: the same ones that evaluations compare a network with.

>>> import gramian as gm
>>> task = gm.Regression(d=3, n=10, noise=gm.Uniform(0, 1))
>>> prompts = task.draw(5, seed=2)
>>> gm.solvers.Ridge(1.0)(prompts).shape
(5, 3)
>>> gm.solvers.Bayes(task.noise)(prompts).shape
(5, 3)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import _core
from ._arrays import array
from ._network import Prompts
from ._spec import Noise, Uniform
from ._specs import Evaluation, Regression


@dataclass(frozen=True)
class Solver:
    """A solver by name, with constants as tune() gives them. Call it with Prompts: weights [B, d].

    Names: oracle (ridge that is told sigma), constrr, adarr, tunedrr, bayes, ols, gd, zero, gdpp,
    momentum, cg, cg_ridge, and ridge with a penalty.
    """

    name: str
    constants: tuple[tuple[str, float], ...] = ()
    steps: int = 10
    noise: Noise = field(default_factory=Uniform)

    def __call__(self, prompts: Prompts, threads: int = 0) -> np.ndarray:
        task = Regression(d=prompts.d, n=prompts.n, noise=self.noise)
        return _core.solve(task.settings(), self.name, self.steps,
                           [value for _, value in self.constants], array(prompts.gram, "gram"),
                           array(prompts.sigma, "sigma"), threads)


def Ridge(penalty: float) -> Solver:
    """(S + penalty I)^-1 alpha: the posterior mean for w ~ N(0, I) and noise of that variance."""
    return Solver("ridge", (("penalty", float(penalty)),))


def Oracle() -> Solver:
    """Ridge regression that is told the noise level of each prompt."""
    return Solver("oracle")


def OLS() -> Solver:
    """Ordinary least squares, of least norm where it is not unique."""
    return Solver("ols")


def Bayes(noise: Noise) -> Solver:
    """The posterior mean, with this prior of the noise level: no predictor is better on average."""
    return Solver("bayes", noise=noise)


def tune(task: Regression, names: list[str], *, steps: int = 10, seed: int = 1,
         prompts: int = 100_000) -> dict[str, Solver]:
    """Solvers with the constants that have the least mean loss on tuning prompts of a task.

    steps: of the iterations gd, gdpp, momentum, cg and cg_ridge. Raises ValueError for a solver
    that is not defined for the task.

    >>> import gramian as gm
    >>> task = gm.Regression(d=3, n=10, noise=gm.Constant(1))
    >>> tuned = gm.solvers.tune(task, ["constrr"], prompts=2000)
    >>> abs(tuned["constrr"].constants[0][1] - 1) < 0.2     # the best penalty is sigma^2
    True
    """
    spec = Evaluation(seed=seed, tuning_prompts=prompts)
    solvers = {}
    for name, undefined, constants in _core.tune(task.settings() + spec.settings(), list(names),
                                                 steps):
        if undefined:
            raise ValueError(f"{name} is not defined here: {undefined}")
        solvers[name] = Solver(name, tuple(constants.items()), steps, task.noise)
    return solvers


def names() -> list[str]:
    """All names.

    >>> import gramian as gm
    >>> "bayes" in gm.solvers.names()
    True
    """
    return _core.solver_names()
