"""A small set of results with everything that the page can show, and all that is awkward for it."""

import json
import math

HOSTILE = "</script><script>document.title = 'taken'</script><!-- & \"quotes\" σ²"

ROLES = ["full", "diag", "gdpp", "constrr", "adarr", "tunedrr", "bayes", "paper", "other"]


VERSATILE = {
    "short": "Vladymyrov et al. 2024",
    "authors": "Vladymyrov, von Oswald, Sandler, Ge",
    "title": "Linear transformers are versatile in-context learners",
    "venue": "NeurIPS 2024",
    "arxiv": "2402.14180",
    "losses": "Lower is better.",
}
DESCENT = {
    "short": "von Oswald et al. 2022",
    "authors": "von Oswald and others",
    "title": "Transformers learn in-context by gradient descent",
    "venue": "ICML 2023",
    "arxiv": "",
    "losses": "",
}


def axis(label, scale="linear", ticks=None, domain=None):
    return {"label": label, "scale": scale, "ticks": ticks, "domain": domain}


def panel(title, x, y, series=(), bands=(), heatmap=None):
    return {
        "title": title,
        "x": x,
        "y": y,
        "bands": list(bands),
        "series": list(series),
        "heatmap": heatmap,
    }


def series(name, role, mark, points):
    return {"name": name, "role": role, "mark": mark, "points": points}


def provenance(command="gramian study all --out studies/test"):
    return {
        "command": command,
        "version": "0.1.0",
        "commit": "0123456789ab",
        "cpu": "A machine",
        "cores": 2,
        "simd": "AVX2",
        "compiler": "GNU 12.2.0",
        "finished": "2024-05-06T07:08:09Z",
        "train_seconds": 4000.5,
        "settings": "[task]\nd = 10\n# </pre><b>\n",
    }


def study(name, **parts):
    return {
        "study": name,
        "title": f"Study {name}",
        "paper": "Vladymyrov et al. 2024, Fig. 1",
        "publication": VERSATILE,
        "caption": "",
        "quick": False,
        "claims": [],
        "tables": [],
        "figures": [],
        "runs": [],
        "provenance": provenance(),
        **parts,
    }


def table1():
    values = [1.7681, 0.04951, 2.497e-12, 0.0, -0.00031, 123.456]
    rows = []
    for layers in (1, 2):
        for model in ("GD++", "DIAG", "FULL"):
            cells = [
                {
                    "value": value * layers,
                    "se": abs(value) * 0.004 or None,
                    "paper": round(value, 3),
                    "bayes": 0.001 * i,
                    "status": ("better", "equal", "worse", "", "equal", "worse")[i],
                    "note": "a note" if i == 1 else "",
                }
                for i, value in enumerate(values)
            ]
            rows.append([layers, model, *cells])
    rows.append(
        ["solver", "ADARR", 0.0027, None, {"value": None, "note": "not defined"}, "text", 5, 1e-9]
    )
    claims = [
        {"text": "It holds", "holds": True, "detail": "1 < 2"},
        {"text": HOSTILE, "holds": False, "detail": HOSTILE},
        {"text": "Who knows", "holds": None, "detail": ""},
    ]
    runs = [
        {
            "name": f"run{i}",
            "kind": "FULL",
            "layers": i,
            "problem": "sigma ~ U(0, 5)",
            "seed": 2**53 - 1,
            "steps": 200000,
            "seconds": 12.5 * i,
            "directory": f"runs/{i}",
        }
        for i in range(1, 4)
    ]
    table = {
        "id": "cells",
        "title": "Adjusted loss",
        "columns": ["Layers", "Model", "0", "1", "2", "3", "{1,3}", "{1,3,5}"],
        "rows": rows,
        "notes": ["A note with `code`."],
    }
    return study("table1", title=HOSTILE, quick=False, claims=claims, tables=[table], runs=runs)


