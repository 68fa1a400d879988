"""Specifications as frozen dataclasses. Generated from the table of configuration keys by
python/generate_specs.py; do not edit by hand."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Noise, Spec, Uniform


@dataclass(frozen=True)
class Regression(Spec):
    """In-context linear regression: where prompts come from.

    d: input dimension d (an integer in [1, 256])
    n: context length n: examples in a prompt (an integer in [1, 100000000])
    noise: prior of the noise level: Uniform, Categorical, Constant, or a number
    covariance: covariance S of the inputs, d x d, symmetric and positive definite ([] (the
        identity), [v1, v2, ..] (a diagonal) or [[..], [..], ..] (rows), finite, at most 256 x
        256)
    inputs: law of the inputs x = C z, C C^T = S: entries of z normal, or uniform of variance 1
        (one of gaussian, uniform)
    weights: law of the true weights: w ~ N(0, I), or N(0, S^-1) (one of isotropic,
        inverse_covariance)
    sampler: draw n tokens, or their Gram matrix directly (gaussian inputs only; any n at one
        cost); automatic prefers gram (one of automatic, tokens, gram)
    """

    _section = 'task'
    _fixed = {}

    d: int = 10
    n: int = 20
    noise: Noise = Uniform(0.0, 5.0)
    covariance: tuple = ()
    inputs: str = 'gaussian'
    weights: str = 'isotropic'
    sampler: str = 'automatic'


@dataclass(frozen=True)
class TokenTask(Spec):
    """Prompts as tokens, for a Transformer: linear, sine, patterns or conditioned.

    d: input dimension d (an integer in [1, 256])
    n: context length n: examples in a prompt (an integer in [1, 100000000])
    noise: prior of the noise level: Uniform, Categorical, Constant, or a number
    covariance: covariance S of the inputs, d x d, symmetric and positive definite ([] (the
        identity), [v1, v2, ..] (a diagonal) or [[..], [..], ..] (rows), finite, at most 256 x
        256)
    inputs: law of the inputs x = C z, C C^T = S: entries of z normal, or uniform of variance 1
        (one of gaussian, uniform)
    weights: law of the true weights: w ~ N(0, I), or N(0, S^-1) (one of isotropic,
        inverse_covariance)
    sampler: draw n tokens, or their Gram matrix directly (gaussian inputs only; any n at one
        cost); automatic prefers gram (one of automatic, tokens, gram)
    family: what is regressed: linear functions, or a sin(x + phase) with x ~ U(-5, 5) and phase
        ~ U(0, pi), which has no other settings than task.n, task.layout, task.amplitude and
        task.correlated; or what is classified: patterns, tokens that show one of several
        directions each, labelled by the class that shows most; or, conditioned, linear
        functions or labels of inputs whose covariance has a prescribed condition number (one of
        linear, sine, patterns, conditioned)
    layout: joined: tokens (x, y); interleaved: x, and then (0, y) in a token of its own;
        inputs: x alone, of task.family patterns (one of joined, interleaved, inputs)
    amplitude: sine: low and high of the uniform amplitude a (a number or an array of at most
        1024, each in [0, inf))
    correlated: sine: amplitude and phase come from one uniform number (true or false)
    patterns: patterns: how many orthonormal patterns tokens show, at most task.d (an integer in
        [2, 1024])
    relevant: patterns: how many of them decide the label, half of them for each class (an
        integer in [2, 1024])
    mixed: patterns: each relevant token draws one of the patterns of its class, and not all of
        a prompt one in common (true or false)
    relevant_share: patterns: share of the tokens that show the class of the label (a number in
        (0, 1])
    confusing_share: patterns: share of the tokens that show the other class (a number in [0,
        1))
    token_noise: patterns: noise of a token, root of d times the standard deviation of one
        number (a number in [0, 100])
    positive_share: patterns: share of prompts with the label 1 (a number in [0, 1])
    condition: conditioned: condition number of the covariance of the inputs (a number in [1,
        100000000])
    largest: conditioned: low and high of its largest eigenvalue, which is uniform (a number or
        an array of at most 1024, each in (0, 1000000])
    shared: conditioned: prompts in a row that share one covariance; train.batch for one a batch
        (an integer in [1, 1000000000])
    response: conditioned: what y is: <w, x> and noise; its sign; or a label that is 1 with
        probability sigmoid(<w, x>) (one of linear, sign, bernoulli)
    curriculum: conditioned: the first steps of training have two inputs, and one more after
        each so many steps, and pairs in proportion; the rest is zero; 0: all from the beginning
        (an integer in [0, 1000000000])
    unit_norm: conditioned: inputs are divided by their length (true or false)
    """

    _section = 'task'
    _fixed = {}

    d: int = 10
    n: int = 20
    noise: Noise = Uniform(0.0, 5.0)
    covariance: tuple = ()
    inputs: str = 'gaussian'
    weights: str = 'isotropic'
    sampler: str = 'automatic'
    family: str = 'linear'
    layout: str = 'joined'
    amplitude: tuple[float, ...] = (0.1, 0.5)
    correlated: bool = False
    patterns: int = 10
    relevant: int = 2
    mixed: bool = False
    relevant_share: float = 0.3
    confusing_share: float = 0.1
    token_noise: float = 0.1
    positive_share: float = 0.5
    condition: float = 1.0
    largest: tuple[float, ...] = (1.0, 1.0)
    shared: int = 1
    response: str = 'linear'
    curriculum: int = 0
    unit_norm: bool = False


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
    attention: str = 'trained'
    clip: float = 0.0
    attention_bias: bool = False
    described: bool = False


@dataclass(frozen=True)
class GraphTask(Spec):
    """Graphs, and a question about each, for a GraphTransformer.

    d: input dimension d (an integer in [1, 256])
    n: context length n: examples in a prompt (an integer in [1, 100000000])
    noise: prior of the noise level: Uniform, Categorical, Constant, or a number
    covariance: covariance S of the inputs, d x d, symmetric and positive definite ([] (the
        identity), [v1, v2, ..] (a diagonal) or [[..], [..], ..] (rows), finite, at most 256 x
        256)
    inputs: law of the inputs x = C z, C C^T = S: entries of z normal, or uniform of variance 1
        (one of gaussian, uniform)
    weights: law of the true weights: w ~ N(0, I), or N(0, S^-1) (one of isotropic,
        inverse_covariance)
    sampler: draw n tokens, or their Gram matrix directly (gaussian inputs only; any n at one
        cost); automatic prefers gram (one of automatic, tokens, gram)
    graph: graphs: what they are; csl is a cycle with skip links (one of csl, complete,
        erdos_renyi, geometric, grid, tree, barabasi_albert)
    nodes: graphs: nodes (an integer in [2, 64])
    skip: graphs: how far a skip link of csl leads; 0: an even number, drawn (an integer in [0,
        64])
    density: graphs: probability of an edge of erdos_renyi; distance below which points of
        geometric are joined (a number in (0, 1.5])
    weighted: graphs: weights exp(2 (2u - 1)), u uniform; otherwise 1 (true or false)
    question: graphs: the target: L^+ Psi, its square root, exp(-s L) Psi, or eigenvectors of L
        (one of potential, embedding, heat, eigenvectors)
    demands: graphs: columns of Psi, or how many eigenvectors (an integer in [1, 64])
    centred: graphs: demands sum to 0 (true or false)
    heat_time: graphs: s of the heat kernel (a number in (0, 100])
    eigenvalues: graphs: whose eigenvectors: of the largest eigenvalues, or of the least that
        are not 0 (one of largest, least)
    """

    _section = 'task'
    _fixed = {}

    d: int = 10
    n: int = 20
    noise: Noise = Uniform(0.0, 5.0)
    covariance: tuple = ()
    inputs: str = 'gaussian'
    weights: str = 'isotropic'
    sampler: str = 'automatic'
    graph: str = 'csl'
    nodes: int = 10
    skip: int = 0
    density: float = 0.4
    weighted: bool = True
    question: str = 'potential'
    demands: int = 10
    centred: bool = True
    heat_time: float = 0.5
    eigenvalues: str = 'largest'


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
    scale: str = 'nodes'
    norm: str = 'frobenius'


@dataclass(frozen=True)
class Training(Spec):
    """Loss, optimiser and length of a training.

    seed: seed of the initial weights and of all training prompts (an integer in [0,
        9007199254740991])
    steps: optimiser steps; 0: the initial weights are the model (an integer in [0, 1000000000])
    batch: prompts a step (an integer in [1, 1000000])
    precision: arithmetic of the forward and backward pass (one of float, double)
    query: loss over the query in closed form, or on one sampled query a prompt (a transformer:
        always sampled) (one of integrated, sampled)
    robust: scale c of the robust loss c/2 log(1 + r^2/c) of a residual r; 0 is the plain
        squared error (a hinge loss stands in place of r^2/2) (a number in [0, 1000000000000])
    robust_final: c at the last step, approached geometrically; 0 = it stays as it begins (a
        number in [0, 1000000000000])
    guards: of every sixteen prompts, how many are guards: their Gram matrix is stretched, and
        they teach only not to explode (networks of four layers and more) (an integer in [0,
        15])
    stretch: factor on the Gram matrix of guards (a number in (1, 100])
    shortest_context: contexts of training have from so many to task.n examples, each length as
        often; 0: all have task.n (an integer in [0, 1000000])
    optimiser: Adam; plain gradient descent on the batch (sgd); SOAP, which is Adam in the
        eigenbasis of Shampoo, for full; or Adam for a first share of the steps and then
        Gauss-Newton, for models of at most 512 parameters; automatic: gauss_newton for diag,
        gdpp and preconditioned where a batch has four prompts and all steps have 2,000 for each
        parameter, otherwise adam (one of automatic, adam, soap, sgd, gauss_newton)
    learning_rate: peak learning rate of Adam or of gradient descent (of networks on Gram
        matrices less where d > 10, layers > 10 or heads > 1; in units of inputs and targets) (a
        number in (0, 10])
    final_learning_rate: learning rate at the end, as a fraction of the peak (a number in [0,
        1])
    schedule: decay of the learning rate after the warm-up (one of cosine, linear, constant)
    warmup: linear warm-up, as a fraction of the steps (a number in [0, 1])
    beta1: Adam's decay of the mean gradient (a number in [0, 1))
    beta2: Adam's decay of the mean squared gradient (a number in [0, 1))
    epsilon: Adam's epsilon (a number in (0, 1])
    weight_decay: decoupled weight decay (AdamW) (a number in [0, 1])
    newton_after: share of the steps that are Adam's before those of Gauss-Newton (a number in
        [0, 1])
    newton_rate: share of a Gauss-Newton step that is taken (a number in (0, 1])
    newton_trust: bound on what a Gauss-Newton step changes in the predictions, as a fraction of
        their error (a number in (0, 10])
    newton_damping: damping of Gauss-Newton, relative to the diagonal of the curvature (a number
        in [0, 1])
    newton_memory: decay of the mean curvature of Gauss-Newton (a number in [0, 1))
    clip_norm: largest norm of the gradient; longer ones are scaled; 0 = off (a number in [0,
        1000000000000])
    threads: threads; 0 = one for each core; results do not depend on it (an integer in [0,
        1024])
    checkpoint_every: steps between checkpoints (an integer in [1, 1000000000])
    log_every: steps between lines of metrics.jsonl (an integer in [1, 1000000000])
    snapshots: models kept along the way in DIR/snapshots, the first before and the last after
        training, denser where training is young (an integer in [0, 10000])
    """

    _section = 'train'
    _fixed = {}

    seed: int = 0
    steps: int = 4000
    batch: int = 2048
    precision: str = 'float'
    query: str = 'integrated'
    robust: float = 100.0
    robust_final: float = 10000.0
    guards: int = 0
    stretch: float = 2.0
    shortest_context: int = 0
    optimiser: str = 'automatic'
    learning_rate: float = 0.01
    final_learning_rate: float = 0.01
    schedule: str = 'cosine'
    warmup: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.99
    epsilon: float = 1e-08
    weight_decay: float = 0.0
    newton_after: float = 0.3
    newton_rate: float = 0.3
    newton_trust: float = 0.1
    newton_damping: float = 0.0001
    newton_memory: float = 0.95
    clip_norm: float = 10.0
    threads: int = 0
    checkpoint_every: int = 1000
    log_every: int = 50
    snapshots: int = 0


@dataclass(frozen=True)
class TokenTraining(Spec):
    """Loss, optimiser and length of the training of a Transformer.

    seed: seed of the initial weights and of all training prompts (an integer in [0,
        9007199254740991])
    steps: optimiser steps; 0: the initial weights are the model (an integer in [0, 1000000000])
    batch: prompts a step (an integer in [1, 1000000])
    precision: arithmetic of the forward and backward pass (one of float, double)
    query: loss over the query in closed form, or on one sampled query a prompt (a transformer:
        always sampled) (one of integrated, sampled)
    loss: loss of a prediction: half its squared error, or max(0, 1 - label x prediction), which
        takes labels of 1 and -1 (one of squared, hinge)
    robust: scale c of the robust loss c/2 log(1 + r^2/c) of a residual r; 0 is the plain
        squared error (a hinge loss stands in place of r^2/2) (a number in [0, 1000000000000])
    robust_final: c at the last step, approached geometrically; 0 = it stays as it begins (a
        number in [0, 1000000000000])
    optimiser: Adam; plain gradient descent on the batch (sgd); SOAP, which is Adam in the
        eigenbasis of Shampoo, for full; or Adam for a first share of the steps and then
        Gauss-Newton, for models of at most 512 parameters; automatic: gauss_newton for diag,
        gdpp and preconditioned where a batch has four prompts and all steps have 2,000 for each
        parameter, otherwise adam (one of automatic, adam, soap, sgd, gauss_newton)
    learning_rate: peak learning rate of Adam or of gradient descent (of networks on Gram
        matrices less where d > 10, layers > 10 or heads > 1; in units of inputs and targets) (a
        number in (0, 10])
    final_learning_rate: learning rate at the end, as a fraction of the peak (a number in [0,
        1])
    schedule: decay of the learning rate after the warm-up (one of cosine, linear, constant)
    warmup: linear warm-up, as a fraction of the steps (a number in [0, 1])
    beta1: Adam's decay of the mean gradient (a number in [0, 1))
    beta2: Adam's decay of the mean squared gradient (a number in [0, 1))
    epsilon: Adam's epsilon (a number in (0, 1])
    weight_decay: decoupled weight decay (AdamW) (a number in [0, 1])
    clip_norm: largest norm of the gradient; longer ones are scaled; 0 = off (a number in [0,
        1000000000000])
    threads: threads; 0 = one for each core; results do not depend on it (an integer in [0,
        1024])
    checkpoint_every: steps between checkpoints (an integer in [1, 1000000000])
    log_every: steps between lines of metrics.jsonl (an integer in [1, 1000000000])
    snapshots: models kept along the way in DIR/snapshots, the first before and the last after
        training, denser where training is young (an integer in [0, 10000])
    """

    _section = 'train'
    _fixed = {}

    seed: int = 0
    steps: int = 4000
    batch: int = 2048
    precision: str = 'float'
    query: str = 'integrated'
    loss: str = 'squared'
    robust: float = 100.0
    robust_final: float = 10000.0
    optimiser: str = 'automatic'
    learning_rate: float = 0.01
    final_learning_rate: float = 0.01
    schedule: str = 'cosine'
    warmup: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.99
    epsilon: float = 1e-08
    weight_decay: float = 0.0
    clip_norm: float = 10.0
    threads: int = 0
    checkpoint_every: int = 1000
    log_every: int = 50
    snapshots: int = 0


@dataclass(frozen=True)
class GraphTraining(Spec):
    """Loss, optimiser and length of the training of a GraphTransformer.

    seed: seed of the initial weights and of all training prompts (an integer in [0,
        9007199254740991])
    steps: optimiser steps; 0: the initial weights are the model (an integer in [0, 1000000000])
    batch: prompts a step (an integer in [1, 1000000])
    precision: arithmetic of the forward and backward pass (one of float, double)
    query: loss over the query in closed form, or on one sampled query a prompt (a transformer:
        always sampled) (one of integrated, sampled)
    robust: scale c of the robust loss c/2 log(1 + r^2/c) of a residual r; 0 is the plain
        squared error (a hinge loss stands in place of r^2/2) (a number in [0, 1000000000000])
    robust_final: c at the last step, approached geometrically; 0 = it stays as it begins (a
        number in [0, 1000000000000])
    optimiser: Adam; plain gradient descent on the batch (sgd); SOAP, which is Adam in the
        eigenbasis of Shampoo, for full; or Adam for a first share of the steps and then
        Gauss-Newton, for models of at most 512 parameters; automatic: gauss_newton for diag,
        gdpp and preconditioned where a batch has four prompts and all steps have 2,000 for each
        parameter, otherwise adam (one of automatic, adam, soap, sgd, gauss_newton)
    learning_rate: peak learning rate of Adam or of gradient descent (of networks on Gram
        matrices less where d > 10, layers > 10 or heads > 1; in units of inputs and targets) (a
        number in (0, 10])
    final_learning_rate: learning rate at the end, as a fraction of the peak (a number in [0,
        1])
    schedule: decay of the learning rate after the warm-up (one of cosine, linear, constant)
    warmup: linear warm-up, as a fraction of the steps (a number in [0, 1])
    beta1: Adam's decay of the mean gradient (a number in [0, 1))
    beta2: Adam's decay of the mean squared gradient (a number in [0, 1))
    epsilon: Adam's epsilon (a number in (0, 1])
    weight_decay: decoupled weight decay (AdamW) (a number in [0, 1])
    clip_norm: largest norm of the gradient; longer ones are scaled; 0 = off (a number in [0,
        1000000000000])
    threads: threads; 0 = one for each core; results do not depend on it (an integer in [0,
        1024])
    checkpoint_every: steps between checkpoints (an integer in [1, 1000000000])
    log_every: steps between lines of metrics.jsonl (an integer in [1, 1000000000])
    snapshots: models kept along the way in DIR/snapshots, the first before and the last after
        training, denser where training is young (an integer in [0, 10000])
    """

    _section = 'train'
    _fixed = {}

    seed: int = 0
    steps: int = 4000
    batch: int = 2048
    precision: str = 'float'
    query: str = 'integrated'
    robust: float = 100.0
    robust_final: float = 10000.0
    optimiser: str = 'automatic'
    learning_rate: float = 0.01
    final_learning_rate: float = 0.01
    schedule: str = 'cosine'
    warmup: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.99
    epsilon: float = 1e-08
    weight_decay: float = 0.0
    clip_norm: float = 10.0
    threads: int = 0
    checkpoint_every: int = 1000
    log_every: int = 50
    snapshots: int = 0


@dataclass(frozen=True)
class Evaluation(Spec):
    """A comparison on fresh prompts.

    prompts: prompts of the comparison (an integer in [1, 4000000000])
    seed: seed of the evaluation prompts (an integer in [0, 9007199254740991])
    query: loss over the query in closed form, or on one sampled query a prompt (one of
        integrated, sampled)
    tuning_prompts: prompts on which the solvers' constants are tuned (an integer in [100,
        10000000])
    profile: noise levels sigma at which to print a profile (a number or an array of at most
        1024, each in [0, inf))
    gd_steps: steps of the gradient descent solver; 0 = as many as the model has layers (an
        integer in [0, 10000])
    """

    _section = 'eval'
    _fixed = {}

    prompts: int = 100000
    seed: int = 1
    query: str = 'integrated'
    tuning_prompts: int = 100000
    profile: tuple[float, ...] = ()
    gd_steps: int = 0
