"""The linear transformer on graphs in its efficient form, as a positional encoding.

    G = c B B^T,  A = c (Phi diag u)(Phi diag v)^T,  c = n
    B   += keep B + read G B + couple A^T B              (seen here as G <- T G T^T)
    Psi += Psi diag keep + G Psi diag read + A^T Psi diag couple
    Phi += Phi diag keep + G Phi diag read + A^T Phi diag couple
         + Psi diag from + G Psi diag from_read + A^T Psi diag from_couple

all at once, and then the norm: G over its trace, each column of Psi and Phi over its length.
These are the equations of docs/electric.md with numbers that differ by column; `gramian graph
--run` runs the same network from the file that save() writes. Everything works on arrays of NumPy
and of JAX.

Shapes: gram [.., n, n], psi [.., n, k], numbers of B [..] and of Psi and Phi [k]. Nodes beyond
those of a graph are rows of zeros, which stay zeros.
"""

import json
import struct

import numpy as np

# Names of the numbers of a layer in the order of Gramian's files; whether each has one a column.
PARTS = {
    "B.keep": False,
    "B.read": False,
    "B.couple": False,
    "Psi.keep": True,
    "Psi.read": True,
    "Psi.couple": True,
    "Phi.keep": True,
    "Phi.read": True,
    "Phi.couple": True,
    "Phi.from": True,
    "Phi.from_read": True,
    "Phi.from_couple": True,
    "query": True,
    "key": True,
}


def initial(rng, layers, columns, noise=0.3):
    """One dictionary a layer, normal numbers."""
    return [
        {name: noise * rng.normal(size=columns if wide else ()) for name, wide in PARTS.items()}
        for _ in range(layers)
    ]


def _lengths(x):
    return ((x * x).sum(axis=-2, keepdims=True) + 1e-30) ** 0.5


def layer(p, c, gram, psi, phi, eye):
    """The state after one layer. c: [.., 1, 1]; eye: [n, n]."""
    g = c * gram
    coupling = c * (phi * p["key"]) @ (phi * p["query"]).swapaxes(-1, -2)  # A^T
    new_psi = psi * (1 + p["Psi.keep"]) + (g @ psi) * p["Psi.read"]
    new_phi = phi * (1 + p["Phi.keep"]) + (g @ phi) * p["Phi.read"]
    new_phi = new_phi + psi * p["Phi.from"] + (g @ psi) * p["Phi.from_read"]
    new_psi = new_psi + (coupling @ psi) * p["Psi.couple"]
    new_phi = new_phi + (coupling @ phi) * p["Phi.couple"]
    new_phi = new_phi + (coupling @ psi) * p["Phi.from_couple"]
    t = (1 + p["B.keep"]) * eye + p["B.read"] * g + p["B.couple"] * coupling
    new_gram = t @ gram @ t.swapaxes(-1, -2)
    trace = (new_gram * eye).sum(axis=(-1, -2), keepdims=True)
    return new_gram / trace, new_psi / _lengths(new_psi), new_phi / _lengths(new_phi)


def encode(layers, loops, nodes, gram, psi):
    """Phi after all layers, `loops` times in turn. nodes: [..], of each graph; gram: of trace 1."""
    eye = np.eye(gram.shape[-1], dtype=gram.dtype)
    c, phi = nodes[..., None, None], 0 * psi
    for _ in range(loops):
        for p in layers:
            gram, psi, phi = layer(p, c, gram, psi, phi, eye)
    return phi


def save(path, layers, loops, columns):
    """The network as a model file of Gramian (safetensors, float64)."""
    spec = {
        "layers": len(layers) * loops,
        "columns": columns,
        "rewrites": True,
        "couples": True,
        "norm": "columns",
        "scale": "nodes",
    }
    header = {
        "__metadata__": {"format": "gramian-graph-1", "family": "graph", "graph": json.dumps(spec)}
    }
    data = b""
    for index in range(len(layers) * loops):
        for name in PARTS:
            numbers = np.atleast_1d(np.asarray(layers[index % len(layers)][name], dtype="<f8"))
            header[f"layers.{index}.{name}"] = {
                "dtype": "F64",
                "shape": [1, len(numbers)],
                "data_offsets": [len(data), len(data) + 8 * len(numbers)],
            }
            data += numbers.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
