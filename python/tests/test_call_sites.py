"""The twelve tasks of a user, each as one would write it (docs/python.md)."""

import json
import pathlib
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import gramian as gm


def test_01_prompts_as_arrays(task):
    prompts = task.draw(100, seed=0)
    assert prompts.x.shape == (100, 12, 4) and prompts.y.shape == (100, 12)
    assert prompts.query.shape == prompts.w.shape == (100, 4) and prompts.sigma.shape == (100,)
    tokens = np.concatenate([prompts.x, prompts.y[..., None]], axis=-1)
    np.testing.assert_allclose(prompts.gram, tokens.swapaxes(1, 2) @ tokens, atol=1e-12)
    assert prompts.sigma.min() >= 0 and prompts.sigma.max() <= 2
    # Mean of 1200 squares of noise over their variances: relative error 0.04.
    noise = prompts.y - np.einsum("bij,bj->bi", prompts.x, prompts.w)
    assert abs((noise**2).sum() / (12 * (prompts.sigma**2).sum()) - 1) < 0.2
    pandas = pytest.importorskip("pandas")
    frame = prompts.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 1200
    assert list(frame.columns) == ["prompt", "example", "sigma", "x0", "x1", "x2", "x3", "y"]


def test_02_train(task):
    seen = []
    net = gm.train(task, gm.Diag(layers=2), steps=60, batch=64, seed=3, progress=True,
                   on_step=seen.append)
    assert [step.step for step in seen] == list(range(1, 61))
    assert set(seen[0].asdict()) == {"step", "loss", "gradient_norm", "learning_rate", "dropped"}
    assert seen[-1].loss < seen[0].loss
    again = gm.train(task, gm.Diag(layers=2), steps=60, batch=64, seed=3, threads=1)
    assert (again.theta == net.theta).all()      # the same bits on any number of threads
    further = gm.train(task, gm.Diag(layers=2), steps=5, batch=64, start=net)
    assert not (further.theta == net.theta).all()


def test_03_runs(task, tmp_path):
    run = gm.Run.train(tmp_path / "run", task, gm.Full(layers=1), steps=30, batch=32, log_every=10)
    assert run.finished and run.task == task and run.network.kind == "full"
    assert run.metrics["step"][-1] == 30 and run.metrics["loss"][-1] > 0
    assert run.manifest["version"] == gm.__version__
    # The same as the program reads, and as training in memory makes.
    assert gm.Network.load(tmp_path / "run" / "model.safetensors") == run.network
    memory = gm.train(task, gm.Full(layers=1), steps=30, batch=32)
    np.testing.assert_allclose(memory.theta, run.network.theta, rtol=1e-15)
    result = gm.Run(tmp_path / "run").evaluate("eval.prompts=200", "eval.tuning_prompts=200")
    assert result.prompts == 200 and (tmp_path / "run" / "eval.json").is_file()
    with pytest.raises(OSError, match="not the directory of a run"):
        gm.Run(tmp_path)
    with pytest.raises(OSError, match="not empty|resume"):
        gm.Run.train(tmp_path / "run", task, gm.Full(layers=1))


def test_03_runs_of_transformers_on_tokens(tmp_path):
    run = gm.Run.train(tmp_path / "sine", gm.TokenTask(family="sine", d=1, n=6),
                       gm.Transformer(layers=1, heads=1, hidden=4, embedding=6), steps=3, batch=16)
    assert run.finished and run.task.family == "sine"
    assert run.evaluate("eval.prompts=50")["prompts"] == 50
    with pytest.raises(ValueError, match="gram|safetensors"):
        run.network


def test_03_runs_of_graphs(tmp_path):
    task = gm.GraphTask(nodes=6, demands=2, graph="complete")
    run = gm.Run.train(tmp_path / "graph", task, gm.GraphTransformer(layers=1), steps=3, batch=16)
    assert run.finished and run.task == task
    assert run.evaluate("eval.prompts=50")["prompts"] == 50


