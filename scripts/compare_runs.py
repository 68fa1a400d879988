#!/usr/bin/env python3
"""Compares two directories of `gramian reproduce` (or two run directories) to the bit.

    scripts/compare_runs.py OLD NEW [--prose] [--programs OLD_GRAMIAN NEW_GRAMIAN]

For a change that must not change a number. What has to be equal:

- the paths of all files of runs and cells: a run directory is named by a hash of its settings;
- every tensor of every safetensors file, bytes, type and shape, and its metadata;
- every value in the JSON and CSV files, numbers as they are written;
- every line of config.toml and metrics.jsonl but for clock times;
- with --programs, the signatures that the two programs print.

With --prose, a text may have other words where it has the same numbers in the same order; such
texts are counted by the place where they stand.

NEW may have more than OLD: further keys in JSON objects and in the metadata of models, further
lines in config.toml. These are counted by name and listed, so that they can be read. Not compared
are clock times, and what says on which machine, by which command and from which commit a file came.
Exit status: 0 if nothing differs, 1 if something does, 2 for wrong arguments.
"""
import argparse
import collections
import csv
import json
import pathlib
import re
import struct
import subprocess
import sys

CLOCK = {"seconds", "train_seconds", "finished", "started", "seconds_per_step"}
ORIGIN = {"provenance", "command", "command_line", "version", "commit", "cpu", "cores", "simd",
          "compiler", "host"}
IGNORED_FILES = {"manifest.json"}
IGNORED_FOLDERS = {"locks", "tuned"}  # whatever is tuned shows in the evaluations


class Comparison:
    def __init__(self, prose):
        self.prose = prose
        self.reworded = collections.Counter()
        self.differences = []
        self.added = collections.Counter()
        self.compared = collections.Counter()

    def differ(self, place, old, new):
        self.differences.append(f"{place}: {str(old)[:100]} -> {str(new)[:100]}")

    def equal(self, place, old, new):
        if old == new:
            return
        if self.prose and is_prose(old) and is_prose(new) and numbers_in(old) == numbers_in(new):
            self.reworded[re.sub(r"[^ .,]*/|[0-9a-f-]{8,}|\[[0-9]+\]", "", place)] += 1
        else:
            self.differ(place, old, new)

    def values(self, place, old, new):
        """JSON values; numbers are the texts that stand in the files."""
        if isinstance(old, dict) and isinstance(new, dict):
            old, new = without_times(old), without_times(new)
            for key, value in old.items():
                if key in CLOCK or key in ORIGIN:
                    continue
                if key not in new:
                    self.differ(f"{place}.{key}", "there", "missing")
                else:
                    self.values(f"{place}.{key}", value, new[key])
            for key in new.keys() - old.keys():
                self.added[f"JSON key {key}"] += 1
        elif isinstance(old, list) and isinstance(new, list):
            self.equal(f"{place}, entries", len(old), len(new))
            for index, (one, other) in enumerate(zip(old, new)):
                self.values(f"{place}[{index}]", one, other)
        else:
            self.equal(place, without_durations(old), without_durations(new))
            self.compared["JSON values"] += 1


def is_prose(value):
    return isinstance(value, str) and not value.startswith(("int ", "float ")) and " " in value


def numbers_in(text):
    return re.findall(r"[0-9][0-9.,e+-]*[0-9]|[0-9]", text)


def without_times(value):
    """A table of a study without its columns of clock times."""
    columns, rows = value.get("columns"), value.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return value
    if "microseconds" in value.get("title", ""):
        return value | {"rows": []}
    kept = [i for i, name in enumerate(columns) if name != "seconds"]
    return value | {"rows": [[row[i] for i in kept if i < len(row)] for row in rows]}


def without_durations(value):
    """A text of a claim without "in 1.5 s"."""
    return re.sub(r"\bin [0-9.]+ s\b", "in .. s", value) if isinstance(value, str) else value


def read_json(path):
    return json.loads(path.read_text(), parse_float=lambda text: "float " + text,
                      parse_int=lambda text: "int " + text)


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    begin = 8 + length
    tensors = {name: (entry["dtype"], tuple(entry["shape"]),
                      data[begin + entry["data_offsets"][0]:begin + entry["data_offsets"][1]])
               for name, entry in header.items()}
    return metadata, tensors


