"""Networks as frozen dataclasses. Generated from the table of configuration keys by
python/generate_specs.py; do not edit by hand."""

from __future__ import annotations

from dataclasses import dataclass

from .._spec import Spec


@dataclass(frozen=True)
class Diag(Spec):
    """A linear transformer with four numbers a layer (omega_xx, omega_xy, omega_yx, omega_yy).

    layers: layers L (an integer in [1, 100])
    tied: one set of weights used by all L layers (a looped transformer) (true or false)
    context_scale: attention reads G/n (mean) or G (sum), G the sum over the context of e e^T
        (one of mean, sum)
    query_in_keys: let tokens attend to the query too (true or false)
    init: initial layers: a step of gradient descent plus noise; the noise alone; or, for kinds
        full and diag, a GD++ network trained first with the same settings (in DIR/gdpp),
        written as P and Q or as four omegas; or, for kind gdpp too, the GD++ network of least
        expected loss, computed from the exact law of the eigenvalues of a prompt; a transformer
        always begins at random (one of gd, random, gdpp, gdpp_optimum)
    init_step: step size of the initial gradient descent, for G/n; a shorter one where d, n,
        layers and noise are such that prompts would explode (a number in (0, 10])
    init_curvature: curvature correction (-omega_xx) of the initial gradient descent, for G/n (a
        number in [0, 10])
    init_growth: factor on step and curvature from layer to layer; 2.25 begins like the
        second-order method of Theorem 5.1 (a number in [1, 10])
    init_noise: standard deviation of the random part of the initial weights (less where d > 10,
        layers > 10 or heads > 1; in units of inputs and targets); of a transformer, of Q, K, V
        and P times the root of their rows (embedding and MLP begin with 1 over that root) (a
        number in [0, 10])
    init_rare: gdpp_optimum: the largest eigenvalues, of which a prompt has this many on
        average, do not count (a number in [0, 0.1])
    """

    _section = 'model'
    _fixed = {'kind': 'diag'}

    layers: int = 4
    tied: bool = False
    context_scale: str = 'mean'
    query_in_keys: bool = False
    init: str = 'gd'
    init_step: float = 0.5
    init_curvature: float = 0.05
    init_growth: float = 1.0
    init_noise: float = 0.01
    init_rare: float = 0.0


@dataclass(frozen=True)
class Full(Spec):
    """A linear transformer with dense P and Q in every head.

    layers: layers L (an integer in [1, 100])
    heads: heads H of kind full or transformer; 1 for all others (the omegas of diag and gdpp
        already cover every number of heads) (an integer in [1, 64])
    tied: one set of weights used by all L layers (a looped transformer) (true or false)
    context_scale: attention reads G/n (mean) or G (sum), G the sum over the context of e e^T
        (one of mean, sum)
    query_in_keys: let tokens attend to the query too (true or false)
    init: initial layers: a step of gradient descent plus noise; the noise alone; or, for kinds
        full and diag, a GD++ network trained first with the same settings (in DIR/gdpp),
        written as P and Q or as four omegas; or, for kind gdpp too, the GD++ network of least
        expected loss, computed from the exact law of the eigenvalues of a prompt; a transformer
        always begins at random (one of gd, random, gdpp, gdpp_optimum)
    init_step: step size of the initial gradient descent, for G/n; a shorter one where d, n,
        layers and noise are such that prompts would explode (a number in (0, 10])
    init_curvature: curvature correction (-omega_xx) of the initial gradient descent, for G/n (a
        number in [0, 10])
    init_growth: factor on step and curvature from layer to layer; 2.25 begins like the
        second-order method of Theorem 5.1 (a number in [1, 10])
    init_noise: standard deviation of the random part of the initial weights (less where d > 10,
        layers > 10 or heads > 1; in units of inputs and targets); of a transformer, of Q, K, V
        and P times the root of their rows (embedding and MLP begin with 1 over that root) (a
        number in [0, 10])
    init_rare: gdpp_optimum: the largest eigenvalues, of which a prompt has this many on
        average, do not count (a number in [0, 0.1])
    """

    _section = 'model'
    _fixed = {'kind': 'full'}

    layers: int = 4
    heads: int = 1
    tied: bool = False
    context_scale: str = 'mean'
    query_in_keys: bool = False
    init: str = 'gd'
    init_step: float = 0.5
    init_curvature: float = 0.05
    init_growth: float = 1.0
    init_noise: float = 0.01
    init_rare: float = 0.0


