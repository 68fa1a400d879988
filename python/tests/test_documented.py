"""What is written is true: docstring examples run, generated files are those of the module."""

import doctest
import importlib
import inspect
import json
import os
import pathlib
import subprocess
import sys

import pytest

import gramian as gm
from gramian import _core

PYTHON = pathlib.Path(__file__).parents[1]
MODULES = ["gramian", "gramian._arrays", "gramian._frames", "gramian._spec", "gramian._network",
           "gramian._lab", "gramian._runs", "gramian._studies", "gramian.convert",
           "gramian.solvers"]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


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


def test_files_have_the_forms_of_their_schemas(task, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    folder = PYTHON.parent / "docs" / "schemas"
    if not folder.is_dir():
        pytest.skip("not in a checkout")

    def judge(name, value):
        schema = json.loads((folder / f"{name}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        validator.validate(value)
        for key in schema["required"]:       # and it is no schema that takes anything
            assert not validator.is_valid({k: v for k, v in value.items() if k != key})
        assert not validator.is_valid(value | {"another": 1})

    run = gm.Run.train(tmp_path / "run", task, gm.Diag(layers=2), steps=5, batch=32)
    run.evaluate("eval.prompts=200", "eval.tuning_prompts=200", "eval.profile=[0, 1]")
    judge("eval", json.loads((run.path / "eval.json").read_text()))
    judge("manifest", run.manifest)
    judge("metrics", json.loads((run.path / "metrics.jsonl").read_text().splitlines()[-1]))
