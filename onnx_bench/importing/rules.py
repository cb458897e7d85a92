"""The tables that the evaluator looks operators up in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from onnx_bench.importing import (
    contrib,
    control,
    quantisation,
    sequences,
    shapes_layout,
    shapes_math,
    shapes_net,
    shapes_quantised,
    shapes_select,
    shapes_window,
    special,
)
from onnx_bench.importing.call import Call
from onnx_bench.importing.tensor import Tensor
from onnx_bench.node import Shape

if TYPE_CHECKING:
    from onnx_bench.importing.evaluator import Evaluator

Rule = Callable[[Call], Shape | list[Shape | None]]
Special = Callable[["Evaluator", Call], list[Tensor] | None]

RULES: dict[str, Rule] = {
    **shapes_window.RULES, **shapes_math.RULES, **shapes_net.RULES, **shapes_layout.RULES, **shapes_select.RULES,
    **shapes_quantised.RULES,
}  # fmt: skip
"""Shape rules. A rule also brings the attributes and inputs of the call to their one form."""
SPECIALS: dict[str, Special] = {
    **special.SPECIALS, **control.SPECIALS, **sequences.SPECIALS, **quantisation.SPECIALS, **contrib.SPECIALS,
}  # fmt: skip
"""Operators that are computed away, replaced or hold subgraphs; `None` means: go on with the shape rule."""

_NO_SLOTS: dict[int, str] = {}
_RECURRENT = {1: "weight", 2: "weight", 3: "weight", 5: "state", 6: "state", 7: "weight"}
_FILTER = {1: "weight", 2: "weight"}
_KERNEL = {1: "weight", 2: "bias"}
_SLOTS: dict[str, dict[int, str]] = {
    "Conv": _KERNEL, "ConvTranspose": _KERNEL,
    **dict.fromkeys(("LayerNormalization", "GroupNormalization"), _KERNEL),
    **dict.fromkeys(("Gemm", "DeformConv"), _FILTER),
    "InstanceNormalization": {1: "affine", 2: "affine"},
    "BatchNormalization": {1: "weight", 2: "weight", 3: "buffer", 4: "buffer"},
    "RMSNormalization": {1: "weight"}, "PRelu": {1: "weight"},
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _RECURRENT),
    "QLinearConv": {3: "weight", 8: "weight"}, "QLinearMatMul": {3: "weight"},
    "ConvInteger": {1: "weight"}, "MatMulInteger": {1: "weight"},
    "Mul": {0: "factor", 1: "factor"}, "ScatterElements": {0: "target"}, "ScatterND": {0: "target"},
    "Where": {1: "target", 2: "target"},
}  # fmt: skip


def weight_slots(op: str) -> Mapping[int, str]:
    """Inputs of `op` that hold learned tensors whatever their size or origin: position -> weight, buffer or state.

    Both of a product may: position -> factor. What is scattered into, or chosen from, may be empty: target. A bias is a
    weight, or none if the file computes zeros for it.
    What has to be given to a norm is affine: weights, of which ones and zeros in code are not stored.
    """
    return _SLOTS.get(op, _NO_SLOTS)
