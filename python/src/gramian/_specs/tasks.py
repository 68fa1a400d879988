"""Tasks as frozen dataclasses. Generated from the table of configuration keys by
python/generate_specs.py; do not edit by hand."""

from __future__ import annotations

from dataclasses import dataclass

from .._spec import Noise, Spec, Uniform


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
    pool: K: each prompt has one of K weight vectors, which are drawn once by the law of
        task.weights, so that few tasks are seen again and again; 0: a new vector for each
        prompt. Solvers, Bayes among them, do not know the pool (an integer in [0, 1048576])
    pool_seed: seed of these vectors; the first are the same for every K (an integer in [0,
        9007199254740991])
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
    pool: int = 0
    pool_seed: int = 0
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
    pool: K: each prompt has one of K weight vectors, which are drawn once by the law of
        task.weights, so that few tasks are seen again and again; 0: a new vector for each
        prompt. Solvers, Bayes among them, do not know the pool (an integer in [0, 1048576])
    pool_seed: seed of these vectors; the first are the same for every K (an integer in [0,
        9007199254740991])
    sampler: draw n tokens, or their Gram matrix directly (gaussian inputs only; any n at one
        cost); automatic prefers gram (one of automatic, tokens, gram)
    family: what is regressed: linear functions, or a sin(x + phase) with x ~ U(-5, 5) and phase
        ~ U(0, pi), which has no other settings than task.n, task.layout, task.amplitude and
        task.correlated; or what is classified: patterns, tokens that show one of several
        directions each, labelled by the class that shows most; or, conditioned, linear
        functions or labels of inputs whose covariance has a prescribed condition number; or
        what is continued: sequence, observations of a dynamical system, each token of which is
        to predict the next; or recall, symbols that ask for what stood before (one of linear,
        sine, patterns, conditioned, sequence, recall)
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
    system: sequence: what makes the next state: an orthogonal matrix of each prompt (linear);
        the same after a fixed network of one hidden layer (nonlinear); a matrix with
        eigenvalues in [0.3, 0.9] (contracting); one orthogonal matrix for all prompts (fixed);
        or inputs and targets of a linear regression in turn (regression) (one of linear,
        nonlinear, contracting, fixed, regression)
    tokens: sequence, recall: tokens T of a prompt (an integer in [2, 4096])
    state: sequence: numbers of the state, of which task.d are observed through a random matrix;
        0: task.d, and the observation is the state (an integer in [0, 128])
    slots: sequence: what a token holds: the observation s_t (raw); (0, s_t, s_t, s_{t-1}),
        which has the previous one too (constructed); or (0, s_t, s_{t-1}) (pairs) (one of raw,
        constructed, pairs)
    start: sequence: law of the first state, U(-1, 1) or N(0, I) (one of uniform, normal)
    step_noise: sequence: standard deviation of the noise of each step, and of each observation
        where it is partial (a number in [0, 10])
    clean_targets: sequence: targets are without the noise of their step (true or false)
    teacher: sequence: seed of what all prompts share: of systems nonlinear and fixed (an
        integer in [0, 9007199254740991])
    recall: recall: pairs of a key and a value, and then these keys again, each of which asks
        for its value (associative); a stream of such pairs with symbols without a meaning
        between them, where every key that was seen before asks (noisy); or symbols among blanks
        that are to be repeated in their order (copying) (one of associative, noisy, copying)
    vocabulary: recall: symbols V, a multiple of 4 (an integer in [8, 1024])
    items: recall: different keys of a prompt, or symbols to copy (an integer in [1, 1024])
    noise_share: recall, noisy: share of the places between pairs that holds a symbol without a
        meaning (a number in [0, 1])
    """

    _section = 'task'
    _fixed = {}

    d: int = 10
    n: int = 20
    noise: Noise = Uniform(0.0, 5.0)
    covariance: tuple = ()
    inputs: str = 'gaussian'
    weights: str = 'isotropic'
    pool: int = 0
    pool_seed: int = 0
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
    system: str = 'linear'
    tokens: int = 50
    state: int = 0
    slots: str = 'raw'
    start: str = 'uniform'
    step_noise: float = 0.01
    clean_targets: bool = False
    teacher: int = 0
    recall: str = 'associative'
    vocabulary: int = 64
    items: int = 8
    noise_share: float = 0.2


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
    pool: K: each prompt has one of K weight vectors, which are drawn once by the law of
        task.weights, so that few tasks are seen again and again; 0: a new vector for each
        prompt. Solvers, Bayes among them, do not know the pool (an integer in [0, 1048576])
    pool_seed: seed of these vectors; the first are the same for every K (an integer in [0,
        9007199254740991])
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
    pool: int = 0
    pool_seed: int = 0
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
