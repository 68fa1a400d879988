"""Training, evaluation and explanation: functions of a task and a network."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from . import _core
from ._frames import Estimate, Table
from ._network import Network
from ._specs import Diag, Evaluation, Full, GDpp, Preconditioned, Regression, Training

NetworkSpec = Diag | Full | GDpp | Preconditioned


@dataclass(frozen=True)
class Step:
    """What on_step is told: steps done, and loss, norm of the gradient, learning rate and prompts
    left out (exploded) of this step."""

    step: int
    loss: float
    gradient_norm: float
    learning_rate: float
    dropped: int

    def asdict(self) -> dict:
        return dataclasses.asdict(self)


def _spec_of(kind, given, changes: dict):
    """What is given, or the defaults of its kind, with other values of some fields."""
    known = sorted(field.name for field in dataclasses.fields(kind))
    for name in changes:
        if name not in known:
            raise TypeError(f"'{name}' is no setting; there are {', '.join(known)}")
    return (kind() if given is None else given).replace(**changes)


def _bar(progress: bool, total: int, label: str):
    """A bar of tqdm where it is installed; otherwise nothing is shown."""
    if not progress:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=label)


def train(task: Regression, network: NetworkSpec, *, training: Training | None = None,
          start: Network | None = None, progress: bool = False, on_step=None,
          **settings) -> Network:
    """Trains a linear transformer in memory.

    settings: fields of Training, such as steps, seed, batch, learning_rate, threads
    start: weights to begin with, in place of initial ones
    progress: a bar of tqdm, if it is installed
    on_step: called with a Step after each step; what it raises ends the training

    Raises ValueError for settings without meaning, DivergedError, KeyboardInterrupt on Ctrl-C.

    >>> import gramian as gm
    >>> net = gm.train(gm.Regression(d=2, n=8), gm.Diag(layers=1), steps=20, batch=64)
    >>> net
    <gramian.Network DIAG, 1 layer, d = 2>
    """
    spec = _spec_of(Training, training, settings)
    bar = _bar(progress, spec.steps, "train")
    told = on_step

    def step(number, loss, norm, rate, dropped):
        if bar is not None:
            bar.update(1)
            if number % 50 == 0:
                bar.set_postfix(loss=f"{loss:.4g}")
        if told is not None:
            told(Step(number, loss, norm, rate, dropped))

    try:
        core = _core.train(
            task.settings() + network.settings() + spec.settings(),
            start=None if start is None else start._core,
            on_step=step if bar is not None or told is not None else None)
    finally:
        if bar is not None:
            bar.close()
    return Network(core, task.n)


@dataclass(frozen=True)
class Score:
    """Mean losses of one predictor: 1/2 squared error, and the same minus that of the oracle."""

    adjusted: Estimate
    loss: Estimate


def _estimate(entry) -> Estimate:
    nan = float("nan")
    return Estimate(*(nan if entry.get(k) is None else entry[k] for k in ("mean", "se")))


class EvaluationResult:
    """A network beside every solver on the same fresh prompts.

    solvers: Score by name (oracle, constrr, adarr, tunedrr, bayes, ols, gd, zero)
    model: Score of the network, or None
    layers: Score of the network read out after each layer
    minus_bayes: the network minus the Bayes posterior mean, paired (Estimate)
    json: everything, as gramian eval writes it; str() is its table
    """

    def __init__(self, table: str, text: str):
        self._text = table
        self.json = json.loads(text)
        scores = {name: Score(_estimate(self.json["adjusted"][name]), _estimate(loss))
                  for name, loss in self.json["loss"].items()}
        self.model = scores.pop("model", None)
        self.solvers = scores
        self.layers = [Score(_estimate(layer["adjusted"]), _estimate(layer["loss"]))
                       for layer in self.json.get("layers", [])]
        paired = self.json.get("model_minus_bayes")
        self.minus_bayes = None if paired is None else _estimate(paired)
        self.prompts = self.json["prompts"]
        self.blowups = self.json.get("blowups")

    def table(self) -> Table:
        """Tidy adjusted losses: predictor, layer, sigma, mean, se. Where layer is None the
        predictor has none; where sigma is None the noise level is drawn from the prior."""
        rows: list[tuple] = []
        for point in [self.json | {"sigma": None}] + self.json.get("profile", []):
            sigma = point["sigma"]
            for name, entry in point["adjusted"].items():
                rows.append((name, None, sigma, *_estimate(entry)))
            for layer in point.get("layers", []):
                rows.append(("model", layer["layer"], sigma, *_estimate(layer["adjusted"])))
        return Table.of_rows(["predictor", "layer", "sigma", "mean", "se"], rows)

    def to_pandas(self):
        return self.table().to_pandas()

    def to_polars(self):
        return self.table().to_polars()

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<gramian.EvaluationResult on {self.prompts} prompts>"

    def _repr_html_(self) -> str:
        rows = [(name, *score.adjusted, *score.loss) for name, score in
                ([("model", self.model)] if self.model else []) + list(self.solvers.items())]
        return Table.of_rows(["predictor", "adjusted", "se", "loss", "se of loss"],
                             rows)._repr_html_()


def evaluate(network: Network | None, task: Regression, *, evaluation: Evaluation | None = None,
             progress: bool = False, **settings) -> EvaluationResult:
    """Compares a network with every solver on the same prompts; None: the solvers alone.

    settings: fields of Evaluation (prompts, seed, profile, ..), and threads

    >>> import gramian as gm
    >>> task = gm.Regression(d=2, n=8, noise=gm.Uniform(0, 1))
    >>> net = gm.train(task, gm.Diag(layers=1), steps=200, batch=64)
    >>> ev = gm.evaluate(net, task, prompts=2000, tuning_prompts=2000)
    >>> ev.minus_bayes.mean > 0
    True
    """
    threads = settings.pop("threads", 0)
    if "profile" in settings:
        settings["profile"] = tuple(float(sigma) for sigma in settings["profile"])
    spec = _spec_of(Evaluation, evaluation, settings)
    bar = _bar(progress, spec.prompts, "evaluate")

    def told(stage, done, total):
        bar.total = total
        bar.set_description(stage)
        bar.n = done
        bar.refresh()

    try:
        table, text = _core.evaluate(
            task.settings() + spec.settings() + [f"train.threads={threads}"],
            network=None if network is None else network._core,
            progress=told if bar is not None else None)
    finally:
        if bar is not None:
            bar.close()
    return EvaluationResult(table, text)


class Record:
    """An object of the JSON of an explanation: its keys are attributes, lists hold Records."""

    def __init__(self, values: dict):
        self._values = values

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return _record(self._values[name])
        except KeyError:
            raise AttributeError(f"there is no '{name}'; there are "
                                 f"{', '.join(self._values)}") from None

    def __dir__(self):
        return list(self._values)

    def asdict(self) -> dict:
        return self._values

    def __repr__(self) -> str:
        return f"Record({', '.join(self._values)})"


def _record(value):
    if isinstance(value, dict):
        return Estimate(value["mean"], value["se"]) if set(value) == {"mean", "se"} else Record(
            value)
    if isinstance(value, list):
        return [_record(entry) for entry in value]
    return value


class Explanation(Record):
    """Which algorithm a network has learned; print() tells it in words, a notebook shows tables.

    words: the sentences;  json: the file that gramian explain --json writes
    layers: one entry a layer, with omega, heads, readings and the nearest known algorithm (match)
    readings(): a tidy table of step, shrinkage and momentum, by layer and noise level
    distances(): a tidy table of how near each known algorithm is, by layer
    """

    def __init__(self, text: str, source: str):
        self._text = text
        self._json = json.loads(source)
        super().__init__(self._json["explanation"])

    @property
    def json(self) -> dict:
        return self._json

    def readings(self) -> Table:
        rows = []
        for number, layer in enumerate(self._values["layers"], 1):
            for reading in layer["readings"]:
                for name in ("step", "shrinkage", "momentum_share", "r2"):
                    quantiles = reading[name]
                    if quantiles is not None:
                        rows.append((number, reading["sigma"], name, *quantiles))
        return Table.of_rows(["layer", "sigma", "quantity", "low", "median", "high"], rows)

    def distances(self) -> Table:
        rows = []
        for family in self._values["similarity"]["families"]:
            for number, row in enumerate(family["distance"], 1):
                for column, distance in zip(family["columns"], row):
                    rows.append((number, family["name"], column, distance))
        return Table.of_rows(["layer", "algorithm", "column", "distance"], rows)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<gramian.Explanation of {len(self._values['layers'])} layers; print() tells it>"

    def _repr_html_(self) -> str:
        from html import escape

        words = "".join(f"<p>{escape(word)}</p>" for word in self._values["words"])
        rows = []
        for number, layer in enumerate(self._values["layers"], 1):
            omega, match = layer["omega"], layer["match"]
            rows.append((number, *(omega[k] for k in ("xx", "xy", "yx", "yy")),
                         match["algorithm"], match["distance"],
                         self._values["adjusted"][number - 1]["mean"]))
        table = Table.of_rows(["layer", "omega_xx", "omega_xy", "omega_yx", "omega_yy",
                               "nearest algorithm", "distance", "adjusted loss"], rows)
        return f"<div class='gramian-explanation'>{words}{table._repr_html_()}</div>"


def explain(network: Network, task: Regression, *, seed: int = 1, prompts: int = 20_000,
            sigmas=(), blowup_prompts: int = 200_000, retrain_steps: int = 1000,
            retrain_starts: int = 3, steps: int = 0, training: Training | None = None,
            name: str = "network", progress: bool = False) -> Explanation:
    """Says which algorithm a network has learned for this task (docs/explain.md).

    prompts: of each loss;  sigmas: noise levels to read at (five over the prior)
    blowup_prompts: on which explosions are counted, 0 for none
    retrain_steps: of retraining without a part, 0 for none;  training: how that is done
    retrain_starts: of each such network
    steps: of each known algorithm that layers are compared with; 0: two more than layers
    progress: a bar of tqdm, if it is installed

    >>> import gramian as gm
    >>> task = gm.Regression(d=2, n=8, noise=gm.Uniform(0, 1))
    >>> net = gm.train(task, gm.Diag(layers=1), steps=200, batch=64)
    >>> ex = gm.explain(net, task, prompts=500, blowup_prompts=0, retrain_steps=0)
    >>> len(ex.layers), ex.layers[0].omega.yx < 0
    (1, True)
    """
    spec = Training() if training is None else training
    options = dict(seed=seed, sigmas=[float(s) for s in sigmas], prompts=prompts,
                   blowup_prompts=blowup_prompts, retrain_steps=retrain_steps,
                   retrain_starts=retrain_starts, steps=steps)
    bar = _bar(progress, 0, "explain")

    def told(done, total):
        bar.total = total
        bar.n = done
        bar.refresh()

    try:
        text, source = _core.explain(task.settings() + spec.settings(), network._core, options,
                                     name, progress=told if bar is not None else None)
    finally:
        if bar is not None:
            bar.close()
    return Explanation(text, source)
