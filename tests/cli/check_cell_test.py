"""scripts/check_cell.py agrees with gramian eval on small trained networks, and sees a wrong one.

    check_cell_test.py GRAMIAN SOURCE
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

GRAMIAN, SOURCE = sys.argv[1:3]
PROMPTS = 6000


def checked(run):
    script = f"{SOURCE}/scripts/check_cell.py"
    out = subprocess.run([sys.executable, "-B", script, run, str(PROMPTS)], check=True,
                         capture_output=True, text=True).stdout
    return [float(x) for x in re.search(r"loss (\S+) \+- (\S+) on", out).groups()]


def evaluated(run):
    subprocess.run([GRAMIAN, "eval", run, "eval.prompts=20000", "eval.tuning_prompts=1000"],
                   check=True, capture_output=True)
    score = json.loads(pathlib.Path(f"{run}/eval.json").read_text())["adjusted"]["model"]
    return score["mean"], score["se"]


with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(f"{folder}/empty.toml").touch()
    for kind, layers, noise, sigma in (("full", 2, "uniform", "[0, 3]"),
                                       ("diag", 3, "categorical", "[1, 3]")):
        run = f"{folder}/{kind}"
        subprocess.run([GRAMIAN, "train", f"{folder}/empty.toml", f"model.kind={kind}",
                        f"model.layers={layers}",
                        f"task.noise={noise}", f"task.sigma={sigma}", "train.steps=300",
                        "train.batch=256", "--out", run], check=True, capture_output=True)
        ours, theirs = checked(run), evaluated(run)
        error = (ours[1] ** 2 + theirs[1] ** 2) ** 0.5
        assert abs(ours[0] - theirs[0]) < 4 * error, (kind, ours, theirs)
        assert error < 0.15 * theirs[0], f"{kind}: too coarse to mean anything: {ours} {theirs}"
        if kind == "full":  # sigma of other prompts: it must be seen
            config = pathlib.Path(f"{run}/config.toml")
            config.write_text(re.sub(r"(?m)^sigma = .*$", "sigma = [3, 6]", config.read_text()))
            wrong = checked(run)
            error = (wrong[1] ** 2 + theirs[1] ** 2) ** 0.5
            assert abs(wrong[0] - theirs[0]) > 6 * error, (wrong, theirs)
print("check_cell agrees with gramian eval")
