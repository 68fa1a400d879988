#!/usr/bin/env python3
"""How many files an extension touches: each patch of this folder is one, and a number is a promise.

    tests/extend/check.py                      every patch applies and touches as many files as said
    tests/extend/check.py --syntax BUILD_DIR   and the sources that it touches compile
    tests/extend/check.py --build              and all of them together build, and work

Counted are the files of gramian/ that a patch adds or changes. docs/reference.md is written by a
program from the keys (GRAMIAN_WRITE_REFERENCE=1), and the test of an extension is a file of its
own; neither is counted. --build compiles a copy of the tree (some minutes) and runs the extensions:
`gramian train` with the new kind, task and key, `gramian solve` with the new solver, and
`gramian reproduce` with the new study.
Exit status: 0 if all is as said, 1 if not.
"""
import argparse
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The most files that each may touch.
PROMISED = {
    "key": 2,     # a configuration key: where it is declared and read, and the field that it sets
    "task": 2,    # a family of scalar tasks: its file, and its line in the list
    "solver": 2,  # a solver: its file, and its line in the list
    "model": 4,   # a kind of network on Gram matrices that runs with the kernels of FULL
    "study": 2,   # a study of a known paper: its file, and its row in paper.cpp
}
NOT_COPIED = {".git", "build", "runs", "studies"}  # of the root


def touched(name):
    text = (ROOT / f"tests/extend/{name}.patch").read_text()
    return re.findall(r"^\+\+\+ b/(\S+)$", text, re.MULTILINE)


def run(command, folder):
    """Runs a command; its output if it failed, and nothing if not."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if result.returncode == 0:
        return ""
    return f"{shlex.join(map(str, command))}:\n{result.stdout[-3000:]}{result.stderr[-3000:]}"


def copy_with(names, folder):
    """A copy of the tree with these patches; what went wrong, or nothing."""
    shutil.copytree(ROOT, folder, ignore=lambda place, names: NOT_COPIED.intersection(names)
                    if pathlib.Path(place) == ROOT else set())
    for name in names:
        patch = ROOT / f"tests/extend/{name}.patch"
        if failure := run(["git", "apply", "--whitespace=error", patch], folder):
            return failure
    return ""


def compiler(build):
    """The command that compiles a source of the library, without the source and the output."""
    entries = json.loads((build / "compile_commands.json").read_text())
    entry = next(e for e in entries if "CMakeFiles/gramian.dir" in e["command"])
    command = shlex.split(entry["command"])
    end = command.index("-o")
    return [word for word in command[:end] if "ccache" not in word]


def syntax_failures(name, folder, build):
    command = [str(folder) if word == str(ROOT) else word.replace(f"-I{ROOT}", f"-I{folder}")
               for word in compiler(build)]
    for source in touched(name):
        if source.endswith(".cpp"):
            if failure := run([*command, "-fsyntax-only", "-c", folder / source], folder):
                return failure
    return ""


def build_failures(folder):
    build = folder / "build/extended"
    gramian = build / "gramian"
    small = ["train.steps=5", "train.batch=64", "eval.prompts=500"]
    configuration = folder / "configs/demo.toml"
    commands = [
        ["cmake", "-S", folder, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
         "-DCMAKE_UNITY_BUILD=ON", "-DGRAMIAN_WERROR=ON", "-DGRAMIAN_TESTS=OFF"],
        ["cmake", "--build", build, "--target", "gramian_program"],
        [gramian, "train", configuration, "--out", folder / "step", *small, "model.kind=step"],
        [gramian, "eval", folder / "step"],
        [gramian, "export", folder / "step", "--to", "numpy"],
        [gramian, "train", configuration, "--out", folder / "line", *small,
         "model.kind=transformer", "task.family=line"],
        [gramian, "train", configuration, "--out", folder / "sine", *small,
         "model.kind=transformer", "task.family=sine", "task.phase=0.5"],
        ["sh", "-c", f"{gramian} solve {configuration} --prompts 500 | grep -q shrunken_ols"],
        [gramian, "reproduce", "gd-contexts", "--quick", "--steps", "5", "--out",
         folder / "study"],
    ]
    return next(filter(None, (run(command, folder) for command in commands)), "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--syntax", type=pathlib.Path, metavar="BUILD_DIR")
    parser.add_argument("--build", action="store_true")
    arguments = parser.parse_args()
    failed = False

    def say(what, failure):
        nonlocal failed
        failed = failed or bool(failure)
        print(f"{what}: {failure or 'as said'}", flush=True)

    for name, most in PROMISED.items():
        files = touched(name)
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "tree"
            failure = copy_with([name], folder)
            if len(files) > most or not all(file.startswith("gramian/") for file in files):
                failure += f"touches {len(files)} files, at most {most} of gramian/: {files}"
            if arguments.syntax and not failure:
                failure = syntax_failures(name, folder, arguments.syntax.resolve())
        say(f"{name}, {len(files)} of {most} files", failure)
    if arguments.build and not failed:
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "tree"
            say("all of them", copy_with(PROMISED, folder) or build_failures(folder))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
