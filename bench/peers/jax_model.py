"""The tuned model in JAX: batch last ([row, column, prompt]), products unrolled over the
inner index, hand-written adjoints of the products, optimisation barriers between them.

Why: XLA's batched dot of 11 x 11 matrices runs at 4 to 7 GFLOP/s on a core; an unrolled sum
with prompts along the vector lanes at 13 to 15. Its own adjoint would be a sum over a
middle axis, which XLA does not vectorise (0.5 GFLOP/s), hence the custom adjoints; and
without barriers XLA fuses one product into the next and computes it anew for every entry
(40 times slower). The weights' products and gradients are dots over all prompts.
"""

import jax
import jax.numpy as jnp

barrier = jax.lax.optimization_barrier


def total(terms):
    terms = list(terms)
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def swap(m):
    return jnp.swapaxes(m, 0, 1)


def mul(x, y):
    return barrier(total(x[:, j, None] * y[None, j] for j in range(y.shape[0])))


def mul_nt(x, y):  # X Y^T
    return barrier(total(x[:, j, None] * y[None, :, j] for j in range(y.shape[1])))


def mul_tn(x, y):  # X^T Y
    return barrier(total(x[j, :, None] * y[j, None] for j in range(y.shape[0])))


def dot(x, y):
    return total(x[i] * y[i] for i in range(x.shape[0]))


def rule(forward, adjoint):
    """`forward` returns (value, what `adjoint` needs)."""
    function = jax.custom_vjp(lambda *a: forward(*a)[0])
    function.defvjp(forward, adjoint)
    return function


# M x for a symmetric M.
def _times(m, x):
    return barrier(total(m[:, j] * x[j] for j in range(x.shape[0])))


times = rule(
    lambda m, x: (_times(m, x), (m, x)),
    lambda kept, dy: (dy[:, None] * kept[1][None], _times(kept[0], dy)),
)


# T G T^T for a symmetric G: three products back instead of four.
def _congruence(t, g):
    tg = mul(t, g)
    return mul_nt(tg, t), (t, tg)


def _congruence_adjoint(kept, dout):
    t, tg = kept
    twice = barrier(dout + swap(dout))
    return mul(twice, tg), 0.5 * mul_tn(t, mul(twice, t))


congruence = rule(_congruence, _congruence_adjoint)


# E E^T / n of tokens E [D, n, B].
gram_of = rule(
    lambda e: (barrier(jnp.einsum("inb,jnb->ijb", e, e) / e.shape[1]), e),
    lambda e, dg: (mul(barrier((dg + swap(dg)) / e.shape[1]), e),),
)

# T E.
move = rule(
    lambda t, e: (mul(t, e), (t, e)),
    lambda kept, dout: (mul_nt(dout, kept[1]), mul_tn(kept[0], dout)),
)


# P G Q with weights P, Q shared by all prompts: dots over columns and prompts at once.
def _sandwich(p, g, q):
    u = barrier(jnp.tensordot(p, g, 1))
    return barrier(jnp.einsum("pjb,jk->pkb", u, q)), (p, g, q, u)


def _sandwich_adjoint(kept, da):
    p, g, q, u = kept
    flat = lambda x: x.reshape(len(p), -1)
    da = barrier(da)
    dq = flat(barrier(swap(u))) @ flat(barrier(swap(da))).T
    du = barrier(jnp.einsum("pkb,jk->pjb", da, q))
    return flat(du) @ flat(g).T, barrier(jnp.tensordot(p.T, du, 1)), dq  # flat(g) is flat(g^T)


sandwich = rule(_sandwich, _sandwich_adjoint)


def full_row(theta, gram=None, tokens=None):
    """w^L [d, B]; gram [D, D, B] is G/n, or tokens [D, n, B]."""
    states = []
    for layer in range(len(theta)):
        p, q = theta[layer]
        if tokens is not None:
            gram = gram_of(tokens)
        states.append(gram)
        if layer == len(theta) - 1:
            break  # of the last layer only the y row is read
        t = barrier(sandwich(p, gram, q) + jnp.eye(len(p), dtype=gram.dtype)[:, :, None])
        if tokens is not None:
            tokens = move(t, tokens)
        else:
            gram = congruence(t, gram)
    p, q = theta[-1]
    last = jnp.zeros((len(p), 1), gram.dtype).at[-1].set(1)
    z = barrier(last + q.T @ barrier(jnp.tensordot(p[-1], states[-1], 1)))
    for layer in reversed(range(len(theta) - 1)):  # z <- T^T z
        p, q = theta[layer]
        z = barrier(z + q.T @ times(states[layer], barrier(p.T @ z)))
    return -z[:-1]


# S + 2a S^2 + a^2 S^3 = (I + aS) S (I + aS) for a symmetric S: two products, three back.
def _polynomial(s, a):
    s2 = mul(s, s)
    s3 = mul(s, s2)
    return barrier(s + 2 * a * s2 + a * a * s3), (s, s2, s3, a)