def compare_models(place, old, new, result):
    (old_metadata, old_tensors), (new_metadata, new_tensors) = map(read_safetensors, (old, new))
    result.equal(f"{place}, tensors", sorted(old_tensors), sorted(new_tensors))
    for name in old_tensors.keys() & new_tensors.keys():
        result.compared["tensors"] += 1
        result.equal(f"{place}, type and shape of {name}", old_tensors[name][:2],
                     new_tensors[name][:2])
        if old_tensors[name][2] != new_tensors[name][2]:
            result.differ(f"{place}, tensor {name}", "bytes", "other bytes")
    for key, value in old_metadata.items():
        if key not in CLOCK | ORIGIN:
            result.equal(f"{place}, metadata {key}", value, new_metadata.get(key))
    for key in new_metadata.keys() - old_metadata.keys():
        result.added[f"metadata {key}"] += 1


def compare_configs(place, old, new, result):
    """Settings by section and key; NEW may have more of them."""
    def settings(path):
        section, found = "", {}
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line
            elif " = " in line:
                key, value = line.split(" = ", 1)
                found[f"{section} {key}"] = value
        return found
    old_settings, new_settings = settings(old), settings(new)
    for key, value in old_settings.items():
        result.compared["settings"] += 1
        result.equal(f"{place}, {key}", value, new_settings.get(key))
    for key in new_settings.keys() - old_settings.keys():
        result.added[f"setting {key}"] += 1


def compare_tables(place, old, new, result):
    """CSV, but for columns of clock times."""
    def rows(path):
        with path.open(newline="") as file:
            table = list(csv.reader(file))
        times = {i for i, name in enumerate(table[0]) if name in CLOCK} if table else set()
        return [[cell for i, cell in enumerate(row) if i not in times] for row in table]
    old_rows, new_rows = rows(old), rows(new)
    result.equal(f"{place}, rows", len(old_rows), len(new_rows))
    for number, (one, other) in enumerate(zip(old_rows, new_rows), 1):
        result.compared["rows of CSV"] += 1
        result.equal(f"{place}:{number}", one, other)


def compare_lines(place, old, new, result):
    """Metrics and other text."""
    clock = re.compile(r'"(?:%s)":[^,}]*' % "|".join(CLOCK))
    old_lines, new_lines = ([clock.sub("", line) for line in path.read_text().splitlines()]
                            for path in (old, new))
    result.equal(f"{place}, lines", len(old_lines), len(new_lines))
    for number, (one, other) in enumerate(zip(old_lines, new_lines), 1):
        result.compared["lines"] += 1
        result.equal(f"{place}:{number}", one, other)


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.is_file() and path.name not in IGNORED_FILES
            and not IGNORED_FOLDERS & set(path.relative_to(folder).parts)}


def compare(old, new, result):
    old_files, new_files = files_of(old), files_of(new)
    for name in sorted(old_files - new_files):
        result.differ(name, "there", "missing")
    for name in sorted(new_files - old_files):
        result.differ(name, "missing", "there")
    for name in sorted(old_files & new_files):
        one, other = old / name, new / name
        result.compared["files"] += 1
        if name.endswith(".json"):
            result.values(name, read_json(one), read_json(other))
        elif name.endswith(".safetensors"):
            compare_models(name, one, other, result)
        elif name.endswith(".toml"):
            compare_configs(name, one, other, result)
        elif name.endswith(".csv"):
            compare_tables(name, one, other, result)
        else:
            compare_lines(name, one, other, result)


def signature(program):
    return subprocess.run([program, "bench", "--signature"], check=True, capture_output=True,
                          text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--prose", action="store_true")
    parser.add_argument("--programs", nargs=2, metavar=("OLD", "NEW"))
    arguments = parser.parse_args()
    for folder in (arguments.old, arguments.new):
        if not folder.is_dir():
            parser.error(f"{folder} is not a directory")
    result = Comparison(arguments.prose)
    compare(arguments.old, arguments.new, result)
    if arguments.programs:
        result.equal("signature", *map(signature, arguments.programs))
    print("compared: " + ", ".join(f"{n} {what}" for what, n in sorted(result.compared.items())))
    for what, count in sorted(result.added.items()):
        print(f"added: {what} ({count} times)")
    for what, count in sorted(result.reworded.items()):
        print(f"other words: {what} ({count} times)")
    for line in result.differences[:50]:
        print("differs: " + line)
    if result.differences:
        print(f"{len(result.differences)} differences")
    if not result.compared["files"]:
        print("no file in common: nothing was compared")
        return 1
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
