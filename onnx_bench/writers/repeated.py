"""Operands that are the same for every example of a batch, but have to be there once for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from onnx_bench.node import Graph
from onnx_bench.ops import spec
from onnx_bench.writers.canonical import is_canonical

_BROADCASTING = ("elementwise", "recurrent", "Concat", "MatMul", "Attention")
"""Kinds and names of operators in which operands with and without batch meet."""


class Repeat(NamedTuple):
    """One such operand.

    Attributes:
        slot: Which operand.
        axis: Its axis along which it is repeated.
        like: An operand that carries the batch.
        like_axis: The batch axis of that one.
        length: Its length for one example.
    """

    slot: int
    axis: int
    like: int
    like_axis: int
    length: int


def repeated_operands(graph: Graph, axes: Sequence[int | None], position: int) -> list[Repeat]:
    """Operands of a node without batch that broadcasting does not serve: class tokens, masks of windows, states."""
    node = graph.nodes[position]
    batched = [slot for slot, i in enumerate(node.inputs) if i >= 0 and axes[i] is not None]
    kind = spec(node.op).kind
    if not batched or not is_canonical(node) or not (kind in _BROADCASTING or node.op in _BROADCASTING):
        return []
    like = batched[0]
    like_shape, like_axis = graph.nodes[node.inputs[like]].shape or (), axes[node.inputs[like]] or 0
    from_right = len(like_shape) - like_axis
    if kind in ("matmul", "attention") and from_right < 3:
        return []
    found = []
    for slot, i in enumerate(node.inputs):
        shape = graph.nodes[i].shape or () if i >= 0 else ()
        if slot not in batched and len(shape) >= from_right:
            length = like_shape[like_axis]
            if shape[-from_right] == length and (length > 1 or node.op == "Concat" or kind == "recurrent"):
                found.append(Repeat(slot, len(shape) - from_right, like, like_axis, length))
    return found
