"""Published tables and figures: reproduced whole, or unit by unit on any executor."""

from __future__ import annotations

import json
import os
from concurrent.futures import Executor, as_completed

from . import _core
from ._frames import Table
from ._lab import _bar


def studies() -> Table:
    """What there is to reproduce: name, title, place, paper, arxiv.

    >>> import gramian as gm
    >>> "table1" in gm.studies()["name"]
    True
    """
    rows = _core.studies()
    return Table({name: [row[name] for row in rows] for name in rows[0]})


class StudyResult:
    """What a study left behind: claims, tables and figures, as in DIR/results/<study>.json.

    claims: a Table of text, holds (True, False, or None where it could not be judged) and detail
    json: everything (figures/result.h says what is in it)
    """

    def __init__(self, source: str):
        self.json = json.loads(source)

    @property
    def name(self) -> str:
        return self.json["study"]

    @property
    def claims(self) -> Table:
        names = ["text", "holds", "detail"]
        return Table({name: [claim[name] for claim in self.json["claims"]] for name in names})

    def table(self, name: str) -> Table:
        """A table by its id. A cell with an error is its value; name_se, name_paper, .. have the
        rest."""
        found = self._by_id("tables", name)
        columns: dict[str, list] = {}
        for k, column in enumerate(found["columns"]):
            cells = [row[k] for row in found["rows"]]
            columns[column] = [c.get("value") if isinstance(c, dict) else c for c in cells]
            for part in ("se", "paper", "bayes", "status"):
                if any(isinstance(c, dict) and part in c for c in cells):
                    columns[f"{column}_{part}"] = [
                        c.get(part) if isinstance(c, dict) else None for c in cells]
        return Table(columns)

    def figure(self, name: str) -> Table:
        """The points of a figure by its id: panel, series, x, y, low, high."""
        rows = []
        for panel in self._by_id("figures", name)["panels"]:
            for series in panel["series"]:
                for point in series["points"]:
                    rows.append((panel["title"], series["name"], point["x"], point["y"],
                                 point.get("low"), point.get("high")))
        return Table.of_rows(["panel", "series", "x", "y", "low", "high"], rows)

    def names(self) -> dict[str, list[str]]:
        """Of its tables and figures."""
        return {kind: [entry["id"] for entry in self.json[kind]] for kind in ("tables", "figures")}

    def _by_id(self, kind: str, name: str) -> dict:
        for entry in self.json[kind]:
            if entry["id"] == name:
                return entry
        raise KeyError(f"{self.name} has no {kind[:-1]} '{name}'; there are {self.names()[kind]}")

    def __repr__(self) -> str:
        return f"<gramian.StudyResult {self.name}: {len(self.json['claims'])} claims>"


def _options(out, seeds, steps, quick, only, threads, progress=False):
    return _core.StudyOptions(directory=os.fspath(out), seeds=seeds, steps=steps, quick=quick,
                              only=only, threads=threads, command="gramian.reproduce",
                              quiet=not progress)


def carry_out_unit(study: str, unit: str, out: str, seeds: int = 0, steps: int = 0,
                   quick: bool = False, only: str = "", threads: int = 1) -> str:
    """Trains and evaluates one unit, for a scheduler: a function that can be pickled. Returns the
    name of the unit. What is done already stays."""
    _core.carry_out_unit(study, unit, _options(out, seeds, steps, quick, only, threads))
    return unit


def units(study: str, out, *, seeds: int = 0, steps: int = 0, quick: bool = False,
          only: str = "") -> Table:
    """The units of a study: name, cost (multiply-adds) and whether it is done.

    >>> import gramian as gm
    >>> len(gm.units("fig1", "nowhere")) > 10
    True
    """
    rows = _core.units(study, _options(out, seeds, steps, quick, only, 1))
    return Table.of_rows(["name", "cost", "done"], rows)


def reproduce(study: str, out="studies", *, executor: Executor | None = None, seeds: int = 0,
              steps: int = 0, quick: bool = False, only: str = "", threads: int = 0,
              on_unit=None, progress: bool = False) -> StudyResult:
    """Reproduces a table or a figure: trains, evaluates, draws and judges. What is done is skipped.

    executor: any concurrent.futures.Executor (threads, processes, Dask, MPI, submitit), which gets
    one unit a job, the dearest first; its workers must see the same `out`. None: the threads of
    this process. on_unit: called with the name of each unit that the executor has done. progress:
    a bar of tqdm, if it is installed, with an executor; without one, that of the program, on a
    terminal.
    """
    options = _options(out, seeds, steps, quick, only, threads, progress)
    if executor is not None:
        left = [unit for unit in units(study, out, seeds=seeds, steps=steps, quick=quick, only=only)
                if not unit["done"]]
        left.sort(key=lambda unit: -unit["cost"])
        jobs = [executor.submit(carry_out_unit, study, unit["name"], os.fspath(out), seeds, steps,
                                quick, only) for unit in left]
        bar = _bar(progress, len(jobs), study)
        try:
            for job in as_completed(jobs):
                name = job.result()
                if bar is not None:
                    bar.update(1)
                if on_unit is not None:
                    on_unit(name)
        finally:
            if bar is not None:
                bar.close()
    return StudyResult(_core.reproduce(study, options))
