"""Networks out of other people's code, and a check on drawn prompts.

The algebra: a layer of linear attention is e' = e + sum_h P_h G Q_h e (docs/python.md). What has
no such form, softmax, biases and LayerNorm, is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ._arrays import array
from ._network import Network
from ._specs import Regression


def refuse_nonlinear(parameters: Mapping) -> None:
    """Raises ValueError for parameters of what is no linear attention, by name.

    >>> refuse_nonlinear({"h.0.ln_1.weight": 0})
    Traceback (most recent call last):
    ...
    ValueError: 'h.0.ln_1.weight' is a LayerNorm, which moves tokens by no linear attention
    """
    for name in parameters:
        word = str(name).lower().replace("-", "_")
        last = word.rsplit(".", 1)[-1].rsplit("/", 1)[-1]
        parts = re.split(r"[./]", word)
        if any(re.fullmatch(r"(.*_)?(layer_?norm|rms_?norm|batch_?norm|norm|ln)(_?\w{0,2})", part)
               for part in parts):
            raise ValueError(f"'{name}' is a LayerNorm, which moves tokens by no linear attention")
        if last in ("bias", "b") or last.endswith("_bias"):
            if np.any(array(parameters[name], str(name)) != 0):
                raise ValueError(f"'{name}' is a bias: a linear transformer has none")
        if any(part in word for part in ("mlp", "feed_forward", "ffn", "fc1", "fc2")):
            raise ValueError(f"'{name}' is of an MLP: a network on Gram matrices has none")
        if "softmax" in word:
            raise ValueError(f"'{name}': softmax is no linear attention")


def ahn2023(state, *, n: int | None = None) -> Network:
    """The weights of chengxiang/LinearTransformer (Ahn, Cheng, Daneshmand and Sra 2023).

    state: the tensor allparam [L, H, 2, d, d], or a state_dict that has it. There, P has a corner
    1 and Q a corner 0, the sum over the context is divided by N and the query is no key; in this
    library's letters P is theirs, and Q is the transpose of theirs.
    """
    if isinstance(state, Mapping):
        refuse_nonlinear(state)
        if "allparam" not in state:
            raise ValueError(f"ahn2023 needs 'allparam' [L, H, 2, d, d]; there are {list(state)}")
        state = state["allparam"]
    weights = array(state, "allparam", 5)
    if weights.shape[2] != 2 or weights.shape[3] != weights.shape[4]:
        raise ValueError(f"allparam must have shape [L, H, 2, d, d], got {list(weights.shape)}")
    layers, heads, _, d, _ = weights.shape
    P = np.zeros((layers, heads, d + 1, d + 1))
    Q = np.zeros_like(P)
    P[..., :d, :d] = weights[:, :, 0]
    P[..., d, d] = 1
    Q[..., :d, :d] = weights[:, :, 1].swapaxes(-1, -2)
    return Network.from_pq(P, Q, scale="mean", n=n)


def von_oswald2022(params: Mapping, *, heads: int = 1, layers: int = 1, tied: bool = False,
                   dampening: float = 1.0, y_update: bool = False, include_query: bool = False,
                   use_softmax: bool = False, clip: float = 0.0, n: int | None = None) -> Network:
    """The weights of the haiku code of von Oswald et al. (2022), trained with linear attention.

    params: modules by name, of which those with .../query, .../key, .../value and .../linear (each
    a mapping with "w") are the attention layers, in their order. `layers`: how often the weights of
    a looped network (tied, `deq` there) are used. dampening multiplies each update; with y_update
    only y is updated. Softmax, clipping, biases and LayerNorm are refused.
    """
    if use_softmax:
        raise ValueError("use_softmax: softmax is no linear attention")
    if clip:
        raise ValueError(f"clip = {clip}: a bound on tokens is no linear attention")
    parts: dict[str, list[np.ndarray]] = {"query": [], "key": [], "value": [], "linear": []}
    for module, tensors in params.items():
        refuse_nonlinear({f"{module}/{name}": tensor for name, tensor in tensors.items()})
        for part, found in parts.items():
            if module.rsplit("/", 1)[-1] == part:
                found.append(array(tensors["w"], f"{module}/w", 2))
    lengths = {part: len(found) for part, found in parts.items()}
    if not parts["query"] or len(set(lengths.values())) != 1:
        raise ValueError("every layer must have query, key, value and linear; found "
                         + ", ".join(f"{count} of {part}" for part, count in lengths.items()))
    q, k, v, o = (np.stack(parts[part]) for part in ("query", "key", "value", "linear"))
    net = Network.from_qkvo(q, k, v, o, heads=heads, scale="sum", query_in_keys=include_query,
                            tied=tied, layers=layers, n=n)
    P, Q = (net.P[:1], net.Q[:1]) if tied else (net.P, net.Q)
    P = P * dampening
    if y_update:
        P[..., :-1, :] = 0
    return Network.from_pq(P, Q, scale="sum", query_in_keys=include_query, tied=tied,
                           layers=layers, n=n)


def multihead_attention(state: Mapping, *, heads: int, residual: bool = True, scale: str = "sum",
                        n: int | None = None) -> Network:
    """One layer out of the state_dict of torch.nn.MultiheadAttention, read without softmax: its
    in_proj_weight [3 D, D] and out_proj.weight [D, D]. Biases must be zero."""
    if not residual:
        raise ValueError("residual=False: a layer here adds its update to the token")
    refuse_nonlinear(state)
    packed = array(state["in_proj_weight"], "in_proj_weight", 2)
    rows = packed.shape[1]
    if packed.shape[0] != 3 * rows:
        raise ValueError(f"in_proj_weight must have shape [3 D, D], got {list(packed.shape)}")
    w_q, w_k, w_v = (packed[i * rows:(i + 1) * rows].T for i in range(3))
    return Network.from_qkvo(w_q, w_k, w_v, array(state["out_proj.weight"], "out_proj.weight").T,
                             heads=heads, scale=scale, n=n)


@dataclass(frozen=True)
class Difference:
    """Where two networks part: the prompt with the largest difference, and both predictions."""

    largest: float
    prompt: int
    ours: float
    theirs: float
    typical: float  # root mean square of our predictions

    def __str__(self) -> str:
        return (f"largest difference {self.largest:.3g} (prompt {self.prompt}: {self.ours:.6g} "
                f"here, {self.theirs:.6g} there; typical prediction {self.typical:.3g})")


def check(network: Network, predict, *, task: Regression | None = None, prompts: int = 64,
          seed: int = 0, tolerance: float = 1e-5, sign: float = 1.0) -> Difference:
    """Compares a network with the code that its weights come from, on drawn prompts.

    predict: called with tokens [B, n + 1, d + 1], the examples (x, y) and then the query (x_t, 0);
    returns [B] predictions of y, times `sign`. Raises ValueError where they differ by more than
    `tolerance` times the typical prediction, and says where.

    >>> import gramian as gm
    >>> net = gm.train(gm.Regression(d=2, n=6), gm.Diag(layers=1), steps=5, batch=32)
    >>> said = check(net, lambda tokens: net.predict(tokens[:, :-1, :-1], tokens[:, :-1, -1],
    ...                                             tokens[:, -1:, :-1])[:, 0])
    >>> said.largest
    0.0
    """
    task = Regression(d=network.d, n=network.n or 20) if task is None else task
    drawn = task.draw(prompts, seed=seed)
    context = np.concatenate([drawn.x, drawn.y[..., None]], axis=-1)
    query = np.concatenate([drawn.query, np.zeros((prompts, 1))], axis=-1)[:, None]
    tokens = np.concatenate([context, query], axis=1)
    theirs = sign * array(predict(tokens), "the predictions", 1)
    if theirs.shape != (prompts,):
        raise ValueError(f"predict must return shape [{prompts}], got {list(theirs.shape)}")
    ours = network.predict(drawn.x, drawn.y, drawn.query[:, None])[:, 0]
    gap = np.abs(ours - theirs)
    gap = np.where(np.isfinite(gap), gap, np.inf)
    worst = int(np.argmax(gap))
    found = Difference(float(gap[worst]), worst, float(ours[worst]), float(theirs[worst]),
                       float(np.sqrt(np.mean(ours**2))))
    if found.largest > tolerance * found.typical:
        hint = " (with sign=-1 they agree)" if np.abs(ours + theirs).max() <= (
            tolerance * found.typical) else ""
        raise ValueError(f"the networks differ: {found}{hint}")
    return found
