#!/usr/bin/env python3
"""`mpirun -n N gramian train` with 1, 2 and 3 processes leaves the bytes of a run without MPI.

    mpi_test.py GRAMIAN

Compares models, checkpoints, metrics and configurations, also after a signal and after a kill, with
another number of processes going on. Each process runs on this machine. Exit status: 0 if all
holds; 77 if there is no mpirun or the program was built without MPI (-DGRAMIAN_MPI=ON), unless
GRAMIAN_REQUIRES_MPI is set, with which that is a failure (1) too.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import compare_runs  # noqa: E402

# More processes than cores, all on this machine, also as root and in a container.
ENVIRONMENT = os.environ | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_plm": "isolated", "OMPI_MCA_btl": "self,vader",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OMPI_MCA_odls_base_sigkill_timeout": "3"}
for name in list(ENVIRONMENT):
    if name.startswith(("SLURM_", "PMI")) or name in ("OMPI_COMM_WORLD_RANK",
                                                      "OMPI_COMM_WORLD_SIZE"):
        del ENVIRONMENT[name]  # of a job in which this test itself runs

SMALL = ["task.d=3", "task.n=10", "train.batch=1100", "train.threads=1", "train.log_every=10",
         "train.checkpoint_every=20", "train.steps=60"]
# Nine chunks, of which the last is no whole one, in each.
WORKS = {
    "full": ["model.kind=full", "model.layers=3"],
    "gauss-newton": ["model.kind=diag", "model.layers=2", "train.optimiser=gauss_newton"],
    "start": ["model.kind=diag", "model.layers=2", "model.init=gdpp"],  # which is trained first
    "transformer": ["model.kind=transformer", "model.layers=2", "train.precision=double"],
}
# Without a checkpoint before the end.
LONG = ["model.kind=full", "model.layers=4", "train.steps=2000", "train.checkpoint_every=1000000"]


class Failure(Exception):
    pass


class Tester:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        (folder / "empty.toml").write_text("")

    def command(self, ranks, out, settings, *more):
        start = ["mpirun", "-n", str(ranks)] if ranks else []
        return [*start, self.program, "train", "empty.toml", *SMALL, *settings, "--out", out, *more]

    def start(self, command):
        return subprocess.Popen(command, cwd=self.folder, env=ENVIRONMENT, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, command, expected=0):
        """What it printed, after it has ended as expected and within two minutes."""
        process = self.start(command)
        return self.end(process, expected)

    def end(self, process, expected):
        try:
            out, said = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure(f"hangs: {process.args}") from None
        if process.returncode != expected:
            raise Failure(f"exit code {process.returncode} and not {expected}: {process.args}\n"
                          f"{out}{said}")
        return out + said

    def compare(self, one, other):
        result = compare_runs.Comparison(prose=False)
        compare_runs.compare(self.folder / one, self.folder / other, result)
        if result.differences or result.added or not result.compared["tensors"]:
            raise Failure(f"{one} and {other}: {result.differences[:5]} {list(result.added)}")

    def rank_1(self, process):
        """The process id of rank 1, a child of mpirun."""
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = stat.read_text().rsplit(")", 1)[1].split()[1]
                environment = (stat.parent / "environ").read_bytes()
            except OSError:  # it has ended
                continue
            if int(parent) == process.pid and b"OMPI_COMM_WORLD_RANK=1\0" in environment:
                return int(stat.parent.name)
        raise Failure("there is no rank 1")

    def start_and_wait(self, out, ranks, settings):
        """A training that is in its steps."""
        process = self.start(self.command(ranks, out, settings))
        for _ in range(600):
            rows = self.folder / out / "metrics.jsonl"
            if rows.exists() and rows.stat().st_size > 0:
                return process
            if process.poll() is not None:
                break
            time.sleep(0.05)
        self.end(process, 0)
        raise Failure(f"no step in 30 seconds: {out}")


def check_bits(tester):
    for name, settings in WORKS.items():
        tester.run(tester.command(0, f"{name} alone", settings))
        for ranks in (1, 2, 3):
            out = f"{name} {ranks}"
            said = tester.run(tester.command(ranks, out, settings))
            if said.count("trained ") != 1:
                raise Failure(f"{out}: not one rank alone prints:\n{said}")
            tester.compare(f"{name} alone", out)


def check_interruptions(tester):
    def saved(out):
        if not (tester.folder / out / "checkpoint.safetensors").exists():
            raise Failure(f"{out}: not saved")

    # A signal to mpirun, which passes it on to all and has an exit code of its own.
    process = tester.start_and_wait("stopped", 2, [*LONG, "train.steps=10000000"])
    process.send_signal(signal.SIGTERM)
    tester.end(process, 1)
    saved("stopped")

    # To one rank, which tells the others.
    tester.run(tester.command(0, "long", LONG))
    process = tester.start_and_wait("one stopped", 3, LONG)
    os.kill(tester.rank_1(process), signal.SIGINT)
    tester.end(process, 130)
    saved("one stopped")
    tester.run(tester.command(2, "one stopped", LONG, "--resume"))
    tester.compare("long", "one stopped")

    # A rank that is gone without a word: all end, and nothing is in the way of another start.
    process = tester.start_and_wait("killed", 2, LONG)
    os.kill(tester.rank_1(process), signal.SIGKILL)
    try:
        process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure("hangs after a rank was killed") from None
    if process.returncode == 0:
        raise Failure("a rank was killed, and the exit code is 0")
    tester.run(tester.command(0, "killed", LONG, "--resume"))
    tester.compare("long", "killed")


def check_errors(tester):
    # Of rank 0: a configuration that is refused.
    said = tester.run(tester.command(2, "refused", ["task.d=0"]), expected=2)
    if said.count("[task.d]") != 1:
        raise Failure(f"not told once: {said}")
    # Ranks that were started for two different trainings.
    one, other = (tester.command(0, "different", [f"train.seed={seed}"]) for seed in (1, 2))
    said = tester.run(["mpirun", "-n", "1", *one, ":", "-n", "1", *other], expected=2)
    if "same command line" not in said:
        raise Failure(f"two trainings at once: {said}")
    # A rank that has too little memory.
    command = tester.command(0, "small", ["model.kind=full", "model.layers=7", "task.d=200",
                                          "train.batch=4096", "train.steps=2"])
    limited = ["bash", "-c", '[[ $OMPI_COMM_WORLD_RANK == 1 ]] && ulimit -v 400000; exec "$@"', "-"]
    said = tester.run(["mpirun", "-n", "2", *limited, *command], expected=3)
    if "rank 1: there is not enough memory" not in said:
        raise Failure(f"too little memory on rank 1: {said}")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    missing = 1 if os.environ.get("GRAMIAN_REQUIRES_MPI") else 77
    if shutil.which("mpirun") is None:
        print("MPI is not installed: there is no mpirun")
        return missing
    with tempfile.TemporaryDirectory(prefix="gramian-") as name:
        tester = Tester(program, pathlib.Path(name))
        probe = subprocess.run(tester.command(2, "probe", ["train.steps=1"]), cwd=name,
                               env=ENVIRONMENT, capture_output=True, text=True)
        if "built without MPI" in probe.stderr:
            print("The program was built without MPI (-DGRAMIAN_MPI=ON)")
            return missing
        try:
            check_bits(tester)
            check_interruptions(tester)
            check_errors(tester)
        except Failure as failure:
            print(failure)
            return 1
    print("1, 2 and 3 processes leave the bytes of one, also after signals and kills")
    return 0


if __name__ == "__main__":
    sys.exit(main())
