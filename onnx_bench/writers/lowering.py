"""The one lowering from graph nodes to PyTorch text."""

from __future__ import annotations

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.writers.lowered import Lowered, Site
from onnx_bench.writers.torch_layers import LAYERS
from onnx_bench.writers.torch_onnx import ONNX_RULES
from onnx_bench.writers.torch_ops import RULES
from onnx_bench.writers.view import View

TABLE = RULES | LAYERS | ONNX_RULES


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
        return rule(site)
    except KeyError as missing:
        raise UnsupportedGraphError(
            f"node {position}: {site.node.op} without its attribute {missing} is not in canonical form; "
            "normalise the graph first"
        ) from missing
