"""Evaluates graphs without learned weights in numpy, to show that normalisation keeps the function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import erf, prod
from typing import Any

import numpy as np

from onnx_bench.node import Graph, Node

Array = np.ndarray
Rule = Callable[[Mapping[str, Any], list[Array], tuple[int, ...]], Array]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array, axis: int) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def attention(attrs: Mapping[str, Any], ins: list[Array], shape: tuple[int, ...]) -> Array:
    q, k, v = ins[:3]
    scores = attrs["scale"] * q @ np.swapaxes(k, -1, -2) + (ins[3] if len(ins) > 3 else 0.0)
    return softmax(scores, -1) @ v


def layer_norm(attrs: Mapping[str, Any], ins: list[Array], shape: tuple[int, ...]) -> Array:
    x, axes = ins[0], tuple(range(len(shape) - attrs["dims"], len(shape)))
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + attrs["epsilon"])


def rms_norm(attrs: Mapping[str, Any], ins: list[Array], shape: tuple[int, ...]) -> Array:
    x, axes = ins[0], tuple(range(len(shape) - attrs["dims"], len(shape)))
    return x / np.sqrt((x * x).mean(axes, keepdims=True) + attrs["epsilon"])


def group_norm(attrs: Mapping[str, Any], ins: list[Array], shape: tuple[int, ...]) -> Array:
    x = ins[0].reshape(shape[0], attrs.get("groups", shape[1]), -1)
    return ((x - x.mean(2, keepdims=True)) / np.sqrt(x.var(2, keepdims=True) + attrs["epsilon"])).reshape(shape)


def take(attrs: Mapping[str, Any], ins: list[Array], shape: tuple[int, ...]) -> Array:
    places = list(range(attrs["start"], attrs["end"], attrs["step"]))
    return np.take(ins[0], places, attrs["axis"])


def gelu(attrs: Mapping[str, Any], ins: list[Array], shape: tuple[int, ...]) -> Array:
    x = ins[0]
    if attrs["approximate"] == "tanh":
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + np.vectorize(erf)(x / np.sqrt(2)))


def unary(function: Callable[[Array], Array]) -> Rule:
    return lambda attrs, ins, shape: function(ins[0])


def binary(function: Callable[[Array, Array], Array]) -> Rule:
    return lambda attrs, ins, shape: function(ins[0], ins[1])


RULES: dict[str, Rule] = {
    "Add": lambda a, i, s: np.broadcast_to(sum(i[1:], i[0]), s),
    "Mul": lambda a, i, s: np.broadcast_to(prod(i[1:], start=i[0]), s),
    "Sub": binary(np.subtract), "Div": binary(np.divide), "Pow": binary(np.power), "MatMul": binary(np.matmul),
    "Max": binary(np.maximum), "Min": binary(np.minimum), "Greater": binary(np.greater),
    "Where": lambda a, i, s: np.where(i[0], i[1], i[2]),
    "Relu": unary(lambda x: np.maximum(x, 0)), "Sigmoid": unary(sigmoid), "Tanh": unary(np.tanh), "Exp": unary(np.exp),
    "Log": unary(np.log), "Sqrt": unary(np.sqrt), "Reciprocal": unary(lambda x: 1 / x), "Neg": unary(lambda x: -x),
    "Erf": unary(np.vectorize(erf)), "Abs": unary(np.abs), "Softplus": unary(lambda x: np.log1p(np.exp(x))),
    "Silu": unary(lambda x: x * sigmoid(x)), "Mish": unary(lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    "HardSwish": unary(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)), "Gelu": gelu,
    "HardSigmoid": lambda a, i, s: np.clip(a["alpha"] * i[0] + a["beta"], 0, 1),
    "Clip": lambda a, i, s: np.clip(i[0], a["min"], a["max"]),
    "Softmax": lambda a, i, s: softmax(i[0], a["axis"]), "Reshape": lambda a, i, s: i[0].reshape(s),
    "Expand": lambda a, i, s: np.broadcast_to(i[0], s), "Transpose": lambda a, i, s: i[0].transpose(a["perm"]),
    "Concat": lambda a, i, s: np.concatenate(i, a["axis"]), "Slice": take,
    "ReduceMean": lambda a, i, s: i[0].mean(a["axes"], keepdims=a["keepdims"]), "LayerNorm": layer_norm,
    "RMSNorm": rms_norm, "GroupNorm": group_norm, "InstanceNorm": group_norm, "Attention": attention,
}  # fmt: skip


def constant(node: Node) -> Array:
    values, shape = node.get("value"), node.shape
    assert isinstance(values, tuple) and shape is not None
    return np.broadcast_to(values[0], shape) if len(values) == 1 else np.array(values).reshape(shape)


def evaluate(graph: Graph, inputs: list[Array]) -> list[Array]:
    """Outputs of `graph` on `inputs`, given in the order of its Input nodes."""
    given = iter(inputs)
    values: list[Array] = []
    for node in graph.nodes:
        if node.op == "Input":
            value = next(given)
        elif node.op == "Constant":
            value = constant(node)
        else:
            assert node.shape is not None
            value = RULES[node.op](dict(node.attrs), [values[i] for i in node.inputs], node.shape)
        assert value.shape == node.shape, node
        values.append(value)
    return [values[i] for i in graph.outputs]
