"""What the generated specifications (_specs/) are made of: values of configuration keys."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Uniform:
    """A noise level that each prompt draws between low and high (standard deviations).

    >>> Uniform(0, 5)
    Uniform(low=0.0, high=5.0)
    """

    low: float = 0.0
    high: float = 5.0

    def __post_init__(self):
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))

    def _keys(self) -> tuple[str, list[float]]:
        return "uniform", [self.low, self.high]


@dataclass(frozen=True)
class Categorical:
    """A noise level out of a few equally likely ones.

    >>> Categorical([1, 3])
    Categorical(levels=(1.0, 3.0))
    """

    levels: tuple[float, ...]

    def __post_init__(self):
        object.__setattr__(self, "levels", tuple(float(level) for level in self.levels))

    def _keys(self) -> tuple[str, list[float]]:
        return "categorical", list(self.levels)


@dataclass(frozen=True)
class Constant:
    """One noise level for all prompts.

    >>> Constant(0.5)
    Constant(sigma=0.5)
    """

    sigma: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "sigma", float(self.sigma))

    def _keys(self) -> tuple[str, list[float]]:
        return "constant", [self.sigma]


Noise = Uniform | Categorical | Constant


def _noise(value) -> Noise:
    if isinstance(value, (Uniform, Categorical, Constant)):
        return value
    if isinstance(value, (int, float)):
        return Constant(value)
    raise TypeError(f"noise must be a number, Uniform, Categorical or Constant, got {value!r}")


def _text(value) -> str:
    """A value as it is written after key= on the command line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_text(entry) for entry in value) + "]"
    return str(value)


def _frozen(value):
    """Lists and arrays as tuples, so that a specification can be hashed."""
    if isinstance(value, np.ndarray):
        return _frozen(value.tolist())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(entry) for entry in value)
    if isinstance(value, np.generic):
        return value.item()
    return value


@dataclass(frozen=True)
class Spec:
    """Values for keys of one section of a configuration. Values are checked where they are used,
    by the same rules as those of a configuration file, or by check()."""

    _section: ClassVar[str] = ""
    _fixed: ClassVar[dict[str, str]] = {}  # keys that every instance sets

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            value = _noise(value) if field.name == "noise" else _frozen(value)
            if isinstance(field.default, float) and type(value) is int:
                value = float(value)
            object.__setattr__(self, field.name, value)

    def settings(self) -> list[str]:
        """The keys that differ from their defaults, as on the command line.

        >>> import gramian as gm
        >>> gm.Full(layers=7).settings()
        ['model.kind=full', 'model.layers=7']
        """
        settings = [f"{self._section}.{key}={value}" for key, value in self._fixed.items()]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            if field.name == "noise":
                kind, sigma = value._keys()
                settings.append(f"task.noise={kind}")
                settings.append(f"task.sigma={_text(sigma)}")
            else:
                settings.append(f"{self._section}.{field.name}={_text(value)}")
        return settings

    def to_toml(self) -> str:
        """The section as a configuration file has it, with the keys that are not the default.

        >>> import gramian as gm
        >>> print(gm.Regression(d=5, noise=gm.Constant(1)).to_toml())
        [task]
        d = 5
        noise = "constant"
        sigma = [1.0]
        """
        lines = [f"[{self._section}]"]
        for setting in self.settings():
            key, value = setting.split("=", 1)
            word = value not in ("true", "false") and value[0].isalpha() and value != "inf"
            lines.append(f"{key.split('.', 1)[1]} = " + (f'"{value}"' if word else value))
        return "\n".join(lines)

    @classmethod
    def from_toml(cls, text: str):
        """The section of a configuration file; keys of other sections do not count.

        >>> import gramian as gm
        >>> gm.Diag.from_toml('[model]\\nkind = "diag"\\nlayers = 2').layers
        2
        """
        return cls._of_keys(tomllib.loads(text).get(cls._section, {}))

    @classmethod
    def _of_keys(cls, values: dict):
        values = dict(values)
        for key, word in cls._fixed.items():
            found = values.pop(key, word)
            if found != word:
                raise ValueError(f"[{cls._section}.{key}] is {found!r}, where {cls.__name__} has "
                                 f"{word!r}")
        if cls._section == "task" and ("noise" in values or "sigma" in values):
            values["noise"] = _noise_of(values.pop("noise", "uniform"),
                                        values.pop("sigma", [0, 5]))
        known = {field.name for field in dataclasses.fields(cls)}
        for key in values:
            if key not in known:
                raise ValueError(f"{cls.__name__} has no key [{cls._section}.{key}]")
        return cls(**values)

    def replace(self, **changes):
        """The same with other values of some fields."""
        return dataclasses.replace(self, **changes)


def _noise_of(kind: str, sigma) -> Noise:
    levels = sigma if isinstance(sigma, list) else [sigma]
    if kind == "uniform" and len(levels) == 2:
        return Uniform(*levels)
    if kind == "categorical":
        return Categorical(tuple(levels))
    if kind == "constant" and len(levels) == 1:
        return Constant(levels[0])
    raise ValueError(f"[task.sigma] {levels} does not fit [task.noise] {kind!r}")
