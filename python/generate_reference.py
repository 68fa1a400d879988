#!/usr/bin/env python3
"""Writes what follows from the module: the API reference and the stubs of the compiled part.

    generate_reference.py            writes docs/python_api.md and src/gramian/_core.pyi
    generate_reference.py --check    compares, and exits with 1 where one differs

Needs the package on the path, and nanobind. A test runs the check.
"""

import importlib
import inspect
import pathlib
import re
import sys

import gramian
from generated_files import write_or_check
from nanobind.stubgen import StubGen

HERE = pathlib.Path(__file__).parent
REFERENCE = HERE.parent / "docs" / "python_api.md"
STUBS = HERE / "src" / "gramian" / "_core.pyi"

# Heading, module, names; an empty list takes the public functions and classes of the module.
SECTIONS = [
    ("Specifications", "gramian", ["Regression", "Diag", "Full", "GDpp", "Preconditioned",
                                   "Training", "Evaluation", "Uniform", "Categorical", "Constant",
                                   "TokenTask", "Transformer", "TokenTraining", "GraphTask",
                                   "GraphTransformer", "GraphTraining", "Spec"]),
    ("Work", "gramian", ["train", "evaluate", "explain", "watch", "reproduce", "units",
                         "carry_out_unit", "studies"]),
    ("Objects", "gramian", ["Network", "Prompts", "States", "Run", "EvaluationResult", "Score",
                            "Estimate", "Explanation", "Record", "Step", "StudyResult", "Table",
                            "DivergedError"]),
    ("gramian.solvers", "gramian.solvers", []),
    ("gramian.convert", "gramian.convert", []),
    ("gramian.plot", "gramian.plot", []),
    ("gramian.sklearn", "gramian.sklearn", ["InContextRegressor"]),
]
HEAD = """# Python reference

Generated from the docstrings by `python/generate_reference.py`; do not edit by hand. Every example
is a test. [Python](python.md) is the guide.
"""


def code(text: str) -> str:
    return f"```python\n{text}\n```\n"


def signature_of(name: str, found) -> str:
    try:
        text = str(inspect.signature(found))
    except (TypeError, ValueError):
        return name
    # The repr of a class as a default would name the module that it comes from.
    text = re.sub(r"<class '([\w.]+)'>", r"\1", text).replace("'", "")
    return name + text


def described(found) -> str:
    """The docstring, its indented parts and examples as code."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(found.__doc__ or ""))
    lines = []
    for block in blocks:
        fenced = block.lstrip().startswith(">>>") or any(
            re.match(r"\w[\w, ]*(\.|:)? ?[:\[]", line) for line in block.split("\n"))
        lines.append(code(block).rstrip() if fenced else block)
    return "\n\n".join(lines) + "\n"


def members(kind) -> list[tuple[str, object]]:
    found = []
    for name, member in vars(kind).items():
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(member, (classmethod, staticmethod)):
            member = member.__func__
        if inspect.isfunction(member) or isinstance(member, property):
            found.append((name, member))
    return found


def entry(name: str, found) -> str:
    text = f"\n### {name}\n\n" + code(signature_of(name, found)) + "\n" + described(found)
    if not inspect.isclass(found) or issubclass(found, Exception):
        return text
    for member_name, member in members(found):
        if isinstance(member, property):
            text += f"\n**{name}.{member_name}** (property). {described(member)}".rstrip() + "\n"
        elif member.__doc__:
            text += f"\n**{signature_of(f'{name}.{member_name}', member)}**\n\n" + described(member)
    return text


def reference() -> str:
    text = HEAD
    for heading, module_name, names in SECTIONS:
        module = importlib.import_module(module_name)
        if not names:
            names = [name for name, found in vars(module).items()
                     if (inspect.isfunction(found) or inspect.isclass(found))
                     and found.__module__ == module_name and not name.startswith("_")]
        text += f"\n## {heading}\n"
        if module_name != "gramian":
            text += "\n" + described(module)
        text += "".join(entry(name, getattr(module, name)) for name in names)
    return re.sub(r"\n{3,}", "\n\n", text)


def stubs() -> str:
    core = importlib.import_module("gramian._core")
    for found in vars(core).values():
        if getattr(found, "__module__", None) == "gramian":  # made public by the package
            found.__module__ = "gramian._core"
    generator = StubGen(core)
    generator.put(core)
    return generator.get()


if __name__ == "__main__":
    sys.exit(write_or_check({REFERENCE: reference(), STUBS: stubs()}, "the module says"))