def test_04_predict(task, net):
    prompts = task.draw(6, seed=2)
    y_hat = net.predict(prompts.x, prompts.y, prompts.query[:, None])
    assert y_hat.shape == (6, 1)
    # Leading axes broadcast: one context, many queries; and a grid of contexts.
    one = net.predict(prompts.x[0], prompts.y[0], prompts.query)
    assert one.shape == (6,) and one[0] == y_hat[0, 0]
    grid = net.predict(prompts.x.reshape(2, 3, 12, 4), prompts.y.reshape(2, 3, 12),
                       prompts.query[:5])
    assert grid.shape == (2, 3, 5) and grid[0, 0, 0] == y_hat[0, 0]
    # Nearer to the truth than predicting zero.
    many = task.draw(500, seed=3)
    errors = net.predict(many.x, many.y, many.query[:, None])[:, 0] - many.target
    assert (errors**2).mean() < 0.6 * (many.target**2).mean()


def test_05_implicit_weights(task, net):
    prompts = task.draw(7, seed=4)
    W = net.implicit_weights(prompts)
    assert W.shape == (7, 3, 4) and (W[:, 0] == 0).all()
    states = net.states(prompts)
    assert states.m.shape == (7, 3, 4, 4) and states.u.shape == (7, 3, 4)
    np.testing.assert_allclose(states.w, W, atol=1e-12)
    predictions = net.predict(prompts.x, prompts.y, prompts.query[:, None])[:, 0]
    np.testing.assert_allclose(np.einsum("bi,bi->b", W[:, -1], prompts.query), predictions,
                               atol=1e-12)


def test_06_solvers(task):
    prompts = task.draw(20, seed=5)
    S, alpha = prompts.gram[:, :4, :4], prompts.gram[:, :4, 4]
    ridge = np.linalg.solve(S + np.eye(4), alpha[..., None])[..., 0]
    np.testing.assert_allclose(gm.solvers.Ridge(1.0)(prompts), ridge, atol=1e-9)
    oracle = np.linalg.solve(S + prompts.sigma[:, None, None]**2 * np.eye(4), alpha[..., None])
    np.testing.assert_allclose(gm.solvers.Oracle()(prompts), oracle[..., 0], atol=1e-9)
    bayes = gm.solvers.Bayes(task.noise)(prompts)
    assert bayes.shape == (20, 4)
    tuned = gm.solvers.tune(task, ["constrr", "adarr", "tunedrr", "gd", "cg"], seed=3,
                            prompts=2000, steps=3)
    for solver in tuned.values():
        assert solver(prompts).shape == (20, 4)
    # The oracle is at least as good as a constant ridge on average, beyond the noise of 2000 draws.
    many = task.draw(2000, seed=6)
    loss = {name: ((solver(many) - many.w)**2).sum(1).mean()
            for name, solver in (("oracle", gm.solvers.Oracle()), ("constrr", tuned["constrr"]))}
    assert loss["oracle"] < loss["constrr"]


def test_07_evaluate(task, net):
    ev = gm.evaluate(net, task, prompts=2000, tuning_prompts=1000, profile=range(3))
    assert ev.model.adjusted.mean > ev.solvers["bayes"].adjusted.mean - 3 * ev.minus_bayes.se
    assert ev.minus_bayes.mean == pytest.approx(
        ev.model.adjusted.mean - ev.solvers["bayes"].adjusted.mean, abs=1e-9)
    assert len(ev.layers) == 2 and ev.layers[-1] == ev.model
    table = ev.table()
    assert table.columns == ["predictor", "layer", "sigma", "mean", "se"]
    assert {row["sigma"] for row in table} == {None, 0, 1, 2}
    assert "bayes" in str(ev).lower() and ev._repr_html_().startswith("<table")
    alone = gm.evaluate(None, task, prompts=500, tuning_prompts=500)
    assert alone.model is None and "ols" in alone.solvers


def test_08_explain(task, net):
    ex = gm.explain(net, task, prompts=500, blowup_prompts=1000, retrain_steps=0)
    assert str(ex).strip() and ex.words[0] in " ".join(ex.words)
    assert len(ex.layers) == 2
    np.testing.assert_allclose([ex.layers[1].omega.asdict()[k] for k in ("xx", "xy", "yx", "yy")],
                               net.omegas[1], rtol=1e-9)
    assert set(ex.distances().columns) == {"layer", "algorithm", "column", "distance"}
    assert {"step", "shrinkage"} <= set(ex.readings()["quantity"])
    assert "<table" in ex._repr_html_() and ex.json["study"] == "explain-network"
    assert "layer 2" in gm.watch(net)


