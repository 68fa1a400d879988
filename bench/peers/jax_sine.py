"""What a training step of the network of `gramian reproduce gd-fig4` costs in JAX.

The network: an embedding of width 40, an MLP 40-160-40, and one layer of linear attention, which is
computed for the query only. The batch: 512 prompts, each a sine with ten examples. The optimiser is
Adam, and a hundred steps are one compiled scan. Prints the processor time of one core:

    taskset -c 0 bench/peers/.venv/bin/python bench/peers/jax_sine.py
"""

import os
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

n, W, H, B = 10, 40, 160, 512


def init(key):
    k = jax.random.split(key, 8)

    def f(k, s, g=1.0):
        return g * jax.random.normal(k, s) / jnp.sqrt(s[0])

    return dict(
        emb=f(k[0], (2, W)),
        a=f(k[1], (W, H)),
        ab=jnp.zeros(H),
        b=f(k[2], (H, W)),
        bb=jnp.zeros(W),
        q=f(k[3], (W, W), 0.05),
        k=f(k[4], (W, W), 0.05),
        v=f(k[5], (W, W), 0.05),
        p=f(k[6], (W, W), 0.05),
    )


def sample(key):
    ka, kp, kx = jax.random.split(key, 3)
    a = jax.random.uniform(ka, (B, 1), minval=0.1, maxval=0.5)
    ph = jax.random.uniform(kp, (B, 1), maxval=jnp.pi)
    x = jax.random.uniform(kx, (B, n + 1), minval=-5, maxval=5)
    y = a * jnp.sin(x + ph)
    t = jnp.stack([x, y.at[:, -1].set(0)], -1)
    return t, y[:, -1]


def loss(w, t, y):
    e = t @ w["emb"]
    e = e + jax.nn.gelu(e @ w["a"] + w["ab"]) @ w["b"] + w["bb"]
    c, q = e[:, :n], e[:, n]  # the query alone is worked on, as in the tape
    qq, k, v = q @ w["q"], c @ w["k"], c @ w["v"]
    s = jnp.einsum("bk,bnk->bn", qq, k)
    out = q + jnp.einsum("bn,bnk->bk", s, v) @ w["p"]
    return 0.5 * jnp.mean((-out[:, -1] - y) ** 2)


def step(w, m, v, t, key):
    tok, y = sample(key)
    l, g = jax.value_and_grad(loss)(w, tok, y)
    m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
    v = jax.tree.map(lambda a, b: 0.99 * a + 0.01 * b * b, v, g)
    w = jax.tree.map(
        lambda a, b, c: a - 1e-3 * (b / (1 - 0.9**t)) / (jnp.sqrt(c / (1 - 0.99**t)) + 1e-8),
        w,
        m,
        v,
    )
    return w, m, v, l


@jax.jit
def many(w, m, v, key):
    def body(carry, i):
        w, m, v = carry
        w, m, v, l = step(w, m, v, i + 1.0, jax.random.fold_in(key, i))
        return (w, m, v), l

    return jax.lax.scan(body, (w, m, v), jnp.arange(100))


w = init(jax.random.key(0))
z = jax.tree.map(jnp.zeros_like, w)
(w, m, v), l = many(w, z, z, jax.random.key(1))
l.block_until_ready()
for r in range(3):
    c, t = time.process_time(), time.perf_counter()
    (w, m, v), l = many(w, m, v, jax.random.key(2 + r))
    l.block_until_ready()
    print(
        f"loss {float(l[-1]):.5f}  cpu {10 * (time.process_time() - c):.2f} ms a step, wall"
        f" {10 * (time.perf_counter() - t):.2f}",
        flush=True,
    )
