"""Networks on Gram matrices, and prompts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import _core
from ._arrays import array
from ._frames import Table


@dataclass(frozen=True, eq=False)
class Prompts:
    """Prompts of in-context linear regression: B of them, with n examples of d inputs each.

    x: inputs of the context [B, n, d]
    y: their targets, with noise [B, n]
    query: one more input [B, d]
    w: the true weights [B, d]
    sigma: the noise level [B]
    gram: sum over the context of e e^T, e = (x, y) [B, d + 1, d + 1]

    >>> import gramian as gm
    >>> prompts = gm.Regression(d=3, n=5).draw(4, seed=1)
    >>> prompts.x.shape, prompts.gram.shape, len(prompts)
    ((4, 5, 3), (4, 4, 4), 4)
    >>> prompts[:2].y.shape
    (2, 5)
    """

    x: np.ndarray
    y: np.ndarray
    query: np.ndarray
    w: np.ndarray
    sigma: np.ndarray
    gram: np.ndarray

    @property
    def n(self) -> int:
        return self.x.shape[1]

    @property
    def d(self) -> int:
        return self.x.shape[2]

    @property
    def target(self) -> np.ndarray:
        """<w, query>, without noise [B]."""
        return np.einsum("bi,bi->b", self.w, self.query)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index) -> Prompts:
        """Some of the prompts; one prompt is a batch of one."""
        if isinstance(index, (int, np.integer)):
            index = range(len(self))[index]
            index = slice(index, index + 1)
        return Prompts(self.x[index], self.y[index], self.query[index], self.w[index],
                       self.sigma[index], self.gram[index])

    def _table(self) -> Table:
        columns = {"prompt": np.repeat(np.arange(len(self)), self.n),
                   "example": np.tile(np.arange(self.n), len(self)),
                   "sigma": np.repeat(self.sigma, self.n)}
        for j in range(self.d):
            columns[f"x{j}"] = self.x[:, :, j].ravel()
        columns["y"] = self.y.ravel()
        return Table({name: column.tolist() for name, column in columns.items()})

    def to_pandas(self):
        """One row an example: prompt, example, sigma, x0, x1, .., y. Needs pandas."""
        return self._table().to_pandas()

    def to_polars(self):
        """One row an example: prompt, example, sigma, x0, x1, .., y. Needs polars."""
        return self._table().to_polars()


@dataclass(frozen=True, eq=False)
class States:
    """What a network has computed after each layer: x^l = M x + y u, y^l = a y - <w, x>.

    m [B, L + 1, d, d], u [B, L + 1, d], a [B, L + 1], w [B, L + 1, d]; the first is before layer 1.
    """

    m: np.ndarray
    u: np.ndarray
    a: np.ndarray
    w: np.ndarray


def _gram_and_n(prompts, n: int | None) -> tuple[np.ndarray, int]:
    if isinstance(prompts, Prompts):
        return array(prompts.gram, "gram"), prompts.n if n is None else n
    if n is None:
        raise ValueError("n, the number of tokens that gram is the sum of, must be given")
    return array(prompts, "gram", 3), n


class Network:
    """A linear transformer: weights, and the context length n that it was trained on (or None).

    Every layer moves each token e = (x, y), that of the query (x_t, 0) too, by
    e' = e + sum_h P_h G Q_h e with G = c sum e e^T over the context, c = 1/n ("mean") or 1 ("sum");
    the prediction is minus the last coordinate of the query token.

    >>> import numpy as np, gramian as gm
    >>> P, Q = np.zeros((1, 1, 3, 3)), np.zeros((1, 1, 3, 3))
    >>> P[0, 0, 2, 2], Q[0, 0, 0, 0], Q[0, 0, 1, 1] = -1, 0.5, 0.5     # a step of gradient descent
    >>> net = gm.Network.from_pq(P, Q)
    >>> net
    <gramian.Network FULL, 1 layer, d = 2>
    >>> net.predict([[1, 0], [0, 1]], [2, 3], [[1, 1]])
    array([1.25])
    """

    def __init__(self, core: _core.Network, n: int | None = None):
        self._core = core
        self.n = n

    # Where networks come from.

    @classmethod
    def from_pq(cls, P, Q, *, scale: str = "mean", query_in_keys: bool = False,
                tied: bool = False, layers: int = 1, n: int | None = None) -> Network:
        """Of P and Q [L, H, d + 1, d + 1]; with `tied`, of one layer that is used `layers` times.

        scale: "mean" if G is a mean over the context, "sum" if it is a sum.
        """
        core = _core.Network.from_pq(array(P, "P", 4), array(Q, "Q", 4), scale=scale,
                                     query_in_keys=query_in_keys, tied=tied, layers=layers)
        return cls(core, n)

    @classmethod
    def from_qkvo(cls, W_q, W_k, W_v, W_o, *, heads: int = 1, scale: str = "sum",
                  query_in_keys: bool = False, tied: bool = False, layers: int = 1,
                  n: int | None = None) -> Network:
        """Of attention without softmax and biases, for tokens as rows: queries e W_q, keys e W_k,
        values e W_v, heads side by side, times W_o. W_q, W_k, W_v: [L, d + 1, H K], W_o:
        [L, H K, d + 1]; one layer may come without the first axis. A matrix of torch.nn.Linear is
        the transpose.
        """
        def layered(value, name):
            found = array(value, name)
            return found[None] if found.ndim == 2 else array(found, name, 3)

        core = _core.Network.from_qkvo(layered(W_q, "W_q"), layered(W_k, "W_k"),
                                       layered(W_v, "W_v"), layered(W_o, "W_o"), heads=heads,
                                       scale=scale, query_in_keys=query_in_keys, tied=tied,
                                       layers=layers)
        return cls(core, n)

    @classmethod
    def load(cls, path) -> Network:
        """Of a model file, or the directory of a run or of a hub's snapshot with one in it."""
        import pathlib

        path = pathlib.Path(path)
        if path.is_dir():
            path = path / "model.safetensors"
        core, n = _core.load_model(str(path))
        return cls(core, n)

    def save(self, path, n: int | None = None) -> None:
        """A model file, with layers.{l}.P and layers.{l}.Q, which gramian explain, eval, export
        and predict take with --task."""
        self._core.save(str(path), self._n(n))

    # What it is.

    @property
    def kind(self) -> str:
        """full, diag, gdpp or preconditioned."""
        return self._core.kind

    @property
    def d(self) -> int:
        return self._core.d

    @property
    def layers(self) -> int:
        return self._core.layers

    @property
    def heads(self) -> int:
        return self._core.heads

    @property
    def tied(self) -> bool:
        return self._core.tied

    @property
    def scale(self) -> str:
        return self._core.scale

    @property
    def query_in_keys(self) -> bool:
        return self._core.query_in_keys

    @property
    def theta(self) -> np.ndarray:
        """All parameters, layer after layer: a read-only view of the weights, not a copy."""
        return self._core.theta

    @property
    def P(self) -> np.ndarray:
        """[L, H, d + 1, d + 1], a copy; H is 2 for DIAG."""
        return self._core.pq()[0]

    @property
    def Q(self) -> np.ndarray:
        """[L, H, d + 1, d + 1], a copy."""
        return self._core.pq()[1]

    @property
    def omegas(self) -> np.ndarray:
        """omega_xx, omega_xy, omega_yx, omega_yy of each layer of DIAG or GD++ [L, 4], a copy."""
        return self._core.omegas()

    def _n(self, n: int | None) -> int:
        n = self.n if n is None else n
        if n is None:
            raise ValueError("n, the context length that the network is for, must be given")
        return n

    # What it computes.

    def predict(self, x_context, y_context, x_query) -> np.ndarray:
        """[..., n, d], [..., n], [..., m, d] -> [..., m]; leading axes broadcast."""
        x, y, q = (array(a, name) for a, name in (
            (x_context, "x_context"), (y_context, "y_context"), (x_query, "x_query")))
        for found, name, axes in ((x, "x_context", 2), (y, "y_context", 1), (q, "x_query", 2)):
            if found.ndim < axes:
                raise ValueError(f"{name} must have at least {axes} axes, got {list(found.shape)}")
        lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-1], q.shape[:-2])
        spread = [np.ascontiguousarray(np.broadcast_to(a, lead + a.shape[a.ndim - axes:])).reshape(
            (-1,) + a.shape[a.ndim - axes:]) for a, axes in ((x, 2), (y, 1), (q, 2))]
        return self._core.predict(*spread).reshape(lead + (q.shape[-2],))

    def implicit_weights(self, prompts, n: int | None = None, threads: int = 0) -> np.ndarray:
        """The w^l of the prediction <w^l, x> before the first layer and after each [B, L + 1, d].

        prompts: Prompts, or Gram matrices [B, d + 1, d + 1] of n tokens.
        """
        gram, n = _gram_and_n(prompts, n)
        return self._core.implicit_weights(gram, n, threads)

    def states(self, prompts, n: int | None = None) -> States:
        """M, u, a and w after each layer (Theorem 4.1 of Vladymyrov et al. 2024)."""
        gram, n = _gram_and_n(prompts, n)
        return States(**self._core.states(gram, n))

    # Take it away.

    def _source(self, form: str, n: int | None) -> bytes:
        n = self.n if n is None else n
        return _core.export_network(self._core, 1 if n is None else n, form, "gramian.Network",
                                    "not told" if n is None else "linear regression")

    def to_numpy_source(self, n: int | None = None) -> str:
        """A Python module with predict(x_context, y_context, x_query) that needs NumPy alone."""
        return self._source("numpy", n).decode()

    def to_torch_source(self, n: int | None = None) -> str:
        """The same for PyTorch."""
        return self._source("torch", n).decode()

    def to_jax_source(self, n: int | None = None) -> str:
        """The same for JAX."""
        return self._source("jax", n).decode()

    def to_cpp_source(self, n: int | None = None) -> str:
        """A header for C++17 without dependencies."""
        return self._source("c++", n).decode()

    def _function(self, source: str):
        scope: dict = {"__name__": "gramian_learned"}
        exec(compile(source, "<gramian export>", "exec"), scope)
        predict = scope["predict"]
        predict.source = source
        return predict

    def to_torch(self, n: int | None = None):
        """predict(x_context, y_context, x_query) in PyTorch; its text is predict.source."""
        return self._function(self.to_torch_source(n))

    def to_jax(self, n: int | None = None):
        """predict(x_context, y_context, x_query) in JAX; its text is predict.source."""
        return self._function(self.to_jax_source(n))

    def to_onnx(self, path, n: int | None = None) -> None:
        """An ONNX file: opset 13, float64, for any n and m."""
        _write(path, self._source("onnx", n))

    # Python's own.

    def __repr__(self) -> str:
        return f"<gramian.Network {_core.describe_network(self._core)}, d = {self.d}>"

    def __eq__(self, other) -> bool:
        return isinstance(other, Network) and self.__getstate__() == other.__getstate__()

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self):
        return self._core.state(), self.n

    def __setstate__(self, state):
        self._core = _core.Network.from_state(state[0])
        self.n = state[1]


def _write(path, data: bytes) -> None:
    """Under a temporary name, then renamed, so that nobody sees half a file."""
    import os

    path = os.fspath(path)
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)
