"""Networks out of other people's code, against their forward passes written out here."""

import json
import subprocess
import sys

import numpy as np
import pytest

import gramian as gm

B, N, D_IN = 5, 20, 4
RNG = np.random.default_rng(0)


def tokens_of(count=B):
    Z = RNG.normal(size=(count, N + 1, D_IN + 1))
    Z[:, -1, -1] = 0
    return Z


def predictions(net, Z):
    return net.predict(Z[:, :-1, :-1], Z[:, :-1, -1], Z[:, -1:, :-1])[:, 0]


def ahn_forward(allparam, Z):
    """Linear attention with a mask that hides the query from the keys, over N; P and Q padded."""
    def padded(matrix, corner):
        full = np.zeros((D_IN + 1, D_IN + 1))
        full[:D_IN, :D_IN], full[-1, -1] = matrix, corner
        return full

    mask = np.diag([1.0] * N + [0.0])
    for layer in allparam:
        update = 0
        for head in layer:
            P, Q = padded(head[0], 1), padded(head[1], 0)
            scores = np.einsum("bni,ij,bmj->bnm", Z, Q, Z)
            update = update + scores @ mask @ np.einsum("ij,bnj->bni", P, Z) / N
        Z = Z + update
    return -Z[:, -1, -1]


def test_ahn2023():
    allparam = RNG.normal(size=(3, 2, 2, D_IN, D_IN)) * 0.1
    net = gm.convert.ahn2023({"allparam": allparam}, n=N)
    Z = tokens_of()
    np.testing.assert_allclose(predictions(net, Z), ahn_forward(allparam, Z), atol=1e-13)
    found = gm.convert.check(net, lambda Z: ahn_forward(allparam, Z), tolerance=1e-12)
    assert found.largest < 1e-12 * found.typical
    with pytest.raises(ValueError, match="shape .L, H, 2, d, d."):
        gm.convert.ahn2023(np.zeros((1, 1, 3, 2, 2)))


def haiku_params(layers, heads, key=D_IN + 1, scale=0.15):
    width = heads * key
    params = {}
    for layer in range(layers):
        base = f"transformer/~trans_block/layer_{layer}"
        for part, shape in (("query", (D_IN + 1, width)), ("key", (D_IN + 1, width)),
                            ("value", (D_IN + 1, width)), ("linear", (width, D_IN + 1))):
            params[f"{base}/{part}"] = {"w": RNG.normal(size=shape) * scale}
    return params


def haiku_forward(params, Z, heads, loops=1, dampening=1.0, y_update=False, include_query=False):
    """Multi-head attention without softmax, tokens as rows, residual."""
    stacks = [[t["w"] for name, t in params.items() if name.endswith("/" + part)]
              for part in ("query", "key", "value", "linear")]
    for Wq, Wk, Wv, Wo in list(zip(*stacks)) * loops:
        keys = Z if include_query else Z[:, :-1]
        split = lambda x: x.reshape(x.shape[0], x.shape[1], heads, -1)
        q, k, v = split(Z @ Wq), split(keys @ Wk), split(keys @ Wv)
        scores = np.einsum("bthd,bThd->bhtT", q, k)
        out = np.einsum("bhtT,bThd->bthd", scores, v).reshape(Z.shape[0], Z.shape[1], -1) @ Wo
        if y_update:
            out = np.concatenate([np.zeros_like(out[..., :-1]), out[..., -1:]], axis=-1)
        Z = Z + dampening * out
    return -Z[:, -1, -1]


@pytest.mark.parametrize("y_update", [False, True])
def test_von_oswald2022(y_update):
    params = haiku_params(layers=2, heads=2)
    net = gm.convert.von_oswald2022(params, heads=2, y_update=y_update, n=N)
    Z = tokens_of()
    np.testing.assert_allclose(predictions(net, Z), haiku_forward(params, Z, 2, y_update=y_update),
                               rtol=1e-9, atol=1e-10)


def test_von_oswald2022_looped():
    params = haiku_params(layers=1, heads=1, scale=0.05)
    net = gm.convert.von_oswald2022(params, tied=True, layers=3, dampening=0.75, n=N)
    assert net.tied and net.layers == 3
    Z = tokens_of()
    np.testing.assert_allclose(predictions(net, Z),
                               haiku_forward(params, Z, 1, loops=3, dampening=0.75), rtol=1e-9)


def test_query_among_the_keys_is_kept():
    params = haiku_params(layers=1, heads=1, scale=0.05)
    net = gm.convert.von_oswald2022(params, include_query=True, n=N)
    assert net.query_in_keys
    with pytest.raises(ValueError, match="query_in_keys has no implicit weights"):
        predictions(net, tokens_of())


def test_multihead_attention_of_torch_by_its_names():
    rows = D_IN + 1
    state = {"in_proj_weight": RNG.normal(size=(3 * rows, rows)) * 0.1,
             "in_proj_bias": np.zeros(3 * rows), "out_proj.weight": RNG.normal(size=(rows, rows)),
             "out_proj.bias": np.zeros(rows)}
    net = gm.convert.multihead_attention(state, heads=1, n=N)
    Z = tokens_of()
    q, k, v = (Z @ state["in_proj_weight"][i * rows:(i + 1) * rows].T for i in range(3))
    out = (q @ k[:, :-1].swapaxes(1, 2)) @ v[:, :-1] @ state["out_proj.weight"].T
    np.testing.assert_allclose(predictions(net, Z), -(Z + out)[:, -1, -1], rtol=1e-9)


