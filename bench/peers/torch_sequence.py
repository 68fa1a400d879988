#!/usr/bin/env python3
"""Causal linear attention forward and back in PyTorch on one thread: processor time of each form.

    torch_sequence.py TOKENS [--seconds S] [--check]

16 sequences, 4 heads of 32 numbers, float. Forms: chunked (chunks of 64 tokens, states between
them by a cumulative sum), compiled (the same through torch.compile, where there is one), masked
(the lower triangle of Q K^T, times V, up to 1,024 tokens). The last line is JSON, in milliseconds.
--check compares the forms with each other, values and gradients, in double.
"""

import argparse
import json
import os
import statistics
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import torch  # noqa: E402

BATCH, HEADS, SIZE, CHUNK = 16, 4, 32, 64


def masked(q, k, v):
    return (q @ k.transpose(-1, -2)).tril() @ v


def chunked(q, k, v):
    batch, heads, tokens, size = q.shape
    q, k, v = (x.view(batch, heads, tokens // CHUNK, CHUNK, size) for x in (q, k, v))
    added = k.transpose(-1, -2) @ v
    before = added.cumsum(2) - added
    read = (q @ k.transpose(-1, -2)).tril() @ v + q @ before
    return read.view(batch, heads, tokens, size)


def inputs(tokens, dtype=torch.float32):
    shape = (BATCH, HEADS, tokens, SIZE)
    return [
        torch.rand(shape, dtype=dtype).sub_(0.5).requires_grad_() for _ in range(3)
    ], torch.rand(shape, dtype=dtype).sub_(0.5)


def step(form, arrays, cotangent):
    for array in arrays:
        array.grad = None
    form(*arrays).backward(cotangent)


def milliseconds(form, tokens, seconds):
    arrays, cotangent = inputs(tokens)
    for _ in range(2):
        step(form, arrays, cotangent)
    times = []
    while len(times) < 5 or sum(times) < 1e3 * seconds:
        start = time.process_time()
        step(form, arrays, cotangent)
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times)


def check():
    arrays, cotangent = inputs(128, torch.float64)
    results = []
    for form in (masked, chunked):
        step(form, arrays, cotangent)
        results.append([form(*arrays)] + [array.grad for array in arrays])
    for one, other in zip(*results):
        assert torch.allclose(one, other, rtol=1e-11, atol=1e-11)
    print("the forms agree")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tokens", type=int)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    if args.check:
        return check()
    forms = {"chunked": chunked}
    if hasattr(torch, "compile"):
        forms["compiled"] = torch.compile(chunked, dynamic=False)
    if args.tokens <= 1024:
        forms["masked"] = masked
    times = {name: milliseconds(form, args.tokens, args.seconds) for name, form in forms.items()}
    print(json.dumps({"version": torch.__version__, "ms": times}))


main()
