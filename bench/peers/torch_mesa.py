#!/usr/bin/env python3
"""The mesa layer by chunked conjugate gradients in PyTorch on one thread: processor time.

    torch_mesa.py TOKENS [--size 32] [--gated] [--error E] [--seconds S] [--check]

16 sequences, 4 heads, float. Token t reads o_t = G_t x_t with (H_t + 1) x_t = q_t, where G_t and
H_t are the sums of v k^T and k k^T up to t, with --gated decayed by 0.96 to 1 at each token; q and
k have length 1. H_t is never formed: within a chunk H_t p = delta_t H p + ((p K^T) * Z) K, for all
tokens of all chunks at once (MesaNet 2025). Conjugate gradients from q / (diag H_t + 1) take a
fixed number of steps, the fewest after which the root mean square error of o is below E times that
of o, by a float64 direct solve (or, where float does not get there, the fewest that come within a
tenth of its best); counting residuals is then not part of what is timed. The gradient is implicit:
one more solve, and sums back in time.

How many heads go through together and how long a chunk is are chosen by a trial. Forms: eager
(operations in place), compiled (torch.compile of the solve and of the sums). The last line is
JSON: milliseconds forward and of both passes, steps and error. --check compares the gradient with
that of a direct solve by autograd, in double.
"""

import argparse
import json
import os
import statistics
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import torch  # noqa: E402

HEADS, MOST_STEPS = 64, 60


class Chunks:
    """Some heads cut into chunks: [heads * chunks, C, size], with what solves need of the keys."""

    def __init__(self, k, decay, chunk):
        self.heads, self.tokens, self.size = k.shape
        self.chunk, self.count = chunk, self.tokens // chunk
        self.k = self.cut(k)
        self.kt = self.k.transpose(1, 2)
        self.gated = decay is not None
        if self.gated:
            product = decay.view(-1, chunk).cumprod(1)
            self.delta = product.unsqueeze(2)
            self.z = (product.unsqueeze(2) / product.unsqueeze(1)).tril_()
            self.behind = (product[:, -1:] / product).unsqueeze(2)  # tokens behind s in its chunk
            self.whole = product[:, -1].view(self.heads, self.count)
        self.h = self.states(self.k)
        squares = self.k * self.k
        diagonal = self.h.diagonal(dim1=1, dim2=2).unsqueeze(1)
        if self.gated:
            self.diagonal = self.delta * diagonal + self.z @ squares + 1
        else:
            self.diagonal = diagonal + squares.cumsum(1) + 1

    def cut(self, x):
        return x.reshape(-1, self.chunk, x.shape[-1])

    def states(self, v):
        """The sums of k v^T before each chunk."""
        added = self.kt @ (self.behind * v if self.gated else v)
        added = added.view(self.heads, self.count, *added.shape[1:])
        if not self.gated:
            return (added.cumsum(1) - added).flatten(0, 1)
        before = torch.zeros_like(added)
        for c in range(1, self.count):
            whole = self.whole[:, c - 1, None, None]
            torch.addcmul(added[:, c - 1], whole, before[:, c - 1], out=before[:, c])
        return before.flatten(0, 1)

    def states_back(self, x, y):
        """The sums of x y^T over the tokens behind each chunk."""
        added = (self.delta * x if self.gated else x).transpose(1, 2) @ y
        added = added.view(self.heads, self.count, *added.shape[1:])
        if not self.gated:
            return (added.sum(1, keepdim=True) - added.cumsum(1)).flatten(0, 1)
        behind = torch.zeros_like(added)
        for c in range(self.count - 2, -1, -1):
            whole = self.whole[:, c + 1, None, None]
            torch.addcmul(added[:, c + 1], whole, behind[:, c + 1], out=behind[:, c])
        return behind.flatten(0, 1)

    def masked(self, scores):
        return scores.mul_(self.z) if self.gated else scores.tril_()

    def read(self, x, state, v):
        """sum over s <= t of Z_ts (x_t . k_s) v_s, with the state before the chunk."""
        scores = self.masked(torch.bmm(x, self.kt))
        out = torch.bmm(self.delta * x if self.gated else x, state)
        return out.baddbmm_(scores, v)

    def apply(self, p):
        return self.read(p, self.h, self.k).add_(p)

    def solve(self, b, steps):
        x = b / self.diagonal
        r = b - self.apply(x)
        p = r.clone()
        square = (r * r).sum(-1, keepdim=True)
        for _ in range(steps):
            hp = self.apply(p)
            length = square / (p * hp).sum(-1, keepdim=True).clamp_min_(1e-30)
            x = x.addcmul_(length, p)
            r = r.addcmul_(length, hp, value=-1)
            after = (r * r).sum(-1, keepdim=True)
            p = p.mul_(after / square.clamp_min(1e-30)).add_(r)
            square = after
        return x


