"""The values of operators on constants: as much arithmetic as exporters leave behind, no more."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from math import prod
from typing import Any

from onnx_bench.draft import DraftNode
from onnx_bench.passes.values import axis_of, cast_class, element_class, tidy, words

MAX_VALUES = 64
"""Constants hold at most this many values."""
Values = tuple[Any, ...]

_UNARY: dict[str, Callable[[Any], Any]] = {
    "Abs": abs, "Ceil": math.ceil, "Cos": math.cos, "Erf": math.erf, "Exp": math.exp, "Floor": math.floor,
    "Log": math.log, "Neg": lambda v: -v, "Not": lambda v: not v, "Reciprocal": lambda v: 1 / v,
    "Relu": lambda v: max(v, 0), "Sigmoid": lambda v: 1 / (1 + math.exp(-v)), "Sin": math.sin,
    "Softplus": lambda v: math.log1p(math.exp(v)), "Sqrt": math.sqrt,
    "Tanh": math.tanh,
}  # fmt: skip
_FOLDED: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b, "Sum": lambda a, b: a + b, "Mul": lambda a, b: a * b, "Sub": lambda a, b: a - b,
    "Max": max, "Min": min, "Pow": lambda a, b: a**b, "And": lambda a, b: a and b, "Or": lambda a, b: a or b,
    "Equal": lambda a, b: a == b, "Greater": lambda a, b: a > b, "Less": lambda a, b: a < b,
}  # fmt: skip
_ZERO_TO_ZERO = words("""
    Conv ConvTranspose BatchNorm BatchNormalization LayerNorm LayerNormalization RMSNorm RMSNormalization GroupNorm
    GroupNormalization InstanceNorm InstanceNormalization LSTM GRU RNN Output LeakyRelu Elu Selu Celu Gelu Silu
    HardSwish Mish Softsign Erf PRelu ThresholdedRelu Tan Asin Asinh Sinh Sign Round ReduceSum ReduceL1 ReduceL2
    ReduceSumSquare LpPool AveragePool
""")
_KEEP_FILL = words("""
    Identity Reshape Flatten Squeeze Unsqueeze Transpose Slice Expand Tile Gather Resize Upsample MaxPool
    GlobalAveragePool GlobalMaxPool ReduceMean ReduceMax ReduceMin DepthToSpace SpaceToDepth Dropout Split
""")
_KEEP_ALL = words("Identity Reshape Flatten Squeeze Unsqueeze Dropout")


def evaluate(node: DraftNode) -> tuple[Values, str] | None:
    """Values and element class of `node`, or `None` where they are not constant or would be too many.

    All inputs must be held. Values are one per element, or a single one that fills the shape.
    """
    known: list[Values] = []
    for producer in node.inputs:
        if producer is None or producer.op != "Constant":
            known.append(())
        else:
            known.append(producer.attrs["value"])
    if not known[0] and node.op != "Concat":
        return None
    try:
        values = _values(node, known)
    except (ArithmeticError, ValueError, TypeError):
        return None
    if values is None or len(values) > MAX_VALUES:
        return None
    dtype = element_class(node)
    if dtype == "float":
        values = tuple(tidy(v) for v in values)
    elif dtype == "int":
        values = tuple(int(v) for v in values)
    if any(isinstance(v, float) and not math.isfinite(v) for v in values):
        return None
    return (values[:1] if len(set(values)) == 1 else values), dtype


def _values(node: DraftNode, known: list[Values]) -> Values | None:
    op, first = node.op, known[0]
    if op in _UNARY:
        return tuple(_UNARY[op](v) for v in first)
    if op in _FOLDED and all(known):
        return _elementwise(node, known, _FOLDED[op])
    if op == "Div" and all(known):
        if element_class(node) == "int":
            return _elementwise(node, known, lambda a, b: int(a / b))
        return _elementwise(node, known, lambda a, b: a / b)
    if op == "Cast":
        return tuple({"float": float, "int": int, "bool": bool}[cast_class(node.attrs["to"])](v) for v in first)
    if op == "Concat":
        return _concat(node, known)
    if op in _KEEP_ALL or (len(first) == 1 and op in _KEEP_FILL):
        return first
    if len(first) == 1 and op == "Softmax" and "axis" in node.attrs and node.shape:
        return (1 / node.shape[axis_of(node.attrs["axis"], len(node.shape))],)
    if first == (0.0,) and op in _ZERO_TO_ZERO:
        return first
    if op == "Pad" and first == (0.0,) and node.attrs.get("value", 0.0) == 0.0 and len(node.inputs) == 1:
        return first
    return None


def _elementwise(node: DraftNode, known: list[Values], fold: Callable[[Any, Any], Any]) -> Values | None:
    """Combine inputs that are filled with one value or have the shape of the result."""
    size = prod(node.shape or ())
    wide = any(len(k) > 1 and i is not None and i.shape != node.shape for k, i in zip(known, node.inputs, strict=True))
    if wide or size > MAX_VALUES < max(len(k) for k in known):
        return None
    count = max(len(k) for k in known)
    return tuple(reduce(fold, (k[i] if len(k) > 1 else k[0] for k in known)) for i in range(count))


def _concat(node: DraftNode, known: list[Values]) -> Values | None:
    """Concatenated vectors, or parts filled with the same value."""
    if all(len(k) == 1 for k in known) and len(set(known)) == 1:
        return known[0]
    if not all(known) or any(i is None or i.shape is None or len(i.shape) != 1 for i in node.inputs):
        return None
    if prod(node.shape or ()) > MAX_VALUES:
        return None
    full: list[Any] = []
    for values, part in zip(known, node.inputs, strict=True):
        assert part is not None and part.shape is not None, "checked above"
        full += values if len(values) > 1 else values * part.shape[0]
    return tuple(full)