@dataclass(frozen=True)
class GDpp(Spec):
    """GD++: two numbers a layer, gradient descent with a correction of curvature.

    layers: layers L (an integer in [1, 100])
    tied: one set of weights used by all L layers (a looped transformer) (true or false)
    context_scale: attention reads G/n (mean) or G (sum), G the sum over the context of e e^T
        (one of mean, sum)
    query_in_keys: let tokens attend to the query too (true or false)
    init: initial layers: a step of gradient descent plus noise; the noise alone; or, for kinds
        full and diag, a GD++ network trained first with the same settings (in DIR/gdpp),
        written as P and Q or as four omegas; or, for kind gdpp too, the GD++ network of least
        expected loss, computed from the exact law of the eigenvalues of a prompt; a transformer
        always begins at random (one of gd, random, gdpp, gdpp_optimum)
    init_step: step size of the initial gradient descent, for G/n; a shorter one where d, n,
        layers and noise are such that prompts would explode (a number in (0, 10])
    init_curvature: curvature correction (-omega_xx) of the initial gradient descent, for G/n (a
        number in [0, 10])
    init_growth: factor on step and curvature from layer to layer; 2.25 begins like the
        second-order method of Theorem 5.1 (a number in [1, 10])
    init_noise: standard deviation of the random part of the initial weights (less where d > 10,
        layers > 10 or heads > 1; in units of inputs and targets); of a transformer, of Q, K, V
        and P times the root of their rows (embedding and MLP begin with 1 over that root) (a
        number in [0, 10])
    init_rare: gdpp_optimum: the largest eigenvalues, of which a prompt has this many on
        average, do not count (a number in [0, 0.1])
    """

    _section = 'model'
    _fixed = {'kind': 'gdpp'}

    layers: int = 4
    tied: bool = False
    context_scale: str = 'mean'
    query_in_keys: bool = False
    init: str = 'gd'
    init_step: float = 0.5
    init_curvature: float = 0.05
    init_growth: float = 1.0
    init_noise: float = 0.01
    init_rare: float = 0.0


@dataclass(frozen=True)
class Preconditioned(Spec):
    """Preconditioned gradient descent: a matrix A and a vector u a layer.

    layers: layers L (an integer in [1, 100])
    tied: one set of weights used by all L layers (a looped transformer) (true or false)
    context_scale: attention reads G/n (mean) or G (sum), G the sum over the context of e e^T
        (one of mean, sum)
    query_in_keys: let tokens attend to the query too (true or false)
    init: initial layers: a step of gradient descent plus noise; the noise alone; or, for kinds
        full and diag, a GD++ network trained first with the same settings (in DIR/gdpp),
        written as P and Q or as four omegas; or, for kind gdpp too, the GD++ network of least
        expected loss, computed from the exact law of the eigenvalues of a prompt; a transformer
        always begins at random (one of gd, random, gdpp, gdpp_optimum)
    init_step: step size of the initial gradient descent, for G/n; a shorter one where d, n,
        layers and noise are such that prompts would explode (a number in (0, 10])
    init_curvature: curvature correction (-omega_xx) of the initial gradient descent, for G/n (a
        number in [0, 10])
    init_growth: factor on step and curvature from layer to layer; 2.25 begins like the
        second-order method of Theorem 5.1 (a number in [1, 10])
    init_noise: standard deviation of the random part of the initial weights (less where d > 10,
        layers > 10 or heads > 1; in units of inputs and targets); of a transformer, of Q, K, V
        and P times the root of their rows (embedding and MLP begin with 1 over that root) (a
        number in [0, 10])
    init_rare: gdpp_optimum: the largest eigenvalues, of which a prompt has this many on
        average, do not count (a number in [0, 0.1])
    """

    _section = 'model'
    _fixed = {'kind': 'preconditioned'}

    layers: int = 4
    tied: bool = False
    context_scale: str = 'mean'
    query_in_keys: bool = False
    init: str = 'gd'
    init_step: float = 0.5
    init_curvature: float = 0.05
    init_growth: float = 1.0
    init_noise: float = 0.01
    init_rare: float = 0.0


