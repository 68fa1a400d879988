#!/usr/bin/env python3
"""Runs an export on a prompt and prints the predictions, one a line.

    run_export.py numpy FILE.py PROMPT         imports it
    run_export.py onnx FILE.onnx PROMPT        onnx_graph.py, with NumPy
    run_export.py onnxruntime FILE.onnx PROMPT

PROMPT: "d n m", then n rows of x and y, then m rows of x. Exit code 77: no onnxruntime here.
"""

import importlib.util
import sys

import numpy as np

how, path, prompt = sys.argv[1:]
with open(prompt) as file:
    d, n, m = map(int, file.readline().split())
    numbers = np.array(file.read().split(), dtype=np.float64)
context = numbers[: n * (d + 1)].reshape(n, d + 1)
inputs = {
    "x_context": context[:, :-1].copy(),
    "y_context": context[:, -1].copy(),
    "x_query": numbers[n * (d + 1) :].reshape(m, d),
}

if how == "numpy":
    spec = importlib.util.spec_from_file_location("learned", path)
    learned = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(learned)
    predictions = learned.predict(**inputs)
elif how == "onnx":
    from onnx_graph import Model

    model = Model(path)
    assert (model.ir_version, model.opset) == (7, 13)
    predictions = model.run(inputs)["prediction"]
else:
    try:
        import onnxruntime
    except ImportError:
        print("there is no onnxruntime", file=sys.stderr)
        sys.exit(77)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == list(inputs), "the inputs of the graph"
    (predictions,) = session.run(["prediction"], inputs)

assert predictions.shape == (m,), predictions.shape
for value in predictions:
    print(repr(float(value)))
