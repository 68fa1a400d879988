"""The files that the program writes have the forms of the JSON Schemas in docs/schemas."""

import copy
import json
import pathlib
import re

import pytest

import gramian as gm

ROOT = pathlib.Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
jsonschema = pytest.importorskip("jsonschema")
if not SCHEMAS.is_dir():
    pytest.skip("not in a checkout", allow_module_level=True)

# Keys of a study's result that may be missing.
OPTIONAL = {"se", "paper", "bayes", "status", "note", "low", "high", "graph", "explanation"}


def validator_of(name):
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def judge(name, value):
    """`value` has the form, and the schema is none that takes anything."""
    validator = validator_of(name)
    validator.validate(value)
    for key in validator.schema["required"]:
        assert not validator.is_valid({k: v for k, v in value.items() if k != key})
    assert not validator.is_valid(value | {"another": 1})


def test_files_of_a_run(task, tmp_path):
    run = gm.Run.train(tmp_path / "run", task, gm.Diag(layers=2), steps=5, batch=32)
    run.evaluate("eval.prompts=200", "eval.tuning_prompts=200", "eval.profile=[0, 1]")
    judge("eval", json.loads((run.path / "eval.json").read_text()))
    judge("manifest", run.manifest)
    judge("metrics", json.loads((run.path / "metrics.jsonl").read_text().splitlines()[-1]))


def test_the_result_of_a_study(tmp_path):
    gm.reproduce("fig1", tmp_path, quick=True, steps=2, only="diag-L2-uniform-0")
    judge("study", json.loads((tmp_path / "results" / "fig1.json").read_text()))


def kept_results():
    """The results within results/report.html, as gramian report put them there."""
    page = (ROOT / "results" / "report.html").read_text()
    found = re.search(r'<script type="application/json" id="gramian-results">(.*?)</script>', page,
                      flags=re.S)
    return json.loads(found[1])["results"]


def test_the_kept_results():
    validator, results = validator_of("study"), kept_results()
    assert len(results) > 20
    for result in results:
        validator.validate(result)


GRAPH = {"nodes": [[0, 0], [1.5, 0]], "edges": [[0, 1, 2.5]],
         "frames": [{"label": "t = 0", "values": [1, None]}]}


def shortened(value):
    """With the first entry of each list of objects or lists, and that of a list of cells which is
    an object: enough to break every rule once."""
    if isinstance(value, dict):
        return {key: shortened(entry) for key, entry in value.items()}
    if isinstance(value, list) and any(isinstance(entry, (dict, list)) for entry in value):
        return [shortened(next(entry for entry in value if isinstance(entry, (dict, list))))]
    return value


def broken(value, within=()):
    """Each way to break an object within a value once: (place, broken copy)."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        if isinstance(entry, (dict, list)) and key not in ("values", "explanation"):
            for place, worse in broken(entry, (*within, key)):
                copied = copy.copy(value)
                copied[key] = worse
                yield place, copied
        if isinstance(value, dict):
            yield (*within, key, "of another type"), value | {key: {"another": []}}
    if isinstance(value, dict):
        for key in value.keys() - OPTIONAL:
            yield (*within, key, "left out"), {k: v for k, v in value.items() if k != key}
        yield (*within, "one more"), value | {"another": 1}


def test_what_is_broken_is_refused():
    validator, seen = validator_of("study"), set()
    for result in map(shortened, kept_results()):
        for figure in result["figures"]:
            figure["panels"][0]["graph"] = GRAPH
        validator.validate(result)
        for place, worse in broken(result):
            place = tuple(part for part in place if not isinstance(part, int))
            if place not in seen:
                seen.add(place)
                assert not validator.is_valid(worse), place
    for part in ("claims", "rows", "points", "domain", "heatmap", "frames", "runs", "provenance"):
        assert any(part in place for place in seen), part


@pytest.mark.parametrize("change", [
    {"study": "a study"},
    {"order": 1.5},
    {"claims": [{"text": "", "holds": "yes", "detail": ""}]},
    {"tables": [{"id": "a", "title": "", "columns": ["b"], "rows": [[True]], "notes": []}]},
])
def test_values_of_another_kind_are_refused(change):
    assert not validator_of("study").is_valid(kept_results()[0] | change)
