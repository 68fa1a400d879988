#!/usr/bin/env python3
"""Writes src/gramian/_specs/: frozen dataclasses, one field a key, from the table of keys.

    generate_specs.py            writes the files
    generate_specs.py --check    compares, and exits with 1 where one differs

Needs the compiled module on the path. A test runs the check.
"""

import ast
import importlib.util
import pathlib
import sys
import textwrap

from generated_files import write_or_check


def compiled_part():
    """gramian._core by itself: the package may name classes that this script has yet to write."""
    folder = importlib.util.find_spec("gramian").submodule_search_locations[0]
    file = next(pathlib.Path(folder).glob("_core*.so"))
    spec = importlib.util.spec_from_file_location("gramian._core", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_core = compiled_part()
HERE = pathlib.Path(__file__).parent
TARGET = HERE / "src" / "gramian" / "_specs"

# File, sections whose classes it has, and what it needs of _spec.py.
FILES = [
    ("tasks", ("task",), "Noise, Spec, Uniform"),
    ("networks", ("model",), "Spec"),
    ("training", ("train", "eval"), "Spec"),
]
# Class, section, family of the keys, keys that it fixes, keys that it leaves out, first line.
CLASSES = [
    ("Regression", "task", "gram", {}, (),
     "In-context linear regression: where prompts come from."),
    ("TokenTask", "task", "transformer", {}, (),
     "Prompts as tokens, for a Transformer: linear, sine, patterns or conditioned."),
    ("Diag", "model", "gram", {"kind": "diag"}, ("heads",),
     "A linear transformer with four numbers a layer (omega_xx, omega_xy, omega_yx, omega_yy)."),
    ("Full", "model", "gram", {"kind": "full"}, (),
     "A linear transformer with dense P and Q in every head."),
    ("GDpp", "model", "gram", {"kind": "gdpp"}, ("heads",),
     "GD++: two numbers a layer, gradient descent with a correction of curvature."),
    ("Preconditioned", "model", "gram", {"kind": "preconditioned"}, ("heads",),
     "Preconditioned gradient descent: a matrix A and a vector u a layer."),
    ("Transformer", "model", "transformer", {"kind": "transformer"}, (),
     "A transformer on tokens, with Q, K, V and P. It is trained into a run (gm.Run.train)."),
    ("GraphTask", "task", "graph", {}, (),
     "Graphs, and a question about each, for a GraphTransformer."),
    ("GraphTransformer", "model", "graph", {"kind": "graph"}, (),
     "A linear transformer on graphs. It is trained into a run (gm.Run.train)."),
    ("Training", "train", "gram", {}, (), "Loss, optimiser and length of a training."),
    ("TokenTraining", "train", "transformer", {}, (),
     "Loss, optimiser and length of the training of a Transformer."),
    ("GraphTraining", "train", "graph", {}, (),
     "Loss, optimiser and length of the training of a GraphTransformer."),
    ("Evaluation", "eval", "gram", {}, (), "A comparison on fresh prompts."),
]
TYPES = {"integer": "int", "number": "float", "boolean": "bool", "choice": "str",
         "numbers": "tuple[float, ...]", "matrix": "tuple"}


def default_of(key) -> str:
    text = key["default"]
    if key["type"] == "choice":
        return repr(text)
    if key["type"] == "boolean":
        return {"true": "True", "false": "False"}[text]
    value = ast.literal_eval(text)
    if key["type"] == "number":
        value = float(value)
    if key["type"] in ("numbers", "matrix"):
        value = tuple(float(v) for v in value) if isinstance(value, list) else (float(value),)
    return repr(value)


def fields_of(section, family, fixed, without):
    """Name, type, default and meaning of each field."""
    for key in _core.keys():
        group, name = key["name"].split(".", 1)
        if group != section or key["only"] not in ("", family):
            continue
        if name in fixed or name in without or name == "sigma":
            continue
        if name == "noise":
            yield ("noise", "Noise", "Uniform(0.0, 5.0)",
                   "prior of the noise level: Uniform, Categorical, Constant, or a number")
            continue
        yield name, TYPES[key["type"]], default_of(key), f"{key['help']} ({key['rule']})"


def class_text(name, section, family, fixed, without, line) -> str:
    fields = list(fields_of(section, family, fixed, without))
    text = f'\n\n@dataclass(frozen=True)\nclass {name}(Spec):\n    """{line}\n\n'
    for field, _, _, meaning in fields:
        text += textwrap.fill(f"{field}: {meaning}", 96, initial_indent=" " * 4,
                              subsequent_indent=" " * 8, break_on_hyphens=False) + "\n"
    text += '    """\n\n'
    text += f"    _section = {section!r}\n    _fixed = {fixed!r}\n\n"
    text += "".join(f"    {field}: {kind} = {default}\n" for field, kind, default, _ in fields)
    return text


def head(title: str) -> str:
    return (f'"""{title} as frozen dataclasses. Generated from the table of configuration keys by\n'
            'python/generate_specs.py; do not edit by hand."""\n\n')


def texts() -> dict[pathlib.Path, str]:
    """What every file of the folder has to say."""
    found = {}
    package = head("Specifications")
    for file, sections, needs in FILES:
        entries = [entry for entry in CLASSES if entry[1] in sections]
        found[TARGET / f"{file}.py"] = (
            head(file.capitalize()) + "from __future__ import annotations\n\n"
            f"from dataclasses import dataclass\n\nfrom .._spec import {needs}\n"
            + "".join(class_text(*entry) for entry in entries))
        start = f"from .{file} import ("
        package += textwrap.fill(start + ", ".join(sorted(entry[0] for entry in entries)) + ")", 96,
                                 subsequent_indent=" " * len(start)) + "\n"
    names = ", ".join(f'"{name}"' for name in sorted(entry[0] for entry in CLASSES))
    package += "\n" + textwrap.fill(f"__all__ = [{names}]", 96, subsequent_indent=" " * 11) + "\n"
    found[TARGET / "__init__.py"] = package
    return found


if __name__ == "__main__":
    sys.exit(write_or_check(texts(), "the keys say"))
