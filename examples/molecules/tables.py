"""Tables and claims of study.py from the test errors of its seeds."""

import csv
import datetime
import json
import os
import platform
import subprocess

import numpy as np

TARGETS = ("kirchhoff", "wiener", "ring", "tpsa")  # data.py
# Student's t at 97.5% for so many seeds.
STUDENT = {
    2: 12.706,
    3: 4.303,
    4: 3.182,
    5: 2.776,
    6: 2.571,
    7: 2.447,
    8: 2.365,
    9: 2.306,
    10: 2.262,
}
UNITS = {"kirchhoff": "log", "wiener": "log", "ring": "atoms", "tpsa": "square angstroms"}
GLOBAL = ("kirchhoff", "wiener", "ring")
LEARNED = ("learned", "of atoms")


def read_rows(file):
    if not file.exists():
        return []
    with open(file, newline="") as text:
        rows = list(csv.DictReader(text))
    for row in rows:
        row["seed"] = int(row["seed"])
        for name in (*TARGETS, "eigenvector_loss", "seconds"):
            row[name] = float(row[name]) if row[name] else None
    return rows


def write_rows(file, rows):
    names = ["encoding", "seed", *TARGETS, "eigenvector_loss", "seconds"]
    part = file.with_suffix(".part")
    with open(part, "w", newline="") as text:
        writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    part.replace(file)


def interval(values):
    """Mean and half the width of its 95% interval; None with one value."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return values.mean(), None
    student = STUDENT.get(len(values), 2.1)
    return values.mean(), student * values.std(ddof=1) / np.sqrt(len(values))


def errors(rows, encoding, target):
    return {row["seed"]: row[target] for row in rows if row["encoding"] == encoding}


def differences(rows, one, other, target):
    first, second = errors(rows, one, target), errors(rows, other, target)
    return [first[seed] - second[seed] for seed in sorted(first) if seed in second]


def difference_below(rows, one, other, target):
    """Whether the interval of the difference within seeds lies below 0; None with one seed."""
    mean, half = interval(differences(rows, one, other, target))
    return None if half is None else bool(mean + half < 0)


def text_of(mean, half):
    return f"{mean:.4g}" if half is None else f"{mean:.4g} +- {half:.2g}"


def claims(rows):
    found = []

    def claim(text, one, other, targets, wanted):
        cases = {t: difference_below(rows, one, other, t) for t in targets}
        known = all(below is not None for below in cases.values())
        detail = "; ".join(
            f"{t}: {text_of(*interval(differences(rows, one, other, t)))}" for t in targets
        )
        holds = all(below == wanted for below in cases.values()) if known else None
        found.append({"text": text, "holds": holds, "detail": detail})

    rule = "the 95% interval of the difference within seeds lies below 0"
    for one, name in (("learned", "learned encoding"), ("of atoms", "encoding of atoms")):
        for other, beside in (("none", "none"), ("eigenvectors", "Laplacian eigenvectors")):
            claim(
                f"Kirchhoff index, Wiener index and largest ring: the {name} has a lower error "
                f"than {beside} for each ({rule})",
                one,
                other,
                GLOBAL,
                True,
            )
        claim(
            f"TPSA, which is local: the {name} is not better than none (that interval does not lie "
            "below 0)",
            one,
            "none",
            ("tpsa",),
            False,
        )
    return found


def table_of(rows, encodings):
    table = []
    for encoding in encodings:
        cells = [encoding]
        for target in TARGETS:
            mean, half = interval(list(errors(rows, encoding, target).values()))
            cells.append({"value": float(mean)} | ({} if half is None else {"se": float(half)}))
        table.append(cells)
    return table


def difference_table(rows, encodings):
    table = []
    for encoding in encodings:
        for other in ("none", "eigenvectors"):
            if encoding == other:
                continue
            cells = [f"{encoding} minus {other}"]
            for target in TARGETS:
                mean, half = interval(differences(rows, encoding, other, target))
                cells.append({"value": float(mean)} | ({} if half is None else {"se": float(half)}))
            table.append(cells)
    return table


def command_output(*command):
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=os.path.dirname(os.path.abspath(__file__))
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def report(out, rows, count, epochs, command):
    """Prints the tables and writes them as gramian/figures/result.h says."""
    encodings = list(dict.fromkeys(row["encoding"] for row in rows))
    seeds = len({row["seed"] for row in rows})
    columns = ["encoding", *(f"{target} ({UNITS[target]})" for target in TARGETS)]
    trained = [e for e in encodings if e != "size alone"]
    note = (
        f"{count} molecules of RDKit's NCI file, {epochs} epochs, {seeds} seeds. Behind +- is half "
        "the width of the 95% interval of the mean over seeds (Student's t)."
    )
    reached = [row["eigenvector_loss"] for row in rows if row["eigenvector_loss"] is not None]
    notes = [
        note,
        "Size alone: least squares on the numbers of atoms and bonds and their logarithms.",
    ]
    if reached:
        notes.append(
            "Before it is trained with the network, the learned encoding answers the six "
            f"eigenvectors with a loss of {np.mean(reached):.2f}, where 12 is that of zero."
        )
    tables = [
        {
            "id": "electric-molecules",
            "title": "Mean absolute error on test molecules",
            "columns": columns,
            "rows": table_of(rows, encodings),
            "notes": notes,
        },
        {
            "id": "electric-molecules-differences",
            "title": "Difference of these errors within a seed",
            "columns": columns,
            "rows": difference_table(rows, [e for e in trained if e != "none"]),
            "notes": ["Below 0: better. " + note],
        },
    ]
    found = claims(rows)
    for table in tables:
        print("\n" + table["title"])
        for cells in table["rows"]:
            texts = [text_of(c["value"], c.get("se")) for c in cells[1:]]
            print(f"{cells[0]:<32}" + "".join(f"{t:>22}" for t in texts))
    for claim in found:
        verdict = {True: "pass", False: "FAIL", None: "not judged"}[claim["holds"]]
        print(f"{verdict:<10} {claim['text']}\n           {claim['detail']}")
    result = {
        "study": "electric-molecules",
        "title": "Positional encodings of molecules",
        "paper": "Cheng et al. 2024, its experiments on molecules",
        "caption": "",
        "publication": {
            "short": "Cheng et al. 2024",
            "authors": "Cheng, Carin, Sra",
            "title": "Graph Transformers Dream of Electric Flow",
            "venue": "ICLR 2025",
            "arxiv": "2410.16699",
            "losses": "",
        },
        "order": None,
        "quick": epochs < 20 or seeds < 2,
        "claims": found,
        "tables": tables,
        "figures": [],
        "runs": [],
        "provenance": {
            "command": "python " + command,
            "version": "",
            "commit": command_output("git", "describe", "--always", "--dirty"),
            "cpu": platform.machine(),
            "cores": 1,
            "simd": "",
            "compiler": "JAX",
            "finished": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "train_seconds": float(sum(row["seconds"] or 0 for row in rows)),
            "settings": "",
        },
    }
    (out / "results").mkdir(exist_ok=True)
    (out / "results" / "electric-molecules.json").write_text(json.dumps(result, indent=1) + "\n")
