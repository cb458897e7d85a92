"""Shapes of operators on quantised numbers."""

from __future__ import annotations

from collections.abc import Callable

from onnx_bench.importing.call import Call
from onnx_bench.importing.shapes_math import matmul
from onnx_bench.importing.shapes_window import conv
from onnx_bench.node import Shape

Shapes = Shape | list[Shape | None]


def quantize(c: Call) -> Shapes:
    c.dtypes = ("int",)
    return c.shape()


def dequantize(c: Call) -> Shapes:
    c.dtypes = ("float",)
    return c.shape()


def dynamic_quantize(c: Call) -> Shapes:
    """Outputs: integers, scale, zero point."""
    c.dtypes = ("int", "float", "int")
    return [c.shape(), (), ()]


def _as_plain(c: Call, op: str, places: tuple[int, ...]) -> Call:
    """The operator on plain numbers that `c` stands for; it shares the attributes."""
    plain = Call(op, [c.ins[i] if c.has(i) else None for i in places], c.attrs, 1, c.opset)
    c.dtypes = ("int",)
    return plain


def qlinear_conv(c: Call) -> Shapes:
    """As Conv."""
    return conv(_as_plain(c, "Conv", (0, 3)))


def qlinear_matmul(c: Call) -> Shapes:
    return matmul(_as_plain(c, "MatMul", (0, 3)))


def conv_integer(c: Call) -> Shapes:
    return conv(_as_plain(c, "Conv", (0, 1)))


def matmul_integer(c: Call) -> Shapes:
    return matmul(_as_plain(c, "MatMul", (0, 1)))


RULES: dict[str, Callable[[Call], Shapes]] = {
    "QuantizeLinear": quantize, "DequantizeLinear": dequantize, "DynamicQuantizeLinear": dynamic_quantize,
    "QLinearConv": qlinear_conv, "QLinearMatMul": qlinear_matmul, "ConvInteger": conv_integer,
    "MatMulInteger": matmul_integer,
}  # fmt: skip
