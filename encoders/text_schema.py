"""How the attributes of each operator are written in the text form, and what is left out because it is implied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onnx_bench.node import Shape
from onnx_bench.ops import OPS
from onnx_bench.vocabulary import RAW

# Attributes written without their name, in this order.
POSITIONAL: dict[str, tuple[str, ...]] = {
    "Conv": ("channels",), "ConvTranspose": ("channels",), "Linear": ("features",),
    "Embedding": ("entries", "features"),
    "LSTM": ("hidden",), "GRU": ("hidden",), "RNN": ("hidden",), "GroupNorm": ("groups",), "PRelu": ("slopes",),
    "Constant": ("value",), "Output": ("index",), "Clip": ("min", "max"), "Slice": ("axis", "start", "end"),
    "Transpose": ("perm",), "Tile": ("repeats",), "Pad": ("pads",), "Cast": ("to",), "Einsum": ("equation",),
    "DepthToSpace": ("blocksize",), "SpaceToDepth": ("blocksize",),
}  # fmt: skip

SHORT = {
    "kernel": "k", "strides": "s", "pads": "p", "dilations": "d", "groups": "g", "output_padding": "op", "p": "norm",
}  # fmt: skip
"""Names shortened in canonical operators."""
LONG = {short: name for name, short in SHORT.items()}

DEPTHWISE = "dw"
"""Written for `groups` where a convolution has as many groups as input channels."""
PARAMS = "params"
"""Written before a parameter count that the operator does not determine."""
OUTPUTS = "out"
"""Written before the outputs where they are not the last node alone."""

WINDOW = ("kernel", "strides", "pads", "dilations", "output_padding")
"""One number stands for all axes in these."""
_TUPLES = frozenset({*WINDOW, "axes", "perm", "repeats"})

_RAW_MARK = "#0"


def operator_word(op: str) -> str:
    """`op` as it is written: `Slice#0` for a `Slice` of the ONNX standard that has no canonical form."""
    return op.removeprefix(RAW) + _RAW_MARK if op.startswith(RAW) else op


def operator_of(word: str) -> str:
    """Inverse of `operator_word`."""
    name = word.removesuffix(_RAW_MARK)
    return RAW + name if name != word and name in OPS else word


SOURCES = frozenset(op for op, entry in OPS.items() if entry.kind == "source")
_WINDOWED = frozenset(op for op, entry in OPS.items() if "kernel" in entry.defaults)
_REDUCERS = frozenset(op for op, entry in OPS.items() if entry.kind == "reduce")
_STATIC = {op: {k: v for k, v in entry.defaults.items() if v is not ...} for op, entry in OPS.items()}
for _op in ("Conv", "ConvTranspose", "Linear"):
    _STATIC[_op]["bias"] = True  # batch norm is folded into nearly all of them
_STATIC["Concat"]["axis"] = 1


def is_tuple(op: str, name: str) -> bool:
    """Whether attribute `name` of the canonical operator `op` is a tuple."""
    return name in _TUPLES or (op == "Constant" and name == "value")


def window_rank(shape: Shape | None, kernel: Sequence[Any]) -> int:
    """Number of axes a window slides over."""
    return len(shape) - 2 if shape is not None and len(shape) > 2 else len(kernel)


def implied(op: str, attrs: Mapping[str, Any], in_shapes: Sequence[Shape | None]) -> dict[str, Any]:
    """The attributes of a canonical operator that need not be written.

    Args:
        op: Canonical operator.
        attrs: Attributes known so far. `kernel` and `dilations` imply others.
        in_shapes: Shapes of the inputs.

    Returns:
        Values by name: stride and dilation 1, padding that keeps the size at stride 1, biases, the last axis for a
        softmax, the spatial axes for a reduction, 1/sqrt(width) as the scale of attention.
    """
    values = dict(_STATIC[op])
    first = in_shapes[0] if in_shapes else None
    if op in _WINDOWED:
        kernel: tuple[int, ...] = attrs.get("kernel", ())
        values["strides"] = values["dilations"] = (1,) * len(kernel)
        dilations = attrs.get("dilations", values["dilations"])
        half = tuple([d * (k - 1) // 2 for k, d in zip(kernel, dilations, strict=False)])
        values["pads"] = half + half
        if op == "ConvTranspose":
            values["output_padding"] = (0,) * len(kernel)
    elif first is None:
        return values
    elif op in _REDUCERS:
        values["axes"] = tuple(range(2, len(first)))
    elif op in ("Softmax", "LogSoftmax"):
        values["axis"] = len(first) - 1
    elif op == "Attention" and first and first[-1] > 0:
        values["scale"] = float(f"{first[-1] ** -0.5:.6g}")
    return values