@dataclass(frozen=True)
class Transformer(Spec):
    """A transformer on tokens, with Q, K, V and P. It is trained into a run (gm.Run.train).

    layers: layers L (an integer in [1, 100])
    heads: heads H of kind full or transformer; 1 for all others (the omegas of diag and gdpp
        already cover every number of heads) (an integer in [1, 64])
    tied: one set of weights used by all L layers (a looped transformer) (true or false)
    context_scale: attention reads G/n (mean) or G (sum), G the sum over the context of e e^T
        (one of mean, sum)
    query_in_keys: let tokens attend to the query too (true or false)
    init: initial layers: a step of gradient descent plus noise; the noise alone; or, for kinds
        full and diag, a GD++ network trained first with the same settings (in DIR/gdpp),
        written as P and Q or as four omegas; or, for kind gdpp too, the GD++ network of least
        expected loss, computed from the exact law of the eigenvalues of a prompt; a transformer
        always begins at random (one of gd, random, gdpp, gdpp_optimum)
    init_noise: standard deviation of the random part of the initial weights (less where d > 10,
        layers > 10 or heads > 1; in units of inputs and targets); of a transformer, of Q, K, V
        and P times the root of their rows (embedding and MLP begin with 1 over that root) (a
        number in [0, 10])
    init_query_key: multiple of the identity that Q and K begin with, beside the random part (a
        number in [-100, 100])
    init_value: multiple of the identity that V begins with, beside the random part (a number in
        [-100, 100])
    positions: width of the sinusoidal encoding beside each token; 0: none (an integer in [0,
        1024])
    embedding: width of a linear embedding of the tokens; 0: none (an integer in [0, 1024])
    hidden: hidden width of the MLP (GELU, residual) before the attention of each layer; 0: none
        (an integer in [0, 1024])
    neurons: the last layer maps each token to this many neurons with ReLU, without a skip, and
        the prediction is their mean over the tokens, with fixed signs; 0: it is read from the
        query (an integer in [0, 1024])
    key_size: size of queries, keys and values; 0: as wide as a token (an integer in [0, 1024])
    softmax_layers: how many layers, the first, have softmax attention (an integer in [0, 100])
    mixer: the attention of the other layers: linear; or, through a state that goes from token
        to token, the delta rule or the mesa layer (ridge regression of the values so far on the
        keys so far), with which each token reads itself and those before it (one of linear,
        delta, mesa)
    gates: learned numbers of a token, in (0, 1), in each head without softmax: what it keeps of
        the state before it (decay), with what strength it writes, or both (one of none, decay,
        strength, both)
    decay_cap: gates both: a decay is multiplied by 1 - (1 - this) strength^2 (a number in [0,
        1])
    momentum: of linear attention: the state moves on by this share of its last change before a
        token writes, and each token reads itself and those before it; 0: none (a number in [0,
        0.999])
    ridge: mesa: the ridge is exp(r) or log(1 + exp(r)) of learned numbers r, plus the least
        ridge; it begins as 1 (one of exponential, softplus)
    least_ridge: mesa: the least ridge (a number in [0, 1000000])
    convolution: queries, keys and values are summed over so many tokens, the last, with learned
        weights, and queries and keys pass through SiLU; 0: none (an integer in [0, 64])
    unit_keys: queries and keys of a head are normalised to length 1 (true or false)
    norm_heads: what a head reads is normalised to a mean square of 1, times a learned gain
        (true or false)
    mixer_norm: norm of each token before the attention of a layer (one of none, layer, rms)
    attention: trained, or a fixed step of gradient descent on what embedding and MLP make of
        the tokens (one of trained, gradient_descent)
    clip: bound on the numbers of a token after each layer; 0: none (a number in [0, 1000000])
    attention_bias: queries, keys and values have learned biases, and so has what attention adds
        to a token; they begin with zero (true or false)
    described: the network is the one that model.safetensors of the run describes, whatever it
        is, and not what these keys say: it is evaluated and not trained (gramian construct)
        (true or false)
    """

    _section = 'model'
    _fixed = {'kind': 'transformer'}

    layers: int = 4
    heads: int = 1
    tied: bool = False
    context_scale: str = 'mean'
    query_in_keys: bool = False
    init: str = 'gd'
    init_noise: float = 0.01
    init_query_key: float = 0.0
    init_value: float = 0.0
    positions: int = 0
    embedding: int = 0
    hidden: int = 0
    neurons: int = 0
    key_size: int = 0
    softmax_layers: int = 0
    mixer: str = 'linear'
    gates: str = 'none'
    decay_cap: float = 1.0
    momentum: float = 0.0
    ridge: str = 'exponential'
    least_ridge: float = 0.0
    convolution: int = 0
    unit_keys: bool = False
    norm_heads: bool = False
    mixer_norm: str = 'none'
    attention: str = 'trained'
    clip: float = 0.0
    attention_bias: bool = False
    described: bool = False


