"""Tidy tables: columns by name, and as a data frame of pandas or polars."""

from __future__ import annotations

from typing import Iterator, NamedTuple


class Estimate(NamedTuple):
    """A mean and its standard error."""

    mean: float
    se: float

    def __str__(self) -> str:
        return f"{self.mean:.5g} +- {self.se:.2g}"


class Table:
    """Columns of equal length, in order.

    >>> table = Table({"layer": [1, 2], "mean": [0.5, 0.25]})
    >>> table.columns
    ['layer', 'mean']
    >>> table["mean"]
    [0.5, 0.25]
    """

    def __init__(self, columns: dict[str, list]):
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of a table must have one length, got {sorted(lengths)}")
        self._columns = {name: list(column) for name, column in columns.items()}

    @classmethod
    def of_rows(cls, names: list[str], rows: list[tuple]) -> Table:
        return cls({name: [row[k] for row in rows] for k, name in enumerate(names)})

    @property
    def columns(self) -> list[str]:
        return list(self._columns)

    def __getitem__(self, name: str) -> list:
        return self._columns[name]

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), []))

    def __iter__(self) -> Iterator[dict]:
        for values in zip(*self._columns.values()):
            yield dict(zip(self._columns, values))

    def to_dict(self) -> dict[str, list]:
        """Columns by name, as data frame libraries take them."""
        return {name: list(column) for name, column in self._columns.items()}

    def to_pandas(self):
        """A pandas.DataFrame; needs pandas (the extra `frames`)."""
        import pandas

        return pandas.DataFrame(self._columns)

    def to_polars(self):
        """A polars.DataFrame; needs polars (the extra `frames`)."""
        import polars

        return polars.DataFrame(self._columns, strict=False)

    def __repr__(self) -> str:
        def text(value) -> str:
            return f"{value:.5g}" if isinstance(value, float) else str(value)

        rows = [self.columns] + [[text(v) for v in row.values()] for row in list(self)[:20]]
        widths = [max(len(row[k]) for row in rows) for k in range(len(self._columns))]
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths)) for row in rows]
        if len(self) > 20:
            lines.append(f".. {len(self)} rows")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        def cell(tag: str, value) -> str:
            text = f"{value:.5g}" if isinstance(value, float) else str(value)
            return f"<{tag} style='padding: 0 0.6em; text-align: right'>{escape(text)}</{tag}>"

        head = "".join(cell("th", name) for name in self.columns)
        body = "".join(
            "<tr>" + "".join(cell("td", v) for v in row.values()) + "</tr>" for row in list(self)
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
