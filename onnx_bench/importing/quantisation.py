"""What number formats of quantised files stand for: floats, learned tables, and activations that they replace"""

from __future__ import annotations

from collections.abc import Callable
from math import isclose, prod
from typing import TYPE_CHECKING

import numpy as np

from onnx_bench.importing.call import Call
from onnx_bench.importing.tensor import Tensor, constant, learned_tensor
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


def quantize(e: Evaluator, c: Call) -> list[Tensor] | None:
    """QuantizeLinear: a held tensor is itself; what is computed may be clipped, see `activated`."""
    x = c.tensor(0)
    if x.node < 0:
        return [x]
    c.ins[0] = activated(e, x, c, 1)
    return None


def dequantize(e: Evaluator, c: Call) -> list[Tensor] | None:
    """DequantizeLinear of stored integers: the floats they stand for; rows of such a table are rows of floats."""
    x = c.tensor(0)
    if x.node >= 0:
        _as_table(e, e.nodes[x.node])
        return None
    if x.dtype == "float":  # what `quantize` has left
        return [x]
    if x.shape is None:
        return None
    if prod(x.shape) > 1:
        return [learned_tensor(x.shape) if not x.sources else Tensor(x.shape, "float", sources=x.sources)]
    scale, zero = c.value(1), c.value(2) if c.has(2) else np.int8(0)
    if x.value is None or scale is None or zero is None or scale.size != 1 or zero.size > 1:
        return None
    number = (x.value.astype(np.float32) - np.float32(zero.item())) * np.float32(scale.item())
    return [constant(number.astype(np.float32))]


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


def _clip(c: Call, place: int) -> float | None:
    """The largest number of a format whose least is zero; `None` for others, and where scale or zero are not known."""
    scale, zero = c.value(place), c.value(place + 1)
    if scale is None or zero is None or scale.size != 1 or zero.size != 1 or zero.dtype.kind not in "iu":
        return None
    limits = np.iinfo(zero.dtype)
    if zero.item() != limits.min:
        return None
    return float(scale.item()) * (int(limits.max) - int(limits.min))


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
