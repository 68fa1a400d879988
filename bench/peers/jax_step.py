#!/usr/bin/env python3
"""One training step in JAX: sampling, forward, backward and Adam in one jitted function."""

import os

import common

args = common.arguments(
    __doc__,
    {
        "--scan": dict(
            type=int, default=0, help="steps in one call, by lax.scan; 0: all of a repeat"
        ),
        "--devices": dict(
            type=int, default=0, help="host devices the batch is split over; 0: one a thread"
        ),
        "--rng": dict(default="threefry2x32", help="or rbg, unsafe_rbg"),
        "--xla": dict(default="", help="more XLA_FLAGS"),
    },
)
common.pin(args.threads)
DEVICES = args.devices or args.threads
# The barriers must outlive the pass that would drop them before fusion. One single-threaded
# device a core beats one device whose operations are split over the cores.
os.environ["XLA_FLAGS"] = (
    "--xla_disable_hlo_passes=cse_barrier_expander "
    f"--xla_force_host_platform_device_count={DEVICES} {args.xla}"
)
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax.sharding import Mesh, PartitionSpec  # noqa: E402

import jax_model  # noqa: E402
import plain  # noqa: E402
import reference as ref  # noqa: E402

jax.config.update("jax_default_prng_impl", args.rng)
PLAIN = args.style == "plain"
SHARE = args.batch // DEVICES
CHUNK = min(SHARE, args.chunk or (SHARE if PLAIN else 128))
if SHARE % CHUNK or args.batch % DEVICES:
    raise SystemExit("--batch must be a multiple of devices x chunk")


def losses(theta, prompts, truth):
    """Sum of the robust losses of a chunk."""
    if PLAIN:
        w = plain.ROW[args.kind](jnp, theta, jnp.eye(args.d + 1), **{args.form: prompts})
    else:
        w = jax_model.ROW[args.kind](theta, **{args.form: prompts})
    r2 = jnp.sum((w - truth) ** 2, axis=1 if PLAIN else 0)
    return 0.5 * ref.ROBUST * jnp.sum(jnp.log1p(r2 / ref.ROBUST))


def sample(key, batch):
    draw = jax_model.sample_gram if args.form == "gram" else jax_model.sample_tokens
    if not PLAIN:
        return draw(key, args.d, args.n, batch, ref.SIGMA_MAX)
    k = jax.random.split(key, 4)
    x = jax.random.normal(k[0], (batch, args.n, args.d))
    w = jax.random.normal(k[1], (batch, args.d))
    noise = jax.random.uniform(k[2], (batch, 1), maxval=ref.SIGMA_MAX) * jax.random.normal(
        k[3], (batch, args.n)
    )
    e = jnp.concatenate([x, (jnp.einsum("bnd,bd->bn", x, w) + noise)[:, :, None]], 2)
    return (e if args.form == "tokens" else plain.swap(e) @ e / args.n), w


def gradient(theta, key):
    """Mean loss and its gradient on a fresh batch; a chunk at a time, so that it stays in cache."""

    def chunk(sums, key):
        prompts, truth = sample(key, CHUNK)
        return jax.tree.map(jnp.add, sums, jax.value_and_grad(losses)(theta, prompts, truth)), None

    def share(theta, keys):
        sums = jax.lax.scan(chunk, (jnp.zeros(()), jnp.zeros_like(theta)), keys)[0]
        return jax.lax.psum(sums, "b") if DEVICES > 1 else sums

    keys = jax.random.split(key, args.batch // CHUNK)
    if DEVICES > 1:
        mesh = Mesh(np.array(jax.devices()), ("b",))
        specs = dict(
            in_specs=(PartitionSpec(), PartitionSpec("b")),
            out_specs=PartitionSpec(),
            check_vma=False,
        )
        share = jax.shard_map(share, mesh=mesh, **specs)
    loss, g = share(theta, keys)
    return loss / args.batch, g / args.batch


def adam(state, g):
    theta, first, second, step = state
    g = g * jnp.minimum(1, ref.CLIP * jax.lax.rsqrt(jnp.sum(g * g) + 1e-30))
    step = step + 1
    first = ref.BETA1 * first + (1 - ref.BETA1) * g
    second = ref.BETA2 * second + (1 - ref.BETA2) * g * g
    direction = (
        first / (1 - ref.BETA1**step) / (jnp.sqrt(second / (1 - ref.BETA2**step)) + ref.EPSILON)
    )
    return theta - ref.LEARNING_RATE * direction, first, second, step


def start(theta):
    theta = jnp.asarray(theta, jnp.float32)
    return theta, jnp.zeros_like(theta), jnp.zeros_like(theta), jnp.zeros(())


def train_step(state, key):
    loss, g = gradient(state[0], key)
    return adam(state, g), loss


def check():
    def loss_and_gradient(theta, tokens, truth):
        prompts, truth = common.prompts_of(args, tokens, truth)
        f = jax.jit(jax.value_and_grad(lambda *a: losses(*a) / args.batch))
        loss, g = f(*(jnp.asarray(a, jnp.float32) for a in (theta, prompts, truth)))
        return float(loss), np.asarray(g, np.float64)

    def sample_gram():
        return common.gram_of(args, *jax.jit(lambda k: sample(k, 1 << 16))(jax.random.key(5)))

    common.check(
        args,
        loss_and_gradient,
        sample_gram,
        lambda t, g: np.asarray(adam(start(t), jnp.asarray(g, jnp.float32))[0]),
    )


def main():
    if args.check:
        check()
    inner = args.scan or args.steps
    many = jax.jit(
        lambda state, key: jax.lax.scan(train_step, state, jax.random.split(key, inner)),
        donate_argnums=0,
    )
    one = jax.jit(train_step, donate_argnums=0)
    state, calls = start(ref.initial(args.kind, args.layers, args.d)), 0

    def run(steps):
        nonlocal state, calls
        for _ in range(steps // inner):
            calls += 1
            state, loss = (one if inner == 1 else many)(state, jax.random.key(calls))
        return jax.block_until_ready((state, loss))[1].mean()

    common.measure(
        args,
        jax,
        run,
        {
            "chunk": CHUNK,
            "devices": DEVICES,
            "steps_per_call": inner,
            "rng": args.rng,
            "xla": args.xla,
        },
    )


main()
