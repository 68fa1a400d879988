"""The tuned model in PyTorch, for torch.compile: batch last ([row, column, prompt]), each
product a broadcast multiply and a sum, which Inductor turns into one C++ loop nest with
prompts in the vector lanes (19 GFLOP/s on a core; bmm of 11 x 11 matrices reaches 8).
Adjoints of the symmetric products are by hand; the weights' products and gradients are GEMMs.
"""

import torch
from torch.autograd import Function


def swap(m):
    return m.transpose(0, 1)


def mul(x, y):
    return (x[:, :, None] * y[None]).sum(1)


def mul_nt(x, y):  # X Y^T
    return (x[:, None] * y[None]).sum(2)


def mul_tn(x, y):  # X^T Y
    return (x[:, :, None] * y[:, None]).sum(0)


def left(p, g):  # P G for weights P [D, D] shared by all prompts
    return (p[:, :, None, None] * g[None]).sum(1)


def right(g, q):  # G Q
    return (g[:, :, None] * q[None, :, :, None]).sum(1)


def times(m, x):
    return (m * x[None]).sum(1)


class Congruence(Function):
    """T G T^T for a symmetric G: three products back instead of four."""

    @staticmethod
    def forward(ctx, t, g):
        tg = mul(t, g)
        ctx.save_for_backward(t, tg)
        return mul_nt(tg, t)

    @staticmethod
    def backward(ctx, dout):
        t, tg = ctx.saved_tensors
        twice = dout + swap(dout)
        return mul(twice, tg), 0.5 * mul_tn(t, mul(twice, t))


class Sandwich(Function):
    """P G Q with weights shared by all prompts, G symmetric."""

    @staticmethod
    def forward(ctx, p, g, q):
        rows = p.shape[0]
        u = left(p, g)
        ctx.save_for_backward(p, g, q, u)
        return right(u, q)

    @staticmethod
    def backward(ctx, da):
        p, g, q, u = ctx.saved_tensors
        rows = p.shape[0]
        flat = lambda x: x.reshape(rows, -1)
        du = right(da, q.t())
        dq = flat(swap(u).contiguous()) @ flat(swap(da).contiguous()).t()
        return flat(du) @ flat(g).t(), left(p.t(), du), dq


class Polynomial(Function):
    """S + 2a S^2 + a^2 S^3 = (I + aS) S (I + aS) for a symmetric S: two products, three back."""

    @staticmethod
    def forward(ctx, s, a):
        s2 = mul(s, s)
        s3 = mul(s, s2)
        ctx.save_for_backward(s, s2, s3, a)
        return s + 2 * a * s2 + a * a * s3

    @staticmethod
    def backward(ctx, dout):
        s, s2, s3, a = ctx.saved_tensors
        n = 0.5 * (dout + swap(dout))
        m = mul(n, 2 * a * s + a * a * s2)
        ds = n + m + swap(m) + a * a * mul(s, mul(n, s))
        return ds, (n * (2 * s2 + 2 * a * s3)).sum()


class GramOf(Function):
    """E E^T / n of tokens E [D, n, B]."""

    @staticmethod
    def forward(ctx, e):
        ctx.save_for_backward(e)
        return mul_nt(e, e) / e.shape[1]

    @staticmethod
    def backward(ctx, dout):
        (e,) = ctx.saved_tensors
        return mul((dout + swap(dout)) / e.shape[1], e)


def full_row(theta, gram=None, tokens=None):
    """w^L [d, B]; gram [D, D, B] is G/n, or tokens [D, n, B]."""
    states, rows, layers = [], theta.shape[-1], theta.shape[0]
    eye = torch.eye(rows)
    for layer in range(layers):
        if tokens is not None:
            gram = GramOf.apply(tokens)
        states.append(gram)
        if layer == layers - 1:
            break  # of the last layer only the y row is read
        t = Sandwich.apply(theta[layer, 0], gram, theta[layer, 1]) + eye[:, :, None]
        if tokens is not None:
            tokens = mul(t, tokens)
        else:
            gram = Congruence.apply(t, gram)
    p, q = theta[-1, 0], theta[-1, 1]
    z = eye[-1][:, None] + q.t() @ (p[-1:] @ states[-1].reshape(rows, -1)).view(rows, -1)
    for layer in reversed(range(layers - 1)):  # z <- T^T z
        p, q = theta[layer, 0], theta[layer, 1]
        z = z + q.t() @ times(states[layer], p.t() @ z)
    return -z[:-1]


