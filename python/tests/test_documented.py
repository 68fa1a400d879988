"""What is written is true: docstring examples run, generated files are those of the module."""

import doctest
import importlib
import inspect
import os
import pathlib
import pickle
import re
import subprocess
import sys
import typing

import pytest

import gramian as gm
from gramian import _core

PYTHON = pathlib.Path(__file__).parents[1]
MODULES = ["gramian", "gramian._arrays", "gramian._frames", "gramian._spec", "gramian._network",
           "gramian._lab", "gramian._runs", "gramian._studies", "gramian.convert",
           "gramian.solvers"]


def examples():
    """The tests of all docstrings: of modules, of their functions, and of public classes, which do
    not say in which module they are defined."""
    finder, found = doctest.DocTestFinder(exclude_empty=True), {}
    for module in map(importlib.import_module, MODULES):
        classes = [value for value in vars(module).values() if inspect.isclass(value)
                   and value.__module__.split(".")[0] == "gramian"]
        for test in finder.find(module):
            found[test.docstring] = test
        for kind in classes:
            for test in finder.find(kind, module=False, globs=vars(module).copy()):
                found[test.docstring] = test
    return list(found.values())


@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name)
def test_docstring_examples(test):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test).failed == 0


def test_no_docstring_example_is_missed():
    sources = (importlib.import_module(name).__file__ for name in MODULES)
    written = sum(len(re.findall(r"^ *>>> ", pathlib.Path(file).read_text(), flags=re.M))
                  for file in sources)
    assert sum(len(test.examples) for test in examples()) == written > 50


def test_docstring_example_of_sklearn():
    pytest.importorskip("sklearn", minversion="1.6")
    assert doctest.testmod(importlib.import_module("gramian.sklearn")).failed == 0


def test_everything_public_is_described():
    for name in gm.__all__:
        if name in ("plot", "sklearn"):
            continue
        found = getattr(gm, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            assert found.__doc__ and not found.__doc__.startswith(name + "("), name


def test_what_is_public_says_so(task, net):
    """In pickles, in tracebacks and in help()."""
    for name in set(gm.__all__) - {"plot", "sklearn"}:  # modules that need more than NumPy
        found = getattr(gm, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            assert found.__module__ == "gramian", name
            assert pickle.loads(pickle.dumps(found)) is found
            assert typing.get_type_hints(found) is not None
    for value in (task, gm.Full(layers=7), gm.Training(steps=3), gm.Categorical([1, 2]), net):
        assert b"gramian._" not in pickle.dumps(value).replace(b"gramian._core", b"")
        assert repr(pickle.loads(pickle.dumps(value))) == repr(value)
    assert "gramian._" not in str(inspect.signature(gm.train))


@pytest.mark.parametrize("script", ["generate_specs.py", "generate_reference.py"])
def test_generated_files_are_committed(script):
    if not (PYTHON / script).is_file() or "site-packages" in gm.__file__:
        pytest.skip("not in a checkout")
    done = subprocess.run([sys.executable, str(PYTHON / script), "--check"], capture_output=True,
                          text=True, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_key_of_a_family_is_a_field():
    import dataclasses

    kinds = [found for name, found in vars(gm).items()
             if inspect.isclass(found) and issubclass(found, gm.Spec)]
    fields = {kind._section + "." + field.name
              for kind in kinds for field in dataclasses.fields(kind)}
    for key in _core.keys():
        if key["name"] not in ("task.sigma", "model.kind"):
            assert key["name"] in fields, key["name"]