def forward(q, k, v, decay, chunk, steps):
    chunks = Chunks(k, decay, chunk)
    x = chunks.solve(chunks.cut(q), steps)
    v = chunks.cut(v)
    return chunks.read(x, chunks.states(v), v).view(q.shape)


def both(q, k, v, decay, dout, chunk, steps):
    """o, dq, dk and dv; nothing is computed twice."""
    chunks = Chunks(k, decay, chunk)
    k, v, dout = chunks.k, chunks.cut(v), chunks.cut(dout)
    x = chunks.solve(chunks.cut(q), steps)
    state = chunks.states(v)
    o = chunks.read(x, state, v)
    # y_t = G_t^T dout_t
    of_v = chunks.masked(torch.bmm(dout, v.transpose(1, 2)))
    y = torch.bmm(chunks.delta * dout if chunks.gated else dout, state.transpose(1, 2))
    e = chunks.solve(y.baddbmm_(of_v, k), steps)
    of_x = chunks.masked(torch.bmm(x, chunks.kt))
    of_e = chunks.masked(torch.bmm(e, chunks.kt))
    reads = chunks.states_back(x, dout)
    solves = chunks.states_back(x, e)
    solves = solves + solves.transpose(1, 2)
    behind_k = chunks.behind * k if chunks.gated else k
    behind_v = chunks.behind * v if chunks.gated else v
    dv = torch.bmm(behind_k, reads).baddbmm_(of_x.transpose(1, 2), dout)
    dk = torch.bmm(behind_v, reads.transpose(1, 2)).baddbmm_(of_v.transpose(1, 2), x)
    dk = dk.baddbmm_(behind_k, solves, alpha=-1)
    dk = dk.baddbmm_(of_x.transpose(1, 2), e, alpha=-1).baddbmm_(of_e.transpose(1, 2), x, alpha=-1)
    return tuple(rows.view(q.shape) for rows in (o, e, dk, dv))


def data(tokens, size, gated, dtype=torch.float32):
    torch.manual_seed(3)
    rows = [torch.rand(HEADS, tokens, size, dtype=torch.float64) - 0.5 for _ in range(4)]
    q, k = (torch.nn.functional.normalize(x, dim=-1) for x in rows[:2])
    decay = 0.96 + 0.04 * torch.rand(HEADS, tokens, dtype=torch.float64) if gated else None
    return [x if x is None else x.to(dtype) for x in (q, k, rows[2], rows[3], decay)]


def direct(q, k, v, decay):
    """o of some heads by a solve for each token, in their precision; differentiable."""
    out = []
    h = torch.zeros(q.shape[0], q.shape[2], q.shape[2], dtype=q.dtype)
    g = torch.zeros(q.shape[0], q.shape[2], v.shape[2], dtype=q.dtype)
    eye = torch.eye(q.shape[2], dtype=q.dtype)
    for t in range(q.shape[1]):
        factor = 1 if decay is None else decay[:, t, None, None]
        h = factor * h + k[:, t, :, None] * k[:, t, None, :]
        g = factor * g + k[:, t, :, None] * v[:, t, None, :]
        x = torch.linalg.solve(h + eye, q[:, t, :, None])
        out.append((x * g).sum(1))
    return torch.stack(out, 1)


