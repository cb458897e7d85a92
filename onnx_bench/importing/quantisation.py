"""What number formats of quantised files stand for: floats, learned tables, and activations that they replace."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from onnx_bench.importing.call import Call
from onnx_bench.importing.tensor import Tensor, learned_tensor
from onnx_bench.node import Node

if TYPE_CHECKING:
    from onnx_bench.importing.evaluator import Evaluator

_LAYERS = frozenset((
    "Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "InstanceNormalization", "QLinearConv",
    "QLinearMatMul",
))  # fmt: skip
"""Operators whose results are of either sign, if they have weights: scores of attention can all be positive."""
_PASSING = frozenset(("Add", "Mul", "Reshape", "Resize", "QuantizeLinear", "DequantizeLinear"))
"""Operators whose results are of either sign if an operand is."""
_NEAR = 32
"""How many nodes are looked at to find a layer: enough for a sum of layers with gates, all of them quantised."""
_TOPS = (1, 6)
"""Where activations that are clipped from above end."""
_ABOUT = 1e-4
"""How far the largest number of a format may lie from that, as a share of it."""
_ABSENT = {
    kind: np.zeros((), dtype)
    for kind, dtype in ((0, np.uint8), (2, np.uint8), (3, np.int8), (4, np.uint16), (5, np.int16))
}
"""The zero point of QuantizeLinear where none is given, by `output_dtype`."""


def quantize(e: Evaluator, c: Call) -> list[Tensor] | None:
    """QuantizeLinear: known values are computed, what is learned stays so; results of nodes may be clipped."""
    x = c.tensor(0)
    if x.node < 0:
        if x.value is not None and (form := _format(c, 1)):
            scale, zero = form
            limits = np.iinfo(zero.dtype)
            whole = np.rint(x.value.astype(np.float32) / scale) + int(zero)
            value = np.clip(whole, limits.min, limits.max).astype(zero.dtype)
            return [Tensor(x.shape, "int", value=value, sources=x.sources)]
        return [Tensor(x.shape, "int", sources=x.sources)] if x.sources else None
    c.ins[0] = activated(e, x, c, 1)
    return None


def dequantize(e: Evaluator, c: Call) -> list[Tensor] | None:
    """DequantizeLinear of stored integers: the floats they stand for; rows of such a table are rows of floats."""
    x = c.tensor(0)
    if x.node >= 0:
        _as_table(e, e.nodes[x.node])
        return None
    if x.shape is None:
        return None
    single = prod(x.shape) == 1
    if x.value is not None and (x.sources or single) and (form := _format(c, 1)):
        scale, zero = form
        value = (x.value.astype(np.float32) - np.float32(zero)) * scale
        return [Tensor(x.shape, "float", value=value, sources=x.sources)]
    if x.sources:
        return [Tensor(x.shape, "float", sources=x.sources)]
    return None if single else [learned_tensor(x.shape)]


def _as_table(e: Evaluator, rows: Node) -> None:
    """If `rows` are gathered from stored integers: from the learned table that they stand for."""
    while rows.op in ("Transpose", "Reshape", "Unsqueeze", "Squeeze"):  # onnxruntime moves them before the conversion
        rows = e.nodes[rows.inputs[0]]
    if rows.op != "Gather" or (table := e.nodes[rows.inputs[0]]).attrs != (("dtype", "int"),):
        return
    if table.op == "Parameter" and table.shape is not None:
        learned = learned_tensor(table.shape)
        e.learned.update(learned.sources)
        e.nodes[rows.inputs[0]] = table._replace(attrs=(("dtype", "float"),), params=learned.learned)


def quantised_layer(e: Evaluator, c: Call) -> list[Tensor] | None:
    """QLinearConv, QLinearMatMul: the layer, and the activation that its output format stands for."""
    if _clip(c, 6) is None:
        return None
    layer = e.apply(c.op, *c.ins[:6], None, None, *c.ins[8:], **c.attrs)
    return [activated(e, layer, c, 6)]


def activated(e: Evaluator, x: Tensor, c: Call, place: int) -> Tensor:
    """`x` as it is clipped by a format whose scale and zero point stand at inputs `place` and `place + 1` of `c`.

    onnxruntime leaves ReLU and Clip out where the format, which begins at zero, clips all that they would. That of what
    is never negative begins there as well, without any activation: only that of a layer or of a sum of layers is one.
    """
    top = _clip(c, place)
    if top is None or not _signed(e.nodes, x.node):
        return x
    for end in _TOPS:
        if isclose(top, end, rel_tol=_ABOUT):
            return e.apply("Clip", x, e.scalar(0), e.scalar(end))
    return e.apply("Relu", x)


def _format(c: Call, place: int) -> tuple[np.float32, np.integer[Any]] | None:
    """Scale and zero point at inputs `place` and `place + 1`; `None` where they are several or not known."""
    kind = c.attrs.get("output_dtype", 0) if c.op == "QuantizeLinear" else 0
    scale, zero = c.value(place), c.value(place + 1) if c.has(place + 1) else _ABSENT.get(kind)
    if scale is None or zero is None or scale.size != 1 or zero.size != 1 or zero.dtype.kind not in "iu":
        return None
    return np.float32(scale.item()), zero.reshape(-1)[0]


def _clip(c: Call, place: int) -> float | None:
    """The largest number of a format whose least is zero; `None` for others, and where scale or zero are not known."""
    form = _format(c, place)
    if form is None:
        return None
    scale, zero = form
    limits = np.iinfo(zero.dtype)
    return float(scale) * (int(limits.max) - int(limits.min)) if zero == limits.min else None


def _signed(nodes: list[Node], place: int) -> bool:
    """Whether what a node computes is known to be of either sign."""
    looked = [place]
    for place in looked:  # grows
        node = nodes[place]
        if node.op in _LAYERS and any(i >= 0 and nodes[i].op == "Parameter" for i in node.inputs):
            return True
        if node.op in _PASSING and len(looked) < _NEAR:
            looked += [i for i in node.inputs if i >= 0]
    return False


SPECIALS: dict[str, Callable[[Evaluator, Call], list[Tensor] | None]] = {
    "QuantizeLinear": quantize, "DequantizeLinear": dequantize,
    **dict.fromkeys(("QLinearConv", "QLinearMatMul"), quantised_layer),
}  # fmt: skip
