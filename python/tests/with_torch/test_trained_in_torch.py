"""A linear transformer that PyTorch trains, by code that shares nothing with this project, goes
through from_qkvo: it predicts the same, is explained, exported and set beside Bayes. For
scripts/release_check.sh, with Debian's python3-torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import gramian as gm  # noqa: E402

D_IN, N, LAYERS, HEADS = 5, 20, 2, 1


class LinearTransformer(torch.nn.Module):
    """Batch first, attention without softmax, the query is no key, a mean over the context."""

    def __init__(self):
        super().__init__()
        width = D_IN + 1
        self.layers = torch.nn.ModuleList(
            torch.nn.ModuleDict({name: torch.nn.Linear(width, width, bias=False)
                                 for name in ("q", "k", "v", "o")}) for _ in range(LAYERS))
        for parameter in self.parameters():
            torch.nn.init.normal_(parameter, std=0.2)

    def forward(self, tokens):
        for layer in self.layers:
            keys, values = layer["k"](tokens[:, :-1]), layer["v"](tokens[:, :-1])
            scores = torch.bmm(layer["q"](tokens), keys.transpose(1, 2)) / (tokens.shape[1] - 1)
            tokens = tokens + layer["o"](torch.bmm(scores, values))
        return -tokens[:, -1, -1]


def batch(count, generator, noise=0.5):
    x = torch.randn(count, N + 1, D_IN, generator=generator, dtype=torch.float64)
    w = torch.randn(count, D_IN, 1, generator=generator, dtype=torch.float64)
    y = torch.bmm(x, w)
    target = y[:, -1, 0].clone()
    y = y + noise * torch.randn(y.shape, generator=generator, dtype=torch.float64)
    y[:, -1] = 0
    return torch.cat([x, y], dim=2), target


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    net = LinearTransformer().double()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.005)
    for step in range(1500):
        tokens, target = batch(256, generator)
        loss = 0.5 * ((net(tokens) - target)**2).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
    print(f"PyTorch: loss {float(loss):.3f} after 1500 steps, {D_IN / 2} at zero")
    assert float(loss) < 1.2
    return net


@pytest.fixture(scope="module")
def read(model):
    weights = {name: np.stack([layer[name].weight.detach().numpy().T for layer in model.layers])
               for name in "qkvo"}
    return gm.Network.from_qkvo(weights["q"], weights["k"], weights["v"], weights["o"],
                                scale="mean", n=N)


def test_it_predicts_the_same(model, read):
    task = gm.Regression(d=D_IN, n=N, noise=0.5)
    with torch.no_grad():
        found = gm.convert.check(read, lambda tokens: model(torch.from_numpy(tokens)), task=task,
                                 prompts=512, tolerance=1e-6)
    print(found)
    assert found.largest < 1e-6


def test_it_is_explained_and_set_beside_bayes(read):
    task = gm.Regression(d=D_IN, n=N, noise=0.5)
    ev = gm.evaluate(read, task, prompts=20_000, tuning_prompts=10_000)
    print(f"adjusted loss {ev.model.adjusted}, minus Bayes {ev.minus_bayes}")
    assert 0 < ev.minus_bayes.mean < 0.6 and ev.minus_bayes.mean > 3 * ev.minus_bayes.se
    ex = gm.explain(read, task, prompts=2000, blowup_prompts=10_000, retrain_steps=0)
    assert len(ex.layers) == LAYERS and ex.words
    assert ex.layers[0].omega.yx < 0      # the diagonal part of what it does is descent


def test_it_is_exported(model, read, tmp_path):
    tokens, _ = batch(4, torch.Generator().manual_seed(5))
    with torch.no_grad():
        theirs = model(tokens).numpy()
    predict = read.to_torch()
    ours = [float(predict(t[:-1, :-1], t[:-1, -1], t[-1:, :-1])[0]) for t in tokens]
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
    runtime = pytest.importorskip("onnxruntime")
    read.to_onnx(tmp_path / "net.onnx")
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"))
    names = [entry.name for entry in session.get_inputs()]
    t = tokens[0].numpy()
    found = session.run(None, dict(zip(names, (t[:-1, :-1], t[:-1, -1], t[-1:, :-1]))))[0]
    np.testing.assert_allclose(found.ravel()[0], theirs[0], atol=1e-10)
