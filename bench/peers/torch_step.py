#!/usr/bin/env python3
"""One training step in PyTorch: sampling, forward, backward and Adam."""

import common

args = common.arguments(
    __doc__,
    {
        "--eager": dict(action="store_true", help="without torch.compile"),
        "--vector": dict(
            type=int, default=0, help="bits of a vector in Inductor's code; 0: Inductor chooses"
        ),
    },
)
common.pin(args.threads)

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch._inductor.config  # noqa: E402

import plain  # noqa: E402
import reference as ref  # noqa: E402
import torch_model  # noqa: E402

torch.set_num_threads(args.threads)
torch.manual_seed(3)
PLAIN = args.style == "plain"
# Small chunks stay in cache; with several threads each kernel must be worth an OpenMP barrier.
CHUNK = min(
    args.batch,
    args.chunk or (args.batch if PLAIN or args.eager else 256 if args.threads == 1 else 1024),
)
if args.batch % CHUNK:
    raise SystemExit("--batch must be a multiple of the chunk")
torch._inductor.config.cpp.enable_floating_point_contract_flag = (  # use FMA: 5 to 10% of a product
    "fast"
)
if args.vector:
    torch._inductor.config.cpp.simdlen = args.vector


def compiled(function):
    return function if args.eager else torch.compile(function, dynamic=False, fullgraph=True)


def losses(theta, prompts, truth):
    """Mean over the whole batch, of which this is a chunk."""
    if PLAIN:
        w = plain.ROW[args.kind](torch, theta, torch.eye(args.d + 1), **{args.form: prompts})
    else:
        w = torch_model.ROW[args.kind](theta, **{args.form: prompts})
    r2 = ((w - truth) ** 2).sum(1 if PLAIN else 0)
    return (0.5 * ref.ROBUST / args.batch) * torch.log1p(r2 / ref.ROBUST).sum()


def draws(batch):
    """Draws outside the compiled graph: Inductor's scalar generator takes 6 ms instead of 0.5."""
    if PLAIN:
        return (
            torch.randn(batch, args.n + 1, args.d),
            torch.randn(batch, args.n),
            torch.rand(batch, 1),
        )
    return (torch_model.gram_draws if args.form == "gram" else torch_model.token_draws)(
        args.d, args.n, batch
    )


def make(*numbers):
    if not PLAIN:
        f = torch_model.make_gram if args.form == "gram" else torch_model.make_tokens
        return f(*numbers, args.d, args.n, ref.SIGMA_MAX)
    x, w = numbers[0][:, 1:], numbers[0][:, 0]
    y = torch.einsum("bnd,bd->bn", x, w) + ref.SIGMA_MAX * numbers[2] * numbers[1]
    e = torch.cat([x, y[:, :, None]], 2)
    return (e if args.form == "tokens" else plain.swap(e) @ e / args.n), w


@compiled
def chunk_loss(theta, *numbers):
    return losses(theta, *make(*numbers))


def optimiser(theta):
    return torch.optim.Adam(
        [theta], lr=ref.LEARNING_RATE, betas=(ref.BETA1, ref.BETA2), eps=ref.EPSILON, fused=True
    )


def update(theta, adam):
    torch.nn.utils.clip_grad_norm_([theta], ref.CLIP)
    adam.step()


def train_step(theta, adam):
    theta.grad = None
    loss = 0.0
    for _ in range(args.batch // CHUNK):  # gradients add up in theta.grad
        part = chunk_loss(theta, *draws(CHUNK))
        part.backward()
        loss = loss + part.detach()
    update(theta, adam)
    return loss


def parameter(theta):
    return torch.tensor(theta, dtype=torch.float32, requires_grad=True)


def check():
    def loss_and_gradient(theta, tokens, truth):
        prompts, truth = common.prompts_of(args, tokens, truth)
        theta = parameter(theta)
        as_float = lambda a: torch.tensor(np.ascontiguousarray(a), dtype=torch.float32)
        loss = compiled(losses)(theta, as_float(prompts), as_float(truth))
        loss.backward()
        return loss.item(), theta.grad.double().numpy()

    def sample_gram():
        return common.gram_of(args, *(t.double().numpy() for t in compiled(make)(*draws(1 << 16))))

    def one_step(theta, gradient):
        theta = parameter(theta)
        theta.grad = torch.tensor(gradient, dtype=torch.float32)
        update(theta, optimiser(theta))
        return theta.detach().numpy()

    common.check(args, loss_and_gradient, sample_gram, one_step)


def main():
    if args.check:
        check()
    theta = parameter(ref.initial(args.kind, args.layers, args.d))
    adam = optimiser(theta)

    def run(steps):
        for _ in range(steps):
            loss = train_step(theta, adam)
        return loss

    common.measure(
        args, torch, run, {"chunk": CHUNK, "compiled": not args.eager, "vector": args.vector}
    )


main()
