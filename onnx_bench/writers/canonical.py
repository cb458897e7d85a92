"""Tell nodes in canonical form from nodes as a file has them."""

from __future__ import annotations

from onnx_bench.node import Node
from onnx_bench.ops import OPS

_ONE_INPUT = ("Reshape", "Expand", "Resize")


def is_canonical(node: Node) -> bool:
    """Whether a node is a canonical operator with its own attributes, not an ONNX operator of the same name."""
    entry = OPS.get(node.op)
    if entry is None or {key for key, _ in node.attrs} != set(entry.defaults):
        return False
    return node.op not in _ONE_INPUT or len(node.inputs) == 1