def fig1():
    """Log axis, zero and nothing on it, error bars, levels, points of the paper; every role."""
    lines = [
        series(
            name,
            role,
            "line",
            [
                {
                    "x": x,
                    "y": scale * math.exp(-x),
                    "low": scale * math.exp(-x) * 0.8,
                    "high": scale * math.exp(-x) * 1.3,
                }
                for x in range(1, 8)
            ],
        )
        for name, role, scale in (
            ("FULL", "full", 1.0),
            ("DIAG", "diag", 1.2),
            ("GD++", "gdpp", 2.0),
        )
    ]
    lines[2]["points"][6] = {"x": 7, "y": None, "note": "diverged"}
    lines[1]["points"][6] = {"x": 7, "y": 0.0, "low": 0.0, "high": 0.01}
    paper = series(
        "FULL, paper", "paper", "points", [{"x": x, "y": 1.1 * math.exp(-x)} for x in range(1, 8)]
    )
    rules = [
        series(role.upper(), role, "rule", [{"x": 0, "y": level}])
        for role, level in (("constrr", 0.1), ("adarr", 0.02), ("tunedrr", 0.0), ("bayes", 0.005))
    ]
    first = panel(
        "first",
        axis("layers", ticks=[1, 3, 5, 7]),
        axis("adjusted loss", "log"),
        [*lines, paper, *rules],
    )
    wide = panel(
        "wide",
        axis("layers"),
        axis("loss", "log"),
        [series("FULL", "full", "line", [{"x": x, "y": 10.0 ** (-2 * x)} for x in range(1, 8)])],
    )
    nothing = panel(
        "nothing", axis("x"), axis("y", "log"), [series("OLD", "other", "line", [{"x": 1, "y": 0}])]
    )
    empty = panel("", axis(""), axis(""), [])
    return study(
        "fig1",
        figures=[
            {
                "id": "fig1",
                "title": "Loss against depth",
                "caption": "`code` & text",
                "columns": 4,
                "panels": [first, wide, nothing, empty],
            }
        ],
    )


def fig2():
    """Linear axes with a domain, bands, dashes; a rehearsal."""
    noise = [0.25 * i for i in range(13)]
    lines = [
        series(
            "FULL",
            "full",
            "line",
            [
                {"x": x, "y": 0.01 + 0.002 * x, "low": 0.009, "high": 0.012 + 0.002 * x}
                for x in noise
            ],
        ),
        series("ADARR", "adarr", "dashes", [{"x": x, "y": 0.004 * x * x} for x in noise]),
        series("far", "other", "points", [{"x": 1, "y": 5}]),
        # Further out than a browser can draw.
        series(
            "explodes",
            "diag",
            "line",
            [
                {"x": x, "y": 0.01 * 10.0 ** (15 * x), "low": 0.0, "high": 10.0 ** (15 * x)}
                for x in noise
            ],
        ),
    ]
    panels = [
        panel(
            f"p{i}",
            axis("σ"),
            axis("adjusted loss", domain=[0, 0.03]),
            lines,
            (
                [{"from": 0, "to": 2, "label": "trained on"}]
                if i < 2
                else [{"from": 1, "to": 1, "label": "trained on"}]
            ),
        )
        for i in range(3)
    ]
    panels += outliers()
    return study(
        "fig2",
        quick=True,
        figures=[
            {"id": "profiles", "title": "Profiles", "caption": "", "columns": 3, "panels": panels}
        ],
    )


def outliers():
    """One value far from all others, ticks beyond the domain, and labels that are long."""
    names = ("FULL", "full"), ("DIAG", "diag"), ("GD++", "gdpp")

    def curves(values):
        return [
            series(
                name,
                role,
                "line",
                [{"x": x, "y": y, "low": 0.9 * y, "high": 1.1 * y} for x, y in enumerate(row)],
            )
            for (name, role), row in zip(names, values)
        ]

    slow = [[0.1 + 0.05 * x * (k + 1) for x in range(8)] for k in range(3)]
    high = [slow[0], slow[1], [*slow[2][:7], 537000.0]]
    low = [[10.0 ** (-0.3 * x - k) for x in range(8)] for k in range(3)]
    low[1][7] = 1e-32
    levels = [series("BAYES", "bayes", "rule", [{"x": 0, "y": 1.4e-30}])]
    sizes = [[2e5 * (x + 1) * (k + 1) for x in range(8)] for k in range(3)]
    ticks = axis("prediction after k layers", ticks=[0, 2, 4, 6, 8])
    return [
        panel("outlier, linear", ticks, axis("adjusted loss"), curves(high)),
        panel(
            "outlier, both signs",
            axis("σ", domain=[1, 7]),
            axis("adjusted loss"),
            curves([slow[0], [-y for y in slow[1]], [*slow[2][:6], -5e40, 2e41]]),
        ),
        panel("outlier, log", axis("k"), axis("loss", "log"), curves(low) + levels),
        panel("long labels", axis("k"), axis("steps of training"), curves(sizes)),
        panel(
            "long labels below",
            axis("steps", ticks=[100000.0 * k for k in range(12)]),
            axis("loss"),
            [
                series("s", "other", "points", [{"x": 1e5 * k, "y": k % 3} for k in range(12)]),
            ],
        ),
    ]


