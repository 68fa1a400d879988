"""Runs in directories, of every family of models, as the command line makes and reads them."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import tomllib

from . import _core
from ._frames import Table
from ._lab import EvaluationResult, _spec_of
from ._network import Network
from ._specs import (GraphTask, GraphTraining, Regression, TokenTask, TokenTraining, Training)

# Task and training by the kind of the network; those of all other kinds are of Gram matrices.
_FAMILIES = {"transformer": (TokenTask, TokenTraining), "graph": (GraphTask, GraphTraining)}
_GRAM = (Regression, Training)


class Run:
    """The directory of a training run: Run(path) opens one, Run.train makes one.

    >>> import gramian as gm, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> run = gm.Run.train(folder + "/a", gm.Regression(d=2, n=8), gm.Diag(layers=1), steps=20,
    ...                    batch=64)
    >>> run.finished, run.network
    (True, <gramian.Network DIAG, 1 layer, d = 2>)
    >>> run.task
    Regression(d=2, n=8, noise=Uniform(low=0.0, high=5.0), covariance=(), inputs='gaussian', \
weights='isotropic', pool=0, pool_seed=0, sampler='automatic')
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        if not (self.path / "config.toml").is_file():
            raise OSError(f"{self.path} is not the directory of a run: it has no config.toml")

    @classmethod
    def train(cls, path, task, network, *, training=None, resume: bool = False,
              progress: bool = False, **settings) -> Run:
        """Trains into a directory, as gramian train does. Ctrl-C saves, and resume=True goes on to
        the same bits.

        task and network: Regression with Diag, Full, GDpp or Preconditioned, TokenTask with
        Transformer, or GraphTask with GraphTransformer. settings: fields of Training (of
        TokenTraining and GraphTraining for the other two). progress: the bar of the program, on a
        terminal.
        """
        kind = _FAMILIES.get(network._fixed["kind"], _GRAM)[1]
        spec = _spec_of(kind, training, settings)
        _core.train_run(task.settings() + network.settings() + spec.settings(), os.fspath(path),
                        resume=resume, quiet=not progress, command="gramian.Run.train")
        return cls(path)

    @property
    def config(self) -> dict:
        """Every key, by section."""
        return tomllib.loads((self.path / "config.toml").read_text())

    @property
    def task(self):
        """A Regression, or the TokenTask or GraphTask of another family."""
        config = self.config  # every key, also those of other families
        kind = _FAMILIES.get(config["model"]["kind"], _GRAM)[0]
        known = {field.name for field in dataclasses.fields(kind)} | {"noise", "sigma"}
        return kind._of_keys({key: value for key, value in config[kind._section].items()
                              if key in known})

    @property
    def network(self) -> Network:
        """Raises ValueError for a model that is no network on Gram matrices."""
        return Network.load(self.path)

    @property
    def manifest(self) -> dict:
        """By which program, on which machine and when it was made."""
        return json.loads((self.path / "manifest.json").read_text())

    @property
    def finished(self) -> bool:
        return self.manifest.get("finished") is not None

    @property
    def metrics(self) -> Table:
        """The curve of training: step, loss, grad_norm, lr, seconds, dropped."""
        rows = [json.loads(line) for line in (self.path / "metrics.jsonl").read_text().splitlines()]
        names = list(rows[0]) if rows else ["step", "loss"]
        return Table({name: [row.get(name) for row in rows] for name in names})

    def snapshots(self) -> dict[int, Network]:
        """The networks that were kept along the way, by step ([train.snapshots])."""
        folder = self.path / "snapshots"
        found = {}
        for file in folder.glob("*.safetensors") if folder.is_dir() else ():
            digits = "".join(c for c in file.stem if c.isdigit())
            found[int(digits)] = Network.load(file)
        return dict(sorted(found.items()))

    def evaluate(self, *settings: str):
        """As gramian eval, which writes eval.json: an EvaluationResult, or for a network that is
        not on Gram matrices the JSON. settings: "eval.prompts=1000", "task.n=40", .."""
        table, text = _core.evaluate_run(os.fspath(self.path), list(settings))
        if self.config["model"]["kind"] in _FAMILIES:
            return json.loads(text)
        return EvaluationResult(table, text)

    def __repr__(self) -> str:
        return f"gramian.Run({str(self.path)!r})"