def run_source(source, prompts):
    scope = {}
    exec(source, scope)
    return np.array([float(scope["predict"](x, y, q[None])[0])
                     for x, y, q in zip(prompts.x, prompts.y, prompts.query)])


@pytest.mark.parametrize("kind", ["diag", "full", "gdpp"])
def test_09_take_it_away(task, kind, tmp_path):
    spec = {"diag": gm.Diag, "full": gm.Full, "gdpp": gm.GDpp}[kind](layers=2)
    net = gm.train(task, spec, steps=20, batch=32)
    prompts = task.draw(5, seed=1)
    ours = net.predict(prompts.x, prompts.y, prompts.query[:, None])[:, 0]
    np.testing.assert_allclose(run_source(net.to_numpy_source(), prompts), ours, atol=1e-12)
    assert "import torch" in net.to_torch_source() and "jax_enable_x64" in net.to_jax_source()
    assert "namespace learned" in net.to_cpp_source()
    net.save(tmp_path / "model.safetensors")
    loaded = gm.Network.load(tmp_path / "model.safetensors")
    assert loaded.kind == kind and loaded.n == 12
    np.testing.assert_allclose(loaded.theta, net.theta, rtol=1e-15)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_09_other_libraries(task, net, library):
    pytest.importorskip(library)
    predict = net.to_torch() if library == "torch" else net.to_jax()
    prompts = task.draw(5, seed=1)
    ours = net.predict(prompts.x, prompts.y, prompts.query[:, None])[:, 0]
    theirs = [float(predict(x, y, q[None])[0])
              for x, y, q in zip(prompts.x, prompts.y, prompts.query)]
    np.testing.assert_allclose(theirs, ours, atol=1e-12)


def test_09_onnx(task, net, tmp_path):
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    net.to_onnx(tmp_path / "net.onnx")
    onnx.checker.check_model(str(tmp_path / "net.onnx"), full_check=True)
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"))
    prompts = task.draw(3, seed=1)
    names = [entry.name for entry in session.get_inputs()]
    theirs = session.run(None, dict(zip(names, (prompts.x[0], prompts.y[0], prompts.query))))[0]
    np.testing.assert_allclose(theirs.ravel(),
                               net.predict(prompts.x[0], prompts.y[0], prompts.query), atol=1e-12)


def units_of(tmp_path):
    return dict(out=tmp_path, quick=True, steps=2, only="diag-L2-uniform-0")


def test_11_a_study_on_any_executor(tmp_path):
    assert "table1" in gm.studies()["name"]
    done = []
    with ThreadPoolExecutor(2) as executor:
        result = gm.reproduce("fig1", executor=executor, on_unit=done.append, **units_of(tmp_path))
    options = units_of(tmp_path)
    assert done and all(gm.units("fig1", options.pop("out"), **options)["done"])
    assert result.name == "fig1" and result.claims.columns == ["text", "holds", "detail"]
    names = result.names()
    assert len(result.figure(names["figures"][0])) > 0
    saved = json.loads((tmp_path / "results" / "fig1.json").read_text())
    assert saved["claims"] == result.json["claims"]


def test_11_in_processes(tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        result = gm.reproduce("fig1", executor=executor, **units_of(tmp_path))
    assert len(result.claims) > 0


def test_12_plot(task, net, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ev = gm.evaluate(net, task, prompts=300, tuning_prompts=300, profile=[0, 1, 2])
    ax = gm.plot.profile(ev)
    assert {text.get_text() for text in ax.get_legend().get_texts()} >= {"model", "bayes"}
    assert len(gm.plot.layers(net, task.draw(4)).lines) == 5
    run = gm.Run.train(tmp_path / "run", task, gm.Diag(layers=1), steps=20, batch=32, snapshots=4,
                       log_every=5)
    assert len(gm.plot.omegas(run).lines) == 4
    assert len(gm.plot.metrics(run).lines[0].get_xdata()) == len(run.metrics)
    assert len(run.snapshots()) == 4


def test_the_program_comes_with_the_package(tmp_path):
    program = [sys.executable, "-m", "gramian"]
    version = subprocess.run(program + ["--version"], capture_output=True, text=True)
    assert version.stdout == f"gramian {gm.__version__}\n"
    wrong = subprocess.run(program + ["trian"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "'trian' is not a command" in wrong.stderr