def fig4():
    names = ["1", "2", "y"]
    values = [[0.5, -0.25, 0.0], [1e-3, None, 0.75], [-1.0, 0.1, 0.2]]
    maps = [
        panel(
            f"P, layer {i}",
            axis(""),
            axis(""),
            heatmap={
                "rows": names,
                "columns": names,
                "values": [[None if v is None else v / i for v in row] for row in values],
            },
        )
        for i in (1, 2)
    ]
    return study(
        "fig4",
        figures=[{"id": "fig4", "title": "Weights", "caption": "", "columns": 2, "panels": maps}],
    )


def training():
    """More points than symbols, both axes log, one role several times."""
    curves = [
        series(
            f"{depth} layers",
            "full",
            "line",
            [{"x": 10 * (i + 1), "y": 5 / (i + depth)} for i in range(200)],
        )
        for depth in (2, 10, 4)
    ]
    return study(
        "training",
        provenance=provenance("gramian study training"),
        figures=[
            {
                "id": "curves",
                "title": "Curves",
                "caption": "",
                "columns": 1,
                "panels": [panel("", axis("step", "log"), axis("loss", "log"), curves)],
            }
        ],
    )


def sparse():
    """As little as gramian report lets through."""
    return {
        "study": "sparse",
        "title": None,
        "quick": None,
        "claims": [{"text": "c", "holds": None}],
        "runs": [{}],
        "tables": [
            {"id": "t", "columns": [], "rows": []},
            {"id": "u", "columns": ["a", "b"], "rows": [[None, {}], [1, None]]},
        ],
        "figures": [
            {
                "id": "f",
                "columns": None,
                "panels": [
                    {},
                    {
                        "x": {"domain": [], "ticks": []},
                        "bands": None,
                        "heatmap": None,
                        "series": [
                            {
                                "name": "s",
                                "role": None,
                                "mark": None,
                                "points": [{"x": 1, "y": None}],
                            },
                            {"name": "r", "mark": "rule", "points": []},
                            {"name": "one", "points": [{"x": 3, "y": 2}]},
                        ],
                    },
                    {"heatmap": {"rows": [], "columns": [], "values": []}},
                    {"heatmap": {"rows": ["a"], "columns": ["b"], "values": [[0]]}},
                ],
            },
            {"id": "g", "panels": []},
        ],
        "provenance": {},
    }


def papers():
    """Two papers, one of them from files that say only its name, and what belongs to none."""

    def of(name, paper, *holds, publication=None):
        lines = panel(
            "p",
            axis("x"),
            axis("y"),
            [series("s", "full", "line", [{"x": 1, "y": 2}, {"x": 2, "y": 1}])],
        )
        return {
            **study(
                name,
                title=name,
                claims=[{"text": "c", "holds": h} for h in holds],
                figures=[
                    {
                        "id": f"{name}-f",
                        "title": "F",
                        "caption": "",
                        "columns": 1,
                        "panels": [lines],
                    }
                ],
            ),
            "paper": paper,
            "publication": publication,
        }

    return [
        of("explain-a", "", True),
        of("gd-fig2", "von Oswald et al. 2022, Fig. 2", True, False, publication=DESCENT),
        of("fig1", "Vladymyrov et al. 2024, Fig. 1", True),
        of("gd-fig3", "von Oswald et al. 2022, Fig. 3", None, publication=DESCENT),
        of("steps", "Vladymyrov et al. 2024, beyond its figures"),
    ]


def results():
    studies = [table1(), fig1(), fig2(), fig4(), training()]
    return [{**study, "order": order} for order, study in enumerate(studies)]


def write(folder, written=None):
    target = folder / "results"
    target.mkdir(parents=True)
    for result in written or results():
        (target / f"{result['study']}.json").write_text(
            json.dumps(result, ensure_ascii=False), encoding="utf-8"
        )