@pytest.mark.parametrize("change, word", [
    ({"in_proj_bias": np.ones(15)}, "'in_proj_bias' is a bias"),
    ({"norm.weight": np.ones(5)}, "'norm.weight' is a LayerNorm"),
    ({"encoder.ln_1.weight": np.ones(5)}, "is a LayerNorm"),
    ({"norm1.weight": np.ones(5)}, "'norm1.weight' is a LayerNorm"),
    ({"transformer/layer_norm_2/scale": np.ones(5)}, "is a LayerNorm"),
    ({"mlp.0.weight": np.ones((5, 5))}, "is of an MLP"),
])
def test_what_is_not_linear_attention_is_refused_by_name(change, word):
    state = {"in_proj_weight": np.zeros((15, 5)), "out_proj.weight": np.zeros((5, 5))} | change
    with pytest.raises(ValueError, match=word):
        gm.convert.multihead_attention(state, heads=1)


def test_softmax_and_clip_are_refused():
    params = haiku_params(1, 1)
    with pytest.raises(ValueError, match="softmax"):
        gm.convert.von_oswald2022(params, use_softmax=True)
    with pytest.raises(ValueError, match="clip"):
        gm.convert.von_oswald2022(params, clip=10)
    with pytest.raises(ValueError, match="1 of linear|0 of value"):
        gm.convert.von_oswald2022({k: v for k, v in params.items() if "value" not in k})


def test_check_says_where_networks_part():
    allparam = RNG.normal(size=(2, 1, 2, D_IN, D_IN)) * 0.1
    net = gm.convert.ahn2023(allparam, n=N)
    wrong = allparam.copy()
    wrong[1, 0, 1, 0, 0] += 0.5
    with pytest.raises(ValueError, match=r"differ: largest difference .* \(prompt \d+"):
        gm.convert.check(net, lambda Z: ahn_forward(wrong, Z))
    with pytest.raises(ValueError, match="with sign=-1 they agree"):
        gm.convert.check(net, lambda Z: -ahn_forward(allparam, Z))


def gramian_program(*arguments):
    return subprocess.run([sys.executable, "-m", "gramian", *map(str, arguments)],
                          capture_output=True, text=True)


def test_the_program_takes_a_file_without_a_run(tmp_path):
    """Weights of other code, saved by the official safetensors in half precision."""
    writer = pytest.importorskip("safetensors.numpy")
    d, tensors = 3, {}
    for layer in range(2):
        P, Q = np.zeros((1, d + 1, d + 1)), np.zeros((1, d + 1, d + 1))
        P[0, d, d], Q[0, :d, :d] = -1 / 8, 0.5 * np.eye(d)     # G is a sum over n = 8
        tensors |= {f"layers.{layer}.P": P.astype(np.float16), f"layers.{layer}.Q": Q.astype(
            np.float16)}
    model = tmp_path / "theirs.safetensors"
    writer.save_file(tensors, model)
    task = tmp_path / "task.toml"
    task.write_text("[task]\nn = 8\nsigma = [0, 1]\n")

    explained = gramian_program("explain", model, "--task", task, "--prompts", 300, "--retrain", 0,
                                "--blowup-prompts", 0, "--json", tmp_path / "explained.json")
    assert explained.returncode == 0, explained.stderr
    told = json.loads((tmp_path / "explained.json").read_text())["explanation"]
    omega = told["layers"][0]["omega"]
    assert omega["yx"] == pytest.approx(-0.5)                   # a step of 1/2, for means
    judged = gramian_program("eval", model, "eval.tuning_prompts=300", "--task", task, "--prompts",
                             300, "--json", tmp_path / "eval.json")
    assert judged.returncode == 0, judged.stderr
    assert json.loads((tmp_path / "eval.json").read_text())["adjusted"]["model"]["mean"] > 0
    exported = gramian_program("export", model, "--task", task, "--to", "numpy", "-o",
                               tmp_path / "learned.py")
    assert exported.returncode == 0, exported.stderr
    rows = "\n".join(f"{a},{b},{a * b % 7},{a + 2 * b}" for a in range(5) for b in range(5))
    (tmp_path / "data.csv").write_text("u,v,w,y\n" + rows + "\n1,2,3,\n")
    predicted = gramian_program("predict", model, tmp_path / "data.csv", "--target", "y", "--task",
                                task)
    assert predicted.returncode == 0 and predicted.stdout.startswith("line,y\n"), predicted.stderr

    for arguments, words in (
            (("explain", model), "--task FILE.toml"),
            (("eval", model, "--task", task, "task.d=4"), "[task.d] is 4"),
            (("export", model, "--task", task, "--to", "numpy"), "needs --output"),
            (("eval", tmp_path, "--task", task), "has a task of its own")):
        refused = gramian_program(*arguments)
        assert refused.returncode == 2 and words in refused.stderr, refused.stderr
