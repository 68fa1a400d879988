"""Training as frozen dataclasses. Generated from the table of configuration keys by
python/generate_specs.py; do not edit by hand."""

from __future__ import annotations

from dataclasses import dataclass

from .._spec import Spec


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
