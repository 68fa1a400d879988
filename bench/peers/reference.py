"""The training step in plain NumPy double, token by token: what the peers must compute.

One prompt: tokens e_i = (x_i, y_i), i = 1..n, and the query token (x_t, 0) last. A layer
adds P G Q e to each token, G = 1/n sum_i e_i e_i^T; the prediction is minus the last
coordinate of the query token. It is linear in x_t, so the d unit queries give the implicit
weights w^L, and the loss of a prompt is c/2 log(1 + r^2/c), r^2 = |w^L - w|^2.
"""

import numpy as np

ROBUST = 100.0  # c of the loss
LEARNING_RATE, BETA1, BETA2, EPSILON, CLIP = 1e-3, 0.9, 0.99, 1e-8, 1.0
SIGMA_MAX = 5.0


def parameters(kind, layers, d):
    """Shape of theta: P and Q of each layer, or omega_xx, omega_xy, omega_yx, omega_yy."""
    return (layers, 2, d + 1, d + 1) if kind == "full" else (layers, 4)


def initial(kind, layers, d, seed=0):
    """Near gradient descent on G/n, plus N(0, 0.01^2) on every parameter."""
    theta = 0.01 * np.random.default_rng(seed).standard_normal(parameters(kind, layers, d))
    if kind == "diag":
        return theta + np.array([-0.05, 0.0, -0.5, 0.0])
    theta[:, 0] += np.diag([-0.05] * d + [-0.5])
    theta[:, 1] += np.diag([1.0] * d + [0.0])
    return theta


def sample_tokens(rng, d, n, batch):
    """tokens [B, n, D], truth [B, d]."""
    x = rng.standard_normal((batch, n, d))
    w = rng.standard_normal((batch, d))
    sigma = SIGMA_MAX * rng.random((batch, 1))
    y = np.einsum("bnd,bd->bn", x, w) + sigma * rng.standard_normal((batch, n))
    return np.concatenate([x, y[:, :, None]], axis=2), w


def layer_map(kind, theta, gram):
    """A = sum_h P_h G Q_h of one layer."""
    if kind == "full":
        return theta[0] @ gram @ theta[1]
    xx, xy, yx, yy = theta
    x, y = np.ones(len(gram)), np.zeros(len(gram))
    x[-1], y[-1] = 0.0, 1.0
    return np.diag(xx * x + yx * y) @ gram @ np.diag(x) + np.diag(xy * x + yy * y) @ gram @ np.diag(
        y
    )


def implicit_weights(kind, theta, tokens):
    """w^L of one prompt; tokens [n, D]."""
    n, rows = tokens.shape
    e = np.concatenate([tokens, np.eye(rows)[:-1]])  # the queries: the d unit vectors
    for layer in theta:
        gram = e[:n].T @ e[:n] / n
        e = e + e @ layer_map(kind, layer, gram).T
    return -e[n:, -1]


def loss(kind, theta, tokens, truth):
    """Mean robust loss of a batch."""
    r2 = [np.sum((implicit_weights(kind, theta, t) - w) ** 2) for t, w in zip(tokens, truth)]
    return np.mean(0.5 * ROBUST * np.log1p(np.array(r2) / ROBUST))


def gradient(kind, theta, tokens, truth, step=1e-5):
    """By central differences."""
    out = np.zeros_like(theta)
    for index in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        up[index] += step
        down[index] -= step
        out[index] = (loss(kind, up, tokens, truth) - loss(kind, down, tokens, truth)) / (2 * step)
    return out


def adam(theta, gradient_, first, second, step):
    """The `step`-th update, step = 1, 2, ...; the gradient's norm is bounded by CLIP."""
    g = gradient_ * min(1.0, CLIP / np.linalg.norm(gradient_))
    first = BETA1 * first + (1 - BETA1) * g
    second = BETA2 * second + (1 - BETA2) * g * g
    direction = first / (1 - BETA1**step) / (np.sqrt(second / (1 - BETA2**step)) + EPSILON)
    return theta - LEARNING_RATE * direction, first, second
