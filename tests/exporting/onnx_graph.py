"""Reads an ONNX file and runs it with NumPy, to check what `gramian export --to onnx` writes.

Shares nothing with the writer but the wire format of protocol buffers and the field numbers of
onnx.proto. A field or an operator that it does not know is an error.
"""

import struct

import numpy as np

DOUBLE = 11
OPERATORS = {
    "MatMul": np.matmul,
    "Add": np.add,
    "Mul": np.multiply,
    "Div": np.divide,
    "Transpose": np.transpose,
}


def fields(data):
    """{field number: [value, ...]} of a message; values are integers (varint) or bytes."""
    result, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 2:
            length = varint()
            value = data[at : at + length]
            assert len(value) == length, "a field ends after its message"
            at += length
        else:
            raise ValueError(f"wire type {key & 7}")
        result.setdefault(key >> 3, []).append(value)
    return result


def text(values):
    return [value.decode() for value in values]


class Model:
    def __init__(self, path):
        model = fields(open(path, "rb").read())
        (self.ir_version,), (graph,), (opset,) = model[1], model[7], model[8]
        opset = fields(opset)
        assert 1 not in opset, "operators of another domain"
        (self.opset,) = opset[2]
        self.document = text(model.get(6, []))[0]
        graph = fields(graph)
        self.constants = dict(self.tensor(fields(t)) for t in graph.get(5, []))
        self.inputs = dict(self.value(fields(v)) for v in graph[11])
        self.outputs = dict(self.value(fields(v)) for v in graph[12])
        self.nodes = []
        for node in map(fields, graph[1]):
            assert set(node) <= {1, 2, 3, 4}, "a node with attributes, or of another domain"
            self.nodes.append((text(node[4])[0], text(node[1]), text(node[2])))

    @staticmethod
    def tensor(message):
        assert message[2] == [DOUBLE]
        (name,), (raw,) = text(message[8]), message[9]
        shape = message.get(1, [])
        values = struct.unpack(f"<{len(raw) // 8}d", raw)
        return name, np.array(values).reshape(shape)

    @staticmethod
    def value(message):
        (tensor,) = fields(message[2][0])[1]
        tensor = fields(tensor)
        assert tensor[1] == [DOUBLE]
        shape = []
        for dim in map(fields, fields(tensor[2][0]).get(1, [])):
            shape.append(dim[1][0] if 1 in dim else dim[2][0].decode())
        return text(message[1])[0], shape

    def run(self, inputs):
        """Every node in the order of the file, each value computed once and after what it needs."""
        sizes = {}
        for name, shape in self.inputs.items():
            assert inputs[name].ndim == len(shape), name
            for declared, size in zip(shape, inputs[name].shape):
                assert (
                    sizes.setdefault(declared, size) == size
                    if isinstance(declared, str)
                    else declared == size
                ), name
        values = {**self.constants, **inputs}
        used = set()
        for op, names, (output,) in self.nodes:
            assert output not in values, f"{output} is computed twice"
            values[output] = OPERATORS[op](*(values[name] for name in names))
            used.update(names)
        results = {name: values[name] for name in self.outputs}
        unused = set(values) - used - set(results)
        assert not unused, f"computed for nothing: {sorted(unused)}"
        for name, shape in self.outputs.items():
            assert results[name].shape == tuple(sizes.get(s, s) for s in shape), name
        return results