def diag_row(theta, gram=None, tokens=None):
    """The same for DIAG on (S, alpha, lambda); P, Q and T are never formed."""
    d, layers = (gram if tokens is None else tokens).shape[0] - 1, theta.shape[0]
    states = []
    for layer in range(layers):
        xx, xy, yx, yy = theta[layer].unbind()
        if tokens is not None:
            gram = GramOf.apply(tokens)
        if tokens is not None or layer == 0:
            s, alpha, lam = gram[:d, :d], gram[d, :d], gram[d, d]
        states.append((s, alpha, lam))
        if layer == layers - 1:
            break
        if tokens is not None:
            x, y = tokens[:d], tokens[d]
            moved = x + xx * mul(s, x) + xy * alpha[:, None] * y[None]
            along = (x * alpha[:, None]).sum(0)
            tokens = torch.cat([moved, ((1 + yy * lam) * y + yx * along)[None]])
            continue
        tau = times(s, alpha)
        rho = times(s, tau)
        q, shrink = (alpha * alpha).sum(0), 1 + yy * lam
        beta = alpha + xx * tau
        gamma = beta + xy * lam * alpha
        delta = tau + xx * rho + xy * q * alpha
        u = xy * beta + 0.5 * xy * xy * lam * alpha
        s = Polynomial.apply(s, xx) + u[:, None] * alpha[None] + u[None] * alpha[:, None]
        lam = shrink * shrink * lam + 2 * shrink * yx * q + yx * yx * (alpha * tau).sum(0)
        alpha = shrink * gamma + yx * delta
    xx, xy, yx, yy = theta[-1].unbind()
    z, zy = yx * alpha, 1 + yy * lam
    for layer in reversed(range(layers - 1)):
        xx, xy, yx, yy = theta[layer].unbind()
        s, alpha, lam = states[layer]
        z, zy = z + xx * times(s, z) + yx * alpha * zy, zy + xy * (alpha * z).sum(0) + yy * lam * zy
    return -z


ROW = {"full": full_row, "diag": diag_row}


def gram_draws(d, n, batch):
    """The random numbers of `make_gram`: normals and uniforms, a column a prompt."""
    freedom = [n - i for i in range(d + 1)]
    normals = (d + 1) * d // 2 + sum(k % 2 for k in freedom) + d
    return torch.randn(normals, batch), torch.rand(1 + sum(k // 2 for k in freedom), batch)


def make_gram(z, u, d, n, sigma_max):
    """G/n by Bartlett's factor, exactly; chi^2(k) is -2 log of a product of k // 2 uniforms, plus
    one squared normal for an odd k (torch._standard_gamma: 1.0 ms; this: 0.5 ms)."""
    rows = d + 1
    freedom = [n - i for i in range(rows)]
    chi, next_z, next_u = [], rows * d // 2, 1
    for k in freedom:
        square = torch.zeros_like(u[0])
        for first in range(
            next_u, next_u + k // 2, 8
        ):  # 8 uniforms are far from the smallest float
            square = square - 2 * torch.log(
                (1 - u[first : min(first + 8, next_u + k // 2)]).prod(0)
            )
        next_u += k // 2
        if k % 2:
            square = square + z[next_z] ** 2
            next_z += 1
        chi.append(torch.sqrt(square))
    w, zero = z[next_z:], torch.zeros_like(u[0])
    f = [
        torch.stack([z[i * (i - 1) // 2 + j] for j in range(i)] + [chi[i]] + [zero] * (d - i))
        for i in range(rows)
    ]
    x = torch.stack(f[:d])
    y = (w[:, None] * x).sum(0) + sigma_max * u[0] * f[d]
    factor = torch.cat([x, y[None]])
    return mul_nt(factor, factor) / n, w


def token_draws(d, n, batch):
    return torch.randn((d + 1) * n + d, batch), torch.rand(1, batch)


def make_tokens(z, u, d, n, sigma_max):
    """tokens [D, n, B], truth [d, B]."""
    w, e = z[:d], z[d:].view(d + 1, n, -1)
    y = (w[:, None] * e[:d]).sum(0) + sigma_max * u[0] * e[d]
    return torch.cat([e[:d], y[None]]), w
