#!/usr/bin/env python3
"""cluster/slurm.sh on a Slurm of one node: two tasks of an array are the bytes of one process.

    slurm_test.py GRAMIAN

The daemons listen on the loopback alone, on ports and with a key of their own, and keep all their
files in a temporary folder. Exit status: 0 if all holds; 77 if Slurm is not installed, unless
GRAMIAN_REQUIRES_SLURM is set, with which that is a failure (1) too.
"""
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo"]
STUDY = ["fig6", "--quick", "--steps", "100", "--seeds", "1"]

SETTINGS = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=100000
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Failure(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.1)


class Cluster:
    """munged, slurmctld and slurmd, which end with the block."""

    def __init__(self, folder):
        self.folder = folder
        self.daemons = []
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
        for name in list(self.environment):
            if name.startswith("SLURM_") and name != "SLURM_CONF":
                del self.environment[name]  # of a Slurm in which this test itself runs

    def __enter__(self):
        munge = self.folder / "munge"
        for name in [munge, self.folder / "state", self.folder / "spool"]:
            name.mkdir(mode=0o755)
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o600)
        (self.folder / "slurm.conf").write_text(SETTINGS.format(
            host=socket.gethostname().split(".")[0], user=getpass.getuser(), folder=self.folder,
            controller_port=free_port(), node_port=free_port()))
        self.start("munged", "--foreground", "--force", f"--key-file={munge}/key",
                   f"--socket={munge}/socket", f"--pid-file={munge}/pid",
                   f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        wait_until("the socket of munged", (munge / "socket").exists)
        self.start("slurmctld", "-D", "-i")
        self.start("slurmd", "-D")
        wait_until("an idle node", lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"))
        return self

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def start(self, *command):
        with open(self.folder / f"{command[0]}.out", "wb") as out:
            self.daemons.append(subprocess.Popen(command, env=self.environment, stdout=out,
                                                 stderr=subprocess.STDOUT))

    def run(self, *command, **more):
        done = subprocess.run(command, env=self.environment | more, capture_output=True, text=True,
                              cwd=self.folder)
        if done.returncode != 0:
            raise Failure(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, *command):
        try:
            return self.run(*command)
        except Failure:  # the controller is not there yet
            return ""

    def logs(self):
        files = list(self.folder.glob("*.log")) + list(self.folder.glob("*.out"))
        files += list(self.folder.glob("gramian-*.txt"))
        return "".join(f"== {file.name}\n{file.read_text(errors='replace')[-2000:]}\n"
                       for file in sorted(files))


def bytes_of(directory):
    """All that must be equal: every file but those with times."""
    files = {}
    for path in sorted(directory.rglob("*")):
        name = path.name
        if name in ("model.safetensors", "config.toml") or name.startswith("eval-") or \
                path.suffix == ".csv":
            files[str(path.relative_to(directory))] = path.read_bytes()
    return files


def states(cluster):
    """What Slurm says of each job: id -> (state, restarts)."""
    jobs = {}
    for line in cluster.run("scontrol", "-o", "show", "job").splitlines():
        fields = dict(field.split("=", 1) for field in line.split() if "=" in field)
        jobs[fields["JobId"]] = fields
    return jobs


def listens(job):
    """Whether the program of this job runs and catches SIGTERM: before that a signal ends it."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":\t", 1) for line in
                          (process / "status").read_text().splitlines() if ":\t" in line)
            if status["Name"].strip() != "gramian":
                continue
            caught = int(status["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1
            environment = (process / "environ").read_bytes().split(b"\0")
        except (OSError, KeyError):  # it has ended
            continue
        if caught and f"SLURM_JOB_ID={job}".encode() in environment:
            return True
    return False


def check(cluster, program):
    """Two tasks, one of which is stopped and requeued, and the drawing after them."""
    cluster.run(ROOT / "cluster/slurm.sh", "2", *STUDY, "--out", "shared", GRAMIAN=program)
    runs = cluster.folder / "shared/runs"
    wait_until("a model in training", lambda: list(runs.glob("*/config.toml")))
    first = next(job for job, fields in states(cluster).items() if fields["JobState"] == "RUNNING")
    wait_until("the program of the job", lambda: listens(first))
    cluster.run("scancel", "--batch", "--signal=TERM", first)

    def all_done():
        jobs = states(cluster).values()
        ended = {job["JobId"]: job["JobState"] for job in jobs}
        if set(ended.values()) & {"FAILED", "CANCELLED", "NODE_FAIL", "TIMEOUT"}:
            raise Failure(f"jobs ended as {ended}")
        return set(ended.values()) == {"COMPLETED"}

    wait_until("three jobs", all_done)
    jobs = states(cluster)
    if len(jobs) != 3:
        raise Failure(f"there are {len(jobs)} jobs, not two tasks and the drawing")
    if jobs[first]["Restarts"] != "1":
        raise Failure(f"the task that was stopped has {jobs[first]['Restarts']} restarts, not 1")
    alone = [program, "reproduce", *STUDY, "--out", "alone"]
    cluster.run(*alone)
    shared, whole = bytes_of(cluster.folder / "shared"), bytes_of(cluster.folder / "alone")
    if not whole or shared != whole:
        names = sorted(name for name in shared.keys() | whole.keys()
                       if shared.get(name) != whole.get(name))
        raise Failure(f"of {len(whole)} files these differ from those of one process: {names}")
    print(f"{len(whole)} files of two tasks, one of them requeued, are those of one process")


def main():
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        print("Slurm is not installed: there is no", ", ".join(missing))
        return 1 if os.environ.get("GRAMIAN_REQUIRES_SLURM") else 77
    program = str(pathlib.Path(sys.argv[1]).resolve())
    # A socket has at most 107 characters in its path.
    with tempfile.TemporaryDirectory(prefix="gramian-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        cluster = Cluster(folder)
        try:
            with cluster:
                check(cluster, program)
        except Failure as failure:
            print(f"{failure}\n{cluster.logs()}")
            return 1
    return 0


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where Debian has the daemons
    sys.exit(main())