@dataclass(frozen=True)
class GraphTransformer(Spec):
    """A linear transformer on graphs. It is trained into a run (gm.Run.train).

    layers: layers L (an integer in [1, 100])
    heads: heads H of kind full or transformer; 1 for all others (the omegas of diag and gdpp
        already cover every number of heads) (an integer in [1, 64])
    tied: one set of weights used by all L layers (a looped transformer) (true or false)
    context_scale: attention reads G/n (mean) or G (sum), G the sum over the context of e e^T
        (one of mean, sum)
    query_in_keys: let tokens attend to the query too (true or false)
    init: initial layers: a step of gradient descent plus noise; the noise alone; or, for kinds
        full and diag, a GD++ network trained first with the same settings (in DIR/gdpp),
        written as P and Q or as four omegas; or, for kind gdpp too, the GD++ network of least
        expected loss, computed from the exact law of the eigenvalues of a prompt; a transformer
        always begins at random (one of gd, random, gdpp, gdpp_optimum)
    init_noise: standard deviation of the random part of the initial weights (less where d > 10,
        layers > 10 or heads > 1; in units of inputs and targets); of a transformer, of Q, K, V
        and P times the root of their rows (embedding and MLP begin with 1 over that root) (a
        number in [0, 10])
    form: weights of a layer: a few numbers (efficient), or Q, K, V, P and a linear skip on
        tokens (B, Psi, Phi) (full) (one of efficient, full)
    rewrites: efficient: layers change B as well; a graph of any size is then dense (true or
        false)
    couples: efficient: scores have a part of Phi as well (true or false)
    per_column: efficient: numbers differ by column of Psi and Phi, so that there are as many as
        in training (true or false)
    init_scores: full: multiple of the identity that Q and K begin with on the columns of B,
        beside the random part, so that scores begin as its square times the Laplacian; V then
        begins with the identity (a number in [0, 100])
    scale: efficient: factor of the scores: 1, 1/n or n (nodes), n the number of nodes (one of
        one, mean, nodes)
    norm: after each layer: B over its norm, and Psi and Phi over their common one (frobenius)
        or each column over its length (columns) (one of none, frobenius, columns)
    """

    _section = 'model'
    _fixed = {'kind': 'graph'}

    layers: int = 4
    heads: int = 1
    tied: bool = False
    context_scale: str = 'mean'
    query_in_keys: bool = False
    init: str = 'gd'
    init_noise: float = 0.01
    form: str = 'efficient'
    rewrites: bool = True
    couples: bool = False
    per_column: bool = False
    init_scores: float = 0.0
    scale: str = 'nodes'
    norm: str = 'frobenius'
