"""Command line, timing and checks shared by jax_step.py and torch_step.py."""

import argparse
import json
import os
import statistics
import time

import numpy as np

import plain
import reference


def arguments(description, defaults):
    """`defaults` holds what differs between the frameworks."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--kind", choices=["full", "diag"], default="full")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--d", type=int, default=10)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--form", choices=["gram", "tokens"], default="gram")
    parser.add_argument(
        "--style",
        choices=["tuned", "plain"],
        default="tuned",
        help="plain: batch first, @ and einsum, autodiff (plain.py)",
    )
    parser.add_argument(
        "--chunk", type=int, default=0, help="prompts worked on at a time; 0: the fastest known"
    )
    parser.add_argument("--steps", type=int, default=20, help="steps in one repeat")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--check", action="store_true", help="compare with the NumPy double reference"
    )
    for name, options in defaults.items():
        parser.add_argument(name, **options)
    return parser.parse_args()


def pin(threads):
    """Onto `threads` of the cores we may use; before the framework starts its own threads."""
    cores = sorted(os.sched_getaffinity(0))
    if threads > len(cores):
        raise SystemExit(f"--threads {threads}: only {len(cores)} cores are free to use")
    os.sched_setaffinity(0, cores[-threads:])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)


def prompts_of(args, tokens, truth):
    """Converts tokens [B, n, D] and truths [B, d] to the form and order of axes of the step."""
    prompts = tokens if args.form == "tokens" else plain.swap(tokens) @ tokens / args.n
    if args.style == "plain":
        return prompts, truth
    return np.transpose(prompts, (2, 1, 0) if args.form == "tokens" else (1, 2, 0)), truth.T


def gram_of(args, prompts, truth):
    """The way back from the step's own prompts: G/n [B, D, D] and truths [B, d], in double."""
    prompts, truth = np.asarray(prompts, np.float64), np.asarray(truth, np.float64)
    if args.style != "plain":
        prompts, truth = np.moveaxis(prompts, -1, 0), truth.T
    if args.form == "tokens":
        e = prompts if args.style == "plain" else plain.swap(prompts)
        prompts = plain.swap(e) @ e / args.n
    return prompts, truth


def measure(args, module, run, options):
    """run(steps) -> loss, all work done on return. Prints ms a step of the framework `module`."""
    framework, versions = module.__name__, {
        module.__name__: module.__version__,
        "numpy": np.__version__,
    }
    start = time.perf_counter()
    run(args.steps)
    warm = time.perf_counter() - start
    times, of_processor = [], []
    for _ in range(args.repeats):
        start, used = time.perf_counter(), time.process_time()
        last = run(args.steps)
        times.append((time.perf_counter() - start) / args.steps * 1e3)
        of_processor.append((time.process_time() - used) / args.steps * 1e3)
    quarter = statistics.quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    result = {
        "framework": framework,
        "versions": versions,
        "kind": args.kind,
        "layers": args.layers,
        "d": args.d,
        "n": args.n,
        "batch": args.batch,
        "threads": args.threads,
        "form": args.form,
        "style": args.style,
        "options": options,
        "ms": statistics.median(times),
        "cpu_ms": statistics.median(of_processor),
        "min_ms": min(times),
        "spread_ms": quarter[2] - quarter[0],
        "repeats": times,
        "first_call_s": warm,
        "loss": float(last),
    }
    if args.json:
        print(json.dumps(result))
    else:
        print(
            f"{framework} {args.kind} L={args.layers} {args.form} {args.style} T={args.threads}"
            f" {options}: {result['ms']:.3f} ms a step (min {result['min_ms']:.3f}, quartiles"
            f" {result['spread_ms']:.3f} apart, loss {result['loss']:.3f}, first call {warm:.1f} s)"
        )


def check(args, loss_and_gradient, sample_gram, one_step):
    """loss_and_gradient(theta, tokens, truth): mean loss and gradient on these prompts.
    sample_gram(): a batch of G/n [B, D, D] with truth [B, d] of the step's own sampler.
    one_step(theta, gradient): theta after the first Adam step."""
    theta = reference.initial(args.kind, args.layers, args.d, seed=1)
    tokens, truth = reference.sample_tokens(np.random.default_rng(2), args.d, args.n, 8)
    tokens, truth = np.tile(tokens, (args.batch // 8, 1, 1)), np.tile(truth, (args.batch // 8, 1))
    want_loss = reference.loss(args.kind, theta, tokens[:8], truth[:8])
    want = reference.gradient(args.kind, theta, tokens[:8], truth[:8])
    got_loss, got = loss_and_gradient(theta, tokens, truth)
    errors = {
        "loss": abs(got_loss / want_loss - 1),
        "gradient": np.abs(got - want).max() / np.abs(want).max(),
    }
    moved, _, _ = reference.adam(theta, want, 0 * want, 0 * want, 1)
    errors["adam"] = np.abs(one_step(theta, want) - moved).max() / reference.LEARNING_RATE

    gram, truth = sample_gram()
    batch, d, n = len(gram), args.d, args.n
    x, y = gram[:, :d, :d], gram[:, :d, d]
    diagonal = np.diagonal(x, axis1=1, axis2=2)
    lam = gram[:, d, d]
    # (mean, expected, standard error)
    tests = {
        "E S_ii": (diagonal, 1.0),
        "E S_ii^2": (diagonal**2, 1 + 2 / n),
        "E S_ij^2": (x[:, 1, 0] ** 2, 1 / n),
        "E S_i0 S_ij": (x[:, 2, 1] * x[:, 1, 0] * x[:, 2, 0], 1 / n**2),
        "E lambda": (lam, d + reference.SIGMA_MAX**2 / 3),
        "E w alpha": ((truth * y).sum(1), float(d)),
        "E |alpha|^2": ((y**2).sum(1), d * (1 + (d + 1) / n) + d * reference.SIGMA_MAX**2 / 3 / n),
        "E (lambda - w S w)^2": (
            (lam - 2 * (truth * y).sum(1) + np.einsum("bi,bij,bj->b", truth, x, truth)) ** 2,
            reference.SIGMA_MAX**4 / 5 * (1 + 2 / n),
        ),
    }
    scores = {}
    for name, (values, mean) in tests.items():
        values = np.asarray(values, dtype=np.float64).reshape(batch, -1).mean(1)
        scores[name] = (values.mean() - mean) / (values.std() / np.sqrt(batch))
    ok = all(e < 2e-4 for e in errors.values()) and all(abs(s) < 5 for s in scores.values())
    print("relative errors:", {k: f"{v:.1e}" for k, v in errors.items()})
    print("sampler, in standard errors:", {k: f"{v:+.1f}" for k, v in scores.items()})
    print("ok" if ok else "FAILED")
    raise SystemExit(0 if ok else 1)
