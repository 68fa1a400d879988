"""Arrays of any library as float64 arrays in C order, which is all that the compiled part takes."""

from __future__ import annotations

import numpy as np


def array(value, name: str, ndim: int | None = None) -> np.ndarray:
    """`value` as float64 in C order: any array with __dlpack__ or __array__, or nested lists.

    Integers and shorter floats are widened, which is exact; a copy is made only where type or
    order differ. Complex numbers, objects and texts are refused by `name`.
    """
    if isinstance(value, np.ndarray) or not hasattr(value, "__dlpack__"):
        found = np.asarray(value)
    else:
        value = value.detach() if hasattr(value, "detach") else value
        found = np.from_dlpack(value)
    if found.dtype.kind not in "fiub" or found.dtype.itemsize > 8:
        raise TypeError(f"{name} must be an array of real numbers, got dtype {found.dtype}")
    if ndim is not None and found.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {list(found.shape)}")
    return np.ascontiguousarray(found, dtype=np.float64)