class Peer:
    """Forward, or both passes, over all heads, some at a time."""

    def __init__(self, arrays, heads, chunk, steps, compiled=False):
        self.arrays, self.heads, self.chunk, self.steps = arrays, heads, chunk, steps
        wrap = (lambda f: torch.compile(f, dynamic=False)) if compiled else (lambda f: f)
        self.forward, self.both = wrap(forward), wrap(both)

    def run(self, with_gradient=True):
        results = []
        for first in range(0, len(self.arrays[0]), self.heads):
            part = [x if x is None else x[first:first + self.heads] for x in self.arrays]
            q, k, v, dout, decay = part
            if with_gradient:
                results.append(self.both(q, k, v, decay, dout, self.chunk, self.steps))
            else:
                results.append((self.forward(q, k, v, decay, self.chunk, self.steps),))
        return [torch.cat(parts) for parts in zip(*results)]

    def milliseconds(self, with_gradient, seconds, least=5):
        self.run(with_gradient)
        times = []
        while len(times) < least or sum(times) < 1e3 * seconds:
            start = time.process_time()
            self.run(with_gradient)
            times.append(1e3 * (time.process_time() - start))
        return statistics.median(times)


def error_after(steps, arrays, exact, chunk):
    few = [x if x is None else x[:2] for x in arrays]
    o = forward(*few[:3], few[4], chunk, steps).double()
    return float((o - exact).pow(2).mean().sqrt() / exact.pow(2).mean().sqrt())


def steps_for(error, arrays):
    few = [x if x is None else x[:2].double() for x in arrays]
    exact = direct(*few[:3], few[4])
    errors = [error_after(s, arrays, exact, 64) for s in range(MOST_STEPS + 1)]
    best = min(errors)
    enough = error if best <= error else 1.1 * best
    return next((s, e) for s, e in enumerate(errors) if e <= enough)


def check():
    for gated in (False, True):
        q, k, v, dout, decay = (
            x if x is None else x[:2] for x in data(96, 8, gated, torch.float64)
        )
        leaves = [x.clone().requires_grad_() for x in (q, k, v)]
        o = direct(*leaves, decay)
        o.backward(dout)
        for chunk in (16, 32):
            got = Peer([q, k, v, dout, decay], 1, chunk, 30).run()
            for mine, theirs in zip(got, [o.detach()] + [x.grad for x in leaves]):
                assert torch.allclose(mine, theirs, rtol=1e-9, atol=1e-9)
    print("the forms agree")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tokens", type=int)
    parser.add_argument("--size", type=int, default=32, help="numbers of a head")
    parser.add_argument("--gated", action="store_true")
    parser.add_argument("--error", type=float, default=1e-6)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--forms", nargs="+", default=["eager", "compiled"])
    parser.add_argument("--chosen", nargs=3, type=int, metavar=("STEPS", "HEADS", "CHUNK"),
                        help="what an earlier run has chosen")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(args.check)
    if args.check:
        return check()
    arrays = data(args.tokens, args.size, args.gated)
    error = args.error
    if args.chosen:
        steps, heads, chunk = args.chosen
    else:
        steps, error = steps_for(args.error, arrays)
        trials = {
            (heads, chunk): Peer(arrays, heads, chunk, steps).milliseconds(True, 0, 1)
            for heads in (1, 4, 16, 64)
            for chunk in (16, 32, 64)
        }
        heads, chunk = min(trials, key=trials.get)
    times = {}
    for name in args.forms:
        peer = Peer(arrays, heads, chunk, steps, compiled=name == "compiled")
        times[name] = {
            "forward": peer.milliseconds(False, args.seconds),
            "both": peer.milliseconds(True, args.seconds),
        }
    result = {"version": torch.__version__, "steps": steps, "error": error, "heads": heads,
              "chunk": chunk, "ms": times}
    print(json.dumps(result))


main()
