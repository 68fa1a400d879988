#!/usr/bin/env python3
"""The commands of cluster/k8s-job.yaml, as each pod would run them, but with --list.

    kubernetes_test.py GRAMIAN

Checks that the shares of all pods are disjoint and are the whole study, and that the manifest tells
its pods how many they are. Needs no Kubernetes. Exit status: 0 if all holds.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

MANIFEST = pathlib.Path(__file__).resolve().parents[2] / "cluster/k8s-job.yaml"


def units(program, words, **environment):
    done = subprocess.run([program, *words[1:], "--list"], env=os.environ | environment, check=True,
                          capture_output=True, text=True)
    return [json.loads(line)["unit"] for line in done.stdout.splitlines()]


def main():
    program, text = sys.argv[1], MANIFEST.read_text()
    train, draw = (words.split(", ") for words in re.findall(r"command: \[(.*)\]", text))
    (completions,) = re.findall(r"completions: (\d+)", text)
    (count,) = re.findall(r'JOB_COMPLETION_COUNT, value: "(\d+)"', text)
    assert completions == count, f"{completions} completions, but a count of {count}"
    assert train[0] == draw[0] == "gramian" and train == draw + ["--shard"], (train, draw)
    shares = [unit for index in range(int(count))
              for unit in units(program, train, JOB_COMPLETION_INDEX=str(index),
                                JOB_COMPLETION_COUNT=count)]
    whole = units(program, draw)
    assert len(whole) > int(count) and sorted(shares) == sorted(whole), "shares are not the whole"
    return 0


if __name__ == "__main__":
    sys.exit(main())
