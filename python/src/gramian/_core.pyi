"""The compiled part of gramian; import gramian instead."""

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy
from numpy.typing import NDArray


class DivergedError(ArithmeticError):
    """A training or another computation left the finite numbers."""

def simd_target() -> str:
    """The instruction set of the kernels in use."""

def run_program(arguments: Sequence[str]) -> int:
    """
    Runs the program gramian with these arguments and returns its exit status.
    """

def draw(settings: Sequence[str], count: int, seed: int, first: int, threads: int) -> dict:
    """Draws prompts: x, y, query, w, sigma and gram, as arrays."""

def gram_matrices(x: Annotated[NDArray, dict(device='cpu', writable=False)], y: Annotated[NDArray, dict(device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(order='C')]:
    """
    x [B, n, d], y [B, n] -> sum of e e^T over the context, [B, d + 1, d + 1].
    """

def keys() -> list:
    """The table of configuration keys."""

def to_toml(settings: Sequence[str]) -> str:
    """The configuration, with every key."""

def check_settings(settings: Sequence[str]) -> None:
    """Raises ValueError where they are no experiment on Gram matrices."""

class Network:
    """The weights of a linear transformer."""

    @staticmethod
    def from_pq(P: Annotated[NDArray, dict(device='cpu', writable=False)], Q: Annotated[NDArray, dict(device='cpu', writable=False)], scale: str, query_in_keys: bool, tied: bool, layers: int) -> Network: ...

    @staticmethod
    def from_qkvo(W_q: Annotated[NDArray, dict(device='cpu', writable=False)], W_k: Annotated[NDArray, dict(device='cpu', writable=False)], W_v: Annotated[NDArray, dict(device='cpu', writable=False)], W_o: Annotated[NDArray, dict(device='cpu', writable=False)], heads: int, scale: str, query_in_keys: bool, tied: bool, layers: int) -> Network: ...

    @staticmethod
    def from_state(state: tuple[str, int, int, int, bool, str, bool, Sequence[float]]) -> Network: ...

    def state(self) -> tuple[str, int, int, int, bool, str, bool, list[float]]: ...

    @property
    def kind(self) -> str: ...

    @property
    def d(self) -> int: ...

    @property
    def layers(self) -> int: ...

    @property
    def heads(self) -> int: ...

    @property
    def tied(self) -> bool: ...

    @property
    def scale(self) -> str: ...

    @property
    def query_in_keys(self) -> bool: ...

    def pq(self) -> tuple:
        """P and Q of every layer, [L, H, d + 1, d + 1] each."""

    def omegas(self) -> Annotated[NDArray[numpy.float64], dict(order='C')]: ...

    @property
    def theta(self) -> Annotated[NDArray[numpy.float64], dict(order='C', writable=False)]:
        """All parameters, layer after layer: a read-only view of the weights."""

    def implicit_weights(self, gram: Annotated[NDArray, dict(device='cpu', writable=False)], n: int, threads: int) -> Annotated[NDArray[numpy.float64], dict(order='C')]: ...

    def states(self, gram: Annotated[NDArray, dict(device='cpu', writable=False)], n: int) -> dict: ...

    def predict(self, x_context: Annotated[NDArray, dict(device='cpu', writable=False)], y_context: Annotated[NDArray, dict(device='cpu', writable=False)], x_query: Annotated[NDArray, dict(device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(order='C')]: ...

    def save(self, path: str, n: int) -> None: ...

    def settings(self) -> str: ...

def load_model(path: str) -> tuple[Network, int]:
    """
    The network of a model file, and the context length it was trained for.
    """

def train(settings: Sequence[str], start: Network | None = None, on_step: Callable | None = None) -> Network:
    """
    Trains in memory; on_step(step, loss, gradient_norm, learning_rate, dropped).
    """

def solve(settings: Sequence[str], name: str, steps: int, constants: Sequence[float], gram: Annotated[NDArray, dict(device='cpu', writable=False)], sigma: Annotated[NDArray, dict(device='cpu', writable=False)], threads: int) -> Annotated[NDArray[numpy.float64], dict(order='C')]:
    """The weights that a solver finds for each prompt, [B, d]."""

def tune(settings: Sequence[str], names: Sequence[str], steps: int) -> list:
    """Name, reason why it is undefined, and constants of each solver."""

def solver_names() -> list[str]: ...

def evaluate(settings: Sequence[str], network: Network | None = None, progress: Callable | None = None) -> tuple[str, str]:
    """The table and the JSON of gramian eval."""

def explain(settings: Sequence[str], network: Network, options: dict, name: str, progress: Callable | None = None) -> tuple[str, str]:
    """The words and the JSON of gramian explain."""

def export_network(network: Network, n: int, format: str, origin: str, task: str) -> bytes:
    """The bytes of the file: numpy, c++ or onnx, or torch or jax."""

def describe_network(network: Network) -> str:
    """DIAG, 7 layers"""

def fit_rows(network: Network, settings: Sequence[str], whiten: bool, X: Annotated[NDArray, dict(device='cpu', writable=False)], y: Annotated[NDArray, dict(device='cpu', writable=False)]) -> tuple:
    """
    Intercept and slopes of the linear model that the network makes of these rows, and whether it exploded.
    """

def train_run(settings: Sequence[str], directory: str, resume: bool, quiet: bool, command: str) -> dict:
    """Trains into the directory of a run."""

def evaluate_run(directory: str, settings: Sequence[str]) -> tuple[str, str]:
    """Evaluates the model of a run, as gramian eval."""

class StudyOptions:
    def __init__(self, directory: str, seeds: int, steps: int, quick: bool, only: str, threads: int, command: str, quiet: bool) -> None: ...

def studies() -> list:
    """Name, title, place and paper of every study."""

def units(study: str, options: StudyOptions) -> list:
    """Name, cost and whether it is done, of each unit."""

def carry_out_unit(study: str, unit: str, options: StudyOptions) -> None:
    """Trains and evaluates one unit."""

def reproduce(study: str, options: StudyOptions) -> str:
    """Carries the study out and returns its results as JSON."""
