#!/usr/bin/env python3
"""scripts/crash_test.py for a few kills, and with a program that comes to other numbers after them.

    crash_test_test.py GRAMIAN

Exit status: 0 if nothing is lost with the program, and the other is found out.
"""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/crash_test.py"
# Rounds are trained from another seed than what they are compared with.
OTHER_NUMBERS = """#!/bin/bash
[[ "$*" == *"--out round"* ]] && exec {program} "$@" train.seed=7
exec {program} "$@"
"""


def crash_test(program, state, kills):
    return subprocess.run([sys.executable, "-B", SCRIPT, str(kills), "--program", program,
                           "--state", state, "--seed", "1"], capture_output=True, text=True)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = crash_test(program, folder / "state", 6)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "something was lost in 0 rounds" in done.stdout, done.stdout
        rounds = (folder / "state/rounds.jsonl").read_text()
        again = crash_test(program, folder / "state", 6)  # enough are there already
        assert again.stdout == done.stdout, again.stdout
        assert (folder / "state/rounds.jsonl").read_text() == rounds
        other = folder / "other"
        other.write_text(OTHER_NUMBERS.format(program=program))
        other.chmod(0o755)
        done = crash_test(other, folder / "other state", 1)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "tensor" in done.stdout and "other bytes" in done.stdout, done.stdout
    return 0


if __name__ == "__main__":
    sys.exit(main())
