#!/usr/bin/env python3
"""Kills trainings and studies at random moments, lets them end, and compares with undisturbed ones.

    scripts/crash_test.py [N] [--program GRAMIAN] [--state FOLDER] [--seed S]

A round is one of the WORKS below in a folder of its own: one training, or a study by 1, 2 or 4
processes at once. Several times, after a random while, a random one of its processes gets SIGKILL,
SIGTERM or SIGINT, and another takes its place. Then all of it is carried out to the end without
signals. All files must then be equal, number by number, to those of an undisturbed process, but for
clock times (scripts/compare_runs.py), and no other file may be left.

Rounds are added to FOLDER/rounds.jsonl until N processes (20 by default) have been ended by a
signal; rounds that are there already count, so that a long test can be done in several sittings.
What is drawn at random follows from the seed and the number of the round; how far a process comes
before its signal also depends on the machine. Folders of rounds in which something was lost are
kept. Exit status: 0 if nothing was lost in any round, 1 otherwise.
"""
import argparse
import collections
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import compare_runs

ROOT = pathlib.Path(__file__).resolve().parents[1]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
BEGINNING = 0.03  # seconds: a third of the signals come this early, when files are begun

SMALL = ["task.d=3", "task.n=10", "train.batch=256", "train.checkpoint_every=20",
         "train.log_every=10", "train.snapshots=3", "train.threads=2", "model.layers=3"]


def training(*settings):
    return ["train", "empty.toml", *SMALL, *settings, "--resume"]  # which begins where nothing is


# name -> the command, but for its folder
COMMANDS = {
    "train diag": training("model.kind=diag", "train.steps=600"),
    "train full": training("model.kind=full", "train.steps=300"),
    "train double": training("model.kind=full", "train.steps=200", "train.precision=double"),
    "train gdpp": training("model.kind=gdpp", "train.steps=600"),
    "train transformer": training("model.kind=transformer", "train.steps=60"),
    "study": ["reproduce", "fig6", "--quick", "--steps", "150", "--seeds", "1"],
}
# Of each round: a command, and how many processes carry it out at once in one folder.
WORKS = [(name, 1) for name in COMMANDS] + [("study", 2), ("study", 4)]


class Lost(Exception):
    pass


class Tester:
    def __init__(self, program, state, seed):
        self.program = str(program.resolve())
        self.state = state
        self.seed = seed
        (state / "empty.toml").write_text("")

    def start(self, name, folder):
        return subprocess.Popen([self.program, *COMMANDS[name], "--out", folder.name],
                                cwd=self.state, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True)

    def finish(self, process, signalled=False):
        """Whether the signal ended it."""
        _, said = process.communicate()
        code = process.returncode
        if code == 0:
            return False
        if signalled and code in {75, 130, *(-s for s in SIGNALS)}:
            return True
        raise Lost(f"exit code {code}: {said}")

    def undisturbed(self, name):
        """The folder of an undisturbed process, made once, and the seconds that it took."""
        folder = self.state / f"undisturbed {name}"
        clock = self.state / f"{folder.name}.seconds"
        if not clock.exists():
            shutil.rmtree(folder, ignore_errors=True)
            begin = time.monotonic()
            self.finish(self.start(name, folder))
            clock.write_text(str(time.monotonic() - begin))
        return folder, float(clock.read_text())

    def disturb(self, name, count, folder, draw, seconds):
        """Counts of the signals that ended a process."""
        ended = collections.Counter()
        running = []
        try:
            for _ in range(draw.randint(3, 8)):
                running += [self.start(name, folder) for _ in range(count - len(running))]
                early = draw.random() < 1 / 3
                time.sleep(draw.uniform(0, BEGINNING if early else seconds))
                victim = running.pop(draw.randrange(len(running)))
                number = draw.choice(SIGNALS)
                victim.send_signal(number)
                if self.finish(victim, signalled=True):
                    ended[number.name] += 1
            running += [self.start(name, folder) for _ in range(count - len(running))]
            while running:
                self.finish(running.pop())
        finally:
            for process in running:
                process.kill()
                process.communicate()
        self.finish(self.start(name, folder))  # all that was done is done
        return ended

    def round(self, number):
        draw = random.Random(f"{self.seed} {number}")
        name, count = draw.choice(WORKS)
        whole, seconds = self.undisturbed(name)
        folder = self.state / f"round {number}"
        shutil.rmtree(folder, ignore_errors=True)
        record = {"round": number, "work": name, "processes": count, "ended": {}, "lost": None}
        try:
            record["ended"] = self.disturb(name, count, folder, draw, seconds)
            result = compare_runs.Comparison(prose=False)
            compare_runs.compare(whole, folder, result)
            if result.differences or result.added or not result.compared["tensors"]:
                what = result.differences[:5] + list(result.added)
                raise Lost("; ".join(what) or "there is nothing to compare")
            unfinished = [path for path in folder.rglob("manifest.json")
                          if json.loads(path.read_text())["finished"] is None]
            if unfinished:
                raise Lost(f"not finished: {unfinished}")
            shutil.rmtree(folder)
        except Lost as lost:
            record["lost"] = str(lost)
        return record


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", nargs="?", type=int, default=20, metavar="N")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/gramian")
    parser.add_argument("--state", type=pathlib.Path, default=ROOT / "build/crash_test")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.state.mkdir(parents=True, exist_ok=True)
    log = arguments.state / "rounds.jsonl"
    records = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    tester = Tester(arguments.program, arguments.state, arguments.seed)
    ended = collections.Counter()
    for record in records:
        ended.update(record["ended"])
    while ended.total() < arguments.kills:
        records.append(tester.round(len(records)))
        ended.update(records[-1]["ended"])
        with log.open("a") as file:
            file.write(json.dumps(records[-1]) + "\n")
        if records[-1]["lost"]:
            print(f"round {records[-1]['round']}, {records[-1]['work']}: {records[-1]['lost']}")
    lost = sum(record["lost"] is not None for record in records)
    signals = ", ".join(f"{count} by {name}" for name, count in sorted(ended.items()))
    print(f"{len(records)} rounds, {ended.total()} processes ended ({signals}); "
          f"something was lost in {lost} rounds")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
