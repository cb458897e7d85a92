"""The one lowering from graph nodes to PyTorch text."""

from __future__ import annotations

import re
from dataclasses import replace

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.writers.lowered import Lowered, Site
from onnx_bench.writers.repeated import Repeat
from onnx_bench.writers.torch_layers import LAYERS
from onnx_bench.writers.torch_layout import LAYOUT
from onnx_bench.writers.torch_onnx import ONNX_RULES
from onnx_bench.writers.torch_ops import RULES
from onnx_bench.writers.view import View

TABLE = RULES | LAYERS | LAYOUT | ONNX_RULES


def lower(view: View, position: int) -> Lowered:
    """The PyTorch text of the node at `position`.

    Raises:
        UnsupportedGraphError: The operator has no PyTorch form here.
    """
    site = Site.of(view, position)
    rule = TABLE.get(site.node.op)
    if rule is None:
        raise UnsupportedGraphError(
            f"node {position}: the operator {site.node.op} cannot be written as PyTorch; "
            "normalise the graph first if it is as read from a file"
        )
    try:
        lowered = rule(site)
    except KeyError as missing:
        raise UnsupportedGraphError(
            f"node {position}: {site.node.op} without its attribute {missing} is not in canonical form; "
            "normalise the graph first"
        ) from missing
    for repeat in view.repeats(position):
        lowered = replace(lowered, expr=_repeated(lowered.expr, repeat, len(view.shape(site.node.inputs[repeat.slot]))))
    return lowered


def _repeated(expr: str, repeat: Repeat, rank: int) -> str:
    """`expr` with one operand repeated for every example."""
    times = ["1"] * rank
    times[repeat.axis] = f"${repeat.like}.shape[{repeat.like_axis}]"
    if repeat.length > 1:
        times[repeat.axis] += f" // {repeat.length}"
    return re.sub(rf"\${repeat.slot}(?!\d)", lambda match: f"{match[0]}.repeat({', '.join(times)})", expr)