def _polynomial_adjoint(kept, dout):
    s, s2, s3, a = kept
    n = barrier(0.5 * (dout + swap(dout)))
    m = mul(n, barrier(2 * a * s + a * a * s2))
    ds = barrier(n + m + swap(m) + a * a * mul(s, mul(n, s)))
    return ds, 2 * jnp.vdot(n, s2) + 2 * a * jnp.vdot(n, s3)


polynomial = rule(_polynomial, _polynomial_adjoint)


def diag_row(theta, gram=None, tokens=None):
    """The same for DIAG on (S, alpha, lambda); P, Q and T are never formed."""
    d = (gram if tokens is None else tokens).shape[0] - 1
    states = []
    for layer in range(len(theta)):
        xx, xy, yx, yy = theta[layer]
        if tokens is not None:
            gram = gram_of(tokens)
        if tokens is not None or layer == 0:
            s, alpha, lam = barrier((gram[:d, :d], gram[d, :d], gram[d, d]))
        states.append((s, alpha, lam))
        if layer == len(theta) - 1:
            break
        if tokens is not None:
            x, y = tokens[:d], tokens[d]
            moved = x + xx * move(s, x) + xy * alpha[:, None] * y[None]
            along = barrier(total(x[i] * alpha[i] for i in range(d)))
            tokens = barrier(jnp.concatenate([moved, ((1 + yy * lam) * y + yx * along)[None]]))
            continue
        tau = times(s, alpha)
        rho = times(s, tau)
        q, shrink = barrier((dot(alpha, alpha), 1 + yy * lam))
        beta = barrier(alpha + xx * tau)
        gamma = beta + xy * lam * alpha
        delta = tau + xx * rho + xy * q * alpha
        u = barrier(xy * beta + 0.5 * xy * xy * lam * alpha)
        outer = u[:, None] * alpha[None]
        s = barrier(polynomial(s, xx) + outer + u[None] * alpha[:, None])
        lam = barrier(shrink * shrink * lam + 2 * shrink * yx * q + yx * yx * dot(alpha, tau))
        alpha = barrier(shrink * gamma + yx * delta)
    xx, xy, yx, yy = theta[-1]
    z, zy = barrier((yx * alpha, 1 + yy * lam))
    for layer in reversed(range(len(theta) - 1)):
        xx, xy, yx, yy = theta[layer]
        s, alpha, lam = states[layer]
        z, zy = barrier(
            (z + xx * times(s, z) + yx * alpha * zy, zy + xy * dot(alpha, z) + yy * lam * zy)
        )
    return -z


ROW = {"full": full_row, "diag": diag_row}


def sample_gram(key, d, n, batch, sigma_max):
    """G/n by Bartlett's factor, exactly: jax.random.chisquare costs 100 ms here, so chi^2(k)
    is -2 log of a product of k // 2 uniforms, plus one squared normal for an odd k."""
    rows = d + 1
    normals, uniforms = jax.random.split(key)
    freedom = [n - i for i in range(rows)]
    odd, below = sum(k % 2 for k in freedom), rows * d // 2
    z, u = barrier(
        (
            jax.random.normal(normals, (below + odd + d, batch)),
            jax.random.uniform(uniforms, (1 + sum(k // 2 for k in freedom), batch)),
        )
    )
    chi, next_z, next_u = [], below, 1
    for k in freedom:
        square = jnp.zeros(batch)
        # A product of at most 8 uniforms is far from the smallest float.
        for first in range(next_u, next_u + k // 2, 8):
            product = jnp.ones(batch)
            for i in range(first, min(first + 8, next_u + k // 2)):
                product = product * (1 - u[i])
            square = square - 2 * jnp.log(product)
        next_u += k // 2
        if k % 2:
            square = square + z[next_z] ** 2
            next_z += 1
        chi.append(jnp.sqrt(square))
    chi = barrier(chi)
    w, sigma = z[next_z:], sigma_max * u[0]
    f = [[z[i * (i - 1) // 2 + j] for j in range(i)] + [chi[i]] for i in range(rows)]
    f[d] = [total([w[i] * f[i][j] for i in range(j, d)] + [sigma * f[d][j]]) for j in range(d)] + [
        sigma * f[d][d]
    ]
    f[d] = barrier(f[d])
    gram = {
        (i, j): total(f[i][k] * f[j][k] for k in range(j + 1)) / n
        for i in range(rows)
        for j in range(i + 1)
    }
    gram = dict(zip(gram, barrier(list(gram.values()))))
    return (
        barrier(
            jnp.stack(
                [jnp.stack([gram[max(i, j), min(i, j)] for j in range(rows)]) for i in range(rows)]
            )
        ),
        w,
    )


def sample_tokens(key, d, n, batch, sigma_max):
    """tokens [D, n, B], truth [d, B]."""
    normals, uniforms = jax.random.split(key)
    z = barrier(jax.random.normal(normals, ((d + 1) * n + d, batch)))
    e, w = z[d:].reshape(d + 1, n, batch), z[:d]
    y = (
        total(w[i] * e[i] for i in range(d))
        + sigma_max * jax.random.uniform(uniforms, (batch,)) * e[d]
    )
    return barrier(jnp.concatenate([e[:d], y[None]])), w
